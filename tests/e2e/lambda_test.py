"""The custom runtime against a Runtime API of the tests' own: what the emulator does not show."""
import json
import threading

import support
from lambda_case import LambdaCase, RuntimeApi
from proxies import Listener


class Lambda(LambdaCase):
    def test_whatever_is_wrong_at_start_is_told_to_the_platform(self):
        for name, value in (("AWS_LAMBDA_MAX_CONCURRENCY", "0"), ("AWS_LAMBDA_MAX_CONCURRENCY", "abc"),
                            ("MINIATURA_LAMBDA_EXTENSION", "yes"), ("MINIATURA_PRESETS", "small=axb")):
            with self.subTest(name=name, value=value):
                api, done = self.serve(b"{}", **{name: value})
                self.assertEqual(done.code, 1, done.err)
                (path, error_type, body), = api.posts
                self.assertEqual((path, error_type), ("/2018-06-01/runtime/init/error", "Function.ConfigInvalid"))
                self.assertIn(name, body["errorMessage"])
                self.assertEqual(len(api.waiting), 1, "no event is taken")

    def test_a_store_that_hangs_is_told_of_before_the_time_is_over(self):
        hung = Listener(self)
        hung.handle = lambda client: client.recv(1) and threading.Event().wait(support.TIMEOUT_S)
        env = {"MINIATURA_STORE": "s3:", "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{hung.port}", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
               "AWS_SECRET_ACCESS_KEY": "example"}
        api = RuntimeApi(self, json.dumps(support.event("a.jpg")).encode(), given_s=3)
        self.run_it("lambda", AWS_LAMBDA_RUNTIME_API=api.address, **env)
        (path, error_type, body), = api.posts
        self.assertTrue(path.endswith("/r0/error"), path)
        self.assertEqual(error_type, "Function.DeadlineExceeded")
        self.assertIn("thumbs/a.jpg/card.webp", body["errorMessage"])

    def test_what_is_shown_of_a_hostile_event_is_short(self):
        huge = "x" * 3_000_000
        for record in ({"eventSource": huge},
                       {"eventSource": "aws:s3", "eventVersion": "2.1",
                        "s3": {"bucket": {"name": "b"}, "object": {"key": huge + "%zz"}}}):
            api, done = self.serve(json.dumps({"Records": [record]}).encode())
            (path, _, body), = api.posts
            self.assertTrue(path.endswith("/r0/error"), path)
            self.assertLess(len(body["errorMessage"]), 1_000)
            self.assertLess(len(done.err), 10_000)
        self.assertLess((self.dir / "journal.db").stat().st_size, 200_000)


if __name__ == "__main__":
    support.main()
