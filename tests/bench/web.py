# SPDX-License-Identifier: LGPL-2.1-or-later
"""The HTTP interface: requests per CPU second beside Flask's, and what a viewer costs."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

from sides import cpu_seconds, interleave

HERE = pathlib.Path(__file__).parent
ASK = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def ask(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(ASK)
        answer = b""
        while data := client.recv(65536):
            answer += data
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"bench: {answer[:200]!r}")
    return answer


def cost(process, port, count):
    """CPU microseconds of the server for one request."""
    for _ in range(50):
        ask(port)
    before = cpu_seconds(process.pid)
    for _ in range(count):
        ask(port)
    return {"cpu": (cpu_seconds(process.pid) - before) * 1e6 / count}


def health(world, report):
    ours = world.spawn([str(world.build / "tests/daemon/http/fakeapi")], stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE)
    port = int(ours.stdout.readline().rsplit(":", 1)[1].strip().rstrip("/"))
    answer = world.folder / "health.json"
    answer.write_bytes(ask(port).split(b"\r\n\r\n", 1)[1])
    twin = world.spawn(["/usr/bin/python3", str(HERE / "flasktwin.py"), str(answer)],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    twin_port = int(twin.stdout.readline())
    count = world.count(2000)
    figures = interleave({"camwardend": lambda: cost(ours, port, count),
                          "Flask + waitress": lambda: cost(twin, twin_port, count)}, world.rounds)
    for process in (ours, twin):
        world.end(process)
    report.table(f"GET /api/health, {len(answer.read_bytes())} bytes, one connection each", figures,
                 ["cpu"], "us of the server's CPU per request")
    report.ratio("a request's CPU, of Flask + waitress", figures["camwardend"]["cpu"],
                 figures["Flask + waitress"]["cpu"], 1 / 8)


FIGURES = re.compile(r"RSS \+?(-?\d+) KiB, ([\d.]+) us of CPU per frame and viewer, "
                     r"bare writev ([\d.]+) us")


def watch(world):
    """One run of 50 viewers: the test's own program says what it found."""
    done = subprocess.run(
        [str(world.build / "tests/daemon/http/test-httpviewers")], capture_output=True, text=True,
        env={**os.environ, "CAMWARDEN_SECONDS": str(world.seconds(10))}, timeout=300)
    found = FIGURES.search(done.stdout)
    if not found:
        print(f"bench: {done.stdout[-300:]} {done.stderr[-300:]}", file=sys.stderr)
        return None
    rss, ours, bare = map(float, found.groups())
    return {"rss": rss, "ours": ours, "bare": bare}


def viewers(world, report):
    found = interleave({"run": lambda: watch(world)}, 2 if world.quick else 3)["run"]
    sides = {"camwardend": found and {"cpu": found["ours"]},
             "bare writev": found and {"cpu": found["bare"]}, "uStreamer": None}
    report.table("50 MJPEG viewers, 10 of them stopped, 30 pictures/s of 120 KB", sides, ["cpu"],
                 "us of CPU per picture and viewer")
    if not shutil.which("ustreamer") or not os.path.exists("/dev/video0"):
        print("  uStreamer takes its pictures from a V4L2 device alone, and there is none")
    report.goal("a picture for a viewer", found and found["ours"], 60, " us")
    report.goal("growth of memory meanwhile", found and found["rss"] / 1024, 2, " MiB")


CASES = {"health": health, "viewers": viewers}
