"""Servers and certificates for the tests that prove the S3 client against others, and boto3 to ask them with."""
import contextlib
import http.client
import itertools
import pathlib
import secrets
import shutil
import socket
import ssl
import subprocess
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


def shared_minio():
    """For a file's setUpModule: what its tests share, the variables of a MinIO among that, and boto3 on it."""
    shared = Shared()
    _, variables = support.start_minio(shared)
    return shared, variables, boto(shared, variables)


def boto(case, variables, service="s3", **options):
    """AWS's own client for Python, on the server that the executable is told of."""
    sys.path.insert(0, str(support.ROOT / ".tools/python"))
    import boto3  # pylint: disable=import-outside-toplevel  (where it is missing, the file is skipped)
    import botocore.config  # pylint: disable=import-outside-toplevel
    sys.path.pop(0)
    config = botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"}, proxies={},
                                    max_pool_connections=16, retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"], aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"]).client(
            service, endpoint_url=variables["AWS_ENDPOINT_URL_S3"], config=config, **options)
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


def temporary_credentials(case, variables, **how):
    """Of MinIO's own STS, with a session token: (access key, secret key, token, ISO time of their end). `how` may hold a
    Policy that they are held to."""
    given = boto(case, variables, "sts").assume_role(RoleArn="arn:xxx:xxx:xxx:xxxx", RoleSessionName="tests", **how)["Credentials"]
    return (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"],
            given["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"))


class Authority:
    """A private certificate authority; `file` is what those trust who trust it."""

    def __init__(self, directory, name="the tests' own authority"):
        self.dir = directory
        self.dir.mkdir()
        self.file = self.self_signed("ca", name)[0]

    def self_signed(self, name, subject="127.0.0.1", hosts="IP:127.0.0.1"):
        """(certificate, key), for who needs no authority."""
        paths = self.dir / f"{name}.crt", self.dir / f"{name}.key"
        self.openssl("req", "-x509", *self.new_key(paths[1]), "-out", paths[0], "-days", "2", "-subj", f"/CN={subject}",
                     "-addext", f"subjectAltName={hosts}")
        return paths

    def signed(self, name, hosts="IP:127.0.0.1", days=2):
        """(certificate, key) of a server of these names; it has expired if `days` are negative."""
        paths = self.dir / f"{name}.crt", self.dir / f"{name}.key"
        request, extensions = self.dir / f"{name}.csr", self.dir / f"{name}.ext"
        extensions.write_text(f"subjectAltName={hosts}\n")
        self.openssl("req", *self.new_key(paths[1]), "-out", request, "-subj", "/CN=a server of the tests")
        self.openssl("x509", "-req", "-in", request, "-CA", self.dir / "ca.crt", "-CAkey", self.dir / "ca.key",
                     "-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", paths[0])
        return paths

    @staticmethod
    def new_key(path):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=support.TIMEOUT_S)


def start_tls_minio(case, authority, hosts="IP:127.0.0.1", **settings):
    """MinIO behind a certificate for these `hosts`; gives the variables for the executable, the authority's file among them.
    `settings` are further variables of its own."""
    port, = support.free_ports(1)
    secret = secrets.token_hex(20)
    certificates = case.dir / "certificates"
    certificates.mkdir()
    for path, name in zip(authority.signed("minio", hosts), ("public.crt", "private.key")):
        shutil.copy(path, certificates / name)
    context = ssl.create_default_context(cafile=authority.file)

    def ready():
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)) as connection:
            connection.request("GET", "/minio/health/ready")
            return connection.getresponse().status == 200

    support.Server(case, [support.tool("minio"), "server", case.dir / "tls-minio", "--address", f"127.0.0.1:{port}",
                          "--certs-dir", certificates],
                   {**support.minio_variables(case, secret), **settings}, ready, case.dir / "tls-minio.log")
    return {**support.s3_variables(f"https://127.0.0.1:{port}", secret), "AWS_CA_BUNDLE": str(authority.file)}
