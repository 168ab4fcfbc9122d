"""`miniatura serve` as a server of the tests, and a client for it."""
import http.client
import json
import ssl

import support

TOKEN = "a-token-of-the-tests"


class Serve(support.Server):
    """Listens on a port that the kernel picks, or `port`. Its inbox outlives it: start another on it after a kill."""

    def __init__(self, case, env, *options, port=0, name="serve", authority=None):
        self.inbox, self.port = case.dir / "inbox.db", None
        self.context = ssl.create_default_context(cafile=authority) if authority else None
        arguments = [support.EXECUTABLE, "serve", "--listen", f"127.0.0.1:{port}", "--inbox", self.inbox, *options]
        self.log = case.dir / f"{name}.log"
        super().__init__(case, arguments, {"MINIATURA_WEBHOOK_TOKEN": TOKEN, **env}, self.is_up, self.log)

    def is_up(self):
        """It tells its port when it listens."""
        for line in self.log_lines():
            if line["message"] == "serving":
                self.port = line["port"]
                return True
        return False

    def log_lines(self):
        # The last line may not be whole yet.
        return [json.loads(line) for line in self.log.read_text().split("\n")[:-1] if line.startswith("{")]

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=support.TIMEOUT_S, context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=support.TIMEOUT_S)

    def ask(self, method, path, body=None, token=TOKEN, **headers):
        """(status, headers in lower case, body as text)."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = self.connect()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, text

    def post(self, event):
        """An event that is taken; gives its id."""
        status, _, text = self.ask("POST", "/events", event if isinstance(event, (str, bytes)) else json.dumps(event))
        if status != 200:
            raise AssertionError(f"{status}: {text}")
        return json.loads(text)["id"]

    def entry(self, event_id):
        status, _, text = self.ask("GET", f"/events/{event_id}")
        if status != 200:
            raise AssertionError(f"{status}: {text}")
        return json.loads(text)

    def wait_for(self, event_id, *states):
        """Until it is in one of these states."""
        return support.wait_for(lambda: next((entry for entry in [self.entry(event_id)] if entry["state"] in states), None),
                          f"event {event_id} in {states}")

    def metrics(self):
        """Name with labels to value."""
        lines = [line for line in self.ask("GET", "/metrics")[2].splitlines() if line and not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    def wait_until_empty(self):
        support.wait_for(lambda: self.metrics().get("miniatura_inbox_depth") == 0, "an empty inbox")

    def kill(self):
        """As a power cut is to it."""
        self.process.kill()
        self.process.wait()
