#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl against a small HTTP server that says what each test wants it to say."""

import contextlib
import copy
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
from ctlrun import CTL, check_width, ctl, environment, on_a_terminal, serving

CAMERA = {
    "id": "front", "status": "healthy", "state": "streaming", "verdict": "ok", "fps": 29.97,
    "width": 1280, "height": 720, "last_frame_age": 0.012}

HEALTHY = {
    "/api/status": {
        "status": "running", "ready": True, "not_ready": None, "version": "0.1.0", "uptime": 273600,
        "hostname": "press-3", "timestamp": "2026-01-01T00:00:00Z",
        "redis": {"embedded": True, "connected": True, "uri": "redis://127.0.0.1:6390",
                  "server": "redis 7.0.15", "response_time_ms": 0.21}},
    "/api/cameras": {"cameras": [CAMERA, {**CAMERA, "id": "rear", "fps": None,
                                          "last_frame_age": None}]},
    "/api/health/summary": {"overall_status": "healthy", "issues": []},
}


def unhealthy(level):
    answers = copy.deepcopy(HEALTHY)
    answers["/api/health/summary"] = {
        "overall_status": level,
        "issues": [{"severity": level, "message": "Camera rear stopped delivering frames: " +
                    "the device said nothing for a long time " * 4}]}
    return answers


def status(answers, *words, **changes):
    with serving(answers) as (_, place):
        return ctl(*place, "status", *words, **changes)


def test_healthy():
    code, out, err = status(HEALTHY)
    tap.equal((code, err), (0, ""))
    lines = out.splitlines()
    tap.equal(lines[0], "Camwarden is healthy, with 2 cameras.")
    tap.equal(lines[2].split(), ["✓", "daemon", "0.1.0", "on", "press-3,", "up", "3", "d"])
    assert "redis://127.0.0.1:6390, private, redis 7.0.15, answers in 0.2 ms" in lines[3]
    tap.equal(lines[4].split(), ["✓", "front", "streaming", "30.0", "fps", "12", "ms", "ago", "ok"])
    tap.equal(lines[5].split(), ["✓", "rear", "streaming", "-", "no", "frame", "ok"])
    tap.equal(len(lines), 6)
    check_width(out)
    assert "\033" not in out


def test_exit_codes():
    for level, expected in (("warning", 1), ("critical", 2), ("great", 3), (None, 3)):
        code, out, _ = status(unhealthy(level))
        tap.equal(code, expected, str(level))
        assert "stopped delivering frames" in out
        check_width(out)
        tap.equal(status(unhealthy(level), "--json")[0], expected)


def test_not_ready():
    answers = copy.deepcopy(HEALTHY)
    answers["/api/status"].update(ready=False, not_ready="Redis has not started yet")
    code, out, _ = status(answers)
    tap.equal(out.splitlines()[0], "Camwarden is not ready: Redis has not started yet.")
    tap.equal(code, 0)


def test_json():
    code, out, _ = status(HEALTHY, "--json")
    tap.equal(code, 0)
    tap.equal(json.loads(out), {
        "status": HEALTHY["/api/status"], "cameras": HEALTHY["/api/cameras"]["cameras"],
        "health": HEALTHY["/api/health/summary"]})


def test_plain_ascii():
    answers = copy.deepcopy(HEALTHY)
    answers["/api/status"]["hostname"] = "prüfstand"
    out = status(answers, LC_ALL="C")[1]
    assert out.isascii() and "daemon  0.1.0 on pr" in out, out
    assert "prüfstand" in status(answers)[1]


def test_colours():
    with serving(unhealthy("critical")) as (_, place):
        out, code = on_a_terminal(*place, "status")
        assert "\033[32m" in out and "\033[1;31m" in out, out
        tap.equal(code, 2)
        out, _ = on_a_terminal(*place, "status", NO_COLOR="1")
        assert "\033" not in out and "trouble" in out, out


def test_no_daemon():
    with tempfile.TemporaryDirectory() as folder:
        code, out, err = ctl("--socket", f"{folder}/none", "status")
        tap.equal((code, out), (69, ""))
        assert "systemctl start camwarden" in err and f"{folder}/none" in err, err
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(f"{folder}/stale")
        tap.equal(ctl("--socket", f"{folder}/stale", "status")[0], 69)
    code, _, err = ctl("--url", "http://127.0.0.1:1", "status")
    tap.equal(code, 69)
    assert "[http] listen" in err, err


def test_silent_and_slow_servers():
    """One that never answers, and one that drips: both given up at the same deadline."""
    stop = threading.Event()

    def drip(request):
        if request.path == "/api/status":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            with contextlib.suppress(OSError):
                while not stop.wait(0.2):
                    request.wfile.write(b" ")
                    request.wfile.flush()

    def silence(_request):
        stop.wait(60)

    with serving(drip) as (_, slow), serving(silence) as (_, silent):
        started = time.monotonic()
        children = [subprocess.Popen([CTL, *place, "status"], env=environment(),
                                     stderr=subprocess.PIPE, text=True)
                    for place in (slow, silent)]
        for child in children:
            _, err = child.communicate(timeout=60)
            tap.equal(child.returncode, 69)
            assert "did not answer in time" in err, err
        stop.set()
        assert 9 < time.monotonic() - started < 40


def test_nonsense_answers():
    deep = b'{"a":' + b"[" * 100000 + b"]" * 100000 + b"}"
    huge = b'{"a": "' + b"x" * (5 << 20) + b'"}'
    for body in (b"", b"<html>", b"[]", b"null", b"{", b'{"a": "\xff\xfe"}', b'{"a":1}\0', deep,
                 huge):
        code, out, err = status(lambda _, body=body: body)
        tap.equal((code, out), (3, ""), repr(body[:20]))
        assert "not the JSON of camwardend" in err, err


def test_wrong_types():
    """Fields that are not what they should be are as good as missing."""
    for junk in (None, 5, "text", [], {}, [1, "a", None], True, -1e308, {"cameras": 7}):
        answers = {
            "/api/status": {name: junk for name in HEALTHY["/api/status"]},
            "/api/cameras": {"cameras": [{name: junk for name in CAMERA}, junk]},
            "/api/health/summary": {"overall_status": junk, "issues": [junk, {"severity": junk}]}}
        code, out, _ = status(answers)
        tap.equal(code, 3, repr(junk))
        check_width(out)
        tap.equal(status({**answers, "/api/cameras": {"cameras": junk}})[0], 3)
        tap.equal(status(answers, "--json")[0], 3)


def test_hostile_text():
    answers = copy.deepcopy(unhealthy("critical"))
    evil = "\033[2J\033]0;owned\a\x9b31m\u202eabc\r\n" + "x" * 300
    answers["/api/status"].update(hostname=evil, version=evil, not_ready=evil)
    answers["/api/status"]["redis"].update(uri=evil, server=evil)
    answers["/api/cameras"]["cameras"] = [{**CAMERA, "id": evil, "state": evil, "verdict": evil,
                                          "status": evil, "fps": 1e300, "last_frame_age": 1e300}]
    answers["/api/health/summary"]["issues"][0]["message"] = evil
    for ready in (True, False):
        answers["/api/status"]["ready"] = ready
        code, out, _ = status(answers)
        tap.equal(code, 2)
        for mark in "\033\a\x9b\u202e\r":
            assert mark not in out, repr(out)
        check_width(out)
    code, _, err = status(lambda _: (500, {"detail": evil}))
    tap.equal(code, 3)
    assert "\033" not in err and "500" in err, repr(err)


def test_refusals():
    code, _, err = status(lambda _: (401, {"detail": "a token is needed"}))
    tap.equal(code, 77)
    assert "a token is needed" in err and "--token-file" in err, err
    tap.equal(status(lambda _: (403, {}))[0], 77)
    tap.equal(status(lambda _: (503, {}))[0], 3)


def test_no_permission():
    if os.getuid() != 0:
        raise tap.Skip("needs root, to be somebody else")
    with serving(HEALTHY) as (_, place):
        os.chmod(os.path.dirname(place[1]), 0o700)
        try:
            done = subprocess.run([CTL, *place, "status"], env=environment(), timeout=60,
                                  capture_output=True, text=True, user=65534, group=65534)
        except PermissionError as error:
            raise tap.Skip("the build is not readable for others") from error
        tap.equal(done.returncode, 77)
        assert "group camwarden" in done.stderr, done.stderr


def test_url_and_token():
    with tempfile.TemporaryDirectory() as folder, serving(HEALTHY, tcp=True) as (server, place):
        tap.equal(ctl(*place, "status")[0], 0)
        assert all("Authorization" not in headers for _, headers in server.seen)
        for text in ("s3cret\n", "# mine\n\nread s3cret\ncontrol other\n"):
            server.seen.clear()
            token = pathlib.Path(folder, "token")
            token.write_text(text, encoding="ascii")
            code, out, err = ctl(*place, "--token-file", str(token), "status")
            tap.equal((code, err), (0, ""))
            assert "s3cret" not in out
            assert all(headers["Authorization"] == "Bearer s3cret" for _, headers in server.seen)
            tap.equal([path for path, _ in server.seen], list(HEALTHY))
        for text in ("", "# only\n", "a\rb:c\n", "x" * 5000):
            token.write_text(text, encoding="ascii")
            tap.equal(ctl(*place, "--token-file", str(token), "status")[0], 64, repr(text[:9]))
        tap.equal(ctl(*place, "--token-file", f"{folder}/none", "status")[0], 64)
        server.seen.clear()
        server.answers = lambda _: (302, {})
        token.write_text("s3cret", encoding="ascii")
        tap.equal(ctl(*place, "--token-file", str(token), "status")[0], 3)
        tap.equal([path for path, _ in server.seen], ["/api/status"])


def test_usage():
    for words in ([], ["statsu"], ["status", "more"], ["--nonsense"], ["config"],
                  ["config", "chick"], ["version", "x"],
                  ["--socket", "/a", "--url", "http://b", "status"],
                  ["--url", "ftp://host", "status"], ["--url", "http://", "status"],
                  ["--url", "nonsense", "status"], ["--url", "http://u:p@host", "status"],
                  ["--socket", "/" + "x" * 200, "status"]):
        code, out, err = ctl(*words)
        tap.equal((code, out), (64, ""), " ".join(words))
        assert err.startswith("camwardenctl: "), err
    assert 'did you mean "status"?' in ctl("statsu")[2]


def test_version_and_help():
    tap.equal(ctl("version")[:2], ctl("--version")[:2])
    assert ctl("version")[1].startswith("camwardenctl 0.")
    code, out, _ = ctl("--help")
    tap.equal(code, 0)
    for word in ("status", "config check", "version", "--token-file", "69"):
        assert word in out, out


def test_config_check():
    tap.equal(ctl("config", "check")[:2], (0, "The configuration is good: 1 camera.\n"))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "bad.conf")
        file.write_text("[camera:a]\nwdith=1\n", encoding="ascii")
        code, out, _ = ctl("--config", str(file), "config", "check")
        tap.equal(code, 78)
        assert f'{file}:2: unknown key "wdith"' in out and 'did you mean "width"?' in out, out


def test_socket_of_the_configuration():
    with serving(HEALTHY) as (_, place), tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "a.conf")
        file.write_text(f"[http]\nsocket={place[1]}\n", encoding="utf-8")
        tap.equal(ctl("--config", str(file), "status")[0], 0)
        tap.equal(ctl("status", RUNTIME_DIRECTORY=os.path.dirname(place[1]))[0], 0)


tap.main(globals())
