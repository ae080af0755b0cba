#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every configuration key is used: its member is read outside the code that parses it."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

# Members of another name than their key's.
NAMES = {
    ("camera", "encode-when"): "encode_always",
    ("camera", "store-keep-free"): "store_keep_free_text",
    ("redis", "uri"): "uri|embedded",
}
# Three keys share one member: the budget of a tier, and the two ends of a wait.
BUDGET = re.compile(r"^(source|pipeline|device|worker)-(attempts|window|deadline)$")


def schema():
    text = tree.text("app/config/schema.cpp")
    text = text[text.index("static const Key keys[]"):]
    found = re.findall(r'\{ "([a-z]+)", "([a-z0-9-]+)", KeyType::', text)
    assert len(found) > 60, f"only {len(found)} keys found in the schema"
    return found


def member(group, key):
    if (group, key) in NAMES:
        return NAMES[group, key]
    budget = BUDGET.match(key)
    name = budget[1] if budget else key
    if not budget and group == "recovery" and "backoff" in key:
        name = key.removesuffix("-max")
    return name.replace("-", "_")


def users():
    """The code that may use a key."""
    files = [path for path in tree.files() if re.match(r"app/.*\.(cpp|h)$", path)]
    assert len(files) > 100, "the sources were not found"
    return "\n".join(tree.text(path) for path in files
                     if not path.startswith(("app/config/resolve", "app/config/settings",
                                             "app/config/schema")))


def test_each_key_is_used():
    text = users()
    unused = [f"[{group}] {key}" for group, key in schema()
              if not re.search(rf"(\.|->|::)({member(group, key)})\b", text)]
    tap.equal(unused, [], "keys that are read and have no effect")


tap.main(globals())
