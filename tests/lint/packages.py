#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""dependencies.txt is the one list of packages; README.md and debian/control agree with it."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

PROGRAM = str(tree.ROOT / "scripts" / "packages")


def listed(*groups):
    out = subprocess.run([PROGRAM, "list", *groups], capture_output=True, text=True, check=True)
    return out.stdout.split()


def test_every_line_has_a_reason():
    for line in tree.text("dependencies.txt").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[a-z]+ [a-z0-9.+|-]+ +\S.*", line), line


def test_no_package_is_listed_twice():
    names = [name for entry in listed("build", "run", "test", "lint", "tidy", "machine", "systemd")
             for name in entry.split("|")]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, twice


def test_readme_names_the_same_packages():
    found = re.search(r"^apt-get install ([^`]*?)\n```", tree.text("README.md"), re.M)
    assert found, "README.md has no 'apt-get install' block"
    named = found[1].replace("\\\n", " ").split()
    expected = [entry.split("|")[0] for entry in listed("build", "run")]
    tap.equal(sorted(named), sorted(expected))


def relations(field, package=None):
    """The names in a field of debian/control, alternatives together: {("pkgconf", "pkg-config")}."""
    paragraphs = tree.text("debian/control").split("\n\n")
    head = f"Package: {package}\n" if package else "Source: "
    text = next(part for part in paragraphs if part.startswith(head))
    found = re.search(rf"^{field}:((?:.*\n)(?: .*\n?)*)", text + "\n", re.M)
    assert found, f"{package or 'source'} has no {field}"
    words = [word.strip() for word in found[1].replace("\n", " ").split(",")]
    return {tuple(re.match(r"[^\s(:]+", name.strip())[0] for name in word.split("|"))
            for word in words if word and not word.startswith("$")}


def as_relations(*groups):
    return {tuple(entry.split("|")) for entry in listed(*groups)}


def test_source_package_builds_with_what_is_listed():
    debhelper = {("debhelper-compat",), ("dh-sequence-installsysusers",)}
    named = relations("Build-Depends") - debhelper
    expected = as_relations("build", "package") - {("debhelper",)}
    tap.equal(sorted(named), sorted(expected), "debian/control, Build-Depends")


def test_packages_depend_on_what_is_listed():
    named = relations("Depends", "camwarden") | relations("Recommends", "camwarden")
    named -= {("gstreamer1.0-camwarden",)}
    tap.equal(sorted(named), sorted(as_relations("run")), "debian/control, camwarden")
    for field in ("Recommends", "Suggests"):
        strange = relations(field, "gstreamer1.0-camwarden") - as_relations("run")
        assert not strange, f"gstreamer1.0-camwarden, {field}: {strange}"


def test_changelog_has_the_version_of_the_sources():
    version = re.search(r"version: '([^']+)'", tree.text("meson.build"))[1]
    found = re.match(r"camwarden \(([^)]+)-\d+\)", tree.text("debian/changelog"))
    tap.equal(found[1], version, "debian/changelog")


def test_unknown_groups_are_refused():
    done = subprocess.run([PROGRAM, "list", "nonsense"], capture_output=True, text=True)
    assert done.returncode == 1 and "no group 'nonsense'" in done.stderr


tap.main(globals())
