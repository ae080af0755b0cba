#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The benchmarks: tables, the goals and what became of them, and JSON.

All sides of a comparison are given the same frames, and take turns. CPU time is user + system time
of the whole process, from the end of the warm-up until the last frame is answered. Close to the
goals a busy machine decides: run it on a quiet one."""

import argparse
import sys

import elements
import frames
import programs
import web
from report import Report
from sides import World

CASES = elements.CASES | programs.CASES | web.CASES


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build-bench", help="build folder")
    parser.add_argument("--json", metavar="FILE", help="write the figures here")
    parser.add_argument("--only", action="append", choices=CASES, help="this case (may be repeated)")
    parser.add_argument("--quick", action="store_true",
                        help="a few frames of each: shows that it runs, says nothing about speed")
    return parser.parse_args()


def main():
    options = arguments()
    report = Report()
    world = World(options.build, options.quick)
    try:
        world.frames = frames.make(world.folder / "frames")
        for name in options.only or CASES:
            CASES[name](world, report)
    finally:
        world.close()
    report.summary()
    if options.json:
        report.write(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
