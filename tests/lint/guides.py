#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each command in the guides is run by a test, or it is known why not; and what the guides name is
there: pages that they link to, files of the tree, keys, classes, fields."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import guides
import tap
import tree

RUNNERS = {"ctl", "pipelines", "readers", "tools"}
SOURCES = re.compile(r"(app|plugins|data|systemd|scripts|debian|tests)/|meson|run\.sh|test\.sh|dep")
# Names with a part that stands for another word.
MADE_UP = {"build-asan": "build-$kind", "build-tsan": "build-$kind", "recovery-ID": '"recovery-"'}


def none_of(bad):
    bad = list(bad)
    assert not bad, "\n" + "\n".join(sorted(bad))


def test_each_block_is_run_somewhere():
    bad = []
    for block in guides.blocks():
        if block.program == "elsewhere":
            good = block.way in guides.ELSEWHERE
        elif block.program == "text":
            good = not any(guides.is_command(line) for line in guides.lines(block.text))
        else:
            good = block.program in RUNNERS | {"machine"}
        if not good:
            bad.append(f"{block}: nobody runs it; see tests/support/guides.py")
    none_of(bad)


def test_each_command_in_the_text_is_run_somewhere():
    none_of(f"{document}: nobody runs `{span}`; see tests/support/guides.py"
            for document, span in guides.commands() if not guides.runner(span))


def test_who_is_named_runs_them():
    """A program of tests/system/docs takes the blocks that name it from the guides by itself."""
    for name in RUNNERS:
        assert f'guides.blocks("{name}")' in tree.text(f"tests/system/docs/{name}.py"), name
    assert 'guides.blocks("machine")' in tree.text("tests/system/nspawn/guidelines.py")
    for why, file, proof in guides.ELSEWHERE.values():
        assert proof in tree.text(file), f"{file} has no {proof}: {why}"


def test_nothing_unknown_stands_in_the_tables():
    used = {block.way for block in guides.blocks("elsewhere")}
    used |= {guides.runner(span) for _, span in guides.commands()}
    tap.equal(set(guides.ELSEWHERE) - used, set(), "nobody needs them")


def test_code_is_fenced():
    """What is only indented would be looked at by nobody."""
    none_of(f"{document}: {line}" for document in guides.documents()
            for line in guides.BLOCK.sub("", guides.source(document)).splitlines()
            if re.match(r" {4}\S", line))


def test_links_lead_somewhere():
    none_of(f"{document}: {target}" for document in guides.documents()
            for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", guides.source(document))
            if not ((tree.ROOT / document).parent / target).exists())


def anchors(document):
    titles = re.findall(r"^#+ (.*)$", guides.source(document), re.M)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_anchors_are_there():
    bad = []
    for document in guides.documents():
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", guides.source(document)):
            path = (tree.ROOT / document).parent / target if target else tree.ROOT / document
            if anchor not in anchors(os.path.relpath(path, tree.ROOT)):
                bad.append(f"{document}: {target}#{anchor}")
    none_of(bad)


def test_files_of_the_tree_are_there():
    """`app/core`, `app/core/thresholds.h`, `tests/chaos/storm.py`; names in capitals stand for others."""
    bad = []
    for document, span in guides.spans():
        if re.match(r"(app|data|debian|docs|man|plugins|po|scripts|systemd|tests)/\S+$", span) and \
                not re.search(r"[A-Z]{2}", span) and not any(tree.ROOT.glob(span.rstrip("/"))):
            bad.append(f"{document}: {span}")
    none_of(bad)


def installed():
    """What lies in /usr/share and /usr/libexec, by its last name."""
    names = {name.rsplit("/", 1)[-1].removesuffix(".in") for name in tree.files()}
    return names | {"redis-users.acl", "camwarden-camera", "examples", "camwarden"}


def test_installed_files_are_there():
    texts = {name: tree.text(name) for name in guides.documents() + tree.sources(".scd")}
    bad = []
    for document, content in texts.items():
        for path in re.findall(r"/usr/(?:share|libexec)/(?:doc/)?camwarden[\w./-]*[a-z]", content):
            if path.startswith("/usr/share/doc/camwarden/"):
                good = (tree.ROOT / path.removeprefix("/usr/share/doc/camwarden/")).exists()
            else:
                good = path.rsplit("/", 1)[-1] in installed() | {"camwarden-backup"}
            if not good:
                bad.append(f"{document}: {path}")
    none_of(bad)


def test_names_exist():
    """Keys, properties, classes, codes, fields: a word between backticks is one of the sources'."""
    sources = [name for name in tree.files() if SOURCES.match(name) and name != "tests/lint/guides.py"
               and not name.endswith((".png", ".jpg", ".ico"))]
    known = set(re.findall(r"[\w-]+", "\n".join(map(tree.text, sources)) + "\n".join(tree.files())))
    known |= {name.replace("-", "_") for name in known} | set(MADE_UP)
    none_of(f"{document}: {span}" for document, span in guides.spans()
            if re.fullmatch(r"[A-Za-z][\w-]{2,}=?", span) and span.rstrip("=") not in known)


def test_keys_exist():
    """`[group] key`, with the group that it is in."""
    schema = set(re.findall(r'\{ "([a-z]+)", "([a-z0-9-]+)", KeyType::', tree.text("app/config/schema.cpp")))
    assert len(schema) > 60
    groups = {group for group, _ in schema}
    bad = []
    for document, span in guides.spans():
        for group, key in re.findall(r"^\[([a-z]+)(?::\w+)?\](?: ([a-z-]+)(?:=.*)?)?$", span):
            if group not in groups | {"removed"} or key and (group, key) not in schema:
                bad.append(f"{document}: {span}")
    none_of(bad)


tap.main(globals())
