#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl as docs/camwardenctl.md and its manual page describe it: every command and option is
named there, and each example works, with a real daemon, as it stands: "<!-- test: ctl STATUS -->" before
a block of sh says what each of its lines ends with."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import daemonrun
import tap
from ctlrun import CTL, ctl

ROOT = pathlib.Path(os.environ["CAMWARDEN_SOURCE_ROOT"])
DOCUMENT = (ROOT / "docs/camwardenctl.md").read_text(encoding="utf-8")
MANUAL = (ROOT / "man/camwardenctl.1.scd").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- test: ctl (\d+) -->\n)?```sh\n(.*?)```", re.S)


def commands():
    out = ctl("--complete", "--", "")[1]
    return [line.split("\t")[0] for line in out.splitlines()]


def options(*words):
    out = ctl("--complete", "--", *words, "--")[1]
    return {line.split("\t")[0] for line in out.splitlines()}


def verbs(command):
    """Of the second column of its usage."""
    usage = ctl(command, "--help")[1].splitlines()[1].split("] ", 1)[-1]
    return re.findall(r"(?<![A-Z])\b[a-z]+\b", usage) if "|" in usage else []


def test_everything_is_described():
    missing = []
    for command in commands():
        for verb in verbs(command) or [""]:
            place = f"{command} ID" if command == "camera" else command
            name = f"{place} {verb}".strip()
            if name not in DOCUMENT:
                missing.append(f"docs: {name}")
            if f"*{command}" not in MANUAL or (verb and verb not in MANUAL):
                missing.append(f"man: {name}")
        for option in options(command):
            if not re.search(rf"{option}\b", DOCUMENT):
                missing.append(f"docs: {command} {option}")
            if f"*{option}*" not in MANUAL:
                missing.append(f"man: {command} {option}")
    assert not missing, "\n".join(missing)


def test_nothing_else_is_described():
    known = {"--version", "--help"}
    for command in commands():
        known |= options(command)
    told = set(re.findall(r"\*(--[a-z-]+)", MANUAL))
    assert told <= known, told - known
    named = {line.split("*")[1].split()[0] for line in MANUAL.splitlines()
             if re.match(r"\*[a-z]+[ *]", line)}
    assert named - {"camwardenctl", "camwardend"} <= set(commands()) | {"camera"}, named


def test_exit_codes_are_described():
    header = (ROOT / "app/ctl/exitstatus.h").read_text()
    for code in re.findall(r"EXIT_\w+ = (\d+)", header):
        assert f"\n*{code}*\n" in MANUAL, code
        assert re.search(rf"\| [0-9, ]*\b{code}\b[0-9, ]* \|", DOCUMENT), code


def test_every_block_is_run():
    blocks = BLOCK.findall(DOCUMENT)
    assert len(blocks) >= 8 and all(status for status, _ in blocks), blocks


def run_line(line, status, folder, daemon):
    line = line.replace("press-3:5000", f"127.0.0.1:{daemon.http_port}")
    line = line.replace("6390", str(daemon.redis_port()))
    env = {**daemon.environ(), "CAMWARDEN_CONFIG": str(daemon.config), "LC_ALL": "C.UTF-8",
           "PATH": f"{CTL.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode in ([int(status)] if isinstance(status, str) else status), \
        f"{line}: {done.returncode} {done.stdout[-500:]} {done.stderr[-500:]}"


# The machine that runs the tests is busy, which is a warning.
CALM = {"thresholds": {"cpu": "100%;100%"}}


def wait_healthy(daemon):
    """Frames are there before the worker tells of them, once a second."""
    daemon.wait_frames()
    place = ["--socket", str(daemon.runtime / "http.sock")]
    daemonrun.wait_until("everything is healthy", lambda: ctl(*place, "status")[0] == 0)


def test_examples():
    with tempfile.TemporaryDirectory() as folder:
        groups = {"http": {"token-file": f"{folder}/tokens"}, **CALM}
        source = "videotestsrc is-live=true"
        with daemonrun.Daemon({"front": {"source": source, "width": 320, "height": 240}},
                              groups) as daemon:
            wait_healthy(daemon)
            for status, text in BLOCK.findall(DOCUMENT):
                for line in text.splitlines():
                    run_line(line, status, folder, daemon)
            for name in ("now.jpg", "other.jpg"):
                picture = pathlib.Path(folder, name).read_bytes()
                assert picture.startswith(b"\xff\xd8"), name
            assert "framerate=20" in daemon.config.read_text()


def test_the_scripts_successors():
    """The table of docs/operations.md. What judges the machine may find something."""
    table = (ROOT / "docs/operations.md").read_text(encoding="utf-8").split("## The scripts")[1]
    lines = re.findall(r"`(camwardenctl [^`]+)`", table)
    assert len(lines) >= 20, lines
    judging = ("doctor", "health", "status", "camera front status")
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        source = "videotestsrc is-live=true"
        with daemonrun.Daemon({"front": {"source": source, "width": 320, "height": 240}},
                              CALM) as daemon:
            wait_healthy(daemon)
            for line in lines:
                words = line.removeprefix("camwardenctl ")
                good = [0, 1, 2] if words.startswith(judging) else [0]
                try:
                    run_line(line, good, folder, daemon)
                except AssertionError as error:
                    failures.append(str(error))
            assert "<html" in pathlib.Path(folder, "tune.html").read_text().lower()
    assert not failures, "\n".join(failures)


# --- completion ---

def test_completion_in_bash():
    script = """. /usr/share/bash-completion/bash_completion
. "$1"
COMP_LINE=$2; COMP_POINT=${#COMP_LINE}; COMP_WORDS=($3); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
PATH=$4:$PATH; _camwardenctl; printf '%s\\n' "${COMPREPLY[@]}" """
    file = str(ROOT / "data/completion/camwardenctl.bash")
    if not pathlib.Path("/usr/share/bash-completion/bash_completion").exists():
        raise tap.Skip("bash-completion is not installed")

    def offered(line, words):
        return subprocess.run(["bash", "-c", script, "bash", file, line, words, str(CTL.parent)],
                              capture_output=True, text=True, timeout=30, check=True,
                              env={**os.environ, "CAMWARDEN_CONFIG": "/dev/null"}).stdout.split()

    tap.equal(offered("camwardenctl rel", "camwardenctl rel"), ["reload"])
    tap.equal(offered("camwardenctl camera camera sn", "camwardenctl camera camera sn"),
              ["snapshot"])
    tap.equal(offered("camwardenctl config get camera:c", "camwardenctl config get camera : c"),
              ["camera"])
    tap.equal(offered("camwardenctl health --na", "camwardenctl health --na"), ["--nagios"])


def in_shell(shell, *arguments):
    try:
        return subprocess.run([shell, *arguments], capture_output=True, text=True, timeout=30,
                              env={**os.environ, "CAMWARDEN_CONFIG": "/dev/null", "HOME": "/tmp",
                                   "PATH": f"{CTL.parent}:{os.environ['PATH']}"}).stdout
    except FileNotFoundError as error:
        raise tap.Skip(f"{shell} is not installed") from error


def test_completion_in_zsh():
    script = """_describe () { print -rl -- ${(P)2} }; _files () { print FILES }
file=$1; shift; words=(camwardenctl "$@"); CURRENT=$#words; complete_ () { . $file }; complete_"""
    file = str(ROOT / "data/completion/_camwardenctl")
    out = in_shell("zsh", "-fc", script, "zsh", file, "camera", "camera", "tes")
    tap.equal(out, "test:\n")
    out = in_shell("zsh", "-fc", script, "zsh", file, "config", "get", "camera:c")
    tap.equal(out, "camera\\:camera:\n")
    out = in_shell("zsh", "-fc", script, "zsh", file, "camera", "camera", "snapshot", "--output", "")
    tap.equal(out, "FILES\n")


def test_completion_in_fish():
    file = ROOT / "data/completion/camwardenctl.fish"
    out = in_shell("fish", "--no-config", "-c",
                   f"source {file}; complete -C 'camwardenctl token re'; "
                   "complete -C 'camwardenctl config get camera:c'")
    tap.equal([line.split("\t")[0] for line in out.splitlines()], ["remove", "camera:camera"])


tap.main(globals())
