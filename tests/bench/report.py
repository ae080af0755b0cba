# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables for people, JSON for programs, and what became of the goals."""

import json
import os
import platform


class Report:
    def __init__(self):
        self.groups = []
        self.goals = []

    def table(self, title, figures, columns, unit="us per frame"):
        """figures: side -> {column: value} or None."""
        self.groups.append({"title": title, "unit": unit, "sides": figures})
        print(f"\n{title} ({unit}, medians)")
        print("  " + " " * 34 + "".join(f"{column:>12}" for column in columns))
        for side, values in figures.items():
            cells = (["not run"] if values is None else
                     [f"{values[column]:.2f}" if column in values else "" for column in columns])
            print("  " + f"{side:34}" + "".join(f"{cell:>12}" for cell in cells), flush=True)

    def goal(self, what, value, limit, unit=""):
        """value None: it could not be measured, which is not reaching it."""
        reached = value is not None and value <= limit
        self.goals.append({"goal": what, "value": value, "limit": limit, "unit": unit,
                           "reached": reached})

    def ratio(self, what, ours, other, limit):
        known = ours is not None and other is not None and other > 0
        self.goal(what, ours / other if known else None, limit, "x")

    def summary(self):
        print("\nGoals")
        for goal in self.goals:
            value = "not measured" if goal["value"] is None else f"{goal['value']:.2f}{goal['unit']}"
            verdict = "reached" if goal["reached"] else "NOT REACHED"
            print(f"  {verdict:12} {goal['goal']}: {value} (at most {goal['limit']:g}{goal['unit']})")
        missed = sum(not goal["reached"] for goal in self.goals)
        print(f"\n{len(self.goals) - missed} goals reached, {missed} not", flush=True)

    def write(self, path):
        machine = {"processors": os.cpu_count(), "kernel": platform.release(),
                   "load": os.getloadavg()}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": machine, "groups": self.groups, "goals": self.goals}, file,
                      indent=2)
            file.write("\n")
