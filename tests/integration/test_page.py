# SPDX-License-Identifier: GPL-2.0-or-later
"""The page for people, as people see it: in a real browser, while packets are really lost."""

import json
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path

import pytest

import authority
from browser import Browser
from daemon import eventually

# Exact: a new version of either may find something new, which is for who raises it.
NPM = ("axe-core@4.10.3", "html-validate@9.7.1")
ALL_DEVICES = "--set=devices.exclude_kinds="
TAB, ENTER = ("Tab", 9), ("Enter", 13)
LIVE = ["verdict", "losses", "interfaces", "others", "sites", "collectors"]


@pytest.fixture
def browser(namespaces_possible, tmp_path):
    """browser(namespace): one in there."""
    if not shutil.which("chromium"):
        pytest.skip("needs chromium")
    started = []

    def start(namespace):
        directory = tmp_path / f"browser{len(started)}"
        directory.mkdir()
        started.append(Browser(directory, namespace))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture(scope="session")
def npm(build):
    """The directory of the packages, installed beside the build."""
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    directory = build / "npm"
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"--prefix={directory}", *NPM]
    directory.mkdir(exist_ok=True)
    installed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=240, check=False)
    if installed.returncode != 0:
        pytest.skip("no packages from npm: " + installed.stderr.decode(errors="replace").strip()[-300:])
    return directory / "node_modules"


@pytest.fixture
def pictures(request, tmp_path):
    """Where screenshots are kept: beside the results, where there are any."""
    report = request.config.getoption("xmlpath")
    return Path(report).resolve().parent if report else tmp_path


@pytest.fixture
def full_socket(veth):
    """b reads nothing of what a sends it."""
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind((veth.ADDRESS["b0"], 9999))
        yield receiver


@pytest.fixture
def sites_named(command):
    """Whether drop sites have reasons and devices here."""
    return "runs here: yes: by bpf" in command("--list-collectors").stdout


def front(daemon):
    return f"http://127.0.0.1:{daemon.port}/"


def rows(page, part):
    """The texts of a part's table, row by row."""
    cells = "[...row.cells].map(cell => cell.innerText)"
    return page.run(f"[...document.querySelectorAll('#{part} tbody tr')].map(row => {cells})")


def wait(page, condition, what):
    """Until condition() is true of the page, which goes on meanwhile."""
    return eventually(lambda: condition() or page.browser.listen(0.02), what)


def test_a_drop_appears(exporter, browser, veth, full_socket, sites_named, record_testsuite_property):
    """On the open page, without a reload, with its name, its meaning, what to do; its rate is 0 when it is over."""
    daemon = exporter(ALL_DEVICES, "--set=web.request_timeout=4s", netns=veth.b)
    page = browser(veth.b).open(front(daemon))
    page.run("window.same = true")
    page.refreshed(2)
    where = "b0" if sites_named else "udp"

    def loss():
        """What is ours: the drop sites are those of the whole host, where other tests lose packets too."""
        return next((row for row in rows(page, "losses") if row[0] == where), None)

    assert loss() is None

    begin = time.monotonic()
    veth.send_udp(2000)
    wait(page, loss, "the drop to appear")
    took = time.monotonic() - begin
    record_testsuite_property("seconds until a drop is on the page", f"{took:.2f}")
    sent = 2000

    def losing():
        """While more is lost, for a look can fall between two points of the trends."""
        nonlocal sent
        veth.send_udp(100)
        sent += 100
        row = loss()
        return float(row[2].replace(",", "")) > 0 and " loses " in page.text("#verdict") and row

    how = wait(page, losing, "the rate and the verdict")[1]
    if sites_named:
        assert re.match(r"SOCKET_RCVBUFF in \w*udp\w*queue_rcv\w*\n", how)
        assert "The receive buffer of a socket is full" in how
    else:
        assert how.startswith("receive buffer full\n")
    assert "a larger SO_RCVBUF. Runbook: udp-receive-buffer." in how
    wait(page, lambda: loss()[2] == "0", "the rate to be 0")
    # Ours is over; what others on this host lose meanwhile has no device of ours.
    over = re.compile("Nothing is lost now|(another namespace|kernel) loses ")
    wait(page, lambda: over.match(page.text("#verdict")), "the verdict")
    held = 0
    full_socket.settimeout(1)
    with suppress(TimeoutError):
        while full_socket.recv(100):
            held += 1
    assert int(loss()[3].replace(",", "")) == sent - held
    # The connections that a browser keeps at hand without a use for them are no limit that was hit.
    assert daemon.metrics().value("netdrop_limit_hits_total", limit="request_time") == 0
    assert page.run("window.same") and set(page.asked) == {front(daemon)}
    assert page.complaints == []


def test_a_renewal_disturbs_nobody(exporter, browser, veth, full_socket):
    """What is open stays open, and so do the focus, a selection and the scrolled distance; all else is renewed."""
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    page = browser(veth.b).open(front(daemon), height=300)
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.run("document.querySelector('#interfaces tbody').id = 'old'")
    page.run("getSelection().selectAllChildren(document.querySelector('#collectors tbody th'))")
    page.run("document.querySelectorAll('summary')[1].focus()")
    page.run("document.activeElement.scrollIntoView()")
    place = page.run("document.activeElement.getBoundingClientRect().top")
    before = page.text("#sites")
    veth.send_udp(500)
    wait(page, lambda: page.text("#sites") != before, "the sites to be renewed")
    wait(page, lambda: page.run("!document.getElementById('old')"), "the interfaces to be renewed")
    page.refreshed(3)
    assert page.run("[...document.querySelectorAll('details')].map(one => one.open)") == [True, True]
    assert page.run("document.activeElement === document.querySelectorAll('summary')[1]")
    # Though a table came above it.
    assert page.run("document.activeElement.getBoundingClientRect().top") == pytest.approx(place, abs=2)
    assert page.run("getSelection().toString()") == "link"
    assert page.complaints == []


def test_policy_is_enforced(exporter, browser, netns):
    """The browser refuses whatever is not the page's own."""
    namespace = netns()
    daemon = exporter(netns=namespace)
    page = browser(namespace).open(front(daemon))
    page.refreshed()
    assert page.complaints == []
    page.run(
        """(() => {
            window.refused = [];
            document.addEventListener("securitypolicyviolation", event => refused.push(event.effectiveDirective));
            const add = (name, attributes) => {
                document.body.append(Object.assign(document.createElement(name), attributes));
            };
            add("script", {textContent: "window.ran = true"});
            add("script", {src: "/metrics"});
            add("img", {src: "/metrics"});
            add("iframe", {src: "/metrics"});
            add("style", {textContent: "body { display: none }"});
            document.body.setAttribute("style", "display: none");
            document.body.setAttribute("onclick", "window.ran = true");
            fetch("http://127.0.0.2:1/").catch(() => 0);
        })()"""
    )
    page.refreshed()
    document = "script-src-elem script-src-attr img-src frame-src style-src-elem style-src-attr connect-src".split()
    assert set(page.run("window.refused")) == set(document)
    assert page.run("window.ran") is None
    assert page.run("getComputedStyle(document.body).display") == "block"


def test_exporter_away_and_back(exporter, browser, netns):
    """What is seen then is said to be old."""
    namespace = netns()
    daemon = exporter(netns=namespace)
    page = browser(namespace).open(front(daemon))
    shown = page.text("#interfaces")
    assert page.run("document.getElementById('note').hidden")
    daemon.process.kill()
    daemon.process.wait()
    wait(page, lambda: page.run("!document.getElementById('note').hidden"), "the note")
    assert page.text("#note") == "The exporter does not answer: what you see is old."
    assert page.text("#interfaces").split()[:8] == shown.split()[:8]
    exporter(f"--web.listen-address=127.0.0.1:{daemon.port}", netns=namespace)
    wait(page, lambda: page.run("document.getElementById('note').hidden"), "the note to go")


def test_by_https_with_a_password(exporter, browser, netns, tmp_path):
    """Renewals too, which the browser answers for."""
    namespace = netns()
    issuer = authority.Authority(tmp_path / "ca")
    users = tmp_path / "users"
    users.write_text("somebody:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n")
    users.chmod(0o600)
    flags = authority.flags(*issuer.issue("host"))
    daemon = exporter(*flags, f"--set=web.users_file={users}", netns=namespace, authority=issuer.certificate,
                      user="somebody:secret")  # fmt: skip
    page = browser(namespace).open(f"https://somebody:secret@127.0.0.1:{daemon.port}/", trusting=True)
    page.refreshed(5)
    assert page.run("document.getElementById('note').hidden")
    assert not page.complaints


def test_row_56_hostile_names(exporter, browser, netns, pictures):
    """Names and aliases are text, on the page and in the metrics."""
    namespace = netns()
    aliases = {"<script>": '"} 1\nfake 1', 'a"&\'b': "<script>window.ran = true</script>", "c\\}": "\x01\x1b[31m"}
    for name, alias in aliases.items():
        namespace.run(["ip", "link", "add", name, "type", "veth"])
        namespace.run(["ip", "link", "set", name, "alias", alias])
    daemon = exporter(ALL_DEVICES, netns=namespace)
    labels = [sample.labels for sample in daemon.metrics()["netdrop_link_info"]]
    assert {one["device"]: one["alias"] for one in labels if one["alias"]} == aliases
    page = browser(namespace).open(front(daemon))
    page.refreshed(2)
    assert page.run("document.scripts.length") == 1 and page.run("window.ran") is None
    shown = [row[0] for row in rows(page, "interfaces")]
    expected = {f"{name} veth\n{re.sub('[^ -~]', chr(0xFFFD), alias)}" for name, alias in aliases.items()}
    assert {text for text in shown if "\n" in text} == expected
    assert page.complaints == []
    page.screenshot(pictures / "page-names.png")


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.scripts, self.links = [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.append(attributes.get("id"))
        if tag == "script":
            self.scripts.append(attributes)
        self.links += [value for name, value in attributes.items() if name in ("src", "href", "action", "style")]


def test_without_script(exporter, browser, veth, full_socket):
    """The same page, whole; a reload renews it."""
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    veth.send_udp(500)
    eventually(lambda: b" loses " in daemon.get("/").body, "the loss")
    outline = Outline()
    outline.feed(daemon.get("/").body.decode())
    assert [one for one in outline.ids if one in LIVE] == LIVE
    assert outline.scripts == [{}] and outline.links == ["/metrics"]
    page = browser(veth.b).open(front(daemon), script=False)
    assert page.call("Runtime.evaluate", expression="document.body.innerText")["result"]["value"].count("b0") >= 1
    page.browser.listen(2)
    assert page.asked == [front(daemon)] and page.complaints == []


def test_keyboard(exporter, browser, netns):
    """Every control and every region that scrolls is reached, in the order in which they stand, and stays."""
    namespace = netns()
    namespace.batch(f"link add v{i} type veth peer name w{i}" for i in range(30))
    daemon = exporter(ALL_DEVICES, netns=namespace)
    page = browser(namespace).open(front(daemon))
    reached = []
    name = "(one => one.id || one.innerText.split(' ').slice(0, 2).join(' '))(document.activeElement)"
    for _ in range(9):
        page.press(*TAB)
        reached.append(page.run(name))
        if reached[-1] in ("By configuration,", "All that"):
            page.press(*ENTER)
            page.refreshed(2)
            assert page.run(name) == reached[-1]
    parts = ["losses", "interfaces", "All interfaces", "By configuration,", "others", "All that", "sites", "collectors"]
    assert reached == ["Metrics", *parts]
    page.run("document.querySelector('main a').focus()")
    page.refreshed(2)
    page.press(*ENTER)
    wait(page, lambda: len(rows(page, "interfaces")) == 61, "all interfaces")


def axe(page, npm):
    """What axe-core finds wrong, and, where all is in sight, what it can't tell."""
    page.run((npm / "axe-core/axe.min.js").read_text() + ";0")
    found = page.run("axe.run()")
    assert len(found["passes"]) > 20
    wide = page.run("innerWidth") > 1000
    wrong = found["violations"] + (found["incomplete"] if wide else [])
    return [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"]][:3]) for one in wrong]


@pytest.mark.parametrize("loss", [False, True], ids=["quiet", "loss"])
def test_accessible(exporter, browser, veth, full_socket, npm, pictures, loss):
    """axe-core finds nothing, whatever it looks like."""
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    page = browser(veth.b).open(front(daemon))
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    if loss:
        veth.send_udp(3000)
        wait(page, lambda: rows(page, "losses"), "the loss")
    for scheme, width in (("light", 1200), ("dark", 1200), ("light", 390), ("dark", 390)):
        page.look(width=width, dark=scheme == "dark")
        page.refreshed()
        page.screenshot(pictures / f"page-{'loss' if loss else 'quiet'}-{scheme}-{width}.png")
        assert axe(page, npm) == []
        # Wide tables scroll by themselves, the page does not.
        assert page.run("document.documentElement.scrollWidth") <= width
    page.run("document.getElementById('note').hidden = false")
    assert axe(page, npm) == []


def test_valid_html(exporter, veth, full_socket, npm, tmp_path):
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    veth.send_udp(500)
    eventually(lambda: b" loses " in daemon.get("/").body, "the loss")
    (tmp_path / "page.html").write_bytes(daemon.get("/").body)
    # Not of the language: how to write it. A hidden alert is shown by script.
    rules = {"long-title": "off", "no-trailing-whitespace": "off", "require-sri": "off"}
    (tmp_path / "rules.json").write_text(json.dumps({"extends": ["html-validate:recommended"], "rules": rules}))
    validate = ["node", npm / ".bin/html-validate", "--config", tmp_path / "rules.json", tmp_path / "page.html"]
    result = subprocess.run(validate, capture_output=True, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr).decode()


def scrape_ms(daemon):
    """The middle one of many scrapes, each of new numbers."""
    took = []
    for _ in range(40):
        time.sleep(0.1)
        begin = time.monotonic()
        assert daemon.get("/metrics", {"Accept-Encoding": "gzip"}).status == 200
        took.append(time.monotonic() - begin)
    return 1000 * statistics.median(took)


@contextmanager
def viewers(daemon, count):
    """So many open pages, as the script of each asks."""
    done = threading.Event()

    def view():
        while not done.wait(0.8):
            assert daemon.get("/").status == 200

    threads = [threading.Thread(target=view) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    done.set()
    for thread in threads:
        thread.join()


@pytest.mark.flood
def test_thousands_of_interfaces(exporter, browser, netns, pictures, record_testsuite_property):
    """The page stays small, and all of them are shown where asked for. What ten viewers add to a scrape is noted."""
    namespace = netns()
    namespace.batch(f"link add v{i} type veth peer name w{i}" for i in range(2000))
    daemon = exporter(ALL_DEVICES, "--set=collectors.link.interval=100ms", netns=namespace)
    assert len(daemon.get("/").body) < 100_000
    record_testsuite_property("ms a scrape of 4,000 interfaces", f"{scrape_ms(daemon):.2f}")
    with viewers(daemon, 10):
        record_testsuite_property("ms the same with ten viewers", f"{scrape_ms(daemon):.2f}")
    page = browser(namespace).open(front(daemon))
    page.refreshed(2)
    assert len(rows(page, "interfaces")) == 50
    assert "3,951 more" in page.text("#interfaces")
    page.screenshot(pictures / "page-4000.png")
    page = page.browser.open(front(daemon) + "?interfaces=all", width=390, dark=True)
    page.refreshed(2)
    assert len(rows(page, "interfaces")) == 4001
    assert page.complaints == []
    page.screenshot(pictures / "page-4000-all.png")
