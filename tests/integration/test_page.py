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
from daemon import PATIENCE, SECRET_HASH, eventually

# Exact: a new version of either may find something new, which is for who raises it.
NPM = ("axe-core@4.10.3", "html-validate@9.7.1")
ALL_DEVICES = "--set=devices.exclude_kinds="
TAB, ENTER = ("Tab", 9), ("Enter", 13)
LIVE = ["verdict", "path", "incidents", "interfaces", "others", "counters", "sites", "collectors"]


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


def front(daemon):
    return f"http://127.0.0.1:{daemon.port}/"


def rows(page, part):
    """The texts of a part's table, row by row."""
    cells = "[...row.cells].map(cell => cell.innerText)"
    return page.run(f"[...document.querySelectorAll('#{part} tbody tr')].map(row => {cells})")


def cards(page):
    """The incidents: (title, numbers, all of the text)."""
    texts = "[one.querySelector('h2').innerText, one.querySelector('.numbers').innerText, one.innerText]"
    return page.run(f"[...document.querySelectorAll('#incidents article')].map(one => {texts})")


def number(text):
    return int(text.replace(",", ""))


def wait(page, condition, what):
    """Until condition() is true of the page, which goes on meanwhile."""
    return eventually(lambda: condition() or page.browser.listen(0.02), what)


def test_a_drop_appears(exporter, browser, veth, full_socket, record_testsuite_property):
    """On the open page, without a reload, with its name, its command, what to do; its rate is 0 when it is over."""
    daemon = exporter(ALL_DEVICES, "--set=web.request_timeout=4s", netns=veth.b)
    page = browser(veth.b).open(front(daemon))
    page.run("window.same = true")
    page.refreshed(2)

    def loss():
        """What is ours: the drop sites are those of the whole host, where other tests lose packets too."""
        return next((card for card in cards(page) if "UDP port 9999" in card[0]), None)

    assert loss() is None

    begin = time.monotonic()
    veth.send_udp(2000)
    wait(page, loss, "the drop to appear")
    record_testsuite_property("seconds until a drop is on the page", f"{time.monotonic() - begin:.2f}")
    # Never green for a loss.
    assert page.run("document.querySelector('#verdict > div').className") == "red"
    sent = 2000

    def losing():
        """While more is lost, for a look can fall between two points in time."""
        nonlocal sent
        veth.send_udp(100)
        sent += 100
        return not loss()[1].startswith("0/") and " loses " in page.text("#verdict")

    wait(page, losing, "the rate and the verdict")
    title, _, text = loss()
    assert title == "UDP port 9999: the receive buffer is full"
    wait(page, lambda: "\nss -lunmp 'sport = :9999'" in loss()[2], "the command")
    record_testsuite_property("seconds until its command is on the page", f"{time.monotonic() - begin:.2f}")
    assert "a larger SO_RCVBUF." in text and "Runbook: udp-receive-buffer" in text
    assert "lost" in page.run("document.querySelector('#path .in.p5').getAttribute('class')")
    wait(page, lambda: loss()[1].startswith("0/s now"), "the rate to be 0")
    # It was lost all the same: for five minutes it is no better. What others on this host lose may be told first.
    assert page.run("document.querySelector('#verdict > div').className") == "red"
    verdict = page.text("#verdict")
    told = re.search(r"UDP port 9999 lost ([\d,]+) from \S+ to \S+: the receive buffer is full", verdict)
    assert told or "UDP port 9999" not in verdict
    held = 0
    full_socket.settimeout(1)
    with suppress(TimeoutError):
        while full_socket.recv(100):
            held += 1
    assert number(re.search(r"now, ([\d,]+) in five minutes", loss()[1])[1]) == sent - held
    assert not told or number(told[1]) == sent - held
    # The connections that a browser keeps at hand without a use for them are no limit that was hit.
    assert daemon.metrics().value("netdrop_limit_hits_total", limit="request_time") == 0
    assert page.run("window.same") and set(page.asked) == {front(daemon)}
    assert page.complaints == []


def test_a_renewal_disturbs_nobody(exporter, browser, veth, full_socket):
    """What is open stays open, and so do the focus, a selection and the scrolled distance; all else is renewed."""
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    page = browser(veth.b).open(front(daemon), height=300)
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.run("document.querySelector('#others tbody').id = 'old'")
    page.run("getSelection().selectAllChildren(document.querySelector('#collectors tbody th'))")
    page.run("document.querySelectorAll('summary')[2].focus()")
    page.run("document.activeElement.scrollIntoView()")
    place = page.run("document.activeElement.getBoundingClientRect().top")
    before = page.text("#sites")
    veth.send_udp(500)
    wait(page, lambda: page.text("#sites") != before, "the sites to be renewed")
    wait(page, lambda: page.run("!document.getElementById('old')"), "the interfaces to be renewed")
    page.refreshed(3)
    assert page.run("[...document.querySelectorAll('details')].map(one => one.open)") == [True] * 4
    assert page.run("document.activeElement === document.querySelectorAll('summary')[2]")
    # Though a table came above it.
    assert page.run("document.activeElement.getBoundingClientRect().top") == pytest.approx(place, abs=2)
    assert page.run("getSelection().toString()") == "link"
    assert page.complaints == []


def test_a_link_of_an_incident_keeps_the_focus(exporter, browser, veth, full_socket):
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    page = browser(veth.b).open(front(daemon))
    focused = "document.activeElement.getAttribute('href')"
    veth.send_udp(500)
    wait(page, lambda: any("UDP port 9999" in card[0] for card in cards(page)), "the loss")
    page.run("document.querySelector('#incidents a[href$=udp-receive-buffer]').focus()")
    page.run("document.querySelector('#incidents article').id = 'old'")
    veth.send_udp(500)
    wait(page, lambda: page.run("!document.getElementById('old')"), "the incidents to be renewed")
    assert page.run(focused) == "./runbook/udp-receive-buffer"
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
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    shown = page.text("#others")
    assert page.run("document.getElementById('note').hidden")
    daemon.process.kill()
    daemon.process.wait()
    wait(page, lambda: page.run("!document.getElementById('note').hidden"), "the note")
    assert page.text("#note") == "The exporter does not answer: what you see is old."
    assert page.text("#others").split()[:8] == shown.split()[:8]
    exporter(f"--web.listen-address=127.0.0.1:{daemon.port}", netns=namespace)
    wait(page, lambda: page.run("document.getElementById('note').hidden"), "the note to go")


PROXY = """
import http.server, sys, urllib.request
class Below(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if not self.path.startswith("/drops/"):
            return self.send_error(404)
        with urllib.request.urlopen(sys.argv[1] + self.path[len("/drops"):]) as answer:
            self.send_response(200)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            self.wfile.write(answer.read())
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Below).serve_forever()
"""


def test_below_a_path_of_a_proxy(exporter, browser, netns):
    """Which knows that path alone: nothing on the page, or that it asks for, leads elsewhere."""
    namespace = netns()
    daemon = exporter(netns=namespace)
    proxy = subprocess.Popen(namespace.command(["python3", "-c", PROXY, front(daemon)[:-1]]), stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: namespace.socket().connect_ex(("127.0.0.1", 8080)) == 0, "the proxy")
        page = browser(namespace).open("http://127.0.0.1:8080/drops/?interfaces=all")
        page.refreshed(3)
        assert page.run("document.getElementById('note').hidden")
        assert page.run("document.querySelector('nav a').href") == "http://127.0.0.1:8080/drops/metrics"
        assert {url for url in page.asked if "favicon" not in url} == {"http://127.0.0.1:8080/drops/?interfaces=all"}
    finally:
        proxy.kill()
        proxy.wait()


def test_by_https_with_a_password(exporter, browser, netns, tmp_path):
    """Renewals too, which the browser answers for."""
    namespace = netns()
    issuer = authority.Authority(tmp_path / "ca")
    users = tmp_path / "users"
    users.write_text(f"somebody:{SECRET_HASH}\n")
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
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    shown = [row[0] for part in ("interfaces", "others") for row in rows(page, part)]
    expected = {f"{name} veth\n{re.sub('[^ -~]', chr(0xFFFD), alias)}" for name, alias in aliases.items()}
    assert {text for text in shown if "\n" in text} == expected
    assert page.complaints == []
    page.screenshot(pictures / "page-names.png")


def lose(daemon, veth):
    """Until the page tells of it: that somebody loses is no proof on a host where other tests do, too."""

    def told():
        veth.send_udp(500)
        return b"UDP port 9999" in daemon.get("/").body

    eventually(told, "the loss")


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
    lose(daemon, veth)
    outline = Outline()
    outline.feed(daemon.get("/").body.decode())
    assert [one for one in outline.ids if one in LIVE] == LIVE
    assert outline.scripts == [{}] and outline.links[:3] == ["./metrics", "./report", "./runbook/"]
    assert all(daemon.get(link[1:]).status == 200 for link in set(outline.links))
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
    name = "(one => one.innerText)(document.activeElement)"
    while reached[-1:] != ["Collectors"] and len(reached) < 100:
        page.press(*TAB)
        reached.append(page.run(name))
        if page.run("document.activeElement.tagName") == "SUMMARY":
            page.press(*ENTER)
            page.refreshed(2)
            assert page.run(name) == reached[-1]
    parts = [
        "Metrics",
        "Report",
        "Runbook",
        "The other interfaces",
        "All interfaces",
        "All counters of drops that moved within the last five minutes",
        "All places in the kernel that dropped packets since the exporter began to count",
        "Collectors",
    ]
    # Incidents, which others on this host may cause, have links of their own.
    assert [one for one in reached if not one.startswith("Runbook:")] == parts
    page.run("document.querySelector('main > p a').focus()")
    page.refreshed(2)
    page.press(*ENTER)
    wait(page, lambda: len(rows(page, "others")) + len(rows(page, "interfaces")) == 61, "all interfaces")


def axe(page, npm):
    """What axe-core finds wrong, and, where all is in sight, what it can't tell."""
    page.run((npm / "axe-core/axe.min.js").read_text() + ";0")
    # What is renewed while it looks would be looked at in halves.
    page.run("window.live = [...document.querySelectorAll('[data-live]')]; live.forEach(one => delete one.dataset.live)")
    found = page.run("axe.run()")
    page.run("live.forEach(one => one.dataset.live = '')")
    assert len(found["passes"]) > 20
    wide = page.run("innerWidth") > 1000
    wrong = found["violations"] + (found["incomplete"] if wide else [])
    for one in found["incomplete"]:
        # What is behind a text of a picture it never knows: contrasts() does.
        if one["id"] == "color-contrast":
            one["nodes"] = [node for node in one["nodes"] if not node["html"].startswith("<text")]
    wrong = [one for one in wrong if one["nodes"]]
    return [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"]][:3]) for one in wrong]


PLACES = [
    *("NIC", "driver", "ingress", "network", "sockets"),
    *("sockets", "network", "egress queues", "driver", "NIC"),
]
CONTRASTS = """(() => {
    const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = text => {
        const box = text.parentNode.querySelector(":scope > rect");
        const fill = box ? getComputedStyle(box).fill : "none";
        return fill === "none" ? getComputedStyle(document.getElementById("path")).backgroundColor : fill;
    };
    return [...document.querySelectorAll("#path text")].map(text => {
        const both = [getComputedStyle(text).fill, behind(text)].map(light);
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    });
})()"""


def contrasts(page):
    """Of each text of the picture with what is behind it, as WCAG reckons it."""
    found, texts = page.run(f"[{CONTRASTS}, [...document.querySelectorAll('#path text')].map(one => one.textContent)]")
    # Each place with its name and at least one number.
    assert [text for text in texts if text in PLACES] == PLACES
    assert all(re.match(r"\d", after) for place, after in zip(texts, texts[1:]) if place in PLACES)
    assert len(found) == len(texts)
    return found


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("loss", [False, True], ids=["quiet", "loss"])
def test_accessible(exporter, browser, veth, full_socket, npm, pictures, loss, width):
    """axe-core finds nothing, whatever it looks like."""
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    page = browser(veth.b).open(front(daemon))
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    if loss:
        veth.send_udp(3000)
        wait(page, lambda: any("UDP port 9999" in card[0] for card in cards(page)), "the loss")
    for scheme in ("light", "dark"):
        page.look(width=width, dark=scheme == "dark")
        page.refreshed()
        page.screenshot(pictures / f"page-{'loss' if loss else 'quiet'}-{scheme}-{width}.png")
        assert axe(page, npm) == []
        assert min(contrasts(page)) >= 4.5
        # Nothing scrolls sideways.
        assert page.run("document.documentElement.scrollWidth") <= width
    page.run("document.getElementById('note').hidden = false")
    assert axe(page, npm) == []


def test_valid_html(exporter, veth, full_socket, npm, tmp_path):
    daemon = exporter(ALL_DEVICES, netns=veth.b)
    lose(daemon, veth)
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
    for _ in range(15):
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
    namespace.batch(f"link add v{i} type veth peer name w{i}" for i in range(1000))
    daemon = exporter(ALL_DEVICES, "--set=collectors.link.interval=1s", netns=namespace)
    assert len(daemon.get("/").body) < 100_000
    record_testsuite_property("ms a scrape of 2,000 interfaces", f"{scrape_ms(daemon):.2f}")
    with viewers(daemon, 10):
        record_testsuite_property("ms the same with ten viewers", f"{scrape_ms(daemon):.2f}")
    page = browser(namespace).open(front(daemon))
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.refreshed(2)
    assert len(rows(page, "others")) == 50
    assert "1,951 more" in page.text("#others")
    page.screenshot(pictures / "page-2000.png")
    page = page.browser.open(front(daemon) + "?interfaces=all", width=390, dark=True)
    page.refreshed(2, 4 * PATIENCE)  # it rests three times as long as a renewal takes
    assert len(rows(page, "others")) == 2001
    assert page.complaints == []
    page.screenshot(pictures / "page-2000-all.png")
