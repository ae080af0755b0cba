#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/elements/*.md and the elements agree: every property of the element's own is in the table,
with its default and range; the table names no other; so with signals and the fields of `stats`."""

import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import tap

import gi
gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst

ROOT = pathlib.Path(os.environ["CAMWARDEN_SOURCE_ROOT"])
ELEMENTS = ["redissink", "redissrc", "framestoresink", "healthprobe"]
UNITS = {
    "": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
NUMBER = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)(?: ?(KiB|MiB|GiB|ns|us|ms|min|[Bshd])\b)?")


def make(name):
    element = Gst.ElementFactory.make(name, None)
    assert element, f"no element {name}"
    return element


def own_properties(element):
    inherited = {spec.name for spec in GObject.list_properties(element.__gtype__.parent)}
    return {spec.name: spec for spec in GObject.list_properties(element.__gtype__)
            if spec.name not in inherited}


def section(text, title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found[1] if found else ""


def rows(text):
    """`name` -> what the table says of its type and range, of its default, and all of it."""
    found, header = {}, []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        if cells[0] == "Property":
            header = [cell.lower() for cell in cells]
        elif header and len(cells) == len(header):
            kind = ", ".join(cell for title, cell in zip(header, cells)
                             if "type" in title or "range" in title)
            default = cells[header.index("default")]
            for name in re.findall(r"`([a-z0-9-]+)`", cells[0]):
                found[name] = (kind, default, line)
    return found


def numbers(cell):
    """The numbers a cell speaks of, in the property's unit: "10 ms to 1 h" -> {10**7, 3.6e12}."""
    found = set()
    for text, unit in NUMBER.findall(cell):
        found.add(float(text.replace(",", "")) * UNITS[unit])
    for power in re.findall(r"2\^(\d+)", cell):
        found |= {2.0 ** int(power), 2.0 ** int(power) - 1}
    return found


def is_limit(value):
    """Ends of a type's own range: "any" needs no number."""
    return value in (0, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, -2**31, -2**63) or \
        isinstance(value, float) and abs(value) > 1e300


def complaints(spec, cells, value):
    kind, default, line = cells
    found = []
    if spec.flags & GObject.ParamFlags.WRITABLE == 0:
        if not re.search("read[ -]only", line):
            found.append("is read only")
        return found
    if hasattr(spec, "minimum"):
        for end in (spec.minimum, spec.maximum):
            if float(end) not in numbers(kind) and not is_limit(end):
                found.append(f"range: {spec.minimum} to {spec.maximum}")
        if float(value) not in numbers(default):
            found.append(f"default: {value}")
    elif isinstance(value, bool):
        if ("true" if value else "false") not in default.lower():
            found.append(f"default: {value}")
    elif value is None or isinstance(value, str):
        if (value or "null") not in (default.strip('"`'), default.lower()[:4]) and default not in ("", "none"):
            found.append(f"default: {value}")
    else:
        found += words_missing(kind, default, value)
    return found


def default_of(spec):
    """PyGObject 3.50 knows an enum's default as a number, unless it is asked."""
    return spec.get_default_value() if hasattr(spec, "get_default_value") else spec.default_value


def words_missing(kind, default, value):
    """Of an enum or flags."""
    members = getattr(value, "__enum_values__", None) or getattr(value, "__flags_values__", None)
    if not members:
        return []
    found = [f"value {member.value_nicks[0] if hasattr(member, 'value_nicks') else member.value_nick}"
             for member in members.values() if int(member) and nick(member) not in kind]
    chosen = [nick(member) for member in members.values() if int(member) == int(value)]
    return found + [f"default: {word}" for word in chosen if word not in default]


def nick(member):
    return member.value_nicks[0] if hasattr(member, "value_nicks") else member.value_nick


def check_element(name):
    element = make(name)
    text = (ROOT / "docs" / "elements" / f"{name}.md").read_text(encoding="utf-8")
    table = rows(section(text, "Properties"))
    own = own_properties(element)
    bad = [f"property {key} is not in the table" for key in own.keys() - table.keys()]
    known = {spec.name for spec in GObject.list_properties(element.__gtype__)}
    bad += [f"there is no property {key}" for key in table.keys() - known]
    for key, spec in own.items():
        if key in table:
            bad += [f"{key}: {what}, the table says {table[key][2]}"
                    for what in complaints(spec, table[key], default_of(spec))]
    signals = set(GObject.signal_list_names(element.__gtype__))
    bad += [f"signal {signal} is not in the page" for signal in signals if f"`{signal}`" not in text]
    if "stats" in own:
        fields = element.get_property("stats")
        names = {fields.nth_field_name(i) for i in range(fields.n_fields())}
        base = {"average-rate", "dropped", "rendered"}
        bad += [f"stats field {field} is not in the page"
                for field in sorted(names - base) if f"`{field}`" not in text]
    assert not bad, "\n" + "\n".join(sorted(bad))


def test_redissink():
    check_element("redissink")


def test_redissrc():
    check_element("redissrc")


def test_framestoresink():
    check_element("framestoresink")


def test_healthprobe():
    check_element("healthprobe")


def test_index_names_each_with_its_klass():
    table = {name: line for line in (ROOT / "docs/elements.md").read_text().splitlines()
             for name in re.findall(r"^\| \[(\w+)\]", line)}
    tap.equal(sorted(table), sorted(ELEMENTS))
    for name in ELEMENTS:
        klass = Gst.ElementFactory.find(name).get_metadata("klass")
        assert klass in table[name], f"{name}: {klass}"


def test_the_check_can_fail():
    spec = own_properties(make("redissink"))["max-queued-frames"]
    table = "| Property | Type, range | Default |\n| `x` | %s | %s |\n"
    tap.equal(complaints(spec, rows(table % ("1 to 100,000", 4))["x"], 4), [])
    assert complaints(spec, rows(table % ("1 to 1,000", 4))["x"], 4)
    assert complaints(spec, rows(table % ("1 to 100,000", 5))["x"], 4)


Gst.init(None)
tap.main(globals())
