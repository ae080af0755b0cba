#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages: built, checked, installed, upgraded and purged, in a plain tree and in a
machine that boots. Run by ./test.sh --packages; the packages stay in build-packages/debs."""

import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import debs
import guest
import othermachine
import tap
import tree

PLACE = os.environ.get("CAMWARDEN_PACKAGES")
WHERE = pathlib.Path(PLACE or "/nonexistent")
DEBS = WHERE / "debs"
NEXT = WHERE / "next"
APT = "apt-get install -y -q --no-install-recommends"

# What may stay: the user, as files of somebody else's may belong to it, and the records of apt.
LEFT = """find / -xdev -name '*camwarden*' -not -path '/proc/*' -not -path '/opt/*' -not -path '/tmp/*'
dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' | grep camwarden || true
getent passwd camwarden | cut -d: -f1,6,7"""
LEFT_EXPECTED = "camwarden:/var/lib/camwarden:/usr/sbin/nologin"

EXPECTED = """installed enabled picture status tokens frames score upgraded picture-again kept removed
state-stays purged nothing-left all-done""".split()


def packages(folder=DEBS):
    return [file for file in sorted(folder.glob("*.deb")) if "-dbgsym_" not in file.name]


def names(folder):
    return " ".join(f"/opt/{folder.name}/{file.name}" for file in packages(folder))


def bring(copy, *folders):
    for folder in folders:
        copy.path(f"opt/{folder.name}").mkdir(parents=True, exist_ok=True)
        for file in packages(folder):
            shutil.copy(file, copy.path(f"opt/{folder.name}"))


def test_build():
    othermachine.make_tree(WHERE / "builder", othermachine.listed("build", "package", "packagetest"))
    with othermachine.Copy(WHERE / "builder") as copy:
        debs.build(copy, "build")
        shutil.rmtree(DEBS, ignore_errors=True)
        DEBS.mkdir()
        for file in copy.path("build").iterdir():
            if file.is_file():
                shutil.copy(file, DEBS)
    tap.equal(sorted(file.name.split("_")[0] for file in packages()), sorted(debs.NAMES))


# In another folder, at another time and place, in another language, by somebody who is not root.
def test_reproducible():
    folder = "home/elsewhere/again"
    with othermachine.Copy(WHERE / "builder") as copy:
        shutil.copytree(DEBS, copy.path("opt/debs"))
        debs.build(copy, folder, "chown -R nobody . && umask 0077 && export TZ=XYZ+11 LC_ALL=C",
                   "setpriv --reuid=nobody --regid=nogroup --clear-groups")
        tap.equal(debs.differences(copy, "opt/debs", folder), "")


def test_lintian():
    with othermachine.Copy(WHERE / "builder") as copy:
        shutil.copytree(DEBS, copy.path("opt/debs"))
        code, said = copy.run("lintian --allow-root --fail-on error,warning /opt/debs/*.changes")
    tap.diagnose(said)
    tap.equal(code, 0, "lintian")


def test_codec_metadata():
    file = next(file for file in packages() if file.name.startswith("gstreamer"))
    fields = othermachine.output("dpkg-deb", "-f", file)
    for wanted in ("Gstreamer-Elements: framestoresink, healthprobe, redissink, redissrc",
                   "Gstreamer-Uri-Sources: redis", "Gstreamer-Version: 1."):
        assert wanted.lower() in fields.lower(), f"{wanted!r} is not in\n{fields}"


def test_translations():
    folder = r"\./usr/share/locale/(\w+)/LC_MESSAGES/camwarden\.mo$"
    found = [lang for file in packages()
             for lang in re.findall(folder, othermachine.output("dpkg-deb", "-c", file), re.M)]
    wanted = [lang for line in tree.text("po/LINGUAS").splitlines() if not line.startswith("#")
              for lang in line.split()]
    tap.equal(sorted(found), sorted(wanted))


def test_autopkgtest():
    with othermachine.Copy(WHERE / "builder") as copy:
        debs.unpack_sources(copy.path("build"), 0)
        bring(copy, DEBS)
        copy.must("apt-get update -q")
        code, said = copy.run(f"cd /build/camwarden-* && autopkgtest -o /tmp/out {names(DEBS)} . "
                              "-- null; cat /tmp/out/summary")
    tap.diagnose(said[-3000:])
    tap.equal(code, 0, "autopkgtest")


# A tree without systemd: the same daemon by hand.
def test_install_upgrade_purge_in_a_chroot():
    othermachine.make_tree(WHERE / "fresh", [])
    with othermachine.Copy(WHERE / "fresh") as copy:
        bring(copy, DEBS, NEXT)
        shutil.copy(othermachine.ROOT / "debian" / "tests" / "service", copy.path("opt/service"))
        before = copy.must(LEFT)
        copy.must(f"apt-get update -q && {APT} curl redis-tools {names(DEBS)}")
        tap.diagnose(copy.must("/opt/service"))
        copy.must("echo '[log]' >/etc/camwarden/conf.d/mine.conf")
        copy.must(f"{APT} {names(NEXT)}")
        assert "+next" in copy.must("dpkg-query -W -f '${Version}' camwarden")
        tap.diagnose(copy.must("test -e /etc/camwarden/conf.d/mine.conf && /opt/service"))
        copy.must("rm /etc/camwarden/conf.d/mine.conf && rm -rf /run/camwarden")
        copy.must(f"apt-get purge -y -q {' '.join(debs.NAMES)}")
        after = copy.must(LEFT)
    tap.equal(before, "")
    tap.equal(after.strip(), LEFT_EXPECTED)


def boot():
    """The machine's story: how it ended, what it wrote down. It has no network: what the packages
    depend on is there."""
    base = WHERE / "guest"
    othermachine.make_tree(base, sorted({*debs.depends_of(packages()), *othermachine.listed("run", "guest")}))
    (base / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
    with guest.Guest(base) as machine:
        bring(machine, DEBS, NEXT)
        machine.will_run(HERE / "guest.sh")
        codes = [machine.boot(400)]
        found = machine.found()
        if codes != [guest.POWERED_OFF] or any(
                found.get(name, ("",))[0] != "ok" for name in EXPECTED):
            machine.tell()
        return codes, found


def why_not():
    if not PLACE:
        return "run by ./test.sh --packages"
    if os.geteuid() != 0:
        return "trees and containers need root"
    return ""


def main():
    if why := why_not():
        return tap.skipped("packages", why)
    story = {}

    def prepare_next():
        shutil.rmtree(NEXT, ignore_errors=True)
        debs.newer(packages(), NEXT)

    def tell_story():
        story["codes"], story["found"] = boot()

    def in_guest(name):
        def case():
            verdict, seen = story.get("found", {}).get(name, ("never reached", ""))
            tap.equal(verdict, "ok", seen)
        return f"guest_{name}", case

    cases = [
        ("build", test_build), ("next_revision", prepare_next), ("lintian", test_lintian),
        ("codec_metadata", test_codec_metadata), ("translations", test_translations),
        ("autopkgtest", test_autopkgtest),
        ("install_upgrade_purge_in_a_chroot", test_install_upgrade_purge_in_a_chroot),
        ("guest_boots", tell_story),
        ("guest_powers_off", lambda: tap.equal(story.get("codes"), [guest.POWERED_OFF])),
        *[in_guest(name) for name in EXPECTED],
        ("reproducible", test_reproducible)]
    wanted = sys.argv[1:]  # without "build" the packages of the last run are tried again
    return tap.run([case for case in cases if not wanted or case[0] in wanted])


sys.exit(0 if main() else 1)
