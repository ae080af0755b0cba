#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other platforms than this machine's: Debian 13 in a tree of its own, and arm64, compiled here and
run by qemu. Run by ./test.sh --platforms.

CAMWARDEN_PLATFORM_SUITES names the suites for Debian 13 instead of test.sh's default ones."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("lint", "support"):
    sys.path.insert(0, str(HERE.parent / folder))
import othermachine
import tap
import tree

PLACE = os.environ.get("CAMWARDEN_PLATFORMS")
WHERE = pathlib.Path(PLACE or "/nonexistent")
SUITES = os.environ.get("CAMWARDEN_PLATFORM_SUITES", "").split()
CROSS = "crossbuild-essential-arm64 qemu-user-static redis-server redis-tools".split()
HOUR = 3600

# Programs of the other architecture; time limits are for this one's.
CROSS_BUILD = """cd /src
meson setup build-arm64 --cross-file tests/platforms/arm64.cross -Dtests=enabled -Ddaemon=enabled
ninja -C build-arm64"""
CROSS_TEST = """cd /src
export GST_REGISTRY_FORK=no CI=
meson test -C build-arm64 --no-rebuild -t 10 --suite unit --print-errorlogs"""
CROSS_ELEMENTS = """cd /src
export GST_REGISTRY_FORK=no CI=
meson test -C build-arm64 --no-rebuild -t 10 --print-errorlogs NAMES"""
# What of the elements' tests needs nothing but qemu can do (it has no user namespaces, and the
# Python ones would need GStreamer's bindings of the other architecture).
ELEMENTS = "redissink redissrc framestoresink healthprobe".split()


def debian_13(copy):
    words = " ".join(f"--suite {suite}" for suite in SUITES)
    return copy.run(f"cd /src && ./test.sh {words}", 3 * HOUR)


def test_debian_13():
    packages = othermachine.listed("build", "run", "test", "lint", "platforms")
    othermachine.make_tree(WHERE / "trixie", packages, release="trixie")
    with othermachine.Copy(WHERE / "trixie") as copy:
        othermachine.copy_sources(tree.files(), copy.path("src"))
        code, said = debian_13(copy)
    (WHERE / "trixie.log").write_text(said)
    tap.diagnose("\n".join(said.splitlines()[-60:]))
    tap.equal(code, 0, f"the tests of Debian 13, see {WHERE / 'trixie.log'}")


def arm64_packages():
    build = othermachine.listed("build")
    libraries = [name for name in build if name.endswith("-dev")]
    plugins = ["gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good"]
    return [*(name for name in build if name not in libraries), *othermachine.listed("platforms"),
            *CROSS, "libglib2.0-dev-bin", *(f"{name}:arm64" for name in libraries + plugins)]


def arm64_cases():
    """One copy for all of them: the second runs what the first built."""
    held = {}

    def build():
        othermachine.make_tree(WHERE / "arm64", arm64_packages(), script=HERE / "arm64-setup")
        held["copy"] = othermachine.Copy(WHERE / "arm64")
        othermachine.copy_sources(tree.files(), held["copy"].path("src"))
        held["copy"].must(CROSS_BUILD, 2 * HOUR)
        held["built"] = True

    def check(command):
        assert held.get("built"), "it was not built"
        code, said = held["copy"].run(command, HOUR)
        tap.diagnose("\n".join(said.splitlines()[-40:]))
        tap.equal(code, 0)

    def clean():
        if "copy" in held:
            held["copy"].__exit__()

    return [("arm64_builds", build), ("arm64_unit", lambda: check(CROSS_TEST)),
            ("arm64_elements", lambda: check(CROSS_ELEMENTS.replace("NAMES", " ".join(ELEMENTS))))], clean


def why_not():
    if not PLACE:
        return "run by ./test.sh --platforms"
    if os.geteuid() != 0:
        return "trees need root"
    return ""


def main():
    if why := why_not():
        return tap.skipped("platforms", why)
    cases, clean = arm64_cases()
    wanted = sys.argv[1:]
    every = [("debian_13", test_debian_13), *cases]
    try:
        return tap.run([case for case in every if not wanted or case[0].split("_")[0] in wanted])
    finally:
        clean()


sys.exit(0 if main() else 1)
