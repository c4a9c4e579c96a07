# SPDX-License-Identifier: GPL-2.0-or-later
"""Each link of the page and of the runbook, as people follow it: by a click in a real browser, at the root and below the path
of a proxy, and back again."""

import subprocess
from urllib.parse import urlsplit

import pytest

from daemon import eventually
from test_page import ALL_DEVICES, PROXY, browser, cards, front, full_socket, wait  # noqa: F401 # pylint: disable=unused-import # fixtures

MANY = 60  # more interfaces than are shown
LINKS = "[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))"


@pytest.fixture(name="root", params=["root", "below"])
def fixture_root(request, exporter, veth):
    """(daemon, address): as its own address has it, or below a path of a proxy, which knows that path alone."""
    veth.b.batch(f"link add d{i} type veth peer name e{i}" for i in range(MANY // 2))
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    if request.param == "root":
        yield daemon, front(daemon)
        return
    proxy = subprocess.Popen(veth.b.command(["python3", "-c", PROXY, front(daemon)[:-1]]), stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: veth.b.socket().connect_ex(("127.0.0.1", 8080)) == 0, "the proxy")
        yield daemon, "http://127.0.0.1:8080/drops/"
    finally:
        proxy.kill()
        proxy.wait()


def follow(page, link):
    """Clicks on it, and waits until what it leads to is there; its address."""
    before = page.run("location.href")
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.loaded = False
    page.run(f"document.querySelector('a[href=\"{link}\"]').click()")
    eventually(lambda: page.loaded or page.browser.listen(0.1), f"the way from {before} by {link}")
    return page.run("location.href")


def back(page, url):
    page.loaded = False
    page.call("Page.navigate", url=url)
    eventually(lambda: page.loaded or page.browser.listen(0.1), url)


def status(page):
    return page.run("performance.getEntriesByType('navigation')[0].responseStatus")


def test_each_link_of_the_page(browser, veth, full_socket, root):  # noqa: F811 # pylint: disable=redefined-outer-name,unused-argument
    _, address = root
    page = browser(veth.b).open(address)
    veth.send_udp(500)
    wait(page, lambda: any("UDP port 9999" in card[0] for card in cards(page)), "the loss")
    leads = {
        "./metrics": ("metrics", "# HELP netdrop_"),
        "./report": ("report", "Looked at: "),
        "./runbook/": ("runbook/", "One page for each cause"),
        "./runbook/udp-receive-buffer": ("runbook/udp-receive-buffer", "SO_RCVBUF"),
        "?interfaces=all": ("?interfaces=all", f"e{MANY // 2 - 1}"),
    }
    # What others on this host lose has pages, too, as long as it is told.
    others = {link for link in page.run(LINKS) if link not in leads}
    assert all(link.startswith("./runbook/") for link in others)
    leads |= {link: (link[2:], "What is lost now") for link in others}
    for link, (path, text) in leads.items():
        if link in others and link not in page.run(LINKS):
            continue
        assert follow(page, link) == address + path
        assert status(page) == 200 and text in page.run("document.body.textContent"), link
        back(page, address)


def test_each_link_of_the_runbook(browser, veth, root):  # noqa: F811 # pylint: disable=redefined-outer-name
    """From the index to each page, by whatever links there are between them, and from each of them back to the page."""
    _, address = root
    page = browser(veth.b).open(address + "runbook/")
    seen, left = set(), [""]
    while left:
        name = left.pop()
        seen.add(name)
        back(page, f"{address}runbook/{name}")
        assert status(page) == 200 and page.run("document.querySelectorAll('main h1').length") == 1
        for link in page.run("[...document.querySelectorAll('a')].map(one => one.href)"):
            url = urlsplit(link)
            if not link.startswith(address):
                assert url.scheme == "https" and url.hostname != "127.0.0.1", (name, link)
                continue
            rest = link.removeprefix(address)
            if url.fragment:
                target = rest.partition("#")[0].removeprefix("runbook/")
                assert target == name and page.run(f"document.getElementById('{url.fragment}') !== null"), (name, link)
            elif rest.startswith("runbook/") and rest.removeprefix("runbook/") not in {*seen, *left}:
                left.append(rest.removeprefix("runbook/"))
            else:
                assert rest == "" or rest.startswith("runbook/"), (name, link)
        assert follow(page, "../") == address
    assert len(seen) > 30
