"""A sandbox that stood still for a while, and one that goes on from a snapshot: what was kept is not believed in."""
import signal
import time

import support
from lambda_case import CredentialsHost, LambdaCase, RuntimeApi, key_of, payload, s3_of

def stored(post):
    path, error_type, body = post
    return error_type is None and body["stored"] == 1, (path, error_type, body)


class Thaw(LambdaCase):
    def assert_stored(self, *posts):
        for post in posts:
            self.assertTrue(*stored(post))

    def frozen_while(self, happens):
        """As Lambda does it: the process stands still in mid-poll."""
        def give():
            process = support.wait_for(lambda: self.process)
            process.send_signal(signal.SIGSTOP)
            support.wait_for(lambda: self.state_of(process.pid) == "T", "the process to stand still")
            happens()
            process.send_signal(signal.SIGCONT)
            return payload("b.jpg")
        return give

    @staticmethod
    def state_of(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def test_connections_that_ended_in_the_frozen_time_cost_no_event(self):
        s3, closed = s3_of(self, ["AKIDEXAMPLE"]), []
        api = RuntimeApi(self, payload("a.jpg"), self.frozen_while(lambda: closed.append(s3.close_kept())), payload("c.jpg"))
        done = self.run_lambda(api, **s3.variables)
        self.assertEqual(len(api.posts), 3, done.err)
        self.assert_stored(*api.posts)
        self.assertGreaterEqual(closed[0], 1, "there were some")

    def test_credentials_that_ended_in_the_frozen_time_are_fetched_anew_and_sign_nothing(self):
        s3 = s3_of(self, ["AKIDOLD", "AKIDNEW"])
        host = CredentialsHost(self, "AKIDOLD", "AKIDNEW", lasts_s=4)
        before = []

        def they_end():
            before.append(len(s3.headers))
            support.wait_for(lambda: time.time() > host.ends, "the end of the credentials, by the wall clock")
            s3.close_kept()
        api = RuntimeApi(self, payload("a.jpg"), self.frozen_while(they_end))
        done = self.run_lambda(api, **{**s3.variables, **host.variables, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})
        self.assertEqual(len(api.posts), 2, done.err)
        self.assert_stored(*api.posts)
        self.assertEqual(key_of(s3.headers[0]), "AKIDOLD")
        self.assertEqual({key_of(headers) for headers in s3.headers[before[0]:]}, {"AKIDNEW"})

    def test_credentials_that_were_taken_back_in_the_frozen_time_are_fetched_anew(self):
        keys = ["AKIDOLD"]
        s3, host = s3_of(self, keys), CredentialsHost(self, "AKIDOLD", "AKIDNEW")
        api = RuntimeApi(self, payload("a.jpg"), self.frozen_while(lambda: keys.__setitem__(0, "AKIDNEW")))
        done = self.run_lambda(api, **{**s3.variables, **host.variables})
        self.assertEqual(len(api.posts), 2, done.err)
        self.assert_stored(*api.posts)
        self.assertEqual(len(host.asked), 2)

    def test_a_snapshot_holds_no_connections_and_no_credentials(self):
        s3 = s3_of(self, ["AKIDNEW"])
        host = CredentialsHost(self, "AKIDOLD", "AKIDNEW")
        api, seen = RuntimeApi(self, payload("a.jpg")), []

        def snapshot():
            seen.append((len(s3.headers), len(host.asked)))
            host.keys.pop(0)  # what a process was given before the snapshot would be over
        api.on_restore = snapshot
        done = self.run_lambda(api, **{**s3.variables, **host.variables, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
        self.assertEqual([path for path, _ in api.asked[:2]],
                         ["/2018-06-01/runtime/restore/next", "/2018-06-01/runtime/invocation/next"], done.err)
        self.assertEqual(seen, [(0, 0)], "nobody was asked for anything before the snapshot")
        self.assert_stored(*api.posts)

    def test_a_restore_that_fails_takes_no_event(self):
        api = RuntimeApi(self, payload("a.jpg"))
        api.restore_status = 500
        done = self.run_lambda(api, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
        self.assertEqual((done.code, len(api.waiting)), (1, 1))
        self.assertIn("/restore/next", done.err)

    def test_who_has_no_snapshot_does_not_wait_for_one(self):
        for start in (None, "on-demand", "provisioned-concurrency", "lambda-managed-instances"):
            api = RuntimeApi(self, payload("a.jpg"))
            self.run_lambda(api, AWS_LAMBDA_INITIALIZATION_TYPE=start)
            self.assertNotIn("/2018-06-01/runtime/restore/next", [path for path, _ in api.asked])


if __name__ == "__main__":
    support.main()
