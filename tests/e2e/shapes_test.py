"""Each shape of events under Lambda's own emulator: answered in its sender's words, item by item."""
import json

import support


def message(name, body, **attributes):
    return {"messageId": name, "receiptHandle": "r", "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "2", **attributes}, "messageAttributes": {},
            "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q" + (".fifo" if attributes else "")}


def eventbridge(key):
    return {"version": "0", "source": "aws.s3", "detail-type": "Object Created",
            "detail": {"bucket": {"name": "photos"}, "object": {"key": key}, "reason": "PutObject"}}


def sns(body):
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": json.dumps(body)}


def listed(answer):
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


class UnderTheEmulator(support.Case):
    def setUp(self):
        super().setUp()
        self.upload("up/a+b.png", support.png(64, 64, support.quarters))
        self.upload("poison.png", support.corrupt_png())
        self.emulator = support.Emulator(self, self.env)

    def invoke(self, payload):
        return json.loads(self.emulator.invoke(payload))

    def test_an_sqs_batch_lists_the_poison_and_the_deferred_and_nothing_else(self):
        answer = self.invoke({"Records": [
            message("good", support.event("up/a+b.png")),
            message("poison", support.event("poison.png")),
            message("deferred", support.event("x.png", bucket="nowhere")),
            message("text", "{not json"),
            message("test", {"Service": "Amazon S3", "Event": "s3:TestEvent"})]})
        self.assertEqual(answer, {"batchItemFailures": [
            {"itemIdentifier": name} for name in ("poison", "deferred", "text")]})
        self.assertIn("up/a+b.png/card.webp", self.thumbnails())
        line, = [line for line in self.emulator.log_lines() if "events" in line]
        self.assertEqual([(event["item"], event["outcome"]) for event in line["events"]],
                         [("good", "stored"), ("poison", "failed"), ("deferred", "deferred"), ("text", "failed")])
        rows = self.run_it("journal", "list").json_lines()
        self.assertEqual({row["attempt"] for row in rows}, {2})

    def test_a_fifo_batch_stops_its_group_at_the_first_failure(self):
        good = support.event("up/a+b.png")
        answer = self.invoke({"Records": [
            message("1", support.event("poison.png"), MessageGroupId="a"), message("2", good, MessageGroupId="a")]})
        self.assertEqual(listed(answer), ["1", "2"])
        self.assertEqual(self.thumbnails(), {})
        self.assertEqual(listed(self.invoke({"Records": [message("2", good, MessageGroupId="a")]})), [])

    def test_whatever_is_wrapped_around_an_event_it_is_handled(self):
        stored = {"stored": 1, "skipped": 0, "failed": 0, "deferred": 0}
        direct = [eventbridge("up/a+b.png"), [eventbridge("up/a+b.png")], sns(eventbridge("up/a+b.png")),
                  {"Records": [{"EventSource": "aws:sns", "Sns": sns(support.event("up/a+b.png"))}]}]
        for i, payload in enumerate(direct):
            with self.subTest(i):
                answer = self.invoke(payload)
                if i > 0:
                    stored.update(stored=0, skipped=1)
                self.assertEqual({name: answer[name] for name in stored}, stored, answer)
        self.assertEqual(listed(self.invoke({"Records": [message("m", sns(eventbridge("up/a+b.png")))]})), [])
        rows = self.run_it("journal", "list").json_lines()
        self.assertEqual({row["key"] for row in rows}, {"up/a+b.png"})
        self.assertEqual({row.get("reason") for row in rows}, {None, "done"})

    def test_each_task_of_a_batch_operation_has_its_result(self):
        tasks = [("1", "up/a%2Bb.png", "photos"), ("2", "poison.png", "photos"), ("3", "x.png", "nowhere")]
        answer = self.invoke({"invocationSchemaVersion": "2.0", "invocationId": "I", "job": {"id": "J"}, "tasks": [
            {"taskId": task, "s3Key": key, "s3VersionId": None, "s3Bucket": bucket} for task, key, bucket in tasks]})
        self.assertEqual({name: answer[name] for name in answer if name != "results"}, {
            "invocationSchemaVersion": "2.0", "treatMissingKeysAs": "PermanentFailure", "invocationId": "I"})
        self.assertEqual([(result["taskId"], result["resultCode"]) for result in answer["results"]],
                         [("1", "Succeeded"), ("2", "PermanentFailure"), ("3", "TemporaryFailure")])
        self.assertIn("photos/poison.png", answer["results"][1]["resultString"])

    def test_a_batch_that_cannot_be_answered_is_a_function_error_and_the_next_is_served(self):
        same = message("same", support.event("up/a+b.png"))
        self.assertEqual(self.invoke({"Records": [same, same]})["errorType"], "Function.EventMalformed")
        self.assertEqual(self.thumbnails(), {})
        self.assertEqual(listed(self.invoke({"Records": [same]})), [])

    def test_a_topics_confirmation_is_no_work_and_a_note_in_the_log(self):
        fixture = support.ROOT / "tests/fixtures/events/sns-subscription-confirmation-http.json"
        self.assertEqual(self.invoke(fixture.read_text())["events"], [])
        line, = [line for line in self.emulator.log_lines() if "events" in line]
        self.assertIn("SubscriptionConfirmation", line["note"])


if __name__ == "__main__":
    support.main("aws-lambda-rie")
