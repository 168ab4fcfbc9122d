"""A Runtime API that hands out an event when it is told to, and a Lambda function that asks it."""
import contextlib
import http.server
import pathlib
import queue
import subprocess
import threading
import time

TIMEOUT_S = 60


class RuntimeApi(http.server.ThreadingHTTPServer):
    """One function's: polls and answers come out of queues, events go into one; None ends the function."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Invocation)
        self.polls, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"


class Invocation(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet an answer

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def do_GET(self):  # pylint: disable=invalid-name
        self.server.polls.put(time.perf_counter())
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            self.answer(500)
        else:
            deadline_ms = int((time.time() + TIMEOUT_S) * 1000)
            self.answer(200, event, Lambda_Runtime_Aws_Request_Id="bench", Lambda_Runtime_Deadline_Ms=deadline_ms)

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answers.put((time.perf_counter(), self.path, body))
        self.answer(202)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def process_cpu_s(pid):
    """All threads', in nanoseconds' steps: the kernel's clock of another process (man 3 clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


class Function:
    """A process under a Runtime API of its own, between two events."""

    def __init__(self, name, command, env, log):
        self.name, self.log = name, pathlib.Path(log)
        self.api = RuntimeApi()
        with open(self.log, "wb") as output:
            start = time.perf_counter()
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [str(word) for word in command], env={**env, "AWS_LAMBDA_RUNTIME_API": self.api.address},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            self.first_poll_ms = (self.expect(self.api.polls) - start) * 1000
        except AssertionError:
            self.stop()
            raise

    def expect(self, what):
        with contextlib.suppress(queue.Empty):
            return what.get(timeout=TIMEOUT_S)
        raise AssertionError(f"{self.name} is silent: {self.log.read_text(errors='replace')[-500:]}")

    def invoke(self, event):
        """(wall ms from the event's handing out to its answer, CPU ms up to the next poll)"""
        cpu_s, start = process_cpu_s(self.process.pid), time.perf_counter()
        self.api.events.put(event)
        end, path, body = self.expect(self.api.answers)
        assert path.endswith("/response"), f"{self.name}: {path} {body[:500]!r}"
        self.expect(self.api.polls)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        assert not children, f"{self.name} has children, whose CPU is not counted: {children}"
        return (end - start) * 1000, (process_cpu_s(self.process.pid) - cpu_s) * 1000

    def peak_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))

    def stop(self):
        self.api.events.put(None)
        self.process.terminate()
        self.process.wait()
        self.api.shutdown()
        self.api.server_close()
