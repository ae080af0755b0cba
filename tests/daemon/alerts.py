#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alerts of the real daemon, to a real HTTP server and a real MQTT broker."""

import contextlib
import http.server
import json
import os
import queue
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import mqttclient
import tap

LOST = {"back": {"source": "v4l2src device=/dev/video97"}}
QUICK = {"min-duration": "500ms", "min-interval": "1s"}


class Receiver:
    """Takes what is posted; `answers` are the first ones, then it is 200."""

    def __init__(self, port, answers=()):
        self.got = queue.Queue()
        answers = list(answers)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.got.put((self.path, dict(self.headers), body))
                answer = answers.pop(0) if answers else 200
                if answer == "silent":
                    time.sleep(14)
                    return
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", f"http://127.0.0.1:{port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def next(self, seconds=40):
        try:
            return self.got.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"nothing was posted within {seconds} s") from None

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextlib.contextmanager
def receiving(port, answers=()):
    receiver = Receiver(port, answers)
    try:
        yield receiver
    finally:
        receiver.close()


def daemon(port, **keys):
    alerts = {**QUICK, "webhook": f"http://127.0.0.1:{port}/hook", **keys}
    return daemonrun.Daemon(cameras=LOST, groups={"alerts": alerts})


def test_webhook_tries_again():
    port = daemonrun.free_ports(1)
    with receiving(port, [500, 302]) as receiver, daemon(port) as run:
        token = run.directory / "token"
        token.write_text("s3cret\n")
        run.groups["alerts"]["webhook-token-file"] = token
        bodies = []
        for number in range(3):
            path, headers, body = receiver.next()
            tap.equal(path, "/hook", "a redirect is not followed")
            tap.equal(headers["Content-Type"], "application/json")
            bodies.append(body)
            if number == 0:
                run.write_config()
                run.process.send_signal(daemonrun.signal.SIGHUP)
        tap.equal(headers["Authorization"], "Bearer s3cret")
        tap.equal(bodies[0], bodies[1], "the same message again")
        tap.equal(bodies[0], bodies[2], "the same message again")
        alert = json.loads(bodies[0])
        tap.equal((alert["event"], alert["code"], alert["part"], alert["severity"], alert["cam"]),
                  ("alert", "no-camera", "camera/back", "critical", "back"))
        run.cameras.clear()
        run.write_config()
        run.process.send_signal(daemonrun.signal.SIGHUP)
        for _ in range(5):
            over = json.loads(receiver.next()[2])
            if over["event"] == "alert-over" and over["code"] == "no-camera":
                break
        tap.equal((over["alert"], over["until"] > over["since"], over["duration"] > 0),
                  (alert["alert"], True, True))
        assert "s3cret" not in run.log_text() and "/hook" not in run.log_text()


def test_what_waits_survives_a_restart():
    port = daemonrun.free_ports(1)
    template = '{"text": "{severity} {camera}: {text}", "braces": {"a": {}}, "no": "{nothing}"}'
    with daemon(port, **{"webhook-template": template}) as run:
        kept = run.directory / "state" / "camwarden" / "webhook-queue.json"
        daemonrun.wait_until("it waits on disk",
                             lambda: kept.exists() and "not connected" in kept.read_text())
        run.kill()
        for pid in run.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, daemonrun.signal.SIGKILL)
        with receiving(port) as receiver:
            run.start()
            body = json.loads(receiver.next()[2])
            tap.equal(body, {"text": "critical back: Camera back is not connected",
                             "braces": {"a": {}}, "no": "{nothing}"})
            daemonrun.wait_until("nothing waits", lambda: kept.read_text().strip() == "[]")
            time.sleep(2)
            tap.equal(receiver.got.qsize(), 0, "an alert that goes on is told once")


def test_a_server_that_is_silent():
    port = daemonrun.free_ports(1)
    with receiving(port, ["silent"]) as receiver, daemon(port) as run:
        first = receiver.next()[2]
        tap.equal(receiver.next(60)[2], first)
        assert "no answer in time" in run.log_text()
        code, took = run.stop()
        tap.equal(code, 0)
        assert took < 3, took


def post(run, path):
    request = urllib.request.Request(f"http://127.0.0.1:{run.http_port}{path}", b"{}",
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def test_mqtt():
    port = daemonrun.free_ports(1)
    keys = {"mqtt": f"mqtt://127.0.0.1:{port}", "mqtt-user": "me", "mqtt-topic": "house/cw"}
    with mqttclient.broker(port, "me", "w0rd"):
        run = daemonrun.Daemon(cameras=LOST, groups={"alerts": {**QUICK, **keys}})
        (run.directory / "word").write_text("w0rd\n")
        run.groups["alerts"]["mqtt-password-file"] = run.directory / "word"
        run.write_config()
        listener = mqttclient.Listener(port, "me", "w0rd")
        with run:
            listener.wait("the camera is in trouble",
                          lambda seen: seen.last.get("house/cw/camera_back/state") == "ON")
            tap.equal(listener.last["house/cw/availability"], "online")
            tap.equal(listener.last["house/cw/redis/state"], "OFF")
            attributes = json.loads(listener.last["house/cw/camera_back/attributes"])
            tap.equal((attributes["code"], attributes["severity"]), ("no-camera", "critical"))
            found = [json.loads(body) for topic, body in listener.all
                     if topic.startswith("homeassistant/binary_sensor/camwarden_")
                     and topic.endswith("/camera_back/config")]
            tap.equal((found[0]["state_topic"], found[0]["availability_topic"],
                       found[0]["device_class"]),
                      ("house/cw/camera_back/state", "house/cw/availability", "problem"))
            listener.wait("the alert is told", lambda seen: "house/cw/alert" in seen.last)
            tap.equal(json.loads(listener.last["house/cw/alert"])["code"], "no-camera")

            told = {one["sink"]: one["success"] for one in post(run, "/api/alerts/test")["sinks"]}
            tap.equal(told, {"log": True, "redis": True, "mqtt": True})
            listener.wait("the test arrives",
                          lambda seen: json.loads(seen.last["house/cw/alert"])["code"] == "test")

            run.kill()
            listener.wait("its last will is told",
                          lambda seen: seen.last["house/cw/availability"] == "offline")
            for pid in run.family():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, daemonrun.signal.SIGKILL)
            run.start()
            listener.wait("it is back",
                          lambda seen: seen.last["house/cw/availability"] == "online")
            code, took = run.stop()
            tap.equal(code, 0)
            assert took < 3, took
            listener.wait("it says goodbye",
                          lambda seen: seen.last["house/cw/availability"] == "offline", 5)
        listener.close()


tap.main(globals())
