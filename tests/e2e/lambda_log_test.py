"""A function's log, as CloudWatch and the users of Powertools read it."""
import json

import emf
import support
from lambda_case import LambdaCase, payload

FUNCTION = {"AWS_LAMBDA_FUNCTION_NAME": "thumbs-of-shop", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:thumbs-of-shop:live"


def only(found, *dimensions):
    """The metrics of these dimensions, each with its values alone."""
    place, = [place for place in found if [name for name, _ in place[1]] == list(dimensions)]
    return {name: values for name, (_, values) in found[place].items()}


class Metrics(LambdaCase):
    def test_a_delivery_is_one_line_that_is_embedded_metrics(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.upload("bad.png", support.corrupt_png())
        _, done = self.serve(payload("a.jpg"), payload("a.jpg", "bad.png"), b"{ no json", **FUNCTION)
        lines = [line for line, said in self.lines(done) if "door" in said]
        self.assertEqual(len(lines), 3, done.err)
        first, second, third = [emf.metrics_of(line) for line in lines]
        self.assertEqual({place for place in first}, {
            ("miniatura", (("service", "thumbs-of-shop"),)),
            ("miniatura", (("function_name", "thumbs-of-shop"), ("service", "thumbs-of-shop")))})
        self.assertEqual(only(first, "function_name", "service"), {"ColdStart": [1]})
        made = only(first, "service")
        self.assertEqual((made["stored"], made["failed"], made["thumbnails"]), ([1], [0], [2]))
        self.assertEqual(made["source_bytes"], [support.PHOTO.stat().st_size])
        self.assertEqual(made["thumbnail_bytes"], [sum(map(len, self.thumbnails().values()))])
        for step in ("duration_ms", "decode_ms", "render_ms", "upload_ms"):
            self.assertEqual(len(made[step]), 1)
            self.assertGreater(made[step][0], 0)
        self.assertEqual({unit for metrics in first.values() for unit, _ in metrics.values()},
                         {"Count", "Bytes", "Milliseconds"})
        self.assertEqual(len(second), 1, "the second is no cold start")
        mixed = only(second, "service")
        self.assertEqual((mixed["stored"], mixed["skipped"], mixed["failed"], mixed["deferred"]), ([0], [1], [1], [0]))
        self.assertEqual(len(mixed["duration_ms"]), 2)
        self.assertEqual((only(third, "service")["failed"], "duration_ms" in only(third, "service")), ([1], False))

    def test_a_delivery_of_very_many_events_is_several_lines_whose_counts_add_up(self):
        keys = ["long/" + "k" * 900 + f"{i}.jpg" for i in range(260)]  # of objects that are gone
        _, done = self.serve(payload(*keys), **FUNCTION)
        lines = [(line, said) for line, said in self.lines(done) if "door" in said]
        found = [only(emf.metrics_of(line), "service") for line, _ in lines]
        self.assertGreater(len(lines), 2)
        self.assertEqual(sum(metrics["skipped"][0] for metrics in found), 260)
        self.assertEqual(sum(len(metrics["duration_ms"]) for metrics in found), 260)
        self.assertEqual([event["key"] for _, said in lines for event in said["events"]], keys)
        self.assertEqual({said["function_request_id"] for _, said in lines}, {"r0"})
        self.assertEqual(sum("ColdStart" in said for _, said in lines), 1)

    def test_below_the_level_of_the_log_the_numbers_go_out_and_the_events_do_not(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        _, done = self.serve(payload("a.jpg"), AWS_LAMBDA_LOG_LEVEL="ERROR", **FUNCTION)
        line, said = self.lines(done)[0]
        self.assertEqual(only(emf.metrics_of(line), "service")["stored"], [1])
        self.assertNotIn("events", said)
        _, done = self.serve(payload("a.jpg"), AWS_LAMBDA_LOG_LEVEL="ERROR", MINIATURA_METRICS_NAMESPACE="none", **FUNCTION)
        self.assertEqual(self.deliveries(done), [], "without metrics nothing is left of it")

    def test_the_namespace_and_the_service_are_settings(self):
        for env, namespace, service in (
                ({"POWERTOOLS_METRICS_NAMESPACE": "Shop/Pictures", "POWERTOOLS_SERVICE_NAME": "thumbs"}, "Shop/Pictures", "thumbs"),
                ({"MINIATURA_METRICS_NAMESPACE": "ours", "POWERTOOLS_METRICS_NAMESPACE": "theirs"}, "ours", "thumbs-of-shop"),
                ({"AWS_LAMBDA_FUNCTION_NAME": None}, "miniatura", "miniatura")):
            with self.subTest(env=env):
                _, done = self.serve(payload("gone.jpg"), **{**FUNCTION, **env})
                self.assertIn((namespace, (("service", service),)), emf.metrics_of(self.lines(done)[0][0]))
        _, done = self.serve(payload("gone.jpg"), MINIATURA_METRICS_NAMESPACE="none", **FUNCTION)
        said, = self.deliveries(done)
        self.assertEqual(said["skipped"], 1)
        self.assertFalse({"_aws", "ColdStart", "duration_ms", "thumbnails"} & set(said))

    def test_a_namespace_that_cloudwatch_does_not_take_fails_the_start(self):
        for name, value in (("MINIATURA_METRICS_NAMESPACE", "AWS/Lambda"), ("POWERTOOLS_METRICS_NAMESPACE", "a\"b")):
            api, done = self.serve(payload("a.jpg"), **{name: value})
            (path, error_type, body), = api.posts
            self.assertEqual((path, error_type, done.code), ("/2018-06-01/runtime/init/error", "Function.ConfigInvalid", 1))
            self.assertIn(name, body["errorMessage"])


class Fields(LambdaCase):
    def test_each_line_says_its_function_and_those_of_an_event_which(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        first = (payload("a.jpg"), {"Lambda-Runtime-Invoked-Function-Arn": ARN, "Lambda-Runtime-Trace-Id": "Root=1-2-3"})
        for log_format in ("Text", "JSON"):
            api, done = self.serve(first, payload("a.jpg"), AWS_LAMBDA_LOG_FORMAT=log_format,
                                   MINIATURA_JOURNAL="/proc/nowhere/journal.db", **FUNCTION)
            self.assertEqual(len(api.posts), 2)
            lines = [said for _, said in self.lines(done)]
            for said in lines:
                self.assertRegex(said["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                self.assertIn(said["level"], ("INFO", "WARN", "ERROR"))
                self.assertEqual((said["service"], said["function_name"], said["function_memory_size"]),
                                 ("thumbs-of-shop", "thumbs-of-shop", 1024))
            of_first = [said for said in lines if said.get("function_request_id") == "r1"]
            self.assertEqual([said["level"] for said in of_first], ["WARN", "INFO"], "the journal's and the delivery's")
            for said in of_first:
                self.assertEqual((said["function_arn"], said["xray_trace_id"], said["cold_start"]), (ARN, "Root=1-2-3", True))
            of_second = [said for said in lines if said.get("function_request_id") == "r0"]
            self.assertEqual([said["cold_start"] for said in of_second], [False, False])
            self.assertFalse(any({"function_arn", "xray_trace_id"} & set(said) for said in of_second), "nothing is carried over")

    def test_eventbridges_id_is_the_correlation_id(self):
        event = {"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "Object Created", "source": "aws.s3",
                 "time": "2026-11-12T00:00:00Z", "region": "us-east-1",
                 "detail": {"version": "0", "bucket": {"name": "photos"}, "object": {"key": "a.jpg", "size": 5}, "reason": "PutObject"}}
        _, done = self.serve(json.dumps(event).encode(), payload("a.jpg"))
        first, second = self.deliveries(done)
        self.assertEqual(first["correlation_id"], event["id"])
        self.assertNotIn("correlation_id", second)

    def test_a_cold_start_is_one_that_somebody_waited_for(self):
        for start, cold in ((None, True), ("on-demand", True), ("snap-start", True), ("provisioned-concurrency", False),
                            ("lambda-managed-instances", False)):
            with self.subTest(start=start):
                _, done = self.serve(payload("a.jpg"), payload("a.jpg"), AWS_LAMBDA_INITIALIZATION_TYPE=start, **FUNCTION)
                self.assertEqual([said["cold_start"] for said in self.deliveries(done)], [cold, False])
                self.assertEqual([said.get("ColdStart") for said in self.deliveries(done)], [1 if cold else None, None])


if __name__ == "__main__":
    support.main()
