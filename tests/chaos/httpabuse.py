# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that no HTTP server wants. Each takes a port and does its worst for a second or two."""

import contextlib
import socket
import threading
import time

SLOW = 30  # connections; 64 are allowed


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def talk(port, data):
    """Sends and reads what comes, whatever it is."""
    with contextlib.suppress(OSError), connect(port) as client:
        client.sendall(data)
        while client.recv(65536):
            pass


def slow_headers(port):
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        clients = [stack.enter_context(connect(port)) for _ in range(SLOW)]
        for _ in range(10):
            for client in clients:
                client.sendall(b"G")
            time.sleep(0.2)


def big_body(port):
    with contextlib.suppress(OSError), connect(port) as client:
        client.sendall(b"POST /api/status HTTP/1.1\r\nHost: localhost\r\n"
                       b"Content-Type: application/json\r\nContent-Length: 536870912\r\n\r\n")
        for _ in range(512):
            client.sendall(bytes(65536))


def deep_json(port):
    body = b"[" * 30000 + b"]" * 30000
    talk(port, b"POST /api/cameras HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body) + body)


def garbage(port):
    for data in (b"\0" * 4096, b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
                 b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                 b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n"):
        talk(port, data + b"\r\n\r\n")


def flood(port):
    def client():
        for _ in range(20):
            talk(port, b"GET /api/cameras HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    threads = [threading.Thread(target=client) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def deaf_viewer(port):
    """Asks for the stream, and takes nothing of it."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(connect(port))
            client.sendall(b"GET /api/cameras/front/stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(2)


ALL = (slow_headers, big_body, deep_json, garbage, flood, deaf_viewer)
