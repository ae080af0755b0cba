#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs in German and in Chinese: what people read is translated, what programs read is not."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import locales
import tap
from ctlrun import ctl, serving

CAMERA = {
    "id": "front", "status": "healthy", "state": "streaming", "verdict": "ok", "fps": 29.97,
    "width": 1280, "height": 720, "target_fps": 30, "frames": 5000, "published": 4990,
    "dropped": 3, "stored": 0, "last_frame_age": 0.5, "source": "v4l2src device=/dev/video0",
    "caps": "image/jpeg", "channel": "cam:front:frame", "last_error": "no frame for 1.0 s",
    "last_error_timestamp": "2026-01-01T00:00:00Z",
    "worker": {"pid": 123, "started": "2026-01-01T00:00:00Z"}}
LONG = {**CAMERA, "id": "a-camera-with-an-id-of-32-letter", "status": "critical",
        "last_frame_age": 5990}
STATES = ["starting", "streaming", "stalled", "no-camera", "respawning", "stopped", "failed"]
VERDICTS = ["unknown", "ok", "frozen", "dark", "bright", "blur", "stall"]
ALERT = {"id": 7, "timestamp": "2026-01-01T10:00:00Z", "severity": "warning", "type": "cpu",
         "message": "The processors are busy", "open": False, "part": "system",
         "cause": "heat or weak power", "done": "less is done: no previews",
         "until": "2026-01-01T11:00:00Z", "acknowledged": "2026-01-01T10:30:00Z",
         "acknowledged_by": "somebody"}
ISSUES = [
    {"severity": "critical", "part": "camera/front", "code": "stall",
     "message": "Camera front stopped delivering frames: v4l2src said nothing for a long time " * 3},
    {"severity": "warning", "part": "redis", "code": "disconnected",
     "message": "Redis at redis://[::1]:6379/0 is not connected: Connection refused"},
    {"severity": "warning", "part": "system", "code": "new", "message": "Something new: a cause"}]
ANSWERS = {
    "/api/status": {
        "ready": True, "not_ready": None, "version": "0.1.0", "uptime": 273600,
        "hostname": "press-3", "redis": {
            "embedded": True, "connected": True, "uri": "redis://127.0.0.1:6390",
            "server": "redis 7.0.15", "response_time_ms": 0.21}},
    "/api/cameras": {"cameras": [CAMERA, LONG] + [
        {**CAMERA, "id": f"c{i}", "state": state, "verdict": verdict, "last_frame_age": None}
        for i, (state, verdict) in enumerate(zip(STATES, VERDICTS))]},
    "/api/cameras/front": CAMERA,
    "/api/health/summary": {"overall_status": "critical", "issues": ISSUES},
    "/api/health": {
        "system_resources": {"cpu_percent": 100, "memory_percent": 100, "disk_percent": 100,
                             "disk_free_gb": 1234.5},
        "temperature": {"cpu_temp_celsius": 101.2}, "power_status": {"under_voltage": True},
        "process_status": {"camwardend": {"running": True}, "camera-front": {"running": False}},
        "thresholds": [], "alerts": [ALERT],
        "protection": {"degrade_text": "no previews, JPEG quality less 10"}},
    "/api/alerts?limit=1000": [ALERT],
    "/api/events?limit=50": {"events": [
        {"id": 1, "timestamp": "2026-01-01T10:00:00Z", "kind": "alert", "severity": "warning",
         "camera": "front", "message": "Camera front is not connected"}]},
}
VIEWS = [["status"], ["health"], ["health", "--nagios"], ["camera", "front"],
         ["camera", "front", "monitor", "-n", "1"], ["alerts", "--all"], ["events"]]
COMMANDS = ["status", "health", "cameras", "camera", "watch", "alerts", "events", "config", "token",
            "reload", "restart", "reboot", "logs", "backup", "doctor", "selftest", "tune", "version"]

speaking = None


def ask(language, *words):
    with serving(ANSWERS) as (_, place):
        return ctl(*place, *words, **(speaking(language) if language else {}))


def has(text, *wanted):
    for words in wanted:
        assert words in text, f"{words!r} is missing:\n{text}"


def test_status():
    code, out, err = ask("de_DE", "status")
    tap.equal((code, err), (2, ""))
    has(out, "Camwarden ist in Schwierigkeiten: 1 kritisches Problem.\n", "✓ Dienst ",
        "läuft seit 3 T", "30.0 fps", "vor 500 ms", "vor 2 h", " kein Bild ", " unscharf\n",
        "✗ Kamera front liefert keine Bilder mehr: v4l2src said nothing",
        "! Redis unter redis://[::1]:6379/0 ist nicht verbunden: Connection refused",
        "! Something new: a cause")
    code, out, err = ask("zh_CN", "status")
    tap.equal((code, err), (2, ""))
    has(out, "Camwarden 出现故障：1 个严重问题。\n", "✓ 守护进程 ", "已运行 3 天", "30.0 fps",
        "500 毫秒前", "✗ 摄像头 front 已停止输出画面：v4l2src said nothing")


def test_tables_fit():
    """In 80 columns, with nothing cut off."""
    for language in (None, *locales.LANGUAGES):
        for view in VIEWS:
            _, out, err = ask(language, *view)
            tap.equal(err, "")
            if "--nagios" not in view:
                locales.check_width(out)
            assert "..." not in out.replace("a-camera-with-an-id-of-32-lette...", ""), out


def test_columns_stand_below_each_other():
    for language in locales.LANGUAGES:
        lines = [line for line in ask(language, "status")[1].splitlines() if " fps " in line]
        tap.equal(len(lines), len(ANSWERS["/api/cameras"]["cameras"]))
        tap.equal(len({locales.width(line[:line.index("30.0 fps")]) for line in lines}), 1, lines)


def test_health():
    has(ask("de_DE", "health")[1], "CPU 100 %, Speicher 100 %, Platte 100 % (1234.5 GiB frei)",
        "Netzteil zu schwach", "läuft nicht: camera-front; camwardend",
        "Die Prozessoren sind stark ausgelastet", "    Ursache Hitze oder schwacher Strom",
        "    Abhilfe Der Dienst startet sie von selbst neu")
    has(ask("zh_CN", "health")[1], "处理器非常繁忙", "    原因   过热或供电不足",
        "守护进程会自动重启它；请检查线缆和电源。")
    has(ask("de_DE", "health", "--nagios")[1],
        "CAMWARDEN CRITICAL - Kamera front liefert keine Bilder mehr", "front_fps=29.97 ")


def test_help():
    english = {command: ctl(command, "--help")[1] for command in COMMANDS}
    for language, wanted in (("de_DE", "Eine Konfigurationsdatei statt der üblichen"),
                             ("zh_CN", "使用一个配置文件，而不是通常的文件")):
        for command in COMMANDS:
            code, out, err = ctl(command, "--help", **speaking(language))
            tap.equal((code, err), (0, ""))
            has(out, wanted)
            assert "Content-Type" not in out, out  # what stands at "" in a catalogue
            kept = [line for line in english[command].splitlines()[2:] if line in out.splitlines()]
            assert not any(kept), kept
        out = ctl("--help", **speaking(language))[1]
        has(out, *(f"\n  {command} " for command in COMMANDS))
    has(ctl("--help", **speaking("de_DE"))[1], "Befehle:",
        "Wie es dem Dienst, Redis und jeder Kamera geht")
    has(ctl("--help", **speaking("zh_CN"))[1], "命令：", "守护进程、Redis 和各摄像头的状态")


def test_errors():
    for language, usage, away in (
            ("de_DE", "camwardenctl: es gibt keinen Befehl „stat“; war „status“ gemeint?\n",
             "„systemctl start camwarden“ startet ihn"),
            ("zh_CN", "camwardenctl: 没有命令“stat”；您是否想用“status”？\n",
             "请用“systemctl start camwarden”启动")):
        tap.equal(ctl("stat", **speaking(language)), (64, "", usage))
        code, _, err = ctl("--socket", "/nowhere", "status", **speaking(language))
        tap.equal(code, 69)
        has(err, away)


def test_answers_of_the_daemon():
    """It answers in English, to whomever."""
    missing = {"detail": "There is no such camera. GET /api/cameras and `camwardenctl cameras` list them."}
    orders = {
        "/api/cameras/none": (404, missing),
        "/api/cameras/front/recover": {"success": True, "message": "Frames come again after 1.2 s: "
                                       "the pipeline built anew"},
        "/api/alerts/test": {"success": False, "sinks": [
            {"sink": "webhook", "success": False, "message": "Not delivered: no answer in time"}]}}
    for language, *wanted in (
            ("de_DE", "Diese Kamera gibt es nicht.",
             "Nach 1.2 s kommen wieder Bilder: die Pipeline neu aufgebaut\n",
             "✗ webhook   Nicht zugestellt: keine Antwort in der Zeit\n"),
            ("zh_CN", "没有该摄像头。", "1.2 s 后画面恢复：已重建管线\n", "✗ webhook   未送达：未及时响应\n")):
        with serving(orders) as (_, place):
            has(ctl(*place, "camera", "none", **speaking(language))[2], wanted[0])
            has(ctl(*place, "camera", "front", "recover", **speaking(language))[1], wanted[1])
            has(ctl(*place, "alerts", "test", **speaking(language))[1], wanted[2])


def test_json_is_the_same():
    """In each language, byte by byte where the daemon wrote it."""
    for view in (["status"], ["health"], ["camera", "front"], ["alerts", "--all"], ["events"],
                 ["config", "show", "--all", "-c", "/dev/null"], ["version"]):
        english = ask(None, *view, "--json")[1]
        assert english.startswith("{") or english.startswith("["), english
        for language in locales.LANGUAGES:
            tap.equal(ask(language, *view, "--json")[1], english, f"{language} {view}")


def test_json_of_findings():
    """Sentences for people differ; keys, codes and numbers do not."""
    with tempfile.TemporaryDirectory() as folder:
        bad = pathlib.Path(folder, "bad.conf")
        bad.write_text("[camera:a]\nwidth=x\nframe=2.5\n")
        found = {language: json.loads(ctl("config", "check", "-c", bad, "--json",
                                          **(speaking(language) if language else {}))[1])
                 for language in (None, *locales.LANGUAGES)}
    texts = {language: json.dumps(value) for language, value in found.items()}
    tap.equal(len(set(texts.values())), 3)

    def bones(value):
        if isinstance(value, dict):
            return {key: bones(part) for key, part in value.items() if key != "message"}
        return [bones(part) for part in value] if isinstance(value, list) else value

    for language in locales.LANGUAGES:
        tap.equal(bones(found[language]), bones(found[None]))


def test_bad_configuration():
    with tempfile.TemporaryDirectory() as folder:
        bad = pathlib.Path(folder, "bad.conf")
        bad.write_text("[camera:a]\nwidth=x\n")
        for language, wanted, sum_up in (
                ("de_DE", "erlaubt ist eine ganze Zahl", "Die Konfiguration hat 1 Fehler.\n"),
                ("zh_CN", "请填写整数", "配置中有 1 个错误。\n")):
            env = {**os.environ, **speaking(language), "RUNTIME_DIRECTORY": f"{folder}/run"}
            done = subprocess.run([daemonrun.PROGRAM, "--config", bad], env=env, timeout=60,
                                  capture_output=True, text=True)
            tap.equal(done.returncode, 78)
            has(done.stderr, f"bad.conf:2: width: \"x\": {wanted}")
            done = subprocess.run([daemonrun.PROGRAM, "--config", bad, "--check-config"], env=env,
                                  timeout=60, capture_output=True, text=True)
            tap.equal(done.returncode, 78)
            has(done.stdout, wanted, sum_up)


def test_log_stays_english():
    """Of the daemon, its workers, and the libraries in them; the greeting is for a person."""
    cameras = {"front": {"source": "videotestsrc is-live=true", "width": 160, "height": 120},
               "gone": {"source": "filesrc location=/nowhere/at-all ! jpegdec"}}
    with daemonrun.Daemon(cameras, environment=speaking("de_DE")) as daemon:
        daemon.wait_frames()
        log = daemonrun.wait_until(
            "the other camera has failed",
            lambda: "camera gone: fault " in daemon.log_text() and daemon.log_text())
        has(log, "Dashboard: http://", "\nBilder:    gst-launch-1.0 redissrc", "redis-server runs,",
            "Resource not found", "No such file")
        for word in ("Datei", "nicht", "konnte", "Fehler"):
            assert word not in log, word
        code, out, _ = ctl("--socket", daemon.runtime / "http.sock", "status",
                           **speaking("de_DE"))
        has(out, "gone", " läuft ")
        status = daemon.redis().get("cam:front:status")
        assert isinstance(json.loads(status)["fps"], (int, float)), status


def test_elements():
    """As any GStreamer program shows them."""
    for language, wanted in (("de_DE", "Kein Verzeichnis für die Bilder ist angegeben"),
                             ("zh_CN", "未指定存放画面的目录")):
        done = subprocess.run(
            ["gst-launch-1.0", "videotestsrc", "num-buffers=1", "!", "jpegenc", "!",
             "framestoresink"], env={**os.environ, **speaking(language)}, timeout=60,
            capture_output=True, text=True)
        has(done.stderr, wanted)


if __name__ == "__main__":
    with locales.made() as speaking:
        good = tap.run([(name.removeprefix("test_"), function)
                        for name, function in list(globals().items())
                        if name.startswith("test_") and sys.argv[1:] in ([], [name[5:]])])
    sys.exit(0 if good else 1)
