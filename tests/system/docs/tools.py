#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What else the guides say is done as they say it: curl, the scripts, meson, configuration, a worker
by hand. Only ports, folders, tokens and the ends of what never ends are replaced. A reboot can be
asked for: this daemon's way to logind leads nowhere."""

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import daemonrun
import guides
import redisserver
import tap

ROOT = guides.ROOT
SIZE = {"source": "videotestsrc is-live=true", "width": 320, "height": 240}
TOKENS = {role: role[0] * 64 for role in ("read", "admin")}
JPEG = b"\xff\xd8\xff"


def blocks(way):
    found = [block for block in guides.blocks("tools") if block.way == way]
    assert found, f"no block of {way}"
    return found


def shell(line, folder, seconds=60, **changes):
    """Ends with the line, or by Ctrl-C after so many seconds."""
    env = {**os.environ, "LC_ALL": "C.UTF-8", **changes}
    return subprocess.run(["timeout", "-s", "INT", str(seconds), "sh", "-euc", line], cwd=folder, env=env,
                          capture_output=True, stdin=subprocess.DEVNULL)


def all_is_well(failures):
    assert not failures, "\n".join(map(str, failures))


# --- HTTP ---

def http_daemon(folder):
    tokens = pathlib.Path(folder, "tokens")
    tokens.touch(mode=0o600)
    tokens.write_text("".join(f"{role} {token}\n" for role, token in TOKENS.items()))
    groups = {"http": {"token-file": tokens, "trust-loopback": "true"},
              "recovery": {"allow-reboot": "true", "reboot-min-uptime": "0"}}
    return daemonrun.Daemon({"front": SIZE, "camera": SIZE}, groups,
                            {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"})


def here(line, daemon):
    line = re.sub(r"127\.0\.0\.1:5000|pi\.local:5000", f"127.0.0.1:{daemon.http_port}", line)
    line = line.replace("/run/camwarden/http.sock", str(daemon.runtime / "http.sock"))
    return line.replace("vlc ", "curl --globoff ").replace("curl ", "curl -sS --fail-with-body ")


def http_check(line, folder, daemon):
    endless = "stream" in line
    done = shell(here(line, daemon), folder, 1.5 if endless else 20, TOKEN=TOKENS["read"])
    tap.equal(done.returncode, 124 if endless else 0, f"{line}: {done.stderr} {done.stdout[-300:]}")
    if "vlc" in line:
        assert JPEG in done.stdout, done.stdout[:200]
    elif "event-stream" not in line and " -o " not in line:
        assert done.stdout.startswith(b"{"), done.stdout[:200]


def test_http():
    with tempfile.TemporaryDirectory() as folder, http_daemon(folder) as daemon:
        daemon.wait_frames()
        for block in blocks("http"):
            for line in guides.lines(block.text):
                http_check(line, folder, daemon)
        assert pathlib.Path(folder, "now.jpg").read_bytes().startswith(JPEG)
        for block in blocks("page"):
            address = re.search(r'src="([^"]+)"', block.text)[1]
            done = shell(here(f"curl {address}", daemon), folder, 2)
            assert JPEG in done.stdout, done.stderr


def test_reboot_by_http():
    """The nonce of the page is no nonce of this daemon."""
    with tempfile.TemporaryDirectory() as folder, http_daemon(folder) as daemon:
        daemon.wait_frames()
        answers = [shell(here(line, daemon), folder, ADMIN=TOKENS["admin"]).stdout.decode()
                   for block in blocks("reboot") for line in guides.lines(block.text)]
        told = [json.loads(answer)["status"] for answer in answers]
        tap.equal(told, [428, 409], answers)
        assert '"nonce"' in answers[0] and '"host"' in answers[0], answers


# --- the sources ---

def test_run_sh():
    """The two commands: what run.sh prints reads the stream, and Ctrl-C ends everything."""
    with tempfile.TemporaryDirectory() as place, redisserver.RedisServer():
        folder = pathlib.Path(place)
        for name in ("run.sh", "dependencies.txt"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "scripts", folder / "scripts")
        (folder / "build").symlink_to(daemonrun.BUILD)
        daemon = daemonrun.Daemon({"camera": SIZE})
        env = {**daemon.environ(), "CAMWARDEN_CONFIG": str(daemon.config)}
        daemon.runtime.parent.mkdir()
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(["./run.sh"], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        try:
            said = daemonrun.wait_until("run.sh says how to read the stream", lambda: re.search(
                r"Dashboard: (\S+)\n.*(gst-launch-1.0 redissrc .*)\n",
                (folder / "log").read_text(errors="replace")), 120)
            assert shell(f"curl -sS --fail {said[1]}", folder).stdout.startswith(b"<!")
            line = said[2].replace("autovideosink", "fakesink").replace("redissrc ", "redissrc num-buffers=5 ")
            done = shell(line, folder, GST_PLUGIN_PATH_1_0=str(daemonrun.BUILD / "plugins"))
            tap.equal(done.returncode, 0, str(done))
            process.send_signal(signal.SIGINT)
            tap.equal(process.wait(20), 0, (folder / "log").read_text(errors="replace"))
            said = (folder / "log").read_text(errors="replace")
            assert "Redis is away" not in said, said # it was told to go
        finally:
            process.kill()
            shutil.rmtree(daemon.directory)


def script_check(line):
    """Nothing is built here: a script knows the option, a shell finds the elements."""
    command = line.split("#")[0].split()
    if command[0] == "meson":
        tap.equal(command, "meson devenv -C build".split())
        return shell(f"meson devenv -C {daemonrun.BUILD} gst-inspect-1.0 redissink", ROOT)
    done = shell(f"{command[0]} --help", ROOT)
    told = set(re.findall(r"(?<!\S)--[a-z]+", done.stdout.decode()))
    assert set(word for word in command if word.startswith("--")) <= told, line
    return done


def test_scripts():
    lines = [line for block in blocks("scripts") for line in guides.lines(block.text)]
    lines += [span for _, span in guides.commands("tools") if re.match(r"\./|meson devenv", span)]
    assert len(lines) >= 15, lines
    for line in dict.fromkeys(lines):
        done = script_check(line)
        tap.equal(done.returncode, 0, f"{line}: {done.stderr}")


def test_setup():
    """Nothing is missing, the options are there, and ninja has something to do."""
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks("setup"):
            for line in guides.lines(block.text):
                line = line.replace("packages install", "packages missing")
                line = line.replace("-C build", f"-n -C {folder}/build")
                line = line.replace("setup build", f"setup {folder}/build")
                done = shell(line, ROOT)
                tap.equal(done.returncode, 0, f"{line}: {done}")
                assert "missing" not in line or not done.stdout, done
        assert b"camwardend" in done.stdout


def test_meson():
    """It would run these tests, and there are such."""
    lines = [line for block in blocks("meson") for line in guides.lines(block.text)]
    lines += [span for _, span in guides.commands("tools") if "meson test" in span]
    assert len(lines) >= 5, lines
    for line in lines:
        folder = line.split("-C ")[1].split()[0]
        done = shell(line.replace(f"-C {folder}", f"-C {daemonrun.BUILD} --no-rebuild --list"), ROOT)
        assert done.returncode == 0 and done.stdout.count(b"\n") == 1, f"{line}: {done}"


def test_ninja():
    """It would make these targets."""
    lines = {span for _, span in guides.commands("tools") if span.startswith("ninja")}
    assert len(lines) >= 2, lines
    for line in lines:
        done = shell(line.replace("-C build", f"-n -C {daemonrun.BUILD}"), ROOT)
        tap.equal(done.returncode, 0, f"{line}: {done.stdout}")


# --- configuration ---

def test_configuration():
    """Groups that differ only in what the first lines of their parts say are looked at one by one."""
    for block in blocks("configuration"):
        head, rest = block.text.split("\n", 1)
        for part in rest.split("\n\n"):
            with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
                file.write(f"{head}\n{part}\n")
                file.flush()
                done = subprocess.run([daemonrun.PROGRAM, "--check-config", "--config", file.name],
                                      capture_output=True, text=True)
                said = done.stdout + done.stderr
                said = said.replace("warning: other hosts are let in only with tokens", "")
                assert done.returncode == 0 and "warning" not in said, f"{block}: {part}: {said}"


# --- a worker ---

def worker_commands():
    lines = [line for block in blocks("worker") for line in guides.lines(block.text)]
    return lines + [span for _, span in guides.commands("tools") if "camwarden-camera" in span]


def test_worker():
    """By hand, all at once, each in a world of its own; Ctrl-C drains and ends it."""
    with redisserver.RedisServer() as server, tempfile.TemporaryDirectory() as place:
        running = []
        for number, line in enumerate(worker_commands()):
            folder = pathlib.Path(place, str(number))
            folder.mkdir()
            (folder / "one.conf").write_text(
                "[camera:front]\nsource=videotestsrc is-live=true\nmodes=pubsub, key\n"
                f"channel=cam:w{number}:frame\n[redis]\nuri=redis://127.0.0.1:{server.port}\n")
            line = line.split("#")[0].replace("/usr/libexec/camwarden/", "").replace(" ID", " front")
            line = re.sub(r"redis://127\.0\.0\.1(?!:)", f"redis://127.0.0.1:{server.port}", line)
            env = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder),
                   "CAMWARDEN_CONFIG": str(folder / "one.conf"),
                   "PATH": f"{daemonrun.BUILD / 'app/camera'}:{os.environ['PATH']}"}
            with open(folder / "log", "wb") as log:
                running.append((line, folder / "log", subprocess.Popen(
                    ["sh", "-euc", f"exec env {line}"], cwd=folder, env=env, stdout=log, stderr=log)))
        try:
            for number, (line, log, process) in enumerate(running):
                daemonrun.wait_until(f"frames come of {line}", lambda: process.poll() is not None or
                                     subprocess.run(["redis-cli", "-p", str(server.port), "exists",
                                                     f"cam:w{number}:frame:last"], text=True,
                                                    capture_output=True).stdout == "1\n")
                if "--verbose" in line:
                    time.sleep(2.5)
                process.send_signal(signal.SIGINT)
                tap.equal(process.wait(20), 0, log.read_text(errors="replace")[-2000:])
                assert "--verbose" not in line or log.read_text().count("\n") >= 2, log.read_text()
        finally:
            for _, _, process in running:
                process.kill()
                process.wait()


def test_inspect():
    line, = {span for _, span in guides.commands("tools") if span.startswith("gst-inspect-1.0")}
    for name in ("redissink", "redissrc", "framestoresink", "healthprobe"):
        done = shell(line.replace("NAME", name), ROOT)
        tap.equal(done.returncode, 0, str(done))


def test_private_redis_and_history():
    """As a reader, and what sqlite3 may read."""
    with daemonrun.Daemon({"front": SIZE}) as daemon:
        daemon.wait_frames()
        for _, span in guides.commands("tools"):
            if span.startswith("redis-cli"):
                span = span.replace("RUNTIME", str(daemon.runtime))
                done = shell(f"{span} get cam:front:status", ROOT)
                assert done.stdout.startswith(b"{"), done
            elif span.startswith("sqlite3"):
                path, = daemon.directory.rglob("history.sqlite")
                sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("select * from sample")


def test_every_command_has_its_case():
    """Those in the text that the tests above take from the guides by themselves."""
    cases = (r"\./(run|test)\.sh|meson devenv|(\w+=\S+ )?meson test|ninja |gst-inspect-1.0 NAME$|redis-cli -p |"
             r"sqlite3 history|(\w+=\S+ )?\S*camwarden-camera --camera|camwardend --check-config$")
    left = [span for _, span in guides.commands("tools") if not re.match(cases, span)]
    tap.equal(left, [])


def test_every_block_has_its_case():
    ways = {block.way for block in guides.blocks("tools")}
    tap.equal(ways, {"http", "page", "reboot", "scripts", "setup", "meson", "configuration", "worker"})


tap.main(globals())
