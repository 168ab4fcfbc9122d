"""Servers and certificates for the tests that prove the S3 client against others, and boto3 to ask them with."""
import itertools
import pathlib
import secrets
import shutil
import socket
import sys
import tempfile
import time
import unittest

import support

names = itertools.count(1)


class Shared:
    """A directory and clean-ups that last as long as a test file: for the servers that all its tests share."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-"))
        self.addCleanup = unittest.addModuleCleanup  # pylint: disable=invalid-name  (as in TestCase)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)


def boto(case, variables, **options):
    """AWS's own S3 client for Python, on the server that the executable is told of."""
    sys.path.insert(0, str(support.ROOT / ".tools/python"))
    import boto3  # pylint: disable=import-outside-toplevel  (where it is missing, the file is skipped)
    import botocore.config  # pylint: disable=import-outside-toplevel
    sys.path.pop(0)
    config = botocore.config.Config(s3={"addressing_style": "path"}, max_pool_connections=16, proxies={},
                                    retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"], aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"]).client(
            "s3", endpoint_url=variables["AWS_ENDPOINT_URL_S3"], config=config, **options)
    case.addCleanup(client.close)  # servers take their time to stop while somebody keeps a connection
    return client


def make_bucket(client):
    """Waits for a server that listens before it can do anything (MinIO: 503 for a moment)."""
    bucket = f"bucket-{next(names)}"
    until = time.monotonic() + support.TIMEOUT_S
    while True:
        try:
            client.create_bucket(Bucket=bucket)
            return bucket
        except client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503 or time.monotonic() > until:
                raise
            time.sleep(0.05)


def start_versity(case):
    """The Versity S3 Gateway on a directory; gives the variables for the executable."""
    port, = support.free_ports(1)
    secret = secrets.token_hex(20)
    objects = case.dir / "versity"
    objects.mkdir()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(case.dir), "ROOT_ACCESS_KEY": "tests", "ROOT_SECRET_KEY": secret}
    support.Server(case, [support.tool("versitygw"), "--port", f"127.0.0.1:{port}", "--quiet", "posix", objects], env,
                   lambda: socket.create_connection(("127.0.0.1", port), 5).close() is None, case.dir / "versity.log")
    return support.s3_variables(f"http://127.0.0.1:{port}", secret)
