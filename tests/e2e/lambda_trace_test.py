"""X-Ray's header of an event: on to the store, on every request for that event, and on no other.

Lambda finds loops by its Lineage, which Lambda itself counts up at each invocation and who writes to S3 hands on. So it is
the invocation's header that goes on, for all items of a batch: the AWSTraceHeader of an SQS message is the one that its
sender had, with a count that stands still.
"""
import json
import threading

import support
from lambda_case import CredentialsHost, LambdaCase, RuntimeApi, payload, s3_of

FIRST = "Root=1-645f7998-4b1e232810b0bb733dba2eab;Parent=5be88d12eefc1fc0;Sampled=1;Lineage=1:43e12f0f:5"
SECOND = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:43e12f0f:6"


def traced(body, trace):
    return body, {"Lambda-Runtime-Trace-Id": trace}


class Trace(LambdaCase):
    def seen(self, s3):
        """Of each key of an upload: the headers of the requests about it and its thumbnails."""
        found = {}
        for (method, path), headers in zip(s3.requests, s3.headers):
            key = path.split("?")[0].split("/")[2]
            found.setdefault(key, []).append((method, headers.get("X-Amzn-Trace-Id")))
        return found

    def test_each_request_for_an_event_carries_its_header_and_no_other_request_does(self):
        s3, host = s3_of(self, ["AKIDNEW"]), CredentialsHost(self, "AKIDOLD", "AKIDNEW")
        api = RuntimeApi(self, traced(payload("a.png"), FIRST), traced(payload("b.png"), SECOND), payload("c.png"))
        done = self.run_lambda(api, **{**s3.variables, **host.variables})
        self.assertEqual([body.get("stored") for _, _, body in api.posts], [1, 1, 1], done.err)
        seen = self.seen(s3)
        for key, trace in (("a.png", FIRST), ("b.png", SECOND), ("c.png", None)):
            self.assertEqual({header for _, header in seen[key]}, {trace}, key)
            self.assertLessEqual({"HEAD", "GET", "PUT"}, {method for method, _ in seen[key]})
        self.assertEqual(len(host.asked), 2, "they were fetched, and anew, on behalf of the first event")
        for headers in host.asked + [headers for _, headers in api.asked]:
            self.assertNotIn("x-amzn-trace-id", {name.lower() for name in headers})

    def test_events_side_by_side_do_not_mix_their_headers(self):
        s3, both = s3_of(self, ["AKIDEXAMPLE"]), threading.Barrier(2)
        give = s3.answers["GET", "photos"]

        def together(headers):  # each worker is in the middle of its event when the other one is
            both.wait(support.TIMEOUT_S)
            return give(headers)
        s3.answers["GET", "photos"] = together
        api = RuntimeApi(self, *[traced(payload(f"{i}-{name}.png"), trace) for i in range(4)
                                 for name, trace in (("a", FIRST), ("b", SECOND))])
        done = self.run_lambda(api, **{**s3.variables, "AWS_LAMBDA_MAX_CONCURRENCY": "2",
                                       "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances"})
        self.assertEqual([body.get("stored") for _, _, body in api.posts], [1] * 8, done.err)
        for key, requests in self.seen(s3).items():
            self.assertEqual({header for _, header in requests}, {FIRST if "-a." in key else SECOND}, key)

    def test_of_a_batch_the_invocations_header_goes_on_and_not_that_of_a_message(self):
        s3 = s3_of(self, ["AKIDEXAMPLE"])
        messages = [{"messageId": f"m{i}", "body": payload(f"{i}.png").decode(), "eventSource": "aws:sqs", "eventSourceARN": "arn:q",
                     "attributes": {"ApproximateReceiveCount": "1", "AWSTraceHeader": FIRST}} for i in range(2)]
        api = RuntimeApi(self, traced(json.dumps({"Records": messages}).encode(), SECOND), json.dumps({"Records": messages}).encode())
        done = self.run_lambda(api, **s3.variables)
        self.assertEqual([body for _, _, body in api.posts], [{"batchItemFailures": []}] * 2, done.err)
        headers = [headers.get("X-Amzn-Trace-Id") for headers in s3.headers]
        half = headers.index(None)
        self.assertEqual((set(headers[:half]), set(headers[half:])), ({SECOND}, {None}))


if __name__ == "__main__":
    support.main()
