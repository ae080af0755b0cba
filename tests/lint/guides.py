#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guides name what there is: pages that they link to, files of the tree, keys."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import guides
import tap
import tree


def test_links_lead_somewhere():
    missing = []
    for document in guides.documents():
        folder = (tree.ROOT / document).parent
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", guides.source(document)):
            if not (folder / target).exists():
                missing.append(f"{document}: {target}")
    assert not missing, missing


tap.main(globals())
