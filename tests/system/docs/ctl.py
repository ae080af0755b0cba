#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl as docs/camwardenctl.md and its manual page describe it: every command and option is
named there; and each command of it in any guide works, with a real daemon, as it stands:
"<!-- test: ctl STATUS -->" before a block says what each of its lines ends with."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import daemonrun
import guides
import tap
from ctlrun import CTL, ctl

ROOT = guides.ROOT
PAGE = "docs/camwardenctl.md"
DOCUMENT = guides.source(PAGE)
MANUAL = (ROOT / "man/camwardenctl.1.scd").read_text(encoding="utf-8")


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


# --- each command, with a daemon ---

# What takes long as it stands there, what stands for something else, what never ends.
INSTEAD = [
    (r"press-3:5000", "127.0.0.1:{http}"),
    (r"6390", "{redis}"),
    (r"camwardenctl tune$", "camwardenctl tune --report tune.html"),
    (r"(camwardenctl tune)(?!.*--duration)", r"\1 --duration 5"),
    (r"(camwardenctl selftest)(?!.*--duration 2)(?: --duration \d+)?", r"\1 --duration 2"),
    (r"\bID\b", "front"),
    (r"(backup verify) (FILE|ARCHIVE)", r"\1 {state}/camwarden/backups/*.zst"),
    (r"\bFILE\b", "report.tar.zst"),
    (r"^(camwardenctl (watch|logs --follow)$)", r"timeout --foreground --preserve-status -s INT 2 \1"),
]
# What judges the machine may find something.
JUDGES = re.compile(r"camwardenctl (doctor|health|status|camera front( status.*)?$)")
# There is one file and no conf.d; no reboot is allowed.
ENDS = {
    "camwardenctl tune --apply": 64,
    "camwardenctl reboot": 75,
}


def prepared(line, daemon):
    line = line.split("#")[0].strip()
    for pattern, text in INSTEAD:
        line = re.sub(pattern, text, line)
    return line.format(http=daemon.http_port, redis=daemon.redis_port(), state=daemon.directory / "state")


def run_line(line, status, folder, daemon):
    words = prepared(line, daemon)
    env = {**daemon.environ(), "CAMWARDEN_CONFIG": str(daemon.config), "LC_ALL": "C.UTF-8",
           "PATH": f"{CTL.parent}:{os.environ['PATH']}"}
    begin = time.monotonic()
    done = subprocess.run(["sh", "-c", words], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL)
    tap.diagnose(f"{time.monotonic() - begin:.1f} s  {words}")
    good = [0, 1, 2] if JUDGES.match(line) else [ENDS.get(line.split("#")[0].strip(), status)]
    assert done.returncode in good, \
        f"{line}: {done.returncode} {done.stdout[-500:]} {done.stderr[-500:]}"


def lines_of_guides(daemon):
    """(line, status): this page as it stands; of the other ones what was not yet run."""
    blocks = sorted(guides.blocks("ctl"), key=lambda block: block.document != PAGE)
    page = [(line, int(block.way)) for block in blocks for line in guides.lines(block.text)
            if block.document == PAGE]
    others = [(line, int(block.way)) for block in blocks for line in guides.lines(block.text)
              if block.document != PAGE]
    for _, span in guides.commands("ctl"):
        names = commands() if "COMMAND" in span else [""]
        others += [(span.replace("COMMAND", name), 0) for name in names]
    assert len(page) > 30 and len(others) > 60, (page, others)
    seen = {prepared(line, daemon) for line, _ in page}
    once = {prepared(line, daemon): (line, status) for line, status in others}
    return page + [pair for words, pair in once.items() if words not in seen]


# The machine that runs the tests is busy, which is a warning.
CALM = {"thresholds": {"cpu": "100%;100%"}}


def wait_healthy(daemon):
    """Frames are there before the worker tells of them, once a second."""
    daemon.wait_frames()
    place = ["--socket", str(daemon.runtime / "http.sock")]
    daemonrun.wait_until("everything is healthy", lambda: ctl(*place, "status")[0] == 0)


def check_what_is_left(folder, daemon):
    for name in ("now.jpg", "other.jpg"):
        picture = pathlib.Path(folder, name).read_bytes()
        assert picture.startswith(b"\xff\xd8"), name
    assert "framerate=20" in daemon.config.read_text()
    assert "<html" in pathlib.Path(folder, "tune.html").read_text().lower()
    assert pathlib.Path(folder, "support.tar.zst").stat().st_size > 1000


def test_each_command_works():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        groups = {"http": {"token-file": f"{folder}/tokens"}, **CALM}
        source = "videotestsrc is-live=true"
        with daemonrun.Daemon({"front": {"source": source, "width": 320, "height": 240}},
                              groups) as daemon:
            wait_healthy(daemon)
            for line, status in lines_of_guides(daemon):
                try:
                    run_line(line, status, folder, daemon)
                except Exception as error:  # the others are to run, too
                    failures.append(str(error))
            assert not failures, "\n".join(failures)
            check_what_is_left(folder, daemon)


def test_the_scripts_successors():
    """Each line of that table of docs/operations.md has a command."""
    table = guides.source("docs/operations.md").split("## The scripts")[1]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 15 and all("`camwardenctl " in row for row in rows), rows


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
