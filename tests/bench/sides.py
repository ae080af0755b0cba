# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the sides of a comparison in turn, and keeps the medians."""

import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """CPU time of a whole process, to the nanosecond (its CPU clock, see clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


def children(pid):
    """The process and everything below it."""
    found = [pid]
    for one in found:
        for task in pathlib.Path(f"/proc/{one}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


class World:
    """Where the programs are, what they run against, how long they run."""

    def __init__(self, build, quick):
        self.build = pathlib.Path(build).resolve()
        self.quick = quick
        self.rounds = 2 if quick else 7
        self.program = str(self.build / "tests/bench/camwarden-bench")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="camwarden-bench-"))
        self.environment = dict(
            os.environ, GST_PLUGIN_PATH_1_0=str(self.build / "plugins"),
            GST_REGISTRY_1_0=str(self.folder / "registry.bin"), GST_DEBUG="1")
        self.processes = []
        self.frames = {}
        self.port = free_port()
        self.redis = self.start_redis()
        self.discard_port, self.discard = self.start_discard()

    def count(self, number):
        return max(20, number // 20) if self.quick else number

    def seconds(self, number):
        return 2 if self.quick else number

    def spawn(self, words, **options):
        process = subprocess.Popen(words, env=self.environment, text=True, **options)
        self.processes.append(process)
        return process

    def end(self, process):
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.processes.remove(process)

    def start_redis(self):
        server = self.spawn(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", str(self.folder), "--client-output-buffer-limit", "pubsub 0 0 0"],
            stdout=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return server
            time.sleep(0.01)
        raise SystemExit("bench: redis-server does not answer")

    def start_discard(self):
        process = self.spawn([self.program, "discard"], stdout=subprocess.PIPE)
        return int(process.stdout.readline()), process

    def close(self):
        for process in list(self.processes):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def has(self, element):
        return subprocess.run(
            ["gst-inspect-1.0", "--atleast-version=0.0", "--exists", element],
            env=self.environment).returncode == 0

    def run(self, role, **options):
        """One side's figures, or None if it could not run."""
        words = [self.program, role] + [
            f"{key.replace('_', '-')}={value}" for key, value in options.items()]
        return self.figures(words)

    def figures(self, words):
        try:
            done = subprocess.run(words, env=self.environment, capture_output=True, text=True,
                                  timeout=300)
        except subprocess.TimeoutExpired:
            print(f"bench: {' '.join(words)} takes too long", file=sys.stderr)
            return None
        if done.returncode != 0:
            print(f"bench: {' '.join(words)}: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return None
        return json.loads(done.stdout.splitlines()[-1])


def interleave(sides, rounds):
    """sides: name -> function. One of each, then again: drift of the machine hits all alike.
    Gives name -> figures, each the median of its rounds; None where a side failed."""
    runs = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            if None not in runs[name]:
                runs[name].append(side())
    return {name: None if None in found else median(found) for name, found in runs.items()}


def median(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}
