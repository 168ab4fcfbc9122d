"""`miniatura health`: what a container without a shell asks its server with."""
import proxies
import support
from serving import Serve


class Health(support.Case):
    def ask(self, path, port):
        return self.run_it("health", f"http://127.0.0.1:{port}{path}")

    def test_a_server_that_answers_is_well(self):
        serve = Serve(self, self.env)
        for path in ("/healthz", "/readyz"):
            done = self.ask(path, serve.port)
            self.assertEqual((done.code, done.err), (0, ""))
            self.assertIn("HTTP 200", done.out)

    def test_a_server_that_is_not_ready_says_why(self):
        serve = Serve(self, self.env)
        (self.store / "thumbs").rmdir()
        self.assertEqual(self.ask("/healthz", serve.port).code, 0)
        done = self.ask("/readyz", serve.port)
        self.assertEqual(done.code, 1)
        self.assertIn("HTTP 503", done.out)
        self.assertIn("thumbs", done.out)

    def test_nobody_there_is_an_error_that_names_the_place(self):
        port, = support.free_ports(1)
        self.assert_error(self.ask("/healthz", port), 1, "network.unreachable", port)

    def test_one_that_hangs_is_not_waited_for(self):
        hung = proxies.Listener(self)
        hung.handle = lambda client: client.recv(1 << 16) and client.recv(1)
        self.assert_error(self.ask("/healthz", hung.port), 1, "deadline.exceeded", hung.port)

    def test_without_a_url_it_asks_where_serve_listens_by_itself(self):
        self.assertIn("http://127.0.0.1:8080/healthz", self.run_it("health", "--help").out)


if __name__ == "__main__":
    support.main()
