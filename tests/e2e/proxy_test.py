"""Through a proxy by the usual variables, as curl reads them; and never where it must not be."""
import json

import servers
import support
from proxies import Listener, Proxy, read_head
from s3_case import S3Case

ROLES = "/latest/meta-data/iam/security-credentials/"
BODY = b"a body through a proxy"

shared, plain, tls = None, None, None


def setUpModule():
    global shared, plain, tls  # pylint: disable=global-statement
    shared = servers.Shared()
    _, plain = support.start_minio(shared)
    tls = servers.start_tls_minio(shared, servers.Authority(shared.dir / "authority"))
    servers.make_bucket(servers.boto(shared, tls, verify=tls["AWS_CA_BUNDLE"]))


class Metadata(Listener):
    """Where a machine or a container gets its credentials, with what was asked of it."""

    def __init__(self, case, credentials):
        access, secret, token, end = credentials
        self.given = json.dumps({"Code": "Success", "AccessKeyId": access, "SecretAccessKey": secret, "Token": token,
                                 "Expiration": end})
        self.requests = []
        super().__init__(case)
        self.url = f"http://127.0.0.1:{self.port}"

    def handle(self, client):
        reader = client.makefile("rb")
        while (head := read_head(reader))[0]:
            method, path, _ = head[0].split(" ")
            self.requests.append((method, path))
            body = {"/latest/api/token": "a-token", ROLES: "the-role"}.get(path, self.given)
            client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


class ThroughAProxy(S3Case):
    def setUp(self):
        super().setUp()
        self.env.update(plain)
        self.proxy = Proxy(self)
        self.endpoint = plain["AWS_ENDPOINT_URL_S3"]

    def round_trip(self, bucket="photos", **env):
        """Puts and gets; gives what the proxy saw of it."""
        before = len(self.proxy.requests)
        (self.dir / "body.bin").write_bytes(BODY)
        for command in (("put", "body.bin", f"s3://{bucket}/a b+c"), ("get", f"s3://{bucket}/a b+c", "-o", "out.bin")):
            done = self.s3(*command, **env)
            self.assertEqual((done.code, done.err), (0, ""), env)
        self.assertEqual((self.dir / "out.bin").read_bytes(), BODY)
        return self.proxy.targets()[before:]

    def test_plain_http_goes_through_where_http_proxy_says_so(self):
        seen = [("PUT", f"{self.endpoint}/photos/a%20b%2Bc"), ("GET", f"{self.endpoint}/photos/a%20b%2Bc")]
        for name, uses in (("http_proxy", True), ("all_proxy", True), ("ALL_PROXY", True),
                           ("HTTP_PROXY", False),  # anybody can set it for a CGI program
                           ("https_proxy", False), ("HTTPS_PROXY", False)):
            with self.subTest(name):
                self.assertEqual(self.round_trip(**{name: self.proxy.url}), seen if uses else [])

    def test_no_proxy_says_what_goes_straight(self):
        for name in ("no_proxy", "NO_PROXY"):
            for value, uses in (("127.0.0.1", False), ("*", False), ("example.com,127.0.0.1", False),
                                ("example.com", True), ("localhost", True)):
                with self.subTest((name, value)):
                    seen = self.round_trip(http_proxy=self.proxy.url, **{name: value})
                    self.assertEqual(len(seen), 2 if uses else 0)

    def test_tls_goes_through_a_tunnel_and_the_proxy_learns_the_host_alone(self):
        self.env.update(tls)
        address = tls["AWS_ENDPOINT_URL_S3"].partition("//")[2]
        for name, uses in (("https_proxy", True), ("HTTPS_PROXY", True), ("http_proxy", False)):
            with self.subTest(name):
                seen = self.round_trip("bucket-1", **{name: self.proxy.url})
                self.assertEqual(seen, [("CONNECT", address)] * 2 if uses else [])
        self.assertEqual({name for _, _, headers in self.proxy.requests for name in headers} & {"authorization", "x-amz-date"},
                         set())

    def test_the_server_behind_a_tunnel_must_be_trusted_all_the_same(self):
        self.env.update(tls)
        done = self.s3("ls", "s3://bucket-1", HTTPS_PROXY=self.proxy.url, AWS_CA_BUNDLE=None)
        self.assert_error(done, 75, "network.untrusted")

    def test_the_proxys_password_is_for_the_proxy(self):
        with_password = self.proxy.url.replace("//", "//user:pa%2Fss@")
        self.round_trip(http_proxy=with_password)
        headers = self.proxy.requests[0][2]
        self.assertEqual(headers["proxy-authorization"], "Basic dXNlcjpwYS9zcw==")
        port, = support.free_ports(1)
        done = self.s3("head", "s3://photos/k", http_proxy=f"http://user:pa%2Fss@127.0.0.1:{port}")
        self.assert_error(done, 75, "network.unreachable")
        self.assertNotRegex(done.err, "pa(%2F|/)ss")

    def test_a_proxy_that_says_no_is_no_word_on_the_object(self):
        for status in (407, 403, 502):
            for variables in (plain, tls):
                with self.subTest((status, variables["AWS_ENDPOINT_URL_S3"][:5])):
                    proxy = Proxy(self, status)
                    env = {**variables, "http_proxy": proxy.url, "https_proxy": proxy.url}
                    done = self.s3("get", "s3://photos/k", "-o", "no", **env)
                    code = {(407, True): "network.denied", (403, True): "network.denied", (502, True): "network.unreachable",
                            (407, False): "network.denied", (403, False): "store.denied",
                            (502, False): "store.unavailable"}[status, variables is tls]
                    self.assert_error(done, 75, code, "photos/k", status)
                    self.assertEqual(len(proxy.requests), 4 if status == 502 else 1)
                    done = self.run_it("replay", self.write("event.json", support.event("k")), **env)
                    self.assertEqual((done.code, done.json_lines()[0]["deferred"]), (75, 1), done.out)

    def test_credentials_never_go_through_it(self):
        credentials = servers.temporary_credentials(shared, plain)
        nothing = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_EC2_METADATA_DISABLED": None}
        proxied = {name: self.proxy.url for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY")}
        for variable, path, asked in (
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "/",
                 [("PUT", "/latest/api/token"), ("GET", ROLES), ("GET", ROLES + "the-role")]),
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v2/creds?id=1", [("GET", "/v2/creds?id=1")])):
            with self.subTest(variable):
                metadata = Metadata(self, credentials)
                seen = self.round_trip(**nothing, **proxied, **{variable: metadata.url + path})
                self.assertEqual([method for method, _ in seen], ["PUT", "GET"], "S3 itself does go through")
                self.assertEqual(metadata.requests, asked * 2)

    def test_an_event_is_handled_through_it(self):
        self.round_trip()
        done = self.s3("put", support.PHOTO, "s3://photos/up.jpg")
        self.assertEqual(done.code, 0, done.err)
        done = self.run_it("replay", self.write("event.json", support.event("up.jpg")), http_proxy=self.proxy.url)
        self.assertEqual((done.code, done.json_lines()[0]["stored"]), (0, 1), done.err)
        self.assertIn(("GET", f"{self.endpoint}/photos/up.jpg"), self.proxy.targets())
        self.assertIn(("PUT", f"{self.endpoint}/thumbs/up.jpg/small.jpg"), self.proxy.targets())


if __name__ == "__main__":
    support.main("minio", "openssl", "boto3")
