# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine of its own that boots: a root tree under systemd-nspawn, written to as a copy.

In it a script runs as a unit and writes a line for each finding: NAME ok|bad WHAT-WAS-SEEN."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import tap

REBOOTED, POWERED_OFF = 133, 0
RESULTS = "var/results"

UNIT = """[Unit]
Description=The test
After=multi-user.target
[Service]
Type=exec
ExecStart=/bin/sh /opt/guest.sh
"""

# Every mount is made in a namespace that goes with the command; the machine's own root stays as it
# is. /run has to be empty: systemd-nspawn keeps its locks there. With a control group tree of its
# own and the right to load filters into it the guest's systemd enforces rules about devices and
# addresses, too.
BOOT = """set -eu
base=$1 place=$2
mount -t overlay overlay -o "lowerdir=$base,upperdir=$place/upper,workdir=$place/work" "$place/root"
cd "$place"
mount -t tmpfs tmpfs /run
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn -q -D "$place/root" --register=no \
    --keep-unit --private-network --capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN \
    --system-call-filter='bpf adjtimex clock_adjtime' --console=pipe -b </dev/null
"""


class Guest:
    """A machine that begins as the tree BASE."""

    def __init__(self, base):
        self.base = base
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="guest-", dir=base.parent))
        for name in ("upper", "work", "root"):
            (self.place / name).mkdir()
        self.place.chmod(0o755)

    def run(self, words, timeout):
        """Its exit status; None if it took too long."""
        with open(self.place / "console", "ab") as console:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console,
                                       stderr=console, start_new_session=True)
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.terminate()  # systemd-nspawn takes the container with it
                process.wait(30)
                return None

    def inside(self, *words, timeout=300):
        """Runs a command in the tree, without booting it."""
        chroot = pathlib.Path(os.environ["CAMWARDEN_SOURCE_ROOT"]) / "scripts" / "chroot"
        return self.run([chroot, "run", self.base, self.place, *words], timeout)

    def path(self, path):
        """Where a file of the guest that it wrote, or is to find, is seen from here."""
        return self.place / "upper" / path

    def write(self, path, text):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)

    def copy(self, source, path):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, self.path(path))

    def enable(self, unit, folder):
        wants = self.path("etc/systemd/system/multi-user.target.wants")
        wants.mkdir(parents=True, exist_ok=True)
        (wants / f"{unit}.service").symlink_to(f"{folder}/{unit}.service")

    def will_run(self, script):
        self.copy(script, "opt/guest.sh")
        self.copy(pathlib.Path(__file__).with_name("guestlib.sh"), "opt/guestlib.sh")
        self.write("etc/systemd/system/guest.service", UNIT)
        self.enable("guest", "/etc/systemd/system")

    def boot(self, timeout):
        return self.run(["unshare", "-m", "sh", "-c", BOOT, "sh", self.base, self.place], timeout)

    def tell(self):
        for file in [self.place / "console", *sorted(self.path("var").glob("journal.*"))]:
            if file.exists():
                tap.diagnose(f"--- {file.name}")
                tap.diagnose(file.read_text(errors="replace")[-20000:])

    def found(self):
        """What it wrote: name -> (ok|bad, what was seen)."""
        found = {}
        file = self.path(RESULTS)
        for line in file.read_text(errors="replace").splitlines() if file.exists() else []:
            name, verdict, seen = line.split(" ", 2)
            found[name] = (verdict, seen)
            tap.diagnose(line)
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.place, ignore_errors=True)


def cases(expected, codes_expected, codes, found):
    """TAP's: one for each finding, and how the boots ended."""
    def one(name):
        return name, lambda: tap.equal(found.get(name, ("never reached", ""))[0], "ok",
                                       found.get(name, ("", ""))[1])

    def ends():
        tap.equal(codes, codes_expected)

    def nothing_else():
        tap.equal(sorted(set(found) - set(expected)), [])

    return [one(name) for name in expected] + [
        ("the_guest_ends_as_expected", ends), ("nothing_unexpected", nothing_else)]
