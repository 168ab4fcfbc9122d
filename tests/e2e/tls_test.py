"""Over TLS: whom the executable trusts, whom not, and that it says nothing to those."""
import ssl

import servers
import support
from proxies import Listener, read_head
from s3_case import S3Case

shared, variables, client, authority = None, None, None, None


def setUpModule():
    global shared, variables, client, authority  # pylint: disable=global-statement
    shared = servers.Shared()
    authority = servers.Authority(shared.dir / "authority")
    variables = servers.start_tls_minio(shared, authority)
    client = servers.boto(shared, variables, verify=str(authority.file))


class Ear(Listener):
    """A TLS server that writes down what it is told, and how often it was called."""

    def __init__(self, case, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.certificate, self.heard = certificate, []
        super().__init__(case)

    def handle(self, client):
        with self.context.wrap_socket(client, server_side=True) as secure:
            first, headers, _ = read_head(secure.makefile("rb"))
            if first:
                self.heard.append((first, headers))
                secure.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class OverTls(S3Case):
    def setUp(self):
        super().setUp()
        self.env.update(variables)
        self.bucket = servers.make_bucket(client)
        self.url = f"s3://{self.bucket}/k"

    def test_with_its_authority_a_server_is_trusted(self):
        out = self.dir / "out.bin"
        done = self.s3("put", support.PHOTO, self.url, "--json")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(client.get_object(Bucket=self.bucket, Key="k")["Body"].read(), support.PHOTO.read_bytes())
        self.assertEqual(self.s3("head", self.url, "--json").json_lines()[0]["size"], support.PHOTO.stat().st_size)
        self.assertEqual(self.s3("get", self.url, "-o", out).code, 0)
        self.assertEqual(out.read_bytes(), support.PHOTO.read_bytes())
        self.assertTrue(self.s3("presign", self.url).out.startswith(variables["AWS_ENDPOINT_URL_S3"]))

    def test_an_event_is_handled(self):
        client.put_object(Bucket=self.bucket, Key="a.jpg", Body=support.PHOTO.read_bytes())
        done = self.run_it("replay", self.write("event.json", support.event("a.jpg", self.bucket)),
                           MINIATURA_DEST=f"s3://{self.bucket}/thumbs/")
        self.assertEqual((done.code, done.json_lines()[0]["stored"]), (0, 1), done.err)
        image = client.get_object(Bucket=self.bucket, Key="thumbs/a.jpg/small.jpg")["Body"].read()
        self.assertEqual(support.size_of(image), ("jpeg", 256, 192))

    def test_without_its_authority_it_is_not(self):
        host = variables["AWS_ENDPOINT_URL_S3"].partition("//")[2]
        for command in (("head", self.url), ("get", self.url, "-o", "no"), ("put", support.PHOTO, self.url),
                        ("ls", f"s3://{self.bucket}"), ("rm", self.url)):
            with self.subTest(command[0]):
                self.assert_error(self.s3(*command, AWS_CA_BUNDLE=None), 75, "network.untrusted", host, self.bucket,
                                  "certificate", "trusted is ")
        done = self.run_it("replay", self.write("event.json", support.event("a.jpg", self.bucket)), AWS_CA_BUNDLE=None)
        self.assertEqual((done.code, done.json_lines()[0]["deferred"]), (75, 1))
        self.assertIn("network.untrusted", done.out + done.err)


class Strangers(S3Case):
    """What those hear who have no right to hear anything."""

    def setUp(self):
        super().setUp()
        self.env.update({**variables, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"})

    def call(self, ear, host="127.0.0.1", **env):
        return self.s3("head", "s3://photos/k", AWS_ENDPOINT_URL_S3=f"https://{host}:{ear.port}", **env)

    def test_one_who_proves_who_he_is_hears_the_request(self):
        ear = Ear(self, *authority.signed("good"))
        self.assert_error(self.call(ear), 1, "store.not_found")
        (first, headers), = ear.heard
        self.assertEqual(first, "HEAD /photos/k HTTP/1.1")
        self.assertIn("AKIDEXAMPLE", headers["authorization"])

    def test_one_who_does_not_hears_nothing_and_is_asked_once(self):
        other = servers.Authority(self.dir / "other", "another authority")
        for what, pair, host in (("another's name", authority.signed("other-name", "DNS:localhost"), "127.0.0.1"),
                                 ("another's address", authority.signed("other-address"), "localhost"),
                                 ("expired", authority.signed("expired", days=-1), "127.0.0.1"),
                                 ("of himself", authority.self_signed("himself"), "127.0.0.1"),
                                 ("of another authority", other.signed("stranger"), "127.0.0.1")):
            with self.subTest(what):
                ear = Ear(self, *pair)
                self.assert_error(self.call(ear, host), 75, "network.untrusted", f"{host}:{ear.port}",
                                  f"trusted is {authority.file}")
                self.assertEqual((ear.heard, len(ear.clients)), ([], 1))

    def test_no_variable_of_others_makes_him_trusted(self):
        ear = Ear(self, *authority.self_signed("insecure"))
        for name, value in (("SSL_CERT_FILE", ear.certificate), ("CURL_CA_BUNDLE", ear.certificate),
                            ("PYTHONHTTPSVERIFY", "0"), ("NODE_TLS_REJECT_UNAUTHORIZED", "0")):
            with self.subTest(name):
                self.assert_error(self.call(ear, **{name: str(value)}), 75, "network.untrusted")
        self.assertEqual(ear.heard, [])

    def test_authorities_that_cannot_be_read_are_wrong_settings(self):
        ear = Ear(self, *authority.signed("unread"))
        for what, path in (("absent", self.dir / "absent.pem"), ("garbage", self.write("garbage.pem", "no certificate")),
                           ("empty", self.write("empty.pem", "")), ("a directory", self.dir)):
            with self.subTest(what):
                self.assert_error(self.call(ear, AWS_CA_BUNDLE=str(path)), 2, "config.invalid", "AWS_CA_BUNDLE", path)
        self.assertEqual(ear.heard, [])


if __name__ == "__main__":
    support.main("minio", "openssl", "boto3")
