#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed daemon under a real systemd, logind and polkit, in a container that boots a tree of
its own. Started by ./test.sh --systemd, which builds what it needs."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "support"))
import guest
import guidelines
import tap

BUILD = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"])
INSTALLED = os.environ.get("CAMWARDEN_SYSTEMD_BUILD")  # configured for /usr
PROGRAMS = ("rebooterrun", "sensorsrun")

CONFIG = """[camera:front]
source=videotestsrc is-live=true pattern=ball
width=320
height=240
framerate=30
"""

# A call that the unit forbids is to be seen here, not lived with.
STRICT = """[Service]
SystemCallErrorNumber=kill
"""

ENDS = [guest.REBOOTED, guest.POWERED_OFF]
EXPECTED = """active frames worker-lives watchdog-configured camera-open other-closed sensors loopback
elsewhere-closed elsewhere-lan tokens no-token token tokens-stay external-redis kill-9 kill-9-frames watchdog-ends
watchdog-back watchdog-frames watchdog-said start-limit start-limit-stays reboot-denied call-denied
restart-denied restart-allowed restart-other-denied reboot-allowed rebooted-because active-again
frames-again guides-active guides-frames all-done""".split() + list(guidelines.commands())


# Into the tree as it is mounted: /lib is a link there.
INSTALL = """tar -C /opt/installed -c . | tar -C / -x --keep-directory-symlink
systemd-sysusers
ldconfig"""


def prepare(machine):
    subprocess.run(["meson", "install", "-C", INSTALLED, "--no-rebuild", "--quiet",
                    "--destdir", machine.path("opt/installed")], check=True, stdout=sys.stderr)
    for program in PROGRAMS:
        machine.copy(BUILD / "tests" / "daemon" / program, f"opt/{program}")
    if machine.inside("sh", "-euc", INSTALL) != 0:
        machine.tell()
        raise AssertionError("installation failed")
    machine.write("etc/camwarden/conf.d/test.conf", CONFIG)
    machine.write("etc/systemd/system/camwarden.service.d/strict.conf", STRICT)
    machine.write("opt/guides", "".join(f"{name} {line}\n"
                                        for name, line in guidelines.commands().items()))
    machine.will_run(HERE / "guest.sh")
    machine.enable("camwarden", "/lib/systemd/system")


def live():
    """The machine's two boots: how they ended, and what it wrote down."""
    base = pathlib.Path(INSTALLED) / "guest" / "base"
    subprocess.run([HERE / "tree", base, INSTALLED], check=True, stdout=sys.stderr)
    with guest.Guest(base) as machine:
        prepare(machine)
        codes = [machine.boot(240)]
        if codes == [guest.REBOOTED]:
            codes.append(machine.boot(240))
        found = machine.found()
        good = codes == ENDS and all(found.get(name, ("",))[0] == "ok" for name in EXPECTED)
        if not good:
            machine.tell()
        return codes, found


def why_not():
    if not INSTALLED:
        return "run by ./test.sh --systemd"
    if os.geteuid() != 0:
        return "a container needs root"
    return ""


def main():
    if why := why_not():
        return tap.skipped("systemd", why)
    return tap.run(guest.cases(EXPECTED, ENDS, *live()))


sys.exit(0 if main() else 1)
