# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs camwardenctl in a world of its own: directories, configuration and nothing of the user's."""

import os
import pathlib
import pty
import resource
import select
import subprocess
import time

BUILD = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"])
CTL = BUILD / "app/ctl/camwardenctl"

FOREIGN = ("NO_COLOR", "CAMWARDEN_REDIS_URI", "CAMWARDEN_LISTEN", "http_proxy", "XDG_STATE_HOME",
           "XDG_RUNTIME_DIR", "CAMWARDEN_ROOT")


def environment(folder, **changes):
    """`folder`: where state, runtime and logs are."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env.update(LC_ALL="C.UTF-8", TZ="UTC", CAMWARDEN_CONFIG="/dev/null",
               STATE_DIRECTORY=f"{folder}/state", RUNTIME_DIRECTORY=f"{folder}/run",
               LOGS_DIRECTORY=f"{folder}/log")
    env.update({name: str(value) for name, value in changes.items()})
    return env


class Done:
    def __init__(self, code, out, err, rss):
        self.code, self.out, self.err = code, out, err
        self.rss = rss  # bytes at most


def ctl(folder, *words, stdin=None, timeout=120, **changes):
    process = subprocess.Popen([CTL, *map(str, words)], stdout=subprocess.PIPE, stdin=stdin,
                               stderr=subprocess.PIPE, env=environment(folder, **changes))
    out, err = process.communicate(timeout=timeout)
    assert process.returncode >= 0, f"ended by signal {-process.returncode}: {err.decode()}"
    return Done(process.returncode, out.decode(), err.decode(), 0)


def measured(folder, *words, **changes):
    """The same, with the memory it took at most."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.execve(CTL, [str(CTL), *map(str, words)], environment(folder, **changes))
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        out = pipe.read()
    _, status, usage = os.wait4(pid, 0)
    return Done(os.waitstatus_to_exitcode(status), out.decode(), "", usage.ru_maxrss * 1024)


def on_a_terminal(folder, *words, typed=b"", **changes):
    """What it prints to a terminal, and its exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(CTL, [str(CTL), *map(str, words)], environment(folder, TERM="xterm", **changes))
    if typed:
        os.write(fd, typed)
    out, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline and select.select([fd], [], [], 60)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode()


def check_width(text):
    for line in text.splitlines():
        assert len(line) <= 80, f"{len(line)} columns: {line}"


def sanitized():
    """What holds for memory and time does not under a sanitizer."""
    return os.environ.get("CAMWARDEN_SANITIZER", "") != ""


def limit_processor(seconds):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
