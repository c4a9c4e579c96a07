# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents for people: which there are, what stands in them, and the parts that are made from the program's tables.

A part of a document is made by what its first line names, and ends at the line `<!-- end -->`:

    <!-- generated: keys -->                    the keys of the configuration
    <!-- generated: collectors -->              the collectors, and what each needs
    <!-- generated: metrics link_ nic_ -->      the families whose names begin so, behind netdrop_
    <!-- generated: protocols -->               the fields of the protocols
    <!-- generated: node_names -->              node_exporter's names"""

import functools
import re
import subprocess

import rules

TREE = rules.TREE
# docs/adding-a-collector.md is followed by test_guide.py.
READ = [TREE / "README.md", *(path for path in sorted((TREE / "docs").glob("*.md")) if path.name != "adding-a-collector.md")]
ALL = [*sorted(TREE.glob("*.md")), *sorted((TREE / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PART = re.compile(r"^(<!-- generated: ([\w ]+) -->\n)(.*?)^(<!-- end -->)$", re.MULTILINE | re.DOTALL)
# The index of the runbook names all. The rules of the ledger come last: they say which counters see the same packet.
EXPLAINERS = [
    *(path for path in sorted((TREE / "docs/runbook").glob("*.md")) if path.stem not in ("README", "ledger", "drop-reasons")),
    TREE / "docs/runbook/ledger.md",
]
MOST = 4  # links of a row


def name_of(path):
    return str(path.relative_to(TREE))


def blocks(path, kind):
    return [text for language, text in BLOCK.findall(path.read_text()) if language == kind]


@functools.cache
def explained():
    """{metric: pages of the runbook that name it}."""
    found = {}
    for path in EXPLAINERS:
        for name in rules.names_in(path.read_text()):
            found.setdefault(re.sub("_(bucket|sum|count)$", "", name), []).append(path.stem)
    return found


def pages(name):
    found = explained().get(name, [])
    shown = found if len(found) <= MOST else [*found[: MOST - 1], found[-1]]
    return ", ".join(f"[{page}](runbook/{page}.md)" for page in shown)


@functools.cache
def families():
    """(name, labels, type, help) of each, but for the protocols' own."""
    lines = (TREE / "tests/golden/metrics.txt").read_text().splitlines()
    found = []
    for head, text in zip(lines[::2], lines[1::2]):
        name, labels, kind = re.match(r"(\w+)\{(.*?)\} (\w+)", head).groups()
        found.append((name, labels.split(",") if labels else [], kind, text.strip()))
    return found


def metrics(*prefixes):
    yield "| metric | labels | type | what it counts | explained |\n|---|---|---|---|---|\n"
    for name, labels, kind, text in families():
        if name.startswith(tuple(f"netdrop_{prefix}" for prefix in prefixes)):
            labels = ", ".join(f"`{label}`" for label in labels)
            yield f"| `{name}` | {labels} | {kind} | {text.replace('|', chr(92) + '|')} | {pages(name)} |\n"


def protocols():
    selected = (TREE / "tests/golden/snmp_selection.txt").read_text()
    taken = set(re.findall(r"^taken (\w+)", selected, re.MULTILINE))
    yield "| the kernel's name | metric | default | explained |\n|---|---|---|---|\n"
    for line in (TREE / "tests/golden/snmp_names.txt").read_text().splitlines():
        field, series = line.split("\t")
        field = field.replace(" ", "_")
        yes = "yes" if field in taken else ""
        yield f"| `{field}` | `{series}` | {yes} | {pages(series.split('{')[0])} |\n"


def made(build, what, *arguments):
    """What stands in such a part."""
    own = {"metrics": metrics, "protocols": protocols}
    if what in own:
        return "".join(own[what](*arguments))
    return subprocess.run([build / "daemon/generate/generate", what], check=True, capture_output=True, text=True).stdout


def filled(build, text):
    """The document with its parts made anew."""
    return PART.sub(lambda part: part[1] + "\n" + made(build, *part[2].split()).strip("\n") + "\n\n" + part[4], text)


def anchors(path):
    """Of its headings, as GitHub makes them."""
    found = set()
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
        number = next(i for i in range(100) if (f"{anchor}-{i}" if i else anchor) not in found)
        found.add(f"{anchor}-{number}" if number else anchor)
    return found


def links(path):
    """(target, anchor) of each link and picture within the tree; "": the document itself."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", text)
    for target in (first or second for first, second in found):
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            yield name, anchor
