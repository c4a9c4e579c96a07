# SPDX-License-Identifier: GPL-2.0-or-later
"""The runbook as the exporter serves it: each page says what its source says, leads where that leads, and is fit for
people. Not by another program for Markdown: what is compared is what both hold."""

import base64
import hashlib
import json
import re
import subprocess
import urllib.parse
from html.parser import HTMLParser

import pytest

import rules
from daemon import Exporter
from test_page import axe, browser, npm  # noqa: F401 # pylint: disable=unused-import # they are fixtures

DIRECTORY = rules.TREE / "docs/runbook"
PAGES = {path.stem if path.name != "README.md" else "": path.read_text() for path in sorted(DIRECTORY.glob("*.md"))}
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Words(HTMLParser):
    """Its text, its headings, its code, its links and its table rows."""

    def __init__(self, document):
        super().__init__()
        self.open, self.text, self.links, self.style = [], "", [], ""
        self.found = {"h1": [], "h2": [], "pre": [], "li": [], "tr": [], "code": []}
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag in ("meta", "br"):
            return
        self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        if tag in self.found:
            self.found[tag].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.text += "" if tag in ("code", "strong", "a") else " "

    def handle_data(self, data):
        if "style" in self.open:
            self.style += data
            return
        if "main" in self.open:
            self.text += data
        for tag in self.found:
            if tag in self.open:
                self.found[tag][-1] += data


def words(text):
    """What is to be read of a page's source, or of what was made of it, in order."""
    return re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "]", text))


@pytest.fixture(name="served", scope="module")
def fixture_served(binary, tmp_path_factory):
    """All pages as one exporter serves them: {name: response}."""
    flags = [binary, "--web.listen-address=127.0.0.1:0", "--collector.disable-defaults", "--collector.process"]
    process = Exporter(flags, tmp_path_factory.mktemp("runbook") / "stderr")
    try:
        process.wait_ready()
        yield process
    finally:
        process.close()


def test_each_page_says_what_its_source_says(served):
    for name, source in PAGES.items():
        response = served.get(f"/runbook/{name}")
        assert response.status == 200, name
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        page = Words(response.body.decode())
        assert page.found["h1"] == [line[2:] for line in source.splitlines() if line.startswith("# ")]
        assert page.found["h2"] == [re.sub("`", "", line[3:]) for line in source.splitlines() if line.startswith("## ")]
        assert page.found["pre"] == [match.rstrip("\n") for match in FENCE.findall(source)]
        plain = re.sub(r"^```\w*$|^\|[-|]+\|$|^\d+\. ", "", source, flags=re.MULTILINE)
        assert words(page.text) == words(plain), name


def test_links_lead_somewhere(served):
    for name, source in PAGES.items():
        page = Words(served.get(f"/runbook/{name}").body.decode())
        wanted = {link for link in re.findall(r"\]\(([^)#]+)\)", source) if "://" not in link}
        found = set()
        for link in page.links:
            if "://" in link:
                continue
            path = urllib.parse.urljoin(f"/runbook/{name}", link)
            assert served.get(path).status == 200, (name, link)
            found.add(path)
        assert {f"/runbook/{link.removesuffix('.md').replace('README', '')}" for link in wanted} <= found


def test_its_policy_is_its_style(served):
    for name in PAGES:
        response = served.get(f"/runbook/{name}")
        style = Words(response.body.decode()).style
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = response.headers["content-security-policy"]
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy
        assert "script" not in policy and "<script" not in response.body.decode()


def test_ways_in(served, exporter):
    response = served.get("/runbook")
    assert (response.status, response.headers["location"]) == (301, "runbook/")
    for path in ("/runbook/none", "/runbook/backlog.md", "/runbook/backlog/", "/runbook/..%2fmetrics"):
        assert served.get(path).status == 404, path
    assert exporter("--set=web.page=false").get("/runbook/").status == 404


def test_incidents_link_to_pages_that_are_there(tree):
    """Whatever page a remedy names."""
    source = "".join(path.read_text() for path in (tree / "collectors").rglob("*.c"))
    named = set(re.findall(r'(?:\[REMEDY_\w+\]|struct remedy \w+) = \{\s*"([a-z-]+)"', source))
    assert len(named) > 30
    assert sorted(name for name in named if name not in PAGES) == []


def test_valid_html(served, npm, tmp_path):  # noqa: F811 # pylint: disable=redefined-outer-name
    settings = {"long-title": "off", "no-trailing-whitespace": "off"}
    (tmp_path / "rules.json").write_text(json.dumps({"extends": ["html-validate:recommended"], "rules": settings}))
    files = []
    for name in PAGES:
        files.append(tmp_path / f"{name or 'index'}.html")
        files[-1].write_bytes(served.get(f"/runbook/{name}").body)
    validate = ["node", npm / ".bin/html-validate", "--config", tmp_path / "rules.json", *files]
    result = subprocess.run(validate, capture_output=True, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr).decode()


@pytest.mark.parametrize("name", ["", "udp-receive-buffer", "limits"])
def test_accessible(exporter, browser, netns, npm, name):  # noqa: F811 # pylint: disable=redefined-outer-name
    namespace = netns()
    daemon = exporter("--collector.disable-defaults", "--collector.process", netns=namespace)
    page = browser(namespace).open(f"http://127.0.0.1:{daemon.port}/runbook/{name}")
    for dark, width in ((False, 900), (True, 900), (False, 390), (True, 390)):
        page.look(width=width, dark=dark)
        assert axe(page, npm) == []
        assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("document.title").endswith("netdrop-exporter runbook")
