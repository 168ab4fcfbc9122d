"""What may go wrong with an event in Lambda: it says what, and no event is lost."""
import json
import resource
import signal

import support
from lambda_case import PICTURE, CredentialsHost, LambdaCase, RuntimeApi, payload, s3_of


class Faults(LambdaCase):
    def assert_warned(self, api, done):
        """Both events are served, and each has one warning about the journal."""
        self.assertEqual([body.get("stored") for _, _, body in api.posts], [1, 1], done.err)
        warnings = [said for _, said in self.lines(done) if said["level"] == "WARN"]
        self.assertEqual([said["function_request_id"] for said in warnings], ["r1", "r0"])
        for said in warnings:
            self.assertEqual(said["error"]["code"], "journal.unavailable")
            self.assertIn("journal.db", said["error"]["message"])
        self.assertEqual(sum(said["level"] == "ERROR" for _, said in self.lines(done)), 1, "the end of the test's own API")

    def upload_two(self):
        for key in ("a.png", "b.png"):
            self.upload(key, PICTURE)
        return RuntimeApi(self, payload("a.png"), payload("b.png"))

    def test_a_tmp_that_cannot_be_written_is_a_warning(self):
        api = self.upload_two()
        self.assert_warned(api, self.run_lambda(api, MINIATURA_JOURNAL="/proc/journal.db"))

    def test_a_tmp_that_is_full_is_a_warning(self):
        s3 = s3_of(self, ["AKIDEXAMPLE"])  # it is the journal alone that writes

        def full():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # a page of it fits, as on a disk with little room
        api = RuntimeApi(self, payload("a.png"), payload("b.png"))
        self.assert_warned(api, self.run_lambda(api, start={"preexec_fn": full, "restore_signals": False}, **s3.variables))

    def test_too_little_memory_for_a_picture_is_named_with_what_it_needs_and_has(self):
        self.upload("large.png", support.png(1200, 1200, lambda x, y: (x % 256, y % 256, 0)))
        self.upload("small.png", PICTURE)
        api, done = self.serve(payload("large.png"), payload("small.png"), AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1")
        self.assertEqual(len(api.posts), 2, done.err)
        _, error_type, body = api.posts[0]
        self.assertEqual(error_type, "Function.ImageTooLarge", body)
        self.assertIn("photos/large.png", body["errorMessage"])
        self.assertRegex(body["errorMessage"], r"\d{6,} bytes.*limit of 419428 \(limits.decoded_bytes\)", "what it needs, and 40 % of the memory")
        self.assertEqual(api.posts[1][2]["stored"], 1)

    def test_a_token_that_ends_in_mid_run_is_renewed_once(self):
        for keys, stored in ((("AKIDOLD", "AKIDNEW"), True), (("AKIDOLD", "AKIDOLD"), False)):
            s3, host = s3_of(self, ["AKIDNEW"]), CredentialsHost(self, *keys)
            api = RuntimeApi(self, payload("a.png"))
            done = self.run_lambda(api, **{**s3.variables, **host.variables})
            (_, error_type, body), = api.posts
            self.assertEqual(len(host.asked), 2, "once, and once more")
            if stored:
                self.assertEqual(body["stored"], 1)
            else:
                self.assertEqual(error_type, "Function.CredentialsExpired")
                self.assertIn("ExpiredToken", body["errorMessage"])
                self.assertEqual(self.deliveries(done)[0]["deferred"], 1)

    def test_a_token_that_cannot_be_renewed_defers_its_events(self):
        s3 = s3_of(self, [])
        api = RuntimeApi(self, payload("a.png"), payload("b.png"))
        done = self.run_lambda(api, **{**s3.variables, "AWS_SESSION_TOKEN": "a-token-that-has-ended"})
        self.assertEqual([error_type for _, error_type, _ in api.posts], ["Function.CredentialsExpired"] * 2, done.err)
        self.assertEqual([said["deferred"] for said in self.deliveries(done)], [1, 1])
        self.assertIn("ExpiredToken", api.posts[1][2]["errorMessage"])
        self.assertEqual({path.split("/")[2] for _, path in s3.requests}, {"a.png"}, "the second need not find out again")

    def test_a_name_that_does_not_resolve_defers_its_event_and_is_named(self):
        variables = {**s3_of(self, []).variables, "AWS_ENDPOINT_URL_S3": "http://store.invalid:9000",
                     "RES_OPTIONS": "timeout:1 attempts:1"}  # where no name server answers
        sqs = {"messageId": "m1", "body": payload("b.png").decode(), "eventSource": "aws:sqs", "eventSourceARN": "arn:q"}
        api = RuntimeApi(self, payload("a.png"), json.dumps({"Records": [sqs]}).encode())
        done = self.run_lambda(api, **variables)
        (_, error_type, body), (path, _, listed) = api.posts
        self.assertEqual(error_type, "Function.NetworkUnreachable", done.err)
        self.assertIn("store.invalid", body["errorMessage"])
        self.assertTrue(path.endswith("/response"))
        self.assertEqual(listed, {"batchItemFailures": [{"itemIdentifier": "m1"}]})
        self.assertEqual([said["deferred"] for said in self.deliveries(done)], [1, 1])


if __name__ == "__main__":
    support.main()
