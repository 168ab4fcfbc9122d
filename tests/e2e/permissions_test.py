"""infra/lambda/permissions.json grants what the executable asks of S3, and nothing else.

Recorded on a live MinIO, and then enforced by it: temporary credentials (as Lambda's are) that are held to a policy.
"""
import json

import permissions
import servers
import support

# What a rule may say that takes more: the statement's name, and the fields.
OPTIONS = {"RuleWithTags": {"tags": {"made": "by me"}},
           "RuleWithOnRemoveDelete": {"on_remove": "delete"},
           "RuleWithUseVersion": {"use_version": True}}
RULE = {"presets": ["small", "card", "tiny"], "cache_control": "max-age=60", "storage_class": "STANDARD",
        "metadata": {"owner": "me"}}
PRESETS = {"small": {"width": 32}, "card": {"height": 16, "format": "png"}, "tiny": {"width": 8}}
RED, BLUE = (200, 30, 30), (30, 30, 200)

shared, variables, client = None, None, None


def setUpModule():
    global shared, variables, client  # pylint: disable=global-statement
    shared, variables, client = servers.shared_minio()


class Permissions(support.Case):
    def setUp(self):
        super().setUp()
        for name in ("MINIATURA_DEST", "MINIATURA_PRESETS"):
            del self.env[name]
        self.begin()

    def begin(self):
        """Buckets that nothing is in yet, and nothing denied."""
        self.source, self.destination = servers.make_bucket(client), servers.make_bucket(client)
        client.put_bucket_versioning(Bucket=self.source, VersioningConfiguration={"Status": "Enabled"})
        self.statements = permissions.statements(self.source, self.destination)
        self.required = self.union(sid for sid in self.statements if sid not in OPTIONS)
        self.env.update(variables, AWS_SESSION_TOKEN="")

    def union(self, sids):
        return set().union(*(permissions.granted(self.statements[sid]) for sid in sids))

    def config(self, **fields):
        return json.dumps({"presets": PRESETS, "rules": [
            {"match": {"bucket": self.source}, "destination": f"s3://{self.destination}/{{key}}/{{preset}}.{{ext}}",
             **RULE, **fields}]})

    def upload(self, key, colour):
        """Gives the event of it."""
        made = client.put_object(Bucket=self.source, Key=key, Body=support.png(64, 64, lambda x, y: colour))
        event = support.event(key, self.source, etag=made["ETag"].strip('"'))
        event["Records"][0]["s3"]["object"]["versionId"] = made["VersionId"]
        return event

    def remove(self, key):
        client.delete_object(Bucket=self.source, Key=key)
        event = support.event(key, self.source)
        event["Records"][0]["eventName"] = "ObjectRemoved:DeleteMarkerCreated"
        return event

    def course(self):
        """All that can become of an event: pairs of the event and what it ends with where nothing is denied."""
        first = self.upload("a.png", RED)
        yield first, "stored"
        yield first, "done"
        second = self.upload("a.png", BLUE)
        yield second, "stored"  # over what is there
        yield first, "stale"
        yield support.event("never.png", self.source), "gone"
        removes = "on_remove" in self.env["MINIATURA_CONFIG"]
        yield self.remove("a.png"), "removed" if removes else "not_created"
        yield second, "gone" if removes else "done"

    def replay(self, event):
        """(exit code, what became of it)."""
        done = self.run_it("replay", self.write("event.json", event))
        return done.code, done.json_lines()[0]["events"][0]

    def run_course(self):
        """What came of each event is as it should be; gives what did not."""
        wrong = []
        for event, wanted in self.course():
            code, became = self.replay(event)
            if became.get("reason", became["outcome"]) != wanted:
                wrong.append((code, wanted, became))
        return wrong

    def record(self, **fields):
        """What a whole course needs, and `config check`, for somebody who may do everything."""
        recorder = permissions.Recorder(self, variables["AWS_ENDPOINT_URL_S3"])
        self.env.update(AWS_ENDPOINT_URL_S3=recorder.url, MINIATURA_CONFIG=self.config(**fields))
        self.assertEqual(self.run_course(), [])
        self.assertEqual(self.run_it("config", "check").code, 0)
        return recorder.needs()

    def hold_to(self, allowed):
        """From here on the executable has these permissions alone."""
        given = servers.temporary_credentials(shared, variables, Policy=permissions.policy_of(allowed))
        recorder = permissions.Recorder(self, variables["AWS_ENDPOINT_URL_S3"], allowed)
        self.env.update(dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), given)),
                        AWS_ENDPOINT_URL_S3=recorder.url)

    # What is recorded.

    def test_a_run_needs_what_is_granted_and_nothing_is_granted_that_it_does_not_need(self):
        self.assertEqual(self.record(), self.required)

    def test_what_a_rule_says_needs_the_statement_of_its_name_and_no_more(self):
        for sid, fields in OPTIONS.items():
            with self.subTest(sid):
                self.begin()
                self.assertEqual(self.record(**fields) - self.required, self.union([sid]))

    def test_every_statement_is_known_here(self):
        self.assertEqual([sid for sid in self.statements if sid.startswith("RuleWith")], list(OPTIONS))
        self.assertLess(len(OPTIONS), len(self.statements))

    # What is enforced.

    def test_what_is_granted_suffices(self):
        for sids in ([], *([sid] for sid in OPTIONS), list(OPTIONS)):
            with self.subTest(sids):
                self.begin()
                self.env["MINIATURA_CONFIG"] = self.config(**{k: v for sid in sids for k, v in OPTIONS[sid].items()})
                self.hold_to(self.required | self.union(sids))
                self.assertEqual(self.run_course(), [])
                self.assertEqual(self.run_it("config", "check").code, 0)

    def test_it_suffices_under_the_emulator(self):
        self.env["MINIATURA_CONFIG"] = self.config()
        self.hold_to(self.required)
        emulator = support.Emulator(self, self.env)
        for event, wanted in self.course():
            became = json.loads(emulator.invoke(event))["events"][0]
            self.assertEqual(became.get("reason", became["outcome"]), wanted, became)

    def test_without_any_one_of_them_an_event_is_deferred_and_says_what_is_denied(self):
        for sids in ([], *([sid] for sid in OPTIONS)):
            fields = {name: value for sid in sids for name, value in OPTIONS[sid].items()}
            pairs = [(bucket == self.source, action) for bucket, action in (self.union(sids) or self.required)]
            for is_source, action in sorted(pairs):
                self.begin()
                self.env["MINIATURA_CONFIG"] = self.config(**fields)
                side, bucket = ("source", self.source) if is_source else ("destination", self.destination)
                with self.subTest(side=side, action=action):
                    self.hold_to((self.required | self.union(sids)) - {(bucket, action)})
                    wrong = self.run_course()
                    denied = [(code, became) for code, _, became in wrong if became["outcome"] != "skipped"]
                    self.assertTrue(denied)
                    for code, became in denied:
                        self.assertEqual((code, became["outcome"], became["error"]["code"]), (75, "deferred", f"{side}.denied"))
                        self.assertRegex(became["error"]["message"], f"{bucket}.*HTTP 403")


if __name__ == "__main__":
    support.main("minio", "boto3", "aws-lambda-rie")
