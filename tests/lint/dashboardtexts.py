#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each text of the dashboard is translated into each language, and nothing else is."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

PO = "po/dashboard/"
EXTRACT = ["xgettext", "--from-code=UTF-8", "--language=JavaScript", "--keyword=_", "--keyword=N_",
           "--keyword=ngettext:1,2", "--no-location"]
PLACE = re.compile(r"\{\w+\}")


def listed(name):
    return [word for line in tree.text(PO + name).splitlines() if not line.startswith("#")
            for word in line.split()]


def run(*command):
    return subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)


def entries(text):
    """{msgid: [msgstr, ...]} of a catalogue, fuzzy ones left out."""
    found = {}
    for block in text.split("\n\n"):
        if re.search(r"^#,.*fuzzy", block, re.M):
            continue
        fields = []
        for line in block.splitlines():
            if match := re.match(r'(msg\w+(?:\[\d\])?) "(.*)"$', line):
                fields.append([match[1], match[2]])
            elif line.startswith('"') and fields:
                fields[-1][1] += line[1:-1]
        names = dict(fields)
        if names.get("msgid"):
            found[names["msgid"]] = [text for name, text in fields if name.startswith("msgstr")]
    return found


def catalogue(language):
    return entries(tree.text(f"{PO}{language}.po"))


def texts():
    with tempfile.NamedTemporaryFile(suffix=".pot") as file:
        done = run(*EXTRACT, "--output", file.name, *listed("POTFILES.in"))
        assert done.returncode == 0 and not done.stderr, done.stderr
        return entries(open(file.name, encoding="UTF-8").read())


def test_files_are_listed():
    scripts = {name for name in tree.sources(".js") if name.startswith("data/dashboard/")}
    with_text = {name for name in scripts
                 if re.search(r'(?<![\w$])(_|N_|ngettext)\(\s*"', tree.text(name))}
    tap.equal(set(listed("POTFILES.in")), with_text, "po/dashboard/POTFILES.in")


def test_languages():
    tap.equal(sorted(listed("LINGUAS")), ["de", "zh_CN"])


def test_complete():
    wanted = texts()
    assert len(wanted) > 200, len(wanted)
    for language in listed("LINGUAS"):
        done = run("msgfmt", "--check-format", "--check-domain", "--output-file=/dev/null",
                   f"{PO}{language}.po")
        assert done.returncode == 0, done.stderr
        have = catalogue(language)
        missing = sorted(text for text in wanted if not all(have.get(text, [""])))
        assert not missing, f"{language} lacks:\n" + "\n".join(missing)
        extra = sorted(set(have) - set(wanted))
        assert not extra, f"{language} has what is said no more:\n" + "\n".join(extra)


def test_places():
    """{name} stands in the translation as often as in the text."""
    for language in listed("LINGUAS"):
        for text, forms in catalogue(language).items():
            for form in forms:
                places = set(PLACE.findall(form)) - {"{n}"}
                tap.equal(places, set(PLACE.findall(text)) - {"{n}"}, f"{language}: {text}")


def test_the_check_can_fail():
    block = '#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr ""\n\nmsgid "d"\nmsgstr "e"'
    tap.equal(entries(block), {"c": [""], "d": ["e"]})


def test_no_text_escapes_translation():
    """The skeleton holds only what is there before the scripts run."""
    page = re.sub(r"<noscript>.*?</noscript>|<!--.*?-->|<title>.*?</title>", "",
                  tree.text("data/dashboard/index.html"), flags=re.S)
    words = set(re.sub(r"<[^>]*>|&\w+;", " ", page).split())
    tap.equal(words, set("Skip to the cameras Camwarden".split()))


tap.main(globals())
