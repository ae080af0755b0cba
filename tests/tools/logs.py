#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl logs: files, rotated ones, the journal, a large file, following."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import toolrun
import tap

MEGABYTES = int(os.environ.get("CAMWARDEN_LOG_MEGABYTES", "100"))
REMOTE = "/lib/systemd/systemd-journal-remote"


def stamp(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + ".000"


NOW = time.time()

LINES = [
    (NOW - 7200, "warning: camera front: fault source/stall, class camera"),
    (NOW - 7100, "warning: Redis is away: Connection refused (127.0.0.1:6379)"),
    (NOW - 3000, "warning: Redis is away: Connection refused (127.0.0.1:6380)"),
    (NOW - 2000, "message: connected to Redis"),
    (NOW - 1000, "warning: camera rear: fault source/usb-timeout, class camera"),
    (NOW - 900, "error: cannot do a thing\n    of two lines"),
]


def write(path, lines):
    path.write_text("".join(f"{stamp(when)} {text}\n" for when, text in lines), encoding="utf-8")


def logs(*words, lines=None, **changes):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "a.log")
        write(file, LINES if lines is None else lines)
        return toolrun.ctl(folder, "logs", "--file", file, *words, **changes)


def test_groups():
    done = logs()
    tap.equal((done.code, done.err), (0, ""))
    toolrun.check_width(done.out)
    lines = done.out.splitlines()
    tap.equal(lines[0], "6 lines, 1 error, 4 warnings")
    assert any(line.startswith("! 2x Redis is away: Connection refused (#)") for line in lines), \
        done.out
    assert "-> check the cable and the power supply" in done.out, done.out
    assert "-> another USB port, no hub" in done.out, done.out
    assert "connected to Redis" not in done.out and "connected to Redis" in logs("--all").out
    assert "\033" not in done.out


def test_json():
    done = logs("--json")
    answer = json.loads(done.out)
    tap.equal(answer["lines"], 6)
    tap.equal(answer["levels"]["warning"], 4)
    first = answer["groups"][0]
    tap.equal((first["count"], first["level"]), (2, "warning"))
    tap.equal(first["pattern"], "Redis is away: Connection refused (#)")
    tap.equal(first["latest"], "Redis is away: Connection refused (127.0.0.1:6380)")
    tap.equal(sum(first["hours"]), 2)
    assert "Redis runs" in first["suggestion"]
    silent = [group for group in answer["groups"] if group["suggestion"] is None]
    tap.equal([group["latest"] for group in silent], ["cannot do a thing"])
    tap.equal(len(answer["groups"]), 4)
    tap.equal(len(json.loads(logs("--json", "--limit", "1").out)["groups"]), 1)


def test_choices():
    tap.equal(json.loads(logs("--hours", "1", "--json").out)["lines"], 4)
    tap.equal(json.loads(logs("--camera", "front", "--json").out)["lines"], 1)
    tap.equal(json.loads(logs("--camera", "f", "--json").out)["lines"], 0)
    recent = json.loads(logs("--recent-errors", "--json").out)["recent"]
    tap.equal([line["level"] for line in recent], ["warning"] * 4 + ["error"])
    out = logs("--recent-errors").out
    assert "error: cannot do a thing" in out, out
    assert "No lines" in logs("--hours", "0.01").out


def test_configured_file_and_its_rotated_ones():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "c.conf")
        config.write_text(f"[log]\nfile={folder}/my.log\n", encoding="utf-8")
        for name, part in (("my.log.2", LINES[:2]), ("my.log.1", LINES[2:4]), ("my.log", LINES[4:])):
            write(pathlib.Path(folder, name), part)
        place = ["--journal", f"{folder}/none"]
        done = toolrun.ctl(folder, "--config", config, "logs", "--json")
        tap.equal(done.code, 0, done.err)
        answer = json.loads(done.out)
        if answer["source"] == "journal":
            raise tap.Skip("this machine's journal has lines of Camwarden's")
        tap.equal((answer["lines"], answer["source"]), (6, f"{folder}/my.log"))
        assert toolrun.ctl(folder, "logs", *place).code in (0, 66)


def test_trouble():
    with tempfile.TemporaryDirectory() as folder:
        done = toolrun.ctl(folder, "logs", "--file", f"{folder}/none")
        tap.equal((done.code, done.out), (66, ""))
        assert "No such file" in done.err, done.err
        for words in (["x"], ["--hours", "-1"], ["--hours", "x"], ["--limit", "0"],
                      ["--file", "/a", "--journal", "/b"], ["--nonsense"]):
            tap.equal(toolrun.ctl(folder, "logs", *words).code, 64, str(words))
        binary = pathlib.Path(folder, "binary")
        binary.write_bytes(os.urandom(300000) + b"\n" + b"x" * 400000)
        tap.equal(toolrun.ctl(folder, "logs", "--file", binary).code, 0)
        tap.equal(toolrun.ctl(folder, "logs", "--file", folder).code, 66)


def test_hostile_text():
    evil = "camera \033[2Jfront\u202e\x9b31m \r" + "long " * 200
    done = logs("--recent-errors", lines=[(NOW, "error: " + evil)] * 2)
    tap.equal(done.code, 0)
    for mark in "\033\x9b\u202e\r":
        assert mark not in done.out, repr(done.out)
    json.loads(logs("--json", lines=[(NOW, "error: " + evil)]).out)
    assert logs(LC_ALL="C").out.isascii()


def test_terminal():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "a.log")
        write(file, LINES)
        _, out = toolrun.on_a_terminal(folder, "logs", "--file", file)
        assert "\033[1;31m" in out and "\033[33m" in out, out
        _, out = toolrun.on_a_terminal(folder, "logs", "--file", file, NO_COLOR="1")
        assert "\033" not in out, out


def grow(path, megabytes):
    """A million different numbers, a handful of causes."""
    with open(path, "w", encoding="ascii", buffering=1 << 20) as file:
        size, when = 0, NOW - 86400
        while size < megabytes * 1000000:
            block = "".join(
                f"{stamp(when)} info: camera rear: {i} frames, queue empty, everything as it was\n"
                f"{stamp(when)} warning: Redis is away: Connection refused (127.0.0.1:{i})\n"
                f"{stamp(when)} message: cured by source at attempt {i}, {i} ms after source/stall\n"
                for i in range(1000))
            file.write(block)
            size += len(block)
            when += 10


def test_large_file():
    """1 GB in less than 10 s and 64 MiB, scaled down."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "big.log")
        grow(file, MEGABYTES)
        size = file.stat().st_size
        start = time.monotonic()
        done = toolrun.measured(folder, "logs", "--json", "--file", file)
        took = time.monotonic() - start
        tap.equal(done.code, 0)
        tap.equal(json.loads(done.out)["lines"] % 3000, 0)
        tap.diagnose(f"{size / 1e6:.0f} MB in {took:.2f} s, {done.rss / 2**20:.1f} MiB")
        if not toolrun.sanitized():
            assert took < 10 * max(size / 1e9, 0.3), took
            assert done.rss < 64 << 20, done.rss


def next_line(process, deadline=20):
    os.set_blocking(process.stdout.fileno(), False)
    text, end = b"", time.monotonic() + deadline
    while not text.endswith(b"\n"):
        assert time.monotonic() < end, f"no line came: {text}"
        piece = process.stdout.read()
        text += piece or b""
        time.sleep(0.01)
    return text.decode().splitlines()


def test_follow():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "a.log")
        write(file, LINES[:1])
        process = subprocess.Popen(
            [toolrun.CTL, "logs", "--json", "--follow", "--file", file], stdout=subprocess.PIPE,
            env=toolrun.environment(folder))
        try:
            tap.equal(json.loads(next_line(process)[0])["level"], "warning")
            with open(file, "a", encoding="utf-8") as more:
                more.write(f"{stamp(NOW)} error: half a ")
                more.flush()
                more.write("line\n")
            tap.equal(json.loads(next_line(process)[0])["text"], "half a line")
            file.rename(f"{file}.1")
            write(file, [(NOW, "info: after the rotation")])
            tap.equal(json.loads(next_line(process)[0])["text"], "after the rotation")
            process.send_signal(signal.SIGINT)
            tap.equal(process.wait(10), 0, "Ctrl-C")
        finally:
            process.kill()
            process.wait()


def test_journal():
    if not os.path.exists(REMOTE):
        raise tap.Skip("systemd-journal-remote is not installed")
    with tempfile.TemporaryDirectory() as folder:
        entries = ""
        for number, (domain, priority, text) in enumerate((
                ("camwarden", 4, "camera front: fault source/stall, class camera"),
                ("other", 3, "not ours"), ("camwarden", 3, "cannot write 1"),
                ("camwarden", 3, "cannot write 2"))):
            when = int((NOW - 7200 + 3000 * number) * 1e6)
            entries += (f"__REALTIME_TIMESTAMP={when}\n__MONOTONIC_TIMESTAMP={when % 10**12}\n"
                        f"_BOOT_ID=f9b2f3d2a8d24d4ab2a2a5c1c1c1c1c1\nPRIORITY={priority}\n"
                        f"GLIB_DOMAIN={domain}\nMESSAGE={text}\n\n")
        source = pathlib.Path(folder, "export")
        source.write_text(entries, encoding="utf-8")
        journal = pathlib.Path(folder, "journal")
        journal.mkdir()
        subprocess.run([REMOTE, f"--output={journal}/a.journal", str(source)], check=True,
                       capture_output=True)
        done = toolrun.ctl(folder, "logs", "--journal", journal, "--json")
        if done.code == 66 and "built without" in done.err:
            raise tap.Skip("built without the journal's library")
        tap.equal(done.code, 0, done.err)
        answer = json.loads(done.out)
        tap.equal((answer["lines"], answer["levels"]["error"]), (3, 2))
        tap.equal(answer["groups"][0]["pattern"], "cannot write #")
        done = toolrun.ctl(folder, "logs", "--journal", journal, "--hours", "1.5", "--json")
        tap.equal(json.loads(done.out)["lines"], 2)
        check_following(folder, journal)


def check_following(folder, journal):
    process = subprocess.Popen([toolrun.CTL, "logs", "--json", "--follow", "--journal", journal],
                               stdout=subprocess.PIPE, env=toolrun.environment(folder))
    try:
        tap.equal(json.loads(next_line(process)[0])["text"][:12], "camera front")
        process.send_signal(signal.SIGINT)
        tap.equal(process.wait(10), 0, "Ctrl-C")
    finally:
        process.kill()
        process.wait()


tap.main(globals())
