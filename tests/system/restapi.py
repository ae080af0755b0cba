# SPDX-License-Identifier: LGPL-2.1-or-later
"""The HTTP interface of the real daemon with real cameras: what scripts of the predecessor ask for,
orders and what comes of them, what a reload changes, how fast it answers."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import tap  # noqa: E402
from daemonrun import Daemon, figures, header, wait_until  # noqa: E402

FRONT = {"source": "videotestsrc is-live=true pattern=ball", "width": 320, "height": 240,
         "framerate": 30}
REAR = {"source": "videotestsrc is-live=true pattern=snow", "width": 160, "height": 120,
        "framerate": 10, "enabled": "false"}


def request(daemon, method, path, body=None, timeout=70, address="127.0.0.1", **headers):
    """Status, headers, body."""
    connection = http.client.HTTPConnection(address, daemon.http_port, timeout=timeout)
    with contextlib.closing(connection):
        data = None if body is None else json.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def get(daemon, path, **headers):
    status, _, body = request(daemon, "GET", path, **headers)
    tap.equal(status, 200, f"{path}: {body[:200]!r}")
    return json.loads(body)


def post(daemon, path, body=None, **headers):
    status, _, text = request(daemon, "POST", path, body, **headers)
    return status, json.loads(text)


# What scripts read, from the predecessor's table: a type, or the members of an object.
NUMBER = (int, float)
FIELDS = {
    "/api/health": {
        "timestamp": str,
        "system_resources": {"cpu_percent": NUMBER, "memory_percent": NUMBER,
                             "memory_available_gb": NUMBER, "disk_percent": NUMBER,
                             "disk_free_gb": NUMBER, "load_average": list},
        "camera_status": dict,
        "redis_status": {"connected": bool, "host": str, "port": int, "response_time_ms": NUMBER},
        "process_status": {"camwardend": {"running": bool, "pids": list},
                           "redis-server": {"running": bool, "pids": list},
                           "camera-front": {"running": bool, "pids": list}},
        "network_status": {"local_network_connected": bool, "redis_host_reachable": bool},
        "disk_status": dict, "memory_status": dict, "performance_metrics": dict,
        "log_analysis": {"recent_errors": int, "recent_warnings": int, "camera_issues": int,
                         "redis_issues": int},
        "alerts": list,
        "system_uptime": {"uptime_seconds": NUMBER, "boot_time": str},
        "temperature": dict, "power_status": dict},
    "/api/health/summary": {
        "timestamp": str, "overall_status": str, "issues_count": int, "critical_issues": int,
        "warnings": int,
        "components": {"camera": {"status": str, "health_score": int}, "redis": {"status": str},
                       "processes": {"camwardend": {"status": str}}}},
    "/api/camera/status": {
        "camera_state": {"initialized": bool, "started": bool, "capturing": bool,
                         "last_frame_timestamp": str, "total_frames_captured": int,
                         "total_frames_failed": int},
        "health_status": {"consecutive_failures": int, "recovery_attempts": int,
                          "health_score": int},
        "is_initialized": bool, "is_capturing": bool, "last_frame_age": NUMBER,
        "recovery_in_progress": bool, "should_reboot": bool},
    "/api/alerts": list,
    "/api/logs/recent?type=all&limit=5": list,
    "/api/logs/recent?type=errors&limit=5": list,
    "/api/logs/recent?type=camera&limit=5": list,
    "/api/logs/recent?type=redis&limit=5": list,
    "/api/metrics/performance": dict,
    "/api/metrics/history?hours=1": list,
    "/api/dashboard": {"current_health": dict, "recent_alerts": list, "health_history": list,
                       "system_info": dict},
    "/api/status": {"status": str, "timestamp": str, "uptime": int, "version": str},
}


def check_fields(where, value, fields):
    if not isinstance(fields, dict):
        assert isinstance(value, fields), f"{where} is {value!r}"
        return
    for name, part in fields.items():
        assert name in value, f"{where} has no {name}"
        check_fields(f"{where} {name}", value[name], part)


def test_what_the_predecessor_answered():
    with Daemon({"front": FRONT, "rear": REAR}) as daemon:
        daemon.wait_frames()
        wait_until("the machine was looked at, and Redis asked",
                   lambda: get(daemon, "/api/health")["system_resources"]["memory_percent"]
                   and get(daemon, "/api/status")["redis"]["response_time_ms"])
        wait_until("there are two samples of the processors",
                   lambda: get(daemon, "/api/health")["system_resources"]["cpu_percent"] is not None)
        for path, fields in FIELDS.items():
            check_fields(path, get(daemon, path), fields)
        health = get(daemon, "/api/health")
        tap.equal(health["process_status"]["camwardend"]["pids"], [daemon.pid])
        tap.equal(health["process_status"]["camera-front"]["pids"], daemon.workers("front"))
        assert 0 < health["system_resources"]["memory_percent"] < 100
        tap.equal(len(health["system_resources"]["load_average"]), 3)
        tap.equal(get(daemon, "/api/camera/status?camera=rear")["is_initialized"], False)
        lines = get(daemon, "/api/logs/recent?type=all&limit=1000")
        assert lines and all(isinstance(line, str) for line in lines)


def test_orders():
    with Daemon({"front": FRONT, "rear": REAR}) as daemon:
        daemon.wait_frames()
        status, answer = post(daemon, "/api/camera/test")
        tap.equal((status, answer["success"], answer["width"], answer["verdict"]),
                  (200, True, 320, "ok"), str(answer))
        assert answer["frame_size"] > 1000
        for path, body, word in [("/api/camera/recover", None, "the source restarted"),
                                 ("/api/cameras/front/recover", {"tier": "pipeline"},
                                  "the pipeline built anew"),
                                 ("/api/cameras/front/recover", {"tier": "worker"},
                                  "the worker replaced")]:
            old = daemon.workers("front")
            status, answer = post(daemon, path, body)
            tap.equal((status, answer["success"]), (200, True), str(answer))
            assert word in answer["message"], answer
            tap.equal(daemon.workers("front") == old, "worker" not in word)
            camera = get(daemon, "/api/cameras/front")
            tap.equal(camera["state"], "streaming")
            assert camera["caps"].startswith("video/x-raw"), camera
        kept = get(daemon, "/api/events?kind=order")["events"]
        tap.equal([(event["camera"], event["code"]) for event in kept], [("front", "recover")] * 3)
        for path in ("/api/cameras/rear/test", "/api/camera/recover?camera=rear"):
            status, answer = post(daemon, path)
            tap.equal((status, answer["success"]), (409, False), str(answer))
        # No systemd, no permission: both are said plainly.
        status, answer = post(daemon, "/api/system/restart-services")
        tap.equal(status, 503)
        assert "systemd did not start" in answer["detail"], answer
        tap.equal(post(daemon, "/api/system/reboot")[0], 401)
        unix = subprocess.run(
            ["curl", "-sS", "--unix-socket", str(daemon.runtime / "http.sock"), "-X", "POST",
             "http://localhost/api/system/reboot"], capture_output=True, text=True, check=True)
        assert "allow-reboot is false" in unix.stdout, unix.stdout
        dot = request(daemon, "GET", "/api/cameras/front/graph.dot")
        assert dot[0] == 200 and dot[2].startswith(b"digraph"), dot


IN_VAIN = [
    # how the camera fails, what is allowed, what the answer says
    ("stall", {"source-attempts": 1, "pipeline-attempts": 1, "worker-attempts": 1},
     ["Nothing that is allowed helped", "the source restarted", "the worker replaced"]),
    ("nodevice", {}, ["There is no such camera", "not-found"])]


def test_recoveries_in_vain():
    """The camera is gone for good: the answer says what was tried, and why it was in vain."""
    for mode, budgets, words in IN_VAIN:
        with Daemon({"front": {**FRONT, "source": "faultysrc is-live=true", "startup-timeout": "1s"}},
                    {"recovery": budgets}) as daemon:
            daemon.wait_frames()
            daemon.cameras["front"]["source"] = f"faultysrc is-live=true mode={mode}"
            daemon.write_config()
            daemon.process.send_signal(1)
            wait_until("the frames stop",
                       lambda: get(daemon, "/api/cameras/front")["state"] != "streaming")
            begin = time.monotonic()
            status, answer = post(daemon, "/api/camera/recover")
            tap.diagnose(f"{status} after {time.monotonic() - begin:.1f} s: {answer['message']}")
            tap.equal((status, answer["success"]), (503, False), str(answer))
            for word in words:
                assert word in answer["message"], (word, answer)


def test_log_is_followed():
    with Daemon({"front": FRONT}) as daemon:
        daemon.wait_frames()
        page = get(daemon, "/api/logs/recent?format=json&limit=3")
        tap.equal((page["source"], len(page["lines"])), ("memory", 3))
        following = "/api/logs/recent?format=json&after=" + page["cursor"]
        tap.equal(get(daemon, following)["lines"], [])
        daemon.process.send_signal(1)
        lines = wait_until("the reload is told", lambda: get(daemon, following)["lines"])
        assert any("configuration reloaded" in line["message"] for line in lines), lines
        text = get(daemon, "/api/logs/recent?contains=CONFIGURATION%20RELOADED")
        assert len(text) == 1 and " info: configuration reloaded" in text[0], text


SECRETS = ["read-0123456789abcdef-secret", "admin-0123456789abcdef-secret", "hook-secret"]


def test_secrets_and_reload():
    """Tokens are rotated by SIGHUP, limits change live, and no secret is told to anybody."""
    with contextlib.ExitStack() as stack:
        daemon = Daemon({"front": FRONT}, {"alerts": {"webhook": "https://x.invalid/hook-secret"},
                                           "log": {"level": "debug"}})
        tokens = daemon.directory / "tokens"
        tokens.write_text(f"read {SECRETS[0]}\n")
        tokens.chmod(0o600)
        daemon.groups["http"].update({"token-file": str(tokens), "trust-loopback": "false"})
        daemon.write_config()
        stack.enter_context(daemon).wait_frames()
        path = "/api/cameras/front/snapshot.jpg"

        def answer(token, where=path):
            return request(daemon, "GET", where, Authorization=f"Bearer {token}")[0]

        wait_until("the camera gives a picture", lambda: answer(SECRETS[0]) == 200)
        tap.equal(request(daemon, "GET", path)[0], 401)
        status, ticket = post(daemon, "/api/ticket", {"path": path},
                              Authorization=f"Bearer {SECRETS[0]}")
        tap.equal(status, 200)
        tap.equal(request(daemon, "GET", ticket["url"])[0], 200)
        tokens.write_text(f"admin {SECRETS[1]}\n")
        daemon.groups["http"]["max-connections"] = 4
        daemon.write_config()
        daemon.process.send_signal(1)
        wait_until("the new token counts", lambda: answer(SECRETS[1]) == 200)
        tap.equal(answer(SECRETS[0]), 401)
        # Four connections at once; the fifth is turned away. A connection that lived on for more
        # requests is gone only when the daemon has seen its end.
        time.sleep(0.2)
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", daemon.http_port)))
                for _ in range(4)]
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", daemon.http_port), timeout=5) as fifth:
            fifth.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 503 " in fifth.recv(4096)
        for client in held:
            client.close()
        wait_until("there is room again", lambda: answer(SECRETS[1]) == 200)
        config = request(daemon, "GET", "/api/config", Authorization=f"Bearer {SECRETS[1]}")[2]
        tap.equal(json.loads(config)["http"]["max-connections"]["value"], "4")
        assert str(daemon.config).encode() in config
        told = config.decode() + daemon.log_text()
        for pid in daemon.family():
            told += pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        for secret in (*SECRETS, ticket["ticket"], ticket["ticket"].split(".")[1]):
            assert secret not in told, secret


def listeners(port):
    """Addresses that somebody listens on at this port."""
    out = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=True).stdout
    return sorted(fields[3].rsplit(":", 1)[0] for fields in map(str.split, out.splitlines())
                  if fields[3].endswith(f":{port}"))


def test_where_it_listens():
    """Loopback by itself; other addresses only with a token file."""
    for listen, with_tokens, expected in [("127.0.0.1", False, ["127.0.0.1"]),
                                          ("0.0.0.0", False, None), ("0.0.0.0", True, ["0.0.0.0"]),
                                          ("[::1]", False, ["[::1]"]), ("[::]", False, None)]:
        daemon = Daemon({"front": FRONT})
        tokens = daemon.directory / "tokens"
        if with_tokens:
            tokens.write_text(f"read {SECRETS[0]}\n")
            tokens.chmod(0o600)
        daemon.groups["http"].update({"listen": f"{listen}:{daemon.http_port}",
                                      "token-file": str(tokens)})
        daemon.write_config()
        with daemon:
            if expected is None:
                tap.equal(daemon.process.wait(10), 78, listen)
                assert "there are no tokens" in daemon.log_text(), daemon.log_text()
                tap.equal(listeners(daemon.http_port), [])
            else:
                wait_until("it listens", lambda: listeners(daemon.http_port))
                tap.equal(listeners(daemon.http_port), expected)


class Frames:
    """Counts a camera's frames, and those that are missing between them."""

    def __init__(self, daemon):
        self.count = self.lost = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.read, args=(daemon,))

    def read(self, daemon):
        last = None
        with daemon.subscribed() as frames:
            for frame in frames:
                if self.stopping.is_set():
                    return
                if frame:
                    number = header(frame)["seq"]
                    self.lost += number - last - 1 if last is not None else 0
                    last = number
                    self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


ASK = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def ask(port):
    """Seconds from the connection to the end of the answer."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(ASK)
        head = b""
        while data := client.recv(65536):
            head = head or data
    assert head.startswith(b"HTTP/1.1 200"), head[:100]
    return time.monotonic() - begin


def ask_steadily(port, rate, seconds):
    """One request after the other at this rate; what could not be sent in time is sent late."""
    times, begin = [], time.monotonic()
    for i in range(rate * seconds):
        wait = begin + i / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        times.append(ask(port))
    times.sort()
    return statistics.median(times), times[len(times) * 99 // 100]


def test_health_is_fast():
    """At 200 requests/s with a camera streaming: median below 2 ms, p99 below 25 ms, no frame lost.
    What is promised for a machine at rest is asserted on the best of several attempts."""
    seen = []
    with Daemon({"front": FRONT}) as daemon:
        daemon.wait_frames()
        ask_steadily(daemon.http_port, 100, 1)
        before = figures(daemon.pid)
        for _ in range(5):
            with Frames(daemon) as frames:
                wait_until("frames come", lambda: frames.count > 5)
                median, p99 = ask_steadily(daemon.http_port, 200, 5)
            assert frames.count > 100 and frames.lost == 0, (frames.count, frames.lost)
            seen.append(f"median {median * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms")
            tap.diagnose(f"{seen[-1]}, {frames.count} frames, none lost")
            if median < 0.002 and p99 < 0.025:
                break
        else:
            raise AssertionError(f"too slow: {seen}")
        camera = get(daemon, "/api/cameras/front")
        tap.equal(camera["dropped"], 0)
        time.sleep(1)
        after = figures(daemon.pid)
        assert after["fds"] <= before["fds"] + 4, (before, after)
        if not os.environ.get("CAMWARDEN_SANITIZER"):
            assert after["rss"] < before["rss"] + (4 << 20), (before, after)


if __name__ == "__main__":
    tap.main(globals())
