"""infra/lambda/README.md, followed command by command: AWS's own command line against moto, which stands in for AWS."""
import contextlib
import functools
import http.client
import json
import re
import subprocess
import sys
import zipfile

import servers
import support

FOLDER = support.ROOT / "infra/lambda"
README = FOLDER / "README.md"
PACKAGES = f"{support.ROOT}/.tools/aws:{support.ROOT}/.tools/python"
COMMANDS_S = 240  # a second each, on a busy machine
ON_AWS_ALONE = "<!-- on AWS alone -->\n"
SOURCE, DESTINATION = "photos-of-somebody", "thumbnails-of-somebody"
NAMES = {"SOURCE_BUCKET": SOURCE, "DESTINATION_BUCKET": DESTINATION, "FUNCTION": "miniatura", "REGION": "eu-west-1",
         "ACCOUNT": "123456789012"}


def sections():
    """Of the README: heading to the commands of its blocks."""
    found = {}
    for part in README.read_text().split("\n## ")[1:]:
        blocks = re.findall(rf"({re.escape(ON_AWS_ALONE)})?```sh\n(.*?)```\n", part, re.S)
        found[part.split("\n")[0]] = "".join(block for alone, block in blocks if not alone)
    return found


def filled(name):
    text = (FOLDER / name).read_text()
    for placeholder, value in NAMES.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


class Deploy(support.Case):
    def setUp(self):
        super().setUp()
        port, = support.free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.dir), "PYTHONPATH": PACKAGES, "AWS_ACCESS_KEY_ID": "tests",
               "AWS_SECRET_ACCESS_KEY": "tests", "PYTHONDONTWRITEBYTECODE": "1"}

        def ask(method, path, body=None):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=support.TIMEOUT_S)) as connection:
                connection.request(method, path, body)
                return connection.getresponse().status

        support.Server(self, [sys.executable, "-s", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env,
                       lambda: ask("GET", "/moto-api/data.json") == 200, self.dir / "moto.log")
        # What it would run in a container is taken for done.
        self.assertEqual(ask("POST", "/moto-api/config", json.dumps({"lambda": {"use_docker": False}})), 201)
        # With its option, as some of its services do not obey the variable.
        aws = self.write("aws", f'#!/bin/sh\nexec {sys.executable} -s -m awscli --endpoint-url {self.url} "$@"\n')
        aws.chmod(0o755)
        self.shell_env = {**env, "PATH": f"{self.dir}:{env['PATH']}"}
        package = support.ROOT / "dist/miniatura-lambda-x86_64.zip"
        if not package.exists():
            package = self.dir / "miniatura.zip"
            with zipfile.ZipFile(package, "w") as archive:
                archive.writestr("bootstrap", "stands in for it")
        self.package = package

    def follow(self, *headings):
        """The commands under these headings, in one shell, each of which has to succeed."""
        found = sections()
        settings = found["Settings"]
        settings = re.sub("(?m)^PACKAGE=.*", f"PACKAGE={self.package}", settings)
        script = "set -eu\nsleep() { :; }\n" + settings + "".join(found[heading] for heading in headings)
        done = subprocess.run(["sh", "-c", script], env=self.shell_env, cwd=FOLDER, capture_output=True, text=True,
                              timeout=COMMANDS_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    @functools.cache
    def client(self, service):
        return servers.boto(self, {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests", "AWS_REGION": "eu-west-1",
                                   "AWS_ENDPOINT_URL_S3": self.url}, service)

    def test_following_it_gives_a_function_with_its_trigger_and_then_nothing(self):
        self.follow("Buckets", "Where failed events and the log go", "The role", "The function", "The trigger", "Try it")
        self.check_role()
        self.check_function()
        self.check_trigger()
        self.follow("Failed events", "New code, other settings", "Configuration", "Through a queue")
        self.check_configuration()
        self.check_queue()
        self.follow("Remove it")
        self.check_nothing_is_left()

    def check_role(self):
        iam = self.client("iam")
        self.assertEqual(iam.get_role(RoleName="miniatura")["Role"]["AssumeRolePolicyDocument"], filled("trust-policy.json"))
        objects = filled("permissions.json")
        objects["Statement"] = [each for each in objects["Statement"] if not each["Sid"].startswith("RuleWith")]
        self.assertEqual(len(objects["Statement"]), 3)
        self.assertEqual(iam.get_role_policy(RoleName="miniatura", PolicyName="objects")["PolicyDocument"], objects)
        platform = iam.get_role_policy(RoleName="miniatura", PolicyName="platform")["PolicyDocument"]
        self.assertEqual([each["Sid"] for each in platform["Statement"]], ["SendFailures", "WriteLog"])
        failed, log = (each["Resource"][0] for each in platform["Statement"])
        self.assertEqual(failed, self.queue("miniatura-failed")["QueueArn"])
        group, = self.client("logs").describe_log_groups()["logGroups"]
        self.assertEqual((log, group["retentionInDays"]), (group["arn"], 30))

    def queue(self, name):
        sqs = self.client("sqs")
        return sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["All"])["Attributes"]

    def check_function(self):
        functions = self.client("lambda")
        found = functions.get_function_configuration(FunctionName="miniatura")
        self.assertEqual((found["Runtime"], found["Architectures"], found["MemorySize"], found["Timeout"]),
                         ("provided.al2023", ["x86_64"], 1769, 60))
        self.assertEqual(found["CodeSize"], self.package.stat().st_size)
        self.assertEqual(found["Role"], "arn:aws:iam::123456789012:role/miniatura")
        self.assertEqual(found["Environment"], filled("environment.json"))
        invoke = functions.get_function_event_invoke_config(FunctionName="miniatura")
        self.assertEqual(invoke["DestinationConfig"]["OnFailure"]["Destination"], self.queue("miniatura-failed")["QueueArn"])
        self.assertEqual((invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]), (2, 21600))

    def check_trigger(self):
        told, = self.client("s3").get_bucket_notification_configuration(Bucket=SOURCE)["LambdaFunctionConfigurations"]
        functions = self.client("lambda")
        arn = functions.get_function_configuration(FunctionName="miniatura")["FunctionArn"]
        self.assertEqual((told["LambdaFunctionArn"], told["Events"]), (arn, ["s3:ObjectCreated:*"]))
        statement, = json.loads(functions.get_policy(FunctionName="miniatura")["Policy"])["Statement"]
        self.assertEqual((statement["Action"], statement["Principal"], statement["Resource"]),
                         ("lambda:InvokeFunction", {"Service": "s3.amazonaws.com"}, arn))
        self.assertEqual(statement["Condition"], {"ArnLike": {"AWS:SourceArn": f"arn:aws:s3:::{SOURCE}"},
                                                  "StringEquals": {"AWS:SourceAccount": "123456789012"}})

    def check_configuration(self):
        """What came to the function is what the executable takes."""
        found = self.client("lambda").get_function_configuration(FunctionName="miniatura")
        variables = found["Environment"]["Variables"]
        self.assertEqual(list(variables), ["MINIATURA_CONFIG"])
        env = {"MINIATURA_DEST": None, "MINIATURA_PRESETS": None, "MINIATURA_STORE": None, **variables}
        done = self.run_it("config", "check", "--no-reach", "--json", **env)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(done.json_lines()[0]["rules"][0]["destination_bucket"], DESTINATION)

    def check_queue(self):
        queue = self.queue("miniatura-events")
        mapping, = self.client("lambda").list_event_source_mappings(FunctionName="miniatura")["EventSourceMappings"]
        self.assertEqual((mapping["EventSourceArn"], mapping["FunctionResponseTypes"], mapping["BatchSize"]),
                         (queue["QueueArn"], ["ReportBatchItemFailures"], 10))
        self.assertEqual(int(queue["VisibilityTimeout"]), 6 * 60)
        self.assertEqual(json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"], self.queue("miniatura-failed")["QueueArn"])
        allowed, = json.loads(queue["Policy"])["Statement"]
        self.assertEqual((allowed["Principal"], allowed["Resource"]), ({"Service": "s3.amazonaws.com"}, queue["QueueArn"]))
        self.assertEqual(allowed["Condition"]["ArnEquals"]["aws:SourceArn"], f"arn:aws:s3:::{SOURCE}")
        platform = self.client("iam").get_role_policy(RoleName="miniatura", PolicyName="platform")["PolicyDocument"]
        self.assertEqual(platform, filled("platform.json"))
        self.assertEqual(platform["Statement"][0]["Resource"], [queue["QueueArn"]])
        told = self.client("s3").get_bucket_notification_configuration(Bucket=SOURCE)
        self.assertNotIn("LambdaFunctionConfigurations", told, "a picture would be made twice")
        self.assertEqual(told["QueueConfigurations"][0]["QueueArn"], queue["QueueArn"])

    def check_nothing_is_left(self):
        told = self.client("s3").get_bucket_notification_configuration(Bucket=SOURCE)
        self.assertEqual([name for name in told if name.endswith("Configurations")], [])
        functions = self.client("lambda")
        self.assertEqual((functions.list_functions()["Functions"], functions.list_event_source_mappings()["EventSourceMappings"]),
                         ([], []))
        self.assertEqual(self.client("iam").list_roles()["Roles"], [])
        self.assertEqual(self.client("sqs").list_queues().get("QueueUrls", []), [])
        self.assertEqual(self.client("logs").describe_log_groups()["logGroups"], [])
        self.assertEqual(self.client("s3").list_objects_v2(Bucket=SOURCE)["KeyCount"], 1, "the pictures stay")


class TheText(support.Case):
    def test_tells_of_every_file_and_has_no_command_of_one_version_alone(self):
        text = README.read_text()
        for path in FOLDER.iterdir():
            if path != README:
                self.assertIn(f"`{path.name}`", text)
        # Version 2 alone has these.
        for word in ("aws logs tail", "--cli-binary-format", "--no-cli-pager"):
            self.assertNotIn(word, text)


if __name__ == "__main__":
    support.main("moto", "boto3")
