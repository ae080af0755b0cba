# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python tests that print TAP: each function named test_* is one test.

    import tap

    def test_addition():
        tap.equal(1 + 1, 2)

    tap.main(globals())

A test fails by an exception, and is skipped by raising tap.Skip("why"). Arguments on the command
line name the tests to run."""

import sys
import traceback


class Skip(Exception):
    pass


def equal(found, expected, what=""):
    if found != expected:
        raise AssertionError(f"{what + ': ' if what else ''}{found!r}, expected {expected!r}")


def diagnose(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def run(cases):
    """Runs (name, function) pairs; True if none failed."""
    print(f"1..{len(cases)}", flush=True)
    good = True
    for number, (name, function) in enumerate(cases, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # whatever it was, the other tests are to run
            diagnose(traceback.format_exc())
            print(f"not ok {number} - {name}", flush=True)
            good = False
    return good


def skipped(name, why):
    """All that there is to say of a program that cannot run here."""
    def skip():
        raise Skip(why)

    return run([(name, skip)])


def main(namespace):
    wanted = sys.argv[1:]
    cases = [
        (name.removeprefix("test_"), function)
        for name, function in namespace.items()
        if name.startswith("test_") and callable(function)
    ]
    if wanted:
        cases = [case for case in cases if case[0] in wanted]
    sys.exit(0 if run(cases) else 1)
