#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each text of the programs and plugins is translated into each language of po/LINGUAS."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

UPDATE = "ninja -C build camwarden-update-po, then translate in"
# As po/meson.build and the preset glib of meson call it.
EXTRACT = ["xgettext", "--from-code=UTF-8", "--add-comments", "--keyword=_", "--keyword=N_",
           "--add-location=file", "--omit-header"]


def lines(name):
    return [line for line in tree.text(name).splitlines() if line and not line.startswith("#")]


LANGUAGES = " ".join(lines("po/LINGUAS")).split()


def run(*command):
    return subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)


def template(file):
    done = run(*EXTRACT, f"--output={file}", *lines("po/POTFILES.in"))
    assert done.returncode == 0 and not done.stderr, done.stderr
    text = pathlib.Path(file).read_text(encoding="UTF-8")
    assert text.count("\nmsgid ") > 700, "nearly nothing was found"


def attributes(catalogue, *kinds):
    """The msgids that msgattrib finds of these kinds."""
    done = run("msgattrib", *kinds, "--no-wrap", "--no-location", catalogue)
    assert done.returncode == 0, done.stderr
    joined = re.sub(r'"\n(?:#~ )?"', "", done.stdout)  # a text of several lines
    return re.findall(r'^(?:#~ )?msgid "(.+)"$', joined, re.M)


def complaints(catalogue, pot, folder):
    """What is wrong with a catalogue, a line each."""
    merged = f"{folder}/merged.po"
    done = run("msgmerge", "--quiet", "--no-fuzzy-matching", f"--output-file={merged}", catalogue,
               pot)
    assert done.returncode == 0, done.stderr
    found = [f"not translated: {text}" for text in attributes(merged, "--untranslated")]
    found += [f"fuzzy: {text}" for text in attributes(merged, "--only-fuzzy", "--no-obsolete")]
    found += [f"said no more: {text}" for text in attributes(merged, "--only-obsolete")]
    done = run("msgfmt", "--check", "--output-file=/dev/null", catalogue)
    return found + (done.stderr.splitlines() if done.returncode else [])


def checked(name):
    with tempfile.TemporaryDirectory() as folder:
        template(f"{folder}/camwarden.pot")
        return complaints(name, f"{folder}/camwarden.pot", folder)


def test_languages():
    tap.equal(sorted(name for name in tree.sources(".po") if name.count("/") == 1),
              [f"po/{language}.po" for language in LANGUAGES])


def test_complete():
    for language in LANGUAGES:
        found = checked(f"po/{language}.po")
        assert not found, (f"po/{language}.po:\n" + "\n".join(found)
                           + f"\nRun {UPDATE} po/{language}.po.")


def test_names_stay():
    """Commands, options, keys in back quotes and machine words are the same in each language."""
    name = re.compile(r"camwarden\w+|(?<![\w-])--[a-z][\w-]+|`[^`]*`|/(?:etc|usr|proc|sys|dev)/[\w./-]+"
                      r"|\[(?:redis|http|store|alerts|history|log|recovery|health)\]"
                      r"|\b[a-z]+(?:-[a-z]+)+=|\bCAMWARDEN_\w+|apt-get install [\w.-]+")
    for language in LANGUAGES:
        for text, forms in entries(language):
            for form in filter(None, forms):
                tap.equal(set(name.findall(form)), set(name.findall(text)), f"{language}: {text}")


def entries(language):
    """(msgid, [msgstr, ...])"""
    done = run("msgcat", "--no-wrap", "--no-location", f"po/{language}.po")
    for block in done.stdout.split("\n\n")[1:]:
        # Long texts stand on several lines even so, one for each that they make.
        block = block.replace('"\n"', "").replace("\\n", " ")
        fields = re.findall(r'^(msg\w+)(?:\[\d\])? "(.*)"$', block, re.M)
        msgid = next((text for field, text in fields if field == "msgid"), "")
        if msgid:
            yield msgid, [text for field, text in fields if field == "msgstr"]


def test_sentences_of_the_daemon():
    """What camwardenctl knows as the daemon's is what the daemon says."""
    said = " ".join(re.sub(r'"\s*"', "", tree.text(name)) for name in tree.sources(".cpp")
                    if name.startswith(("app/core/", "app/daemon/")))
    table = re.search(r"sentences\[\]\{(.*?)\n\};", tree.text("app/ctl/daemonwords.cpp"), re.S)[1]
    known = re.findall(r'N_ \("((?:[^"\\]|\\.)*)"\)', re.sub(r'"\s*"', "", table))
    assert len(known) > 50, known
    for sentence in known:
        for piece in re.split(r"%s|, |\(\w+\)$", sentence):
            assert piece.strip() in said, f"the daemon does not say {piece!r} of {sentence!r}"


def test_the_check_can_fail():
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    with tempfile.TemporaryDirectory() as folder:
        pot, po = pathlib.Path(folder, "a.pot"), pathlib.Path(folder, "a.po")
        pot.write_text(head + 'msgid "a"\nmsgstr ""\n\nmsgid ""\n"e\\n"\n"f"\nmsgstr ""\n\nmsgid "b"\nmsgstr ""\n\n'
                              '#, c-format\nmsgid "c %s"\nmsgstr ""\n')
        po.write_text(head + '#, fuzzy\nmsgid "b"\nmsgstr "B"\n\n#, c-format\nmsgid "c %s"\n'
                             'msgstr "C %d"\n\nmsgid "d"\nmsgstr "D"\n')
        found = "\n".join(complaints(po, pot, folder))
    for wanted in ("not translated: a", "not translated: e\\nf", "fuzzy: b", "said no more: d",
                   "format specifications"):
        assert wanted in found, found


tap.main(globals())
