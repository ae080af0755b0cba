#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/count-tests counts what test programs say, and what they do not get to say."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

PROGRAM = str(tree.ROOT / "scripts" / "count-tests")


def count(*tests, strict=False):
    """tests: (result, stdout); gives the last line and the exit status."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as log:
        for result, out in tests:
            log.write(json.dumps({"name": "x", "result": result, "returncode": 0, "stdout": out,
                                  "command": ["x"]}) + "\n")
        log.flush()
        done = subprocess.run([PROGRAM] + ["--strict"] * strict + [log.name],
                              capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()[-1], done.returncode


def test_each_line_is_a_test():
    tap.equal(count(("OK", "TAP version 13\n1..2\nok 1 /a/b\nok 2 - c\n"), ("OK", "1..1\nok 1 d\n")),
              ("3 passed, 0 failed", 0))


def test_failures():
    tap.equal(count(("FAIL", "1..2\nok 1 a\nnot ok 2 - b\n")), ("1 passed, 1 failed", 1))


def test_death_is_a_failure():
    tap.equal(count(("ERROR", "1..3\nok 1 a\n")), ("1 passed, 1 failed", 1))
    tap.equal(count(("TIMEOUT", "1..3\nok 1 a\nok 2 b\n")), ("2 passed, 1 failed", 1))


def test_skips():
    text = "1..2\nok 1 a\nok 2 b # SKIP no camera\n"
    tap.equal(count(("OK", text)), ("1 passed, 0 failed", 0))
    tap.equal(count(("OK", text), strict=True), ("1 passed, 1 failed", 1))
    tap.equal(count(("SKIP", "1..0 # SKIP no camera\n"), strict=True), ("0 passed, 1 failed", 1))


def test_a_program_without_tap_is_one_test():
    tap.equal(count(("OK", "hello\n")), ("1 passed, 0 failed", 0))
    tap.equal(count(("FAIL", "hello\n")), ("0 passed, 1 failed", 1))


def write_log(folder, name, out):
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": "x", "result": "OK", "stdout": out, "command": ["x"]}))
    return str(path)


def test_several_logs_have_a_line_each():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        reports = folder / "reports" / "two"
        reports.mkdir(parents=True)
        (reports / "report.camwardend.1").write_text("a data race\n")
        logs = [write_log(folder, "one", "1..1\nok 1 a\n"),
                write_log(folder, "two", "1..1\nok 1 a\n"), str(reports)]
        done = subprocess.run([PROGRAM, *logs], capture_output=True, text=True)
    tap.equal(done.returncode, 1)
    tap.equal(done.stdout.splitlines()[-4:],
              ["FAILED  two: report.camwardend.1: a sanitizer's report",
               "one: 1 passed, 0 failed", "two: 1 passed, 1 failed", "2 passed, 1 failed"])
    assert "a data race" in done.stdout


def test_a_missing_log_is_a_failure():
    done = subprocess.run([PROGRAM, "/nowhere/test.json"], capture_output=True, text=True)
    tap.equal((done.stdout.splitlines()[-1], done.returncode), ("0 passed, 1 failed", 1))


def test_nothing_is_no_success():
    tap.equal(count(), ("0 passed, 0 failed", 1))


tap.main(globals())
