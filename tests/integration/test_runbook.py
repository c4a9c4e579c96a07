# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/runbook: every link leads somewhere, every page is linked, every metric it names is there, each cause leads to the page
that names it, and the tables of drop reasons and of the ledger's rules are the program's own."""

import re
import subprocess

import pytest

import rules

DIRECTORY = rules.TREE / "docs/runbook"
PAGES = sorted(path.name for path in DIRECTORY.glob("*.md"))
SECTIONS = ["Confirm", "Change", "It worked when"]


def links(name):
    return {link for link in re.findall(r"\]\(([^)#]+)\)", (DIRECTORY / name).read_text()) if "://" not in link}


def alerts_of(name):
    text = (DIRECTORY / name).read_text()
    line = re.search(r"^Alerts?: (.*)$", text, re.MULTILINE)
    return set(re.findall(r"`(Netdrop\w+)`", line[1])) if line else set()


@pytest.mark.parametrize("name", PAGES)
def test_links_resolve(name):
    assert [link for link in links(name) if not (DIRECTORY / link).is_file()] == []


def test_every_page_is_in_the_index():
    assert set(PAGES) - links("README.md") == {"README.md"}


def test_alerts_and_pages_name_each_other():
    named = {(alert, name) for name in PAGES for alert in alerts_of(name)}
    linked = {(rule["alert"], rule["annotations"]["runbook_url"]) for rule in rules.rules("alert")}
    assert {(alert, f"docs/runbook/{name}") for alert, name in named} == linked


def causes_of(name):
    line = re.search(r"^Causes?: (.*?)\n\n", (DIRECTORY / name).read_text(), re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`(\w+)`", line[1])) if line else set()


@pytest.fixture(name="led", scope="module")
def fixture_led(build):
    """{(cause, page)}: where the page and the log send whoever loses packets by a cause, but for what nobody misses."""
    said = subprocess.run(
        [build / "tests/unit/cause_pages"],
        env={"FIXTURES": str(rules.TREE / "tests/fixtures")},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    lines = {tuple(line.split()) for line in said.splitlines()}
    nobody_misses = {(kind, "benign") for kind in ("benign", "copy")}
    return {(cause, f"{page}.md") for cause, kind, page in lines if (kind, page) not in nobody_misses}


def test_causes_and_pages_name_each_other(led):
    """A page says itself which causes it is about."""
    assert {(cause, name) for name in PAGES for cause in causes_of(name)} == led


def test_the_index_sends_to_the_pages_of_the_causes(led):
    text = (DIRECTORY / "README.md").read_text()
    lists = re.findall(r"^- \[.*?\]\((.*?)\): (.*)$", text, re.MULTILINE)
    named = {(cause, page) for page, words in lists for cause in re.findall(r"`(\w+)`", words)}
    named |= {(cause, page) for words, page in re.findall(r"\[((?:`\w+`(?: and )?)+)\]\((.*?)\)", text) for cause in re.findall(r"`(\w+)`", words)}
    assert ("length", "frame-length.md") in named
    assert {(f"nic_{cause}", page) for cause, page in named} <= led


def test_alerts_on_a_cause_send_to_its_page(led):
    """The alerts on the counter of a NIC's causes."""
    found = set()
    for rule in rules.rules("alert"):
        causes = re.match(r'rate\(netdrop_nic_lost_total\{cause=~?"([^"]+)"\}', rule["expr"])
        page = rule["annotations"]["runbook_url"].removeprefix("docs/runbook/")
        found |= {(f"nic_{cause}", page) for cause in causes[1].split("|")} if causes else set()
    assert ("nic_length", "frame-length.md") in found
    assert found <= led


def test_every_limit_is_explained():
    limits = re.findall(r'\[LIMIT_\w+\] = "(\w+)"', (rules.TREE / "base/limits.c").read_text())
    rows = re.findall(r"^\| (`.*?) \|", (DIRECTORY / "limits.md").read_text(), re.MULTILINE)
    assert limits
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(limits)


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"README.md", "drop-reasons.md", "ledger.md"}))
def test_a_page_says_all(name):
    text = (DIRECTORY / name).read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    worked = text.split("## It worked when")[1]
    assert rules.names_in(worked), "no metric that shows that it worked"


@pytest.mark.parametrize("name", PAGES)
def test_names_are_the_exporters(name):
    text = (DIRECTORY / name).read_text()
    # In commands the names may be cut: what grep looks for.
    assert list(rules.unknown(re.sub(r"^```sh\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))) == []


def is_the_programs(path, command, update, **options):
    """The page's table, which ends it, is what the program prints."""
    table = subprocess.run(command, capture_output=True, check=True, text=True, **options).stdout
    head = table.splitlines()[0]
    prose, _, _ = path.read_text().partition(head)
    if update:
        path.write_text(prose + table)
    assert path.read_text() == prose + table


def test_drop_reasons_are_the_programs(build, request):
    is_the_programs(
        DIRECTORY / "drop-reasons.md",
        [build / "daemon/generate/generate", "drop-reasons"],
        request.config.getoption("--update-golden"),
    )


def test_ledger_rules_are_the_programs(build, request):
    is_the_programs(
        DIRECTORY / "ledger.md",
        [build / "tests/unit/ledger_document"],
        request.config.getoption("--update-golden"),
        env={"FIXTURES": str(rules.TREE / "tests/fixtures")},
    )
