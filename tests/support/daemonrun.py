# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real camwardend with its workers and its Redis, in directories and on ports of its own.

    with daemonrun.Daemon(cameras={"front": {"source": "videotestsrc is-live=true"}}) as daemon:
        daemon.redis().ping()
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import redis
import tap

BUILD = pathlib.Path(os.environ.get("CAMWARDEN_BUILD_ROOT", "build"))
PROGRAM = BUILD / "app" / "daemon" / "camwardend"


def free_ports(count):
    """Ports in a row that nobody listens on at the moment, for a search that takes the next."""
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                for i in range(1, count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port + i))
                return port
            except (OSError, OverflowError):
                continue


def wait_until(what, holds, seconds=20, step=0.02):
    """Returns what `holds` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while True:
        result = holds()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain until {what}")
        time.sleep(step)


def processes():
    """pid -> (parent, command line) of everything that runs; zombies do not."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (OSError, IndexError):
            continue
        if fields[0] != "Z":
            found[int(entry.name)] = (int(fields[1]), command)
    return found


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(pid):
    """Resident bytes, threads, descriptors."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    return {
        "rss": int(values["VmRSS"].split()[0]) * 1024,
        "threads": int(values["Threads"]),
        "fds": len(os.listdir(f"/proc/{pid}/fd")),
    }


class Daemon:
    def __init__(self, cameras, groups=None, environment=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="camwarden-system-"))
        self.runtime = self.directory / "run" / "camwarden"
        self.config = self.directory / "camwarden.conf"
        self.log = self.directory / "log"
        self.http_port = free_ports(1)
        self.cameras = dict(cameras)
        self.groups = {
            "http": {"listen": f"127.0.0.1:{self.http_port}"},
            "redis": {"embedded-port": free_ports(10)},
            "log": {"level": "debug"},
            # The machine that runs the tests is busy; who tests that says so.
            "recovery": {"degrade": "false"},
        }
        for name, keys in (groups or {}).items():
            self.groups.setdefault(name, {}).update(keys)
        self.environment = environment or {}
        self.process = None
        self.write_config()

    # --- configuration ---

    def write_config(self):
        lines = []
        groups = dict(self.groups)
        groups.update({f"camera:{name}": keys for name, keys in self.cameras.items()})
        for name, keys in groups.items():
            lines.append(f"[{name}]")
            lines.extend(f"{key}={value}" for key, value in keys.items())
        self.config.write_text("\n".join(lines) + "\n")

    def environ(self):
        env = dict(os.environ)
        for name in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "LOGS_DIRECTORY", "CAMWARDEN_CONFIG",
                     "CAMWARDEN_REDIS_URI", "CAMWARDEN_LISTEN", "NOTIFY_SOCKET"):
            env.pop(name, None)
        env["XDG_RUNTIME_DIR"] = str(self.directory / "run")
        env["XDG_STATE_HOME"] = str(self.directory / "state")
        env.update(self.environment)
        return env

    # --- the process ---

    def start(self, *options):
        (self.directory / "run").mkdir(exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), "--config", str(self.config), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environ(),
                start_new_session=True)
        return self

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        """As if it had crashed: its children are left behind."""
        self.process.kill()
        self.process.wait()

    def stop(self, number=signal.SIGTERM, timeout=10):
        """Returns the exit code and how long it took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout)
        return code, time.monotonic() - begin

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, traceback):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        left = self.family()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if kind is not None:
            tap.diagnose(self.log_text()[-12000:])
        shutil.rmtree(self.directory, ignore_errors=True)
        if kind is None:
            tap.equal(left, {}, "processes left behind")

    # --- what belongs to it ---

    def family(self):
        """Every process of this runtime directory: workers by their options, redis by its cwd."""
        found = {}
        for pid, (_, command) in processes().items():
            try:
                cwd = os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                cwd = ""
            own = any(f"--config {path}" in command
                      for path in (self.config, self.runtime / "workers.conf"))
            if own or cwd == str(self.runtime):
                found[pid] = command
        return found

    def workers(self, camera=None):
        return [pid for pid, command in self.family().items()
                if "camwarden-camera" in command
                and (camera is None or f"--camera {camera} " in command + " ")]

    def redis_pids(self):
        return [pid for pid, command in self.family().items() if "redis-server" in command]

    def redis_port(self):
        path = self.runtime / "redis.port"
        return int(wait_until("the port of Redis is known",
                              lambda: path.exists() and path.read_text().strip()))

    def redis(self, **options):
        return redis.Redis(port=self.redis_port(), socket_timeout=10, **options)

    # --- frames ---

    @contextlib.contextmanager
    def subscribed(self, camera="front"):
        """A generator of the camera's frames, None when none came for 50 ms."""
        client = self.redis()
        reader = client.pubsub(ignore_subscribe_messages=True)
        reader.subscribe(f"cam:{camera}:frame")

        def frames():
            while True:
                message = reader.get_message(timeout=0.05)
                yield message["data"] if message else None
        try:
            yield frames()
        finally:
            reader.close()
            client.close()

    def wait_frames(self, camera="front", count=1, seconds=20):
        """Waits for so many frames; how long the first one took, and the last frame."""
        begin = time.monotonic()
        first = None
        with self.subscribed(camera) as frames:
            for frame in frames:
                now = time.monotonic() - begin
                if frame:
                    first = first if first is not None else now
                    count -= 1
                    if count == 0:
                        return first, frame
                if now > seconds:
                    raise AssertionError(f"no frame of {camera} within {seconds} s")
        raise AssertionError("unreachable")


class WithRedis(Daemon):
    """With a server of somebody else's, a redisrun.RedisRun."""

    def __init__(self, server, cameras, groups=None, environment=None):
        redis_group = {**(groups or {}).get("redis", {}), "uri": server.uri}
        super().__init__(cameras, {**(groups or {}), "redis": redis_group}, environment)
        self.port = server.port

    def redis_port(self):
        return self.port


def header(frame):
    """The JSON object of a frame."""
    import json

    tap.equal(frame[:4], b"\xff\xd8\xff\xfe", "start of the frame")
    length = int.from_bytes(frame[4:6], "big")
    return json.loads(frame[6:4 + length])
