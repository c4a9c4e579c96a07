# SPDX-License-Identifier: GPL-2.0-or-later
"""--watch and --capture: what becomes of recorded packets on a terminal, in a pipe and in a file, with answers that the test
makes. With a real exporter and real drops: test_terminal_live.py."""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios

import pytest

from daemon import environment, eventually
from recorded import ARP, TCP6, Recorded
from screen import Screen

LINE = re.compile(r"(\d\d:\d\d:\d\d\.\d{6})  (\S+) +(\S+) +(\S+) +(\S+) +(\S.*)")
PACKET = "IP 10.0.0.31.52011 > 10.0.0.9.8125  UDP len 214"


@pytest.fixture(autouse=True)
def built(build):
    if not (build / "netdrop-terminal").exists():
        pytest.skip("built without libpcap or ncurses")


@pytest.fixture
def recorded(tmp_path):
    made = Recorded(tmp_path / "r.sock")
    yield made
    made.stop()


@pytest.fixture
def path(recorded):
    return recorded.path


@pytest.fixture
def start(binary, path):
    """start(*flags): the command, running, with pipes; it asks at `path`."""
    started = []

    def run(*flags, **options):
        command = [binary, *flags, f"--web.local-socket={path}"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        started.append(subprocess.Popen(command, env=environment({"TZ": "UTC"}), text=True, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def packets(command, recorded):
    """packets(*flags): the command to its end."""
    return lambda *flags, **options: command(*flags, f"--web.local-socket={recorded.path}", env={"TZ": "UTC"}, **options)


def tshark(file, *fields):
    """The fields of each packet, by Wireshark's own reading."""
    columns = [word for field in fields for word in ("-e", field)]
    command = ["tshark", "-r", file, "-T", "json", "--no-duplicate-keys", *columns]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return [each["_source"]["layers"] for each in found]


def need(program):
    if not shutil.which(program):
        pytest.skip(f"needs {program}")


@pytest.fixture
def screen(binary, recorded, tmp_path):
    """screen(*flags): the view, on a terminal."""
    need("tmux")
    started = []

    def run(*flags, **options):
        directory = tmp_path / f"screen{len(started)}"
        directory.mkdir()
        started.append(Screen(directory, [binary, "--watch", f"--web.local-socket={recorded.path}", *flags], **options))
        return started[-1]

    yield run
    for each in started:
        each.close()


@pytest.fixture
def three_sites(recorded):
    """Of which the second loses most; all at once, so that the first look has them all."""
    recorded.site(1, packets=17972)
    recorded.site(2, function="nft_do_chain", offset="0x4b2", reason="NETFILTER_DROP", packets=27910)
    recorded.site(3, function="__netif_receive_skb_core", offset="0x1c", reason="UNHANDLED_PROTO", device="veth0", netns="blue")
    recorded.drop(1, time="1764438000.118204000")
    recorded.drop(2, time="1764438001.118204000", unit="", link_type=1, data=TCP6, length=1534, stack=["nft_do_chain+0x4b2"])
    recorded.drop(3, time="1764438002.118204000", unit="", link_type=1, data=ARP)
    return recorded


def test_a_line_a_packet(packets, recorded):
    recorded.site(1)
    recorded.site(2, function="nft_do_chain", offset="0x4b2", reason="NETFILTER_DROP", device="veth0", netns="blue")
    recorded.drop(1, time="1764438000.118204999")
    recorded.drop(2, unit="", container_id="3f4e5d6c7b8a" * 5, link_type=1, data=ARP, time="1764438001.000000000")
    result = packets("--watch", "--plain", "--for=0s")
    assert result.returncode == 0 and result.stderr == ""
    assert [LINE.fullmatch(line).groups() for line in result.stdout.splitlines()] == [
        ("17:40:00.118204", "udp_queue_rcv_one_skb+0x2f1", "SOCKET_RCVBUFF", "eth0", "statsd.service", PACKET),
        ("17:40:01.000000", "nft_do_chain+0x4b2", "NETFILTER_DROP", "veth0@blue", "3f4e5d6c7b8a", "ARP who-has 10.0.0.9 tell 10.0.0.7"),
    ]


def test_no_terminal_is_plain(packets, recorded):
    recorded.site(1)
    recorded.drop()
    result = packets("--watch", "--count=1")
    assert PACKET in result.stdout and result.stderr == "" and "\033" not in result.stdout


def test_as_they_come(start, recorded):
    """Each once, and none of those that the filter holds back."""
    recorded.site(1)
    recorded.drop(length=301)
    process = start("--watch", "greater 300")
    assert process.stdout.readline().endswith(PACKET + "\n")
    recorded.drop(length=299)
    recorded.drop(length=302)
    assert LINE.match(process.stdout.readline())
    asked = len(recorded.asked)
    eventually(lambda: len(recorded.asked) > asked + 1, "it to ask again")
    assert recorded.asked[-1] == "/records?after=3"
    process.send_signal(signal.SIGINT)
    assert process.communicate() == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("flags", [["--watch"], ["--capture=-"]], ids=["watch", "capture"])
def test_a_signal_ends_it(start, recorded, number, flags):
    recorded.site(1)
    process = start(*flags, stdout=subprocess.DEVNULL)
    eventually(lambda: len(recorded.asked) > 1, "it to ask")
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("flags", [["--watch"], ["--capture=-"]], ids=["watch", "capture"])
def test_a_reader_who_goes(start, recorded, flags):
    """Also where nothing is written any more: no packet may come for hours."""
    recorded.site(1)
    recorded.drop()
    process = start(*flags)
    assert os.read(process.stdout.fileno(), 8)
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == ""


def test_a_reader_who_does_not_read(start, recorded):
    """A full pipe holds nobody up who wants to end it."""
    recorded.site(1)
    for _ in range(2000):
        recorded.drop()
    process = start("--watch")
    eventually(lambda: len(recorded.asked) >= 2, "it to have read")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_row_90_names_that_would_write_to_the_terminal(packets, recorded, tmp_path):
    evil = "\033]0;x\007\033[2J\u202e\u009b31m\r\n"
    recorded.site(1, function=evil, reason=evil, device=evil, cause=evil, offset=evil)
    recorded.drop(unit=evil, netns=evil, stack=[evil])
    result = packets("--watch", "--for=0s")
    assert result.stdout.count("\n") == 1 and "?]0;x??[2J" in result.stdout
    assert result.stdout.rstrip("\n").isprintable()
    need("tshark")
    assert packets(f"--capture={tmp_path}/f", "--for=0s").returncode == 0
    (comment,) = tshark(f"{tmp_path}/f", "frame.comment")[0]["frame.comment"]
    assert comment.replace("\n", " ").isprintable()
    recorded.refusal = (403, evil)
    assert packets("--watch").stderr.rstrip("\n").isprintable()


def test_row_90_the_file_is_wiresharks(packets, recorded, tmp_path):
    need("tshark")
    recorded.site(1)
    recorded.site(2, function="arp_rcv", offset="0x10", reason="", device="veth0", netns="blue", **{"class": "", "cause": ""})
    recorded.drop(1, time="1764438000.118204001", stack=["kfree_skb+0x1", "udp_rcv+0x2"])
    recorded.drop(2, unit="", link_type=1, data=ARP, length=60, time="1764438000.118204002")
    recorded.drop(1, time="1764438000.118204003", pod_uid="0b2f4c1e-1111-2222-3333-444455556666")
    file = tmp_path / "f.pcapng"
    result = packets(f"--capture={file}", "--for=0s")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"3 packets written to {file}; 0 dropped meanwhile\n"
    assert file.stat().st_mode & 0o777 == 0o600
    first, second, third = tshark(file, "frame.time_epoch", "frame.interface_name", "frame.interface_description", "frame.len",
                                  "frame.cap_len", "frame.comment", "udp.dstport", "arp.dst.proto_ipv4")  # fmt: skip
    assert first["frame.time_epoch"] == ["1764438000.118204001"] and third["frame.time_epoch"] == ["1764438000.118204003"]
    assert (first["frame.interface_name"], second["frame.interface_name"]) == (["eth0"], ["veth0"])
    assert second["frame.interface_description"] == ["network namespace: blue"]
    assert (first["frame.len"], first["frame.cap_len"]) == (["242"], ["28"])
    assert first["udp.dstport"] == ["8125"] and second["arp.dst.proto_ipv4"] == ["10.0.0.9"]
    assert first["frame.comment"] == [
        "dropped at udp_queue_rcv_one_skb+0x2f1, reason SOCKET_RCVBUFF (udp_receive_buffer_full), class capacity\n"
        "device eth0, network namespace the exporter's own, unit statsd.service\n"
        "stack:\n    kfree_skb+0x1\n    udp_rcv+0x2"
    ]
    assert second["frame.comment"] == ["dropped at arp_rcv+0x10, reason -, class -\ndevice veth0, network namespace blue, workload -"]
    assert third["frame.comment"][0].endswith("unit statsd.service, pod 0b2f4c1e-1111-2222-3333-444455556666")
    said = subprocess.run(["capinfos", file], check=True, capture_output=True, text=True).stdout
    assert "Number of packets:   3\n" in said and "Number of interfaces in file: 2\n" in said
    assert "Capture application: netdrop-exporter " in said


def test_what_is_not_ip_says_what_it_is(packets, recorded, tmp_path):
    """Where there is no header of the link, the file has one that is made up: the link type without is for IP alone."""
    need("tshark")
    recorded.site(1)
    recorded.drop(1, link_type=101, protocol="0x0806", data=ARP[28:], length=28)
    recorded.drop(1, link_type=101, protocol="0x88b5", data="", length=40)
    recorded.drop(1)
    file = tmp_path / "f.pcapng"
    assert packets(f"--capture={file}", "--for=0s").returncode == 0
    found = tshark(file, "frame.len", "frame.cap_len", "frame.interface_name", "sll.etype", "arp.dst.proto_ipv4", "udp.dstport")
    assert [packet.get("sll.etype") for packet in found] == [["0x0806"], ["0x88b5"], None]
    assert [packet["frame.len"] + packet["frame.cap_len"] for packet in found] == [["44", "44"], ["56", "16"], ["242", "28"]]
    assert found[0]["arp.dst.proto_ipv4"] == ["10.0.0.9"] and found[2]["udp.dstport"] == ["8125"]
    assert all(packet["frame.interface_name"] == ["eth0"] for packet in found)


def test_a_pipe_into_tshark(start, recorded):
    """It sees a packet as soon as it comes, not only when some buffer is full."""
    need("tshark")
    recorded.site(1)
    process = start("--capture=-", "udp port 8125")
    command = ["tshark", "-l", "-r", "-", "-T", "fields", "-e", "udp.dstport"]
    with subprocess.Popen(command, stdin=process.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as reader:
        process.stdout.close()
        for _ in range(2):
            recorded.drop()
            assert reader.stdout.readline() == "8125\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert reader.stdout.read() == "" and reader.wait(30) == 0
    # The first one may have been there when it began.
    assert re.fullmatch("2 packets written to standard output; [12] dropped meanwhile\n", process.stderr.read())


def test_a_capture_that_is_ended_is_whole(start, recorded, tmp_path):
    need("tshark")
    recorded.site(1)
    file = tmp_path / "f.pcapng"
    process = start(f"--capture={file}")
    eventually(lambda: file.exists() and file.stat().st_size, "the file to begin")
    for packets in (3, 4000):
        recorded.drop(packets=packets)
    recorded.drop(packets=5, record=False)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == f"2 packets written to {file}; 4,008 dropped meanwhile\n"
    assert process.returncode == 0
    assert len(tshark(file, "frame.number")) == 2


def test_so_many_and_no_more(packets, recorded, tmp_path):
    recorded.site(1)
    for _ in range(5):
        recorded.drop()
    assert packets("--watch", "--count=3").stdout.count("\n") == 3
    assert "2 packets written" in packets(f"--capture={tmp_path}/f", "--count=2").stderr


def test_a_service_that_begins_anew(start, recorded):
    """Its numbers of sequence do, too."""
    recorded.site(1)
    for _ in range(3):
        recorded.drop(length=1000)
    process = start("--watch")
    for _ in range(3):
        process.stdout.readline()
    recorded.stop()
    assert re.fullmatch(r"the service does not answer \(.*: No such file or directory\); waiting for it\n", process.stderr.readline())
    recorded.sites, recorded.records, recorded.sequence = {}, [], 0
    recorded.site(9, function="anew")
    recorded.drop(9)
    recorded.start()
    assert "  anew+0x2f1  " in process.stdout.readline()
    assert process.stderr.readline() == "the service answers again\n"


def place(lines, text):
    """The number of the line that holds it."""
    return next(number for number, line in enumerate(lines) if text in line)


def test_row_90_the_view(screen, three_sites):
    view = screen()
    lines = view.shows(lambda lines: "drops/s" in lines[0] and "nft_do_chain+0x4b2" in lines[2], "the sites")
    assert lines[0].startswith("web-7  ") and lines[0].endswith("q quit  / filter  s sort  p pause  enter open")
    assert lines[1].split() == ["rate", "total", "function+offset", "reason", "device", "workload"]
    assert lines[2].split()[1:] == ["27,911", "nft_do_chain+0x4b2", "NETFILTER_DROP", "eth0", "-"]
    assert lines[3].strip() == "17:40:01.118204  IP6 2001:db8::1.37714 > 2001:db8::2.443  TCP [.] len 1448"
    site = place(lines, "udp_queue_rcv_one_skb+0x2f1")
    assert lines[site].split()[-1] == "statsd.service" and PACKET in lines[site + 1]
    assert "veth0@blue" in lines[place(lines, "UNHANDLED_PROTO")]
    # Those that lose now come first.
    three_sites.drop(3, packets=5000)
    view.shows(lambda lines: "__netif_receive_skb_core" in lines[2] and float(lines[2].split()[0].replace(",", "")) > 1000, "the flood")
    view.keys("s")
    view.shows(lambda lines: "sort: total" in lines[0] and "nft_do_chain" in lines[2], "the order by totals")
    view.keys("p")
    view.says("PAUSED")
    asked = len(three_sites.asked)
    view.keys("q")
    assert view.ended() == 0
    assert len(three_sites.asked) <= asked + 1 and view.said() == ""


def test_row_90_a_site_is_opened(screen, three_sites):
    view = screen()
    view.says("nft_do_chain+0x4b2")
    view.keys("Enter")
    lines = view.shows(lambda lines: lines[1] == "nft_do_chain+0x4b2", "the site's own page")
    assert lines[2].split() == ["reason", "NETFILTER_DROP"] and lines[8].split() == ["drops", "in", "all", "27,911"]
    packet = place(lines, "TCP [.] len 1448")
    assert lines[packet + 1] == "    nft_do_chain+0x4b2"
    view.keys("Escape")
    view.says("function+offset")
    view.keys("Down", "Enter")
    view.shows(lambda lines: lines[1] in ("udp_queue_rcv_one_skb+0x2f1", "__netif_receive_skb_core+0x1c"), "the next one")
    view.keys("q")
    assert view.ended() == 0


def test_row_90_a_filter_is_typed(screen, three_sites):
    view = screen("arp")
    view.shows(lambda lines: "filter: arp" in lines[0] and "UNHANDLED_PROTO" in lines[2] and not lines[4], "the one site")
    view.keys("/")
    view.says("filter: arp")
    view.keys("C-u")
    view.types("udp prot 8125")
    view.resize(107, 4)
    view.keys("Enter")
    # It is over the site's line, of which nothing is left.
    view.shows(lambda lines: lines[2].startswith("filter ") and lines[2].endswith("syntax error"), "what is wrong")
    view.resize(107, 24)
    view.keys("C-u")
    view.types("udp port 8125")
    view.keys("Enter")
    view.shows(lambda lines: "filter: udp port 8125" in lines[0] and "SOCKET_RCVBUFF" in lines[2] and not lines[4], "the other one")
    view.keys("/")
    view.keys("C-u", "Enter")
    view.shows(lambda lines: "filter: none" in lines[0] and "NETFILTER_DROP" in "".join(lines), "all of them")
    view.keys("q")
    assert view.ended() == 0


def test_row_90_another_size(screen, three_sites):
    view = screen()
    view.says("enter open")
    view.resize(60, 8)

    def smaller(lines):
        packets = [line for line in lines if " 17:40:" in line]
        return "enter open" not in lines[0] and "drops/s" in lines[0] and len(packets) == 2  # of two sites

    view.shows(smaller, "a smaller one")
    view.resize(20, 3)
    view.shows(lambda lines: lines[0].startswith("web-7") and len(lines[0]) <= 20, "a tiny one")
    view.resize(150, 40)
    view.shows(lambda lines: "enter open" in lines[0] and len(lines[0]) == 150, "a large one")
    view.keys("q")
    assert view.ended() == 0


@pytest.mark.parametrize("how", ["C-c", "TERM", "QUIT"])
def test_row_90_a_signal_leaves_the_terminal_as_it_was(screen, three_sites, how):
    view = screen()
    view.says("NETFILTER_DROP")
    if how == "C-c":
        view.keys("C-c")
    else:
        shell = int(view.tmux("display-message", "-p", "#{pane_pid}"))
        (child,) = open(f"/proc/{shell}/task/{shell}/children", encoding="ascii").read().split()
        os.kill(int(child), getattr(signal, f"SIG{how}"))
    assert view.ended() == 0


def test_row_90_a_terminal_that_goes(screen, three_sites):
    view = screen()
    view.says("NETFILTER_DROP")
    view.close()
    asked = []

    def silent():
        asked.append(len(three_sites.asked))
        return len(asked) > 60 and asked[-60] == asked[-1]

    eventually(silent, "it to ask no more", step=0.05)


@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM"])
def test_row_90_a_terminal_that_stops(binary, recorded, first):
    """Full, and nobody reads: the view waits, and the daemon is not asked for nothing; signals still end it."""
    recorded.site(1)
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 500, 0, 0))
    for number in range(2, 200):
        recorded.site(number, function="f" * 40 + str(number), reason="r" * 40)
    command = [binary, "--watch", f"--web.local-socket={recorded.path}"]
    process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=subprocess.DEVNULL, env=environment({"TERM": "xterm"}))
    try:
        os.close(inside)
        eventually(lambda: recorded.asked, "it to ask")
        for number in range(40):
            recorded.drop(1 + number % 199, packets=number)
        process.send_signal(signal.Signals[first])
        eventually(lambda: process.poll() is not None or process.send_signal(signal.SIGINT), "it to end", step=0.1)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def test_a_terminal_without_keys(start, recorded):
    """Nobody could quit: a line for each packet, and a word why."""
    recorded.site(1)
    recorded.drop()
    terminal, inside = pty.openpty()
    process = start("--watch", stdout=inside, stdin=subprocess.DEVNULL)
    os.close(inside)
    assert PACKET in os.read(terminal, 4096).decode()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert process.stderr.read() == "standard input is no terminal, so there are no keys: a line for each packet\n"
    os.close(terminal)


@pytest.mark.parametrize(
    "term, words",
    [
        ("nonsense", "this terminal is not known (TERM): try --watch --plain\n"),
        ("dumb", "TERM says nothing of the terminal: a line for each packet\n"),
    ],
)
def test_terminals_that_nobody_knows(binary, recorded, term, words):
    recorded.site(1)
    recorded.drop()
    terminal, inside = pty.openpty()
    command = [binary, "--watch", f"--web.local-socket={recorded.path}"]
    with subprocess.Popen(command, stdin=inside, stdout=inside, stderr=subprocess.PIPE, env=environment({"TERM": term})) as process:
        if term == "dumb":
            assert PACKET in os.read(terminal, 4096).decode()
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == (term != "dumb")
        assert process.stderr.read().decode() == words
    os.close(inside)
    os.close(terminal)


def test_row_90_the_service_goes_while_it_is_watched(screen, three_sites):
    view = screen()
    view.says("NETFILTER_DROP")
    three_sites.stop()
    lines = view.says("no answer: ")
    assert "NETFILTER_DROP" in "".join(lines)
    three_sites.sites, three_sites.records, three_sites.sequence = {}, [], 0
    three_sites.site(7, function="anew")
    three_sites.drop(7)
    three_sites.start()
    view.shows(lambda lines: "anew+0x2f1" in lines[2] and "NETFILTER_DROP" not in "".join(lines), "the new one's")
    view.keys("q")
    assert view.ended() == 0


@pytest.mark.parametrize(
    "refusal, words",
    [
        ((404, "drop_monitor is off\nmore"), "the service says: drop_monitor is off\n"),
        ((503, ""), "the service answers with status 503\n"),
        ((200, "no JSON"), "the service's answer is no list of recorded packets\n"),
    ],
)
@pytest.mark.parametrize("flags", [["--watch", "--plain"], ["--capture=f"]], ids=["watch", "capture"])
def test_a_service_that_has_none(packets, recorded, tmp_path, refusal, words, flags):
    recorded.refusal = refusal
    recorded.document = lambda after: refusal[1]
    result = packets(*flags, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", words)
    assert not (tmp_path / "f").exists()


def test_who_may_not(binary, recorded):
    """Nobody of another group; nor does it then look by itself."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    recorded.path.chmod(0o660)
    for folder in recorded.path.parents:
        if folder.stat().st_uid == os.getuid() and str(folder) != "/":
            folder.chmod(folder.stat().st_mode | 0o111)
    command = [binary, "--watch", f"--web.local-socket={recorded.path}", "--for=0s"]
    plain = {"user": 65534, "group": 65534, "extra_groups": [], "capture_output": True, "text": True, "check": False}
    result = subprocess.run(command, **plain)
    assert result.returncode == 1
    assert result.stderr == f"{recorded.path}: Permission denied: it is for root and the members of its group\n"
    os.chown(recorded.path, 0, 65533)
    recorded.site(1)
    recorded.drop()
    result = subprocess.run(command, **{**plain, "extra_groups": [65533]})
    assert result.returncode == 0 and PACKET in result.stdout


def test_nobody_is_there(binary):
    """And without privilege nobody can be."""
    command = [binary, "--watch", "--web.local-socket=/nonexistent/s", "--for=0s"]
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert result.returncode == 1
    assert result.stderr.startswith("no service answers (") and result.stderr.count("\n") == 1
    assert "run this as root, or enable netdrop-exporter-local.socket" in result.stderr


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--watch", "udp prot 53"], 'filter "udp prot 53": can\'t parse filter expression: syntax error'),
        (["--capture=f", "("], 'filter "(": can\'t parse filter expression: syntax error'),
        (["--watch", "--count=0"], "--count"),
        (["--watch", "--for=5"], "--for"),
        (["--capture="], "--capture: the FILE is empty"),
        (["--capture=f", "--watch"], "only one of"),
        (["--once", "--plain"], "--plain is for --watch"),
        (["--for=5s"], "are for --watch and --capture"),
        (["udp", "--watch"], 'unexpected argument "udp"'),
    ],
)
def test_wrong_words(packets, flags, words, tmp_path):
    result = packets(*flags, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "f").exists()


def test_a_file_that_cannot_be_written(packets, recorded, tmp_path):
    recorded.site(1)
    result = packets(f"--capture={tmp_path}/no/f", "--for=0s")
    assert result.returncode == 1
    assert result.stderr == f"cannot write {tmp_path}/no/f: No such file or directory\n"
    recorded.drop()
    result = packets("--capture=/dev/full", "--for=0s")
    assert result.returncode == 1
    assert result.stderr == "cannot write: No space left on device\n"


def test_the_daemon_has_none_of_it(build):
    """Neither libpcap nor ncurses; nor does the terminal's program have what serves."""
    libraries = {
        name: subprocess.run(["readelf", "--dynamic", build / name], check=True, capture_output=True, text=True).stdout
        for name in ("netdrop-exporter", "netdrop-terminal")
    }
    assert not re.search(r"NEEDED.*\[lib(pcap|ncurses|tinfo)", libraries["netdrop-exporter"])
    assert re.search(r"NEEDED.*\[libpcap", libraries["netdrop-terminal"])
    assert not re.search(r"NEEDED.*\[lib(microhttpd|gnutls|bpf|systemd|nl-)", libraries["netdrop-terminal"])
