#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of camwardenctl against a small HTTP server that says what each test wants."""

import copy
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
from ctlrun import CTL, check_width, ctl, environment, on_a_terminal, serving

import numpy
import cv2

EVIL = "\033[2J\033]0;owned\a\x9b31m\u202eabc\r\n" + "x" * 300

CAMERA = {
    "id": "front", "status": "healthy", "state": "streaming", "verdict": "ok", "fps": 29.97,
    "target_fps": 30, "width": 1280, "height": 720, "last_frame_age": 0.012, "frames": 5000,
    "published": 4990, "dropped": 3, "stored": 0, "source": "v4l2src device=/dev/video0",
    "caps": "image/jpeg", "channel": "cam:front:frame", "worker": {"pid": 123, "started": "then"},
    "recovery": {"tier": None, "given_up": False, "next_attempt": None, "cured": 2,
                 "restarts": {"source": 2, "pipeline": 1}},
    "last_error": "v4l2src: no frame for 1.0 s", "last_error_timestamp": "2026-01-01T00:00:00Z"}

ALERT = {
    "id": 7, "timestamp": "2026-01-01T10:00:00Z", "severity": "critical", "type": "stall",
    "message": "Camera front stopped delivering frames", "open": True, "part": "camera/front",
    "cause": "the device said nothing", "done": "the source was restarted", "until": None,
    "acknowledged": None, "acknowledged_by": None}

EVENT = {
    "id": 41, "timestamp": "2026-01-01T10:00:00Z", "kind": "fault", "severity": "critical",
    "camera": "front", "code": "stall", "message": "front stalled"}

GOOD = {
    "/api/status": {
        "status": "running", "ready": True, "version": "0.1.0", "uptime": 100, "hostname": "press-3",
        "redis": {"embedded": True, "connected": True, "uri": "redis://127.0.0.1:6390",
                  "server": "redis 7.0.15", "response_time_ms": 0.21},
        "configuration_error": None},
    "/api/cameras": {"cameras": [CAMERA]},
    "/api/cameras/front": CAMERA,
    "/api/health/summary": {"overall_status": "healthy", "issues": []},
    "/api/health": {
        "system_resources": {"cpu_percent": 12.3, "memory_percent": 34, "disk_percent": 91.5,
                             "disk_free_gb": 12.34},
        "temperature": {"cpu_temp_celsius": 48.2}, "power_status": {"under_voltage": False},
        "process_status": {"camwardend": {"running": True}, "camera-front": {"running": False}},
        "thresholds": [{"quantity": "cpu", "level": "none", "warning": 85, "critical": 95},
                       {"quantity": "disk", "level": "warning", "warning": 90, "critical": 95}],
        "alerts": [], "protection": {"degrade_text": None}},
    "/api/alerts?open=1": [ALERT],
    "/api/alerts?limit=1000": [ALERT, {**ALERT, "id": 6, "open": False,
                                       "until": "2026-01-01T11:00:00Z"}],
    "/api/events?limit=50": {"events": [EVENT, {**EVENT, "id": 40, "kind": "start",
                                                "severity": "info", "message": "began"}]},
}


def answers(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def asked(what, *words, **changes):
    with serving(what) as (_, place):
        return ctl(*place, *words, **changes)


# --- health ---

def sick():
    what = answers()
    what["/api/health/summary"] = {"overall_status": "critical", "issues": [
        {"severity": "critical", "part": "camera/front", "code": "stall",
         "message": "Camera front stopped delivering frames"}]}
    what["/api/health"]["alerts"] = [
        ALERT, {**ALERT, "type": "disk", "part": "system", "severity": "warning",
                "message": "The disk is 91 % full", "cause": "", "done": ""}]
    return what


def test_health():
    code, out, err = asked(answers(), "health")
    tap.equal((code, err), (0, ""))
    check_width(out)
    assert "! machine cpu 12 %, memory 34 %, disk 92 % (12.3 GiB free), 48 °C" in out, out
    assert "✗ runs    not running: camera-front; camwardend" in out, out
    code, out, _ = asked(sick(), "health")
    tap.equal(code, 2)
    lines = out.splitlines()
    start = lines.index("✗ Camera front stopped delivering frames")
    tap.equal(lines[start + 1], "    cause  the device said nothing")
    tap.equal(lines[start + 2], "    done   the source was restarted")
    assert lines[start + 3].startswith("    fix    The daemon restarts it by itself"), lines
    assert "! The disk is 91 % full" in lines and "Free some space" in out, out


def test_health_tells_a_cause_once():
    """The report's is of this moment, the alert's of when it began."""
    what = sick()
    what["/api/health/summary"]["issues"][0]["message"] += ": the device said something else"
    out = asked(what, "health")[1]
    tap.equal((out.count("the device said"), out.count("    cause")), (1, 0), out)


def test_health_json():
    code, out, _ = asked(sick(), "health", "--json")
    tap.equal(code, 2)
    tap.equal(json.loads(out)["details"], sick()["/api/health"])


def test_nagios():
    code, out, err = asked(answers(), "health", "--nagios")
    tap.equal((code, err), (0, ""))
    tap.equal(out, "CAMWARDEN OK - Camwarden is healthy, with 1 camera. | front_fps=29.97 "
                   "front_age=0.012s redis=0.21ms cpu=12.3%;85;95 memory=34.0% disk=91.5%;90;95 "
                   "temperature=48.2\n")
    code, out, _ = asked(sick(), "health", "-n")
    tap.equal(code, 2)
    assert out.startswith("CAMWARDEN CRITICAL - Camera front stopped delivering frames (+1) |")
    what = sick()
    what["/api/health/summary"]["issues"][0]["message"] = "a|b" + EVIL
    out = asked(what, "health", "--nagios")[1]
    tap.equal((out.count("\n"), out.count("|")), (1, 1))
    assert "\033" not in out, repr(out)
    with tempfile.TemporaryDirectory() as folder:
        code, out, err = ctl("--socket", f"{folder}/none", "health", "--nagios")
    tap.equal((code, err), (2, ""))
    assert out.startswith("CAMWARDEN CRITICAL - camwardend does not answer"), out
    code, out, _ = asked(lambda _: (401, {}), "health", "--nagios")
    tap.equal(code, 3)
    assert out.startswith("CAMWARDEN UNKNOWN - "), out


# --- every view ---

VIEWS = [["status"], ["health"], ["health", "--nagios"], ["cameras"], ["camera", "front"],
         ["camera", "front", "monitor", "-n", "1"], ["camera", "front", "test"], ["alerts"],
         ["alerts", "--all"], ["alerts", "test"], ["events"], ["camera", "front", "recover"]]
ORDERS = {
    "/api/cameras/front/test": {"success": True, "camera": "front", "width": 640, "height": 480,
                                "frame_size": 1234, "verdict": "ok", "luma": 120, "took": 0.04},
    "/api/cameras/front/recover": {"success": True, "message": "Frames come again"},
    "/api/alerts/test": {"success": True, "sinks": [{"sink": "log", "success": True,
                                                     "message": "written"}]},
}


def test_plain_ascii_and_width():
    what = answers(**ORDERS)
    what["/api/status"]["hostname"] = "prüfstand"
    with serving(what) as (_, place):
        for view in VIEWS:
            for charset in ("C", "C.UTF-8"):
                code, out, err = ctl(*place, *view, LC_ALL=charset)
                tap.equal((code, err), (0, ""), f"{view}")
                assert out and "\033" not in out, view
                assert charset != "C" or out.isascii(), (view, out)
                if "--nagios" not in view:
                    check_width(out)


def spoil(value):
    if isinstance(value, dict):
        return {name: spoil(member) for name, member in value.items()}
    if isinstance(value, list):
        return [spoil(member) for member in value]
    return EVIL if isinstance(value, str) and value not in ("front",) else value


def test_hostile_answers():
    """Texts full of control characters; then each member of another type than it should be."""
    what = {path: spoil(answer) for path, answer in answers(**ORDERS).items()}
    with serving(what) as (_, place):
        for view in VIEWS:
            _, out, err = ctl(*place, *view)
            for mark in "\033\a\x9b\u202e\r":
                assert mark not in out + err, (view, out, err)
            if "--nagios" not in view:
                check_width(out)
    for junk in (None, 5, "text", [], {}, [1, "a", None], True, -1e308):
        with serving(lambda request, junk=junk: {name: junk for name in (
                "status", "cameras", "redis", "issues", "alerts", "thresholds", "events", "sinks",
                "process_status", "system_resources", "recovery", "worker", "fps", "id", "width",
                "overall_status", "temperature")}) as (_, place):
            for view in VIEWS:
                assert ctl(*place, *view)[0] <= 3 or "alerts" in view, view


def test_json_everywhere():
    with serving(answers(**ORDERS)) as (_, place):
        for view in VIEWS:
            if "--nagios" not in view:
                json.loads(ctl(*place, *view, "--json")[1])


def test_colours():
    with serving(answers(**ORDERS)) as (_, place):
        for view in VIEWS:
            if "--nagios" in view or "recover" in view:
                continue
            assert re.search("\033\\[[0-9;]+m", on_a_terminal(*place, *view)[0]), view
            out = on_a_terminal(*place, *view, NO_COLOR="1")[0].replace("\033[K", "")
            assert "\033" not in out, (view, out)


# --- cameras ---

def test_devices():
    with tempfile.TemporaryDirectory() as root:
        known = pathlib.Path(root, "sys/class/video4linux/video0")
        known.mkdir(parents=True)
        (known / "name").write_text("USB Cam\n")
        pathlib.Path(root, "dev").mkdir()
        pathlib.Path(root, "dev/video0").write_text("")
        code, out, _ = asked(answers(), "cameras", CAMWARDEN_ROOT=root)
        tap.equal(code, 0)
        lines = out.splitlines()
        tap.equal(lines[0], "/dev/video0   USB Cam")
        assert lines[1].strip().startswith("cannot be asked: "), lines
        assert lines[3].startswith("✓ front"), lines
        code, out, _ = asked(answers(), "cameras", "--json", CAMWARDEN_ROOT=root)
        tap.equal(json.loads(out)["devices"][0]["node"], "/dev/video0")
        tap.equal(json.loads(out)["cameras"], [CAMERA])
        config = pathlib.Path(root, "a.conf")
        config.write_text("[camera:one]\n[camera:two]\nenabled=false\n")
        code, out, err = ctl("cameras", "--socket", f"{root}/none", "-c", config,
                             CAMWARDEN_ROOT=root)
        tap.equal(code, 69)
        assert "one     configured" in out and "two     off" in out and "/dev/video0" in out, out
        assert "systemctl start camwarden" in err, err


# --- one camera ---

def test_camera():
    code, out, _ = asked(answers(), "camera", "front")
    tap.equal(code, 0)
    for text in ("size       1280x720, 30 fps wanted", "published 4990, dropped 3",
                 "process 123, since then", "source 2, pipeline 1", "v4l2src: no frame"):
        assert text in out, out
    for status, expected in (("warning", 1), ("critical", 2), ("off", 0), ("great", 3)):
        what = answers(**{"/api/cameras/front": {**CAMERA, "status": status}})
        tap.equal(asked(what, "camera", "front", "status")[0], expected)
    code, _, err = asked(lambda _: (404, {"detail": "There is no such camera."}), "camera", "rear")
    tap.equal((code, err), (66, "camwardenctl: There is no such camera.\n"))
    tap.equal(asked(answers(), "camera", "../x")[0], 66)


def test_camera_test():
    path = "/api/cameras/front/test"
    with serving(answers(**ORDERS)) as (server, place):
        code, out, _ = ctl(*place, "camera", "front", "test")
        tap.equal(server.posted, [("POST", path, "")])
    tap.equal(code, 0)
    assert "640x480, 1234 bytes, verdict ok, brightness 120 of 255, in 40 ms" in \
        out.replace("\n  ", " "), out
    for verdict, expected in (("dark", 1), ("stall", 2)):
        tap.equal(asked({path: {**ORDERS[path], "verdict": verdict}}, "camera", "front",
                        "test")[0], expected)
    for status, expected in ((504, 2), (503, 2), (409, 2), (404, 66), (403, 77), (500, 3)):
        code, _, err = asked({path: (status, {"detail": "no frame came"})}, "camera", "front",
                             "test")
        tap.equal(code, expected, str(status))
        assert "no frame came" in err, err


def test_recover():
    path = "/api/cameras/front/recover"
    with serving(answers(**ORDERS)) as (server, place):
        code, out, _ = ctl(*place, "camera", "front", "recover", "--tier", "worker")
        tap.equal((code, out), (0, "Frames come again\n"))
        tap.equal([(method, json.loads(body)) for method, _, body in server.posted],
                  [("POST", {"tier": "worker"})])
    code, _, err = asked({path: (504, {"detail": "Given up"})}, "camera", "front", "recover")
    tap.equal((code, err), (75, "camwardenctl: Given up\n"))


def test_monitor():
    with serving(answers()) as (_, place):
        code, out, _ = ctl(*place, "camera", "front", "monitor", "-n", "3", "-i", "0.1")
        tap.equal((code, out.count("\n")), (0, 3))
        assert out.splitlines()[2].endswith("███"), out
        out = ctl(*place, "camera", "front", "monitor", "-n", "2", "-i", "0.1", "--json")[1]
        tap.equal([json.loads(line)["id"] for line in out.splitlines()], ["front", "front"])
        out, code = on_a_terminal(*place, "camera", "front", "monitor", "-n", "3", "-i", "0.1")
        tap.equal((code, out.count("\n"), out.count("\033[K")), (0, 1, 3))


def test_monitor_outlives_the_daemon():
    turns = []

    def answer(request):
        turns.append(request.path)
        if len(turns) == 2:
            request.connection.close()  # as a daemon that is restarted
            return None
        return CAMERA

    code, out, _ = asked(answer, "camera", "front", "monitor", "-n", "4", "-i", "0.1")
    tap.equal((code, out.count("streaming")), (0, len(out.splitlines()) - 1))
    assert "does not answer" in out, out
    tap.equal(asked(lambda _: (404, {}), "camera", "front", "monitor")[0], 66)


def interrupted(place, *words, until="", number=signal.SIGINT):
    """Ctrl-C when a line with that text has come: exit status, lines."""
    with subprocess.Popen([CTL, *place, *words], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env=environment()) as child:
        lines = []
        for line in child.stdout:
            lines.append(line)
            if until in line:
                child.send_signal(number)
                break
        out, err = child.communicate(timeout=30)
        assert child.returncode >= 0, f"ended by signal {-child.returncode}"
        return child.returncode, "".join(lines) + out, err


def test_ctrl_c():
    for number in (signal.SIGINT, signal.SIGTERM):
        with serving(answers()) as (_, place):
            code, out, err = interrupted(place, "camera", "front", "monitor", until="front",
                                         number=number)
            tap.equal((code, err), (0, ""))
            check_width(out)


def test_ctrl_c_while_it_waits():
    """A daemon that hangs does not hold up the end."""
    stop = threading.Event()
    turns = []

    def answer(request):
        turns.append(request)
        if len(turns) > 1:
            stop.wait(30)
            return None
        return CAMERA

    with serving(answer) as (_, place):
        begin = time.monotonic()
        with subprocess.Popen([CTL, *place, "camera", "front", "monitor", "-i", "0.1"],
                              stdout=subprocess.DEVNULL, env=environment()) as child:
            while len(turns) < 2:
                time.sleep(0.01)
            child.send_signal(signal.SIGINT)
            tap.equal(child.wait(30), 0)
        stop.set()
        assert time.monotonic() - begin < 9, "it waited for the answer"


# --- snapshot ---

def jpeg():
    picture = numpy.zeros((120, 160, 3), numpy.uint8)
    picture[:, 80:] = 255
    return cv2.imencode(".jpg", picture)[1].tobytes()


def test_snapshot():
    picture = jpeg()
    with serving({"/api/cameras/front/snapshot.jpg": picture}) as (_, place), \
            tempfile.TemporaryDirectory() as folder:
        snapshot = [*place, "camera", "front", "snapshot"]
        file = pathlib.Path(folder, "a.jpg")
        tap.equal(ctl(*snapshot, "-o", str(file)), (0, "", ""))
        tap.equal(file.read_bytes(), picture)
        facts = json.loads(ctl(*snapshot, "-o", str(file), "--json")[1])
        tap.equal((facts["width"], facts["height"], facts["bytes"]), (160, 120, len(picture)))
        for words in ([], ["-o", "-"]):
            done = subprocess.run([CTL, *snapshot, *words], capture_output=True, timeout=30,
                                  env=environment(), check=True)
            tap.equal(done.stdout, picture)
        tap.equal(ctl(*snapshot, "-o", f"{folder}/none/a.jpg")[0], 73)
        tap.equal(ctl(*snapshot, "--json")[0], 64)
        out, code = on_a_terminal(*snapshot)
        tap.equal(code, 0)
        assert "\033[38;5;16m\033[48;5;16m▀" in out and "\033[38;5;231m" in out, out[:200]
        assert "\033[38;2;0;0;0m" in on_a_terminal(*snapshot, COLORTERM="truecolor")[0]
        out, _ = on_a_terminal(*snapshot, NO_COLOR="1")
        assert "\033" not in out and "@@@" in out, out
        with open("/dev/full", "wb") as full:
            tap.equal(subprocess.run([CTL, *snapshot], stdout=full, stderr=subprocess.DEVNULL,
                                     env=environment(), timeout=30).returncode, 73)
    with serving({"/api/cameras/front/snapshot.jpg": b"no picture"}) as (_, place):
        tap.equal(on_a_terminal(*place, "camera", "front", "snapshot")[1], 3)
    code, _, err = asked(lambda _: (504, {"detail": "too slow"}), "camera", "front", "snapshot")
    tap.equal((code, err), (75, "camwardenctl: too slow\n"))


# --- alerts, events ---

def test_alerts():
    code, out, _ = asked(answers(), "alerts", TZ="UTC")
    tap.equal(code, 0)
    lines = out.splitlines()
    tap.equal(lines[0], "✗ 7 2026-01-01 10:00:00 Camera front stopped delivering frames")
    tap.equal(lines[1], "      cause    the device said nothing")
    out = asked(answers(), "alerts", "--all", TZ="UTC")[1]
    assert "over     2026-01-01 11:00:00" in out, out
    tap.equal(asked({"/api/alerts?open=1": []}, "alerts")[1], "No alert is open.\n")
    with serving({"/api/alerts/7/acknowledge": {"success": True}}) as (server, place):
        tap.equal(ctl(*place, "alerts", "ack", "7"), (0, "", ""))
        tap.equal(server.posted[0][:2], ("POST", "/api/alerts/7/acknowledge"))
    tap.equal(asked(lambda _: (404, {"detail": "There is no such alert."}), "alerts", "ack",
                    "8")[0], 66)
    bad = {"/api/alerts/test": {"success": False, "sinks": [
        {"sink": "webhook", "success": False, "message": "it answers with 500"}]}}
    code, out, _ = asked(bad, "alerts", "test")
    tap.equal((code, out), (75, "✗ webhook   it answers with 500\n"))


def test_events():
    code, out, _ = asked(answers(), "events", TZ="UTC")
    tap.equal(code, 0)
    tap.equal(out.splitlines(), ["- 2026-01-01 10:00:00 front: start: began",
                                 "✗ 2026-01-01 10:00:00 fault: front stalled"])
    alert = {**EVENT, "kind": "alert", "message": "alert: front stalled"}
    tap.equal(asked({"/api/events?limit=50": {"events": [alert]}}, "events", TZ="UTC")[1],
              "✗ 2026-01-01 10:00:00 alert: front stalled\n")
    with serving({"/api/events?limit=5&camera=front&kind=fault&severity=warning":
                  {"events": []}}) as (_, place):
        tap.equal(ctl(*place, "events", "-n", "5", "--camera", "front", "--kind", "fault",
                      "--severity", "warning")[:2], (0, "Nothing has happened.\n"))


def stream(request, *pieces):
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.send_header("Connection", "close")
    request.close_connection = True
    request.end_headers()
    for piece in pieces:
        request.wfile.write(piece.encode())
        request.wfile.flush()


def told(number, **changes):
    event = {**EVENT, "id": number, **changes}
    return f"id: {number}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n"


def test_following_events():
    """It comes back after a break, and says what it saw last."""
    begun = []
    done = threading.Event()

    def answer(request):
        begun.append((request.headers["Accept"], request.headers["Last-Event-ID"]))
        if len(begun) == 1:
            stream(request, "retry: 3000\n\n", told(1), ": still here\n\n",
                   "event: alert\ndata: " + json.dumps(ALERT) + "\n\n",
                   told(2, severity="info", message="not wanted"))
        else:
            stream(request, told(3, message="the last one"))
            done.wait(20)

    with serving(answer) as (_, place):
        code, out, err = interrupted(place, "events", "--follow", "--json", "--severity", "warning",
                                     until="the last one")
        done.set()
    tap.equal((code, err), (0, ""))
    tap.equal([json.loads(line)["id"] for line in out.splitlines()], [1, 3])
    tap.equal(begun, [("text/event-stream", None), ("text/event-stream", "2")])


def test_following_fails():
    tap.equal(ctl("--socket", "/nowhere/sock", "events", "-f")[0], 69)
    tap.equal(asked(lambda _: (401, {}), "events", "-f")[0], 77)
    tap.equal(asked(answers(**{"/api/events": {}}), "events", "-f")[0], 3)


# --- the service ---

def test_restart():
    path = "/api/system/restart-services"
    with serving({path: {"success": True, "message": "Begun"}}) as (server, place):
        tap.equal(ctl(*place, "restart"), (0, "Begun\n", ""))
        tap.equal(server.posted, [("POST", path, "{}")])
    code, _, err = asked({path: (409, {"detail": "systemd did not start it"})}, "restart")
    tap.equal((code, err), (75, "camwardenctl: systemd did not start it\n"))


def rebooting(request):
    body = json.loads(request.body)
    if not body:
        return 428, {"detail": "confirm", "nonce": "n0nce", "host": "press-3"}
    good = body == {"nonce": "n0nce", "host": "press-3"}
    return (200, {"success": True, "message": "Reboots"}) if good else (409, {"detail": "no"})


def test_reboot():
    with serving(rebooting) as (server, place):
        code, out, err = ctl(*place, "reboot")
        tap.equal((code, len(server.posted)), (64, 1))
        assert "--host NAME" in err, err
        tap.equal(ctl(*place, "reboot", "--host", "press-3"), (0, "Reboots\n", ""))
        server.posted.clear()
        code, _, err = ctl(*place, "reboot", "--host", "press-4")
        tap.equal((code, len(server.posted)), (64, 1))
        assert "press-3; nothing was done" in err, err
        out, code = on_a_terminal(*place, "reboot", typed=b"press-3\n")
        tap.equal(code, 0)
        assert "This reboots press-3." in out and "Reboots" in out, out
        server.posted.clear()
        out, code = on_a_terminal(*place, "reboot", typed=b"\n")
        tap.equal((code, len(server.posted)), (64, 1))
    code, _, err = asked(lambda _: (409, {"detail": "allow-reboot is false."}), "reboot")
    tap.equal((code, err), (75, "camwardenctl: allow-reboot is false.\n"))
    with serving({"/api/system/reboot/clear": {"success": True, "message": "Forgotten"}}) as \
            (_, place):
        tap.equal(ctl(*place, "reboot", "--clear"), (0, "Forgotten\n", ""))


def test_reload_signals_whoever_listens():
    """The server is this program: it gets the signal."""
    got = []
    before = signal.signal(signal.SIGHUP, lambda *_: got.append(1))
    try:
        with serving(answers()) as (_, place):
            tap.equal(ctl(*place, "reload"), (0, "The daemon has read its configuration.\n", ""))
            tap.equal(got, [1])
            what = answers()
            what["/api/status"]["configuration_error"] = "bad.conf:1: no"
        code, _, err = asked(what, "reload")
        tap.equal((code, len(got)), (78, 2))
        assert "goes on as before: bad.conf:1: no" in err, err
        with tempfile.TemporaryDirectory() as folder, serving(answers()) as (_, place):
            file = pathlib.Path(folder, "bad.conf")
            file.write_text("[log]\nlevel=loud\n")
            code, _, err = ctl(*place, "-c", str(file), "reload")
            tap.equal((code, len(got)), (78, 2))
            assert f"{file}:2" in err, err
    finally:
        signal.signal(signal.SIGHUP, before)
    with serving(answers(), tcp=True) as (_, place):
        tap.equal(ctl(*place, "reload")[0], 64)


def test_version():
    out = asked(answers(), "version", "--verbose")[1]
    assert re.search(r"^camwardend +0\.1\.0$", out, re.M), out
    assert re.search(r"^redis +redis 7\.0\.15$", out, re.M), out
    code, out, _ = ctl("version", "-v", "--json", "--socket", "/nowhere")
    told = json.loads(out)
    tap.equal((code, told["camwardend"]), (0, None))
    assert pathlib.Path(told["configuration"]).name == "camwarden", told


# --- usage ---

def test_without_a_command():
    code, out, err = ctl()
    tap.equal((code, out), (64, ""))
    for name in ("status", "camera", "version"):
        assert re.search(rf"^  {name} ", err, re.M), err
    check_width(err)


def test_usage():
    for words in (["health", "x"], ["health", "--nagois"], ["cameras", "x"], ["camera"],
                  ["camera", "front", "dance"], ["camera", "front", "test", "x"],
                  ["camera", "front", "test", "--tier", "source"],
                  ["camera", "front", "recover", "--tier", "machine"],
                  ["camera", "front", "monitor", "-i", "0.01"],
                  ["camera", "front", "monitor", "-i", "nan"],
                  ["camera", "front", "monitor", "-n", "-1"],
                  ["camera", "front", "status", "-o", "x"],
                  ["alerts", "ack"], ["alerts", "ack", "x"], ["alerts", "x"],
                  ["alerts", "--all", "test"], ["events", "x"], ["events", "--severity", "bad"],
                  ["events", "--kind", "a&b"], ["events", "--camera", "A"], ["events", "-n", "0.5"],
                  ["events", "-n", "1001"], ["events", "-f", "-n", "3"], ["reload", "x"],
                  ["restart", "x"], ["reboot", "x"], ["token"], ["token", "add"],
                  ["token", "add", "--role", "king"], ["token", "list", "--role", "read"],
                  ["token", "remove"], ["token", "list", "--url", "http://a"],
                  ["config"], ["config", "get", "redis"], ["config", "set", "log", "level"],
                  ["config", "set", "redis", "no-such-key", "1"], ["config", "show", "--reload"],
                  ["config", "check", "--all"], ["config", "edit", "--url", "http://a"],
                  ["watch", "x"], ["watch", "--uri", "redis://127.0.0.1:1"],
                  ["watch", "--uri", "http://a/b"], ["watch", "--camera", "A"],
                  ["watch", "--camera", "a", "--uri", "redis://a/b"], ["watch", "-i", "0"],
                  ["watch", "-d", "-1"]):
        code, out, err = ctl(*words)
        tap.equal((code, out), (64, ""), " ".join(words))
        assert err.startswith("camwardenctl: "), err


def test_help_of_each_command():
    names = [line.split()[0] for line in ctl("--help")[1].split("Commands:\n")[1].split("\n\n")[0]
             .splitlines()]
    assert {"status", "health", "watch", "config", "reboot"} <= set(names), names
    for name in names:
        code, out, err = ctl(name, "--help")
        tap.equal((code, err), (0, ""), name)
        assert f"camwardenctl {name} [OPTION" in out and "--json" in out, out


tap.main(globals())
