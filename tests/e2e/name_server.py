"""A name server for the tests: UDP, these names alone."""
import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28
NO_SUCH_NAME = 3


class NameServer:
    """Answers on 127.0.0.53:53 until the test ends: a network namespace of the test's own has to be there (sandbox.py).
    `hosts` are the names with their IPv4 addresses, "*.x" is whatever ends so; `asked` is what was asked for. While
    it is `mute` it hears and says nothing."""

    ADDRESS = "127.0.0.53"

    def __init__(self, case, hosts):
        self.hosts, self.mute, self.asked = hosts, False, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.ADDRESS, 53))
        thread = threading.Thread(target=self.serve, daemon=True)
        thread.start()

        def stop():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ender:
                ender.sendto(b"", (self.ADDRESS, 53))
            thread.join()
            self.socket.close()
        case.addCleanup(stop)

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(512)
            if not question:
                return
            answer = self.answer(question)
            if not self.mute:
                self.socket.sendto(answer, client)

    def answer(self, message):
        """RFC 1035: the header, the question as it came, and an address or none."""
        at, labels = 12, []
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode().lower())
            at += 1 + message[at]
        end = at + 5  # the last label's end, type, class
        kind, = struct.unpack(">H", message[at + 1:at + 3])
        name = ".".join(labels)
        self.asked.append(name)
        found = self.hosts.get(name) or self.hosts.get("*." + ".".join(labels[1:]))
        records = b""
        if found and kind == A:
            records = struct.pack(">HHHIH", 0xC00C, A, 1, 5, 4) + ipaddress.IPv4Address(found).packed
        flags = 0x8180 | (0 if found else NO_SUCH_NAME)
        return message[:2] + struct.pack(">HHHHH", flags, 1, int(bool(records)), 0, 0) + message[12:end] + records
