# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real redis-server of the test's own: a free loopback port, a directory that goes with it."""

import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """A context manager; start() again after kill() takes the same port."""

    def __init__(self, *arguments):
        self.port = free_port()
        self.arguments = arguments
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.directory.name, *self.arguments], stdout=subprocess.DEVNULL)
        for _ in range(1000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError(f"redis-server does not answer on port {self.port}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="camwarden-redis-")
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self.directory.cleanup()
