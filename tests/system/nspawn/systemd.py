#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed daemon under a real systemd, logind and polkit, in a container that boots a tree of
its own. Started by ./test.sh --systemd, which builds what it needs."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "support"))
import tap

BUILD = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"])
INSTALLED = os.environ.get("CAMWARDEN_SYSTEMD_BUILD")  # configured for /usr
REBOOTED, POWERED_OFF = 133, 0

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

UNIT = """[Unit]
Description=The test
After=multi-user.target
[Service]
Type=exec
ExecStart=/bin/sh /opt/guest.sh
"""

# Every mount is made in a namespace that goes with the command; the machine's own root stays as it
# is. /run has to be empty: systemd-nspawn keeps its locks there.
IN_NAMESPACE = """set -eu
base=$1 place=$2
shift 2
mount -t overlay overlay -o "lowerdir=$base,upperdir=$place/upper,workdir=$place/work" "$place/root"
cd "$place"
"""
INSTALL = IN_NAMESPACE + """
build=$1 run=$2
meson install -C "$build" --no-rebuild --quiet --destdir "$place/root"
chroot root systemd-sysusers
cp "$run" root/opt/rebooterrun
chroot root ldconfig
"""
BOOT = IN_NAMESPACE + """
mount -t tmpfs tmpfs /run
exec systemd-nspawn -q -D "$place/root" --register=no --keep-unit --private-network \
    --console=pipe -b </dev/null
"""

EXPECTED = """active frames worker-lives devices watchdog-configured kill-9 kill-9-frames watchdog-ends watchdog-back
watchdog-frames watchdog-said start-limit start-limit-stays reboot-denied call-denied restart-denied
restart-allowed restart-other-denied reboot-allowed rebooted-because active-again frames-again
all-done""".split()


class Guest:
    """A machine that begins as the cached tree each time."""

    def __init__(self, base):
        self.base = base
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="guest-", dir=base.parent))
        for name in ("upper", "work", "root"):
            (self.place / name).mkdir()
        self.place.chmod(0o755)

    def run(self, script, *arguments, timeout):
        with open(self.place / "console", "ab") as console:
            process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", script, "sh", self.base, self.place, *arguments],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.terminate()  # systemd-nspawn takes the container with it
                process.wait(30)
                return None

    def write(self, path, text):
        file = self.place / "upper" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path):
        file = self.place / "upper" / path
        return file.read_text(errors="replace") if file.exists() else ""

    def prepare(self):
        code = self.run(INSTALL, INSTALLED, BUILD / "tests/daemon/rebooterrun", timeout=120)
        tap.equal(code, 0, "installation")
        self.write("etc/camwarden/conf.d/test.conf", CONFIG)
        self.write("etc/systemd/system/guest.service", UNIT)
        self.write("etc/systemd/system/camwarden.service.d/strict.conf", STRICT)
        self.write("opt/guest.sh", (HERE / "guest.sh").read_text())
        for unit, path in (("guest", "/etc/systemd/system"), ("camwarden", "/lib/systemd/system")):
            wants = self.place / "upper/etc/systemd/system/multi-user.target.wants"
            wants.mkdir(parents=True, exist_ok=True)
            (wants / f"{unit}.service").symlink_to(f"{path}/{unit}.service")

    def boot(self, timeout):
        return self.run(BOOT, timeout=timeout)

    def tell(self):
        for name in ("console", "upper/var/journal.first", "upper/var/journal.second"):
            file = self.place / name
            if file.exists():
                tap.diagnose(f"--- {name}")
                tap.diagnose(file.read_text(errors="replace")[-20000:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.place, ignore_errors=True)


class Story:
    """What the machine wrote down, in two boots."""

    def __init__(self):
        self.codes, self.found = [], {}

    def live(self):
        base = pathlib.Path(INSTALLED) / "guest" / "base"
        subprocess.run([HERE / "tree", base, INSTALLED], check=True, stdout=sys.stderr)
        with Guest(base) as guest:
            guest.prepare()
            self.codes = [guest.boot(240)]
            if self.codes == [REBOOTED]:
                self.codes.append(guest.boot(120))
            for line in guest.read("var/results").splitlines():
                name, verdict, seen = line.split(" ", 2)
                self.found[name] = (verdict, seen)
                tap.diagnose(line)
            good = self.codes == [REBOOTED, POWERED_OFF] and all(
                self.found.get(name, ("",))[0] == "ok" for name in EXPECTED)
            if not good:
                guest.tell()

    def tests(self):
        def one(name):
            return name, lambda: tap.equal(self.found.get(name, ("never reached", ""))[0], "ok",
                                           self.found.get(name, ("", ""))[1])

        def ends():
            tap.equal(self.codes, [REBOOTED, POWERED_OFF])

        def nothing_else():
            tap.equal(sorted(set(self.found) - set(EXPECTED)), [])

        return [one(name) for name in EXPECTED] + [
            ("the_guest_reboots_once_then_powers_off", ends), ("nothing_unexpected", nothing_else)]


def why_not():
    if not INSTALLED:
        return "run by ./test.sh --systemd"
    if os.geteuid() != 0:
        return "a container needs root"
    return ""


def main():
    story = Story()
    why = why_not()

    def skip():
        raise tap.Skip(why)

    if why:
        return tap.run([("systemd", skip)])
    story.live()
    return tap.run(story.tests())


sys.exit(0 if main() else 1)
