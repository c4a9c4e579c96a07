# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps of docs/packages.md and docs/kubernetes.md, by the name that stands in a comment before each."""

import re
from pathlib import Path

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"


def blocks(name="packages"):
    text = (DOCUMENTS / f"{name}.md").read_text()
    found = re.findall(r"^<!-- (\w+) -->\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(dict(found)) == len(found)
    return dict(found)
