# SPDX-License-Identifier: LGPL-2.1-or-later
"""A broker of the test's own, and just enough of MQTT 3.1.1 to listen to it."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import tap


def program():
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise tap.Skip("mosquitto is not installed")
    return found


@contextlib.contextmanager
def broker(port, user=None, password=None):
    path = program()
    with tempfile.TemporaryDirectory(prefix="camwarden-mqtt-") as name:
        directory = pathlib.Path(name)
        lines = [f"listener {port} 127.0.0.1", "persistence false",
                 f"allow_anonymous {'false' if user else 'true'}"]
        if user:
            words = directory / "words"
            words.write_text(f"{user}:{password}\n")
            subprocess.run([shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd", "-U",
                            str(words)], check=True)
            shutil.chown(directory, "mosquitto") if pathlib.Path("/proc/self").owner() == "root" \
                else None
            words.chmod(0o644)
            directory.chmod(0o755)
            lines.append(f"password_file {words}")
        (directory / "conf").write_text("\n".join(lines) + "\n")
        process = subprocess.Popen([path, "-c", str(directory / "conf")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(10)


def text(value):
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def packet(kind, body):
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


class Listener:
    """Everything on the broker, by topic: the last one and all of them."""

    def __init__(self, port, user=None, password=None):
        deadline = time.monotonic() + 15
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), 10)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        flags = 2 | (0xC0 if user else 0)
        body = text("MQTT") + bytes([4, flags, 0, 0]) + text("listener")
        if user:
            body += text(user) + text(password)
        self.socket.sendall(packet(0x10, body))
        self.buffer, self.last, self.all = b"", {}, []
        kind, answer = self.read()
        tap.equal((kind, answer[1]), (0x20, 0), "CONNACK")
        self.socket.sendall(packet(0x82, b"\0\1" + text("#") + b"\0"))

    def read(self):
        """One packet, or None when none comes for a while."""
        while True:
            size, shift, at = 0, 0, 1
            whole = False
            while at < len(self.buffer):
                digit = self.buffer[at]
                size |= (digit & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if not digit & 0x80:
                    whole = True
                    break
            if whole and len(self.buffer) >= at + size:
                kind, body = self.buffer[0], self.buffer[at:at + size]
                self.buffer = self.buffer[at + size:]
                return kind, body
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("the broker closed the connection")
            self.buffer += data

    def wait(self, what, holds, seconds=20):
        deadline = time.monotonic() + seconds
        while not holds(self):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited in vain until {what}: {self.last}")
            self.socket.settimeout(left)
            try:
                kind, body = self.read()
            except TimeoutError:
                continue
            if kind & 0xF0 == 0x30:
                size = int.from_bytes(body[:2], "big")
                topic = body[2:2 + size].decode()
                self.last[topic] = body[2 + size:].decode()
                self.all.append((topic, self.last[topic]))

    def close(self):
        self.socket.close()
