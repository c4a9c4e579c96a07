# SPDX-License-Identifier: GPL-2.0-or-later
"""The checker is worth what it refuses: each of its rules has an input here that breaks only that rule."""

import pytest

from exposition import Refused, check_openmetrics, check_promtool, check_text

GOOD_TEXT = b"""\
# HELP a_total Help with \\\\ and \\n and "
# TYPE a_total counter
a_total{x="1",y="q\\"b\\\\n\\n"} 18446744073709551615
a_total{x="2",y=""} 0
# HELP b Help
# TYPE b gauge
b -1.5
# HELP c_info Help
# TYPE c_info gauge
c_info{v="\xef\xbf\xbd"} 1
# HELP d Help
# TYPE d untyped
d 3
# HELP e Help
# TYPE e histogram
e_bucket{x="1",le="0.0005"} 0
e_bucket{x="1",le="16"} 2
e_bucket{x="1",le="1.048576e+06"} 2
e_bucket{x="1",le="+Inf"} 3
e_sum{x="1"} 1048600.5
e_count{x="1"} 3
e_bucket{x="2",le="+Inf"} 0
e_sum{x="2"} 0
e_count{x="2"} 0
"""
GOOD_OPENMETRICS = b"""\
# HELP a_bytes Help \\"quoted\\"
# TYPE a_bytes counter
# UNIT a_bytes bytes
a_bytes_total{x="1"} 5
a_bytes_created{x="1"} 1718000000.5
a_bytes_total{x="2"} 0
a_bytes_created{x="2"} 1718000001
# HELP c Help
# TYPE c info
c_info{v="1"} 1
# HELP d Help
# TYPE d unknown
d 3.25
# HELP e_s Help
# TYPE e_s histogram
# UNIT e_s s
e_s_bucket{le="1e-06"} 0
e_s_bucket{le="16.0"} 2
e_s_bucket{le="+Inf"} 3
e_s_sum 5
e_s_count 3
e_s_created 1718000000
# EOF
"""
# Put behind the head of a family, each of these is a line that must be refused, for the reason named.
HEAD = b"# HELP g Help\n# TYPE g gauge\n"
BAD_SAMPLES = {
    "timestamp": b"g 1 1700000000000\n",
    "two spaces": b"g  1\n",
    "trailing space": b"g 1 \n",
    "tab": b"g\t1\n",
    "no value": b"g\n",
    "value is a word": b"g one\n",
    "value with leading zero": b"g 01\n",
    "value with exponent": b"g 1e3\n",
    "value with plus": b"g +1\n",
    "value is hexadecimal": b"g 0x1\n",
    "value with underscore": b"g 1_000\n",
    "blank line": b"g 1\n\n",
    "carriage return": b"g 1\r\n",
    "no last line feed": b"g 1",
    "invalid UTF-8": b'g{a="\xff"} 1\n',
    "surrogate": b'g{a="\xed\xa0\x80"} 1\n',
    "overlong": b'g{a="\xc0\xaf"} 1\n',
    "raw quote": b'g{a="x"y"} 1\n',
    "unknown escape": b'g{a="\\t"} 1\n',
    "backslash at the end": b'g{a="\\"} 1\n',
    "raw line feed": b'g{a="x\ny"} 1\n',
    "label name": b'g{0a="x"} 1\n',
    "reserved label name": b'g{__name__="x"} 1\n',
    "label twice": b'g{a="x",a="y"} 1\n',
    "unquoted label": b"g{a=x} 1\n",
    "trailing comma": b'g{a="x",} 1\n',
    "empty braces": b"g{} 1\n",
    "space in braces": b'g{ a="x"} 1\n',
    "open brace": b'g{a="x" 1\n',
    "duplicate series": b'g{a="x"} 1\ng{a="x"} 2\n',
    "duplicate series in another order": b'g{a="x",b="y"} 1\ng{b="y",a="x"} 1\n',
    "label names that differ": b'g{a="x"} 1\ng{b="x"} 1\n',
    "another family's sample": b"h 1\n",
    "no sample": b"",
    "comment": b"g 1\n# a remark\n",
    "comment without space": b"#g\ng 1\n",
    "second TYPE": b"# TYPE g gauge\ng 1\n",
    "TYPE after a sample": b"g 1\n# TYPE g gauge\n",
    "second HELP": b"# HELP g Help\ng 1\n",
    "family twice": b"g 1\n# HELP h H\n# TYPE h gauge\nh 1\n# HELP g Help\n# TYPE g gauge\ng{a=\"1\"} 2\n",
    "interleaved": b"g{a=\"1\"} 1\n# HELP h H\n# TYPE h gauge\nh 1\ng{a=\"2\"} 1\n",
    "TYPE of another family": b"g 1\n# HELP h H\n# TYPE i gauge\nh 1\n",
    "HELP without TYPE": b"g 1\n# HELP h H\nh 1\n",
    "TYPE without HELP": b"g 1\n# TYPE h gauge\nh 1\n",
    "empty HELP": b"g 1\n# HELP h \n# TYPE h gauge\nh 1\n",
    "bad escape in HELP": b"g 1\n# HELP h a\\t\n# TYPE h gauge\nh 1\n",
    "type": b"g 1\n# HELP h H\n# TYPE h summary\nh 1\n",
    "family name": b"g 1\n# HELP 0h H\n# TYPE 0h gauge\n0h 1\n",
    "info is not 1": b"g 1\n# HELP h_info H\n# TYPE h_info gauge\nh_info 2\n",
}
# Put behind the head of a histogram. The bound of the first bucket is one that both formats write alike.
HISTOGRAM = b"# HELP h H\n# TYPE h histogram\n"
BAD_HISTOGRAMS = {
    "plain sample": b"h 1\n",
    "no buckets": b"h_sum 1\nh_count 1\n",
    "no last bucket": b'h_bucket{le="0.5"} 1\nh_sum 1\nh_count 1\n',
    "no sum": b'h_bucket{le="+Inf"} 1\nh_count 1\n',
    "no count": b'h_bucket{le="+Inf"} 1\nh_sum 1\n',
    "count before sum": b'h_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1\n',
    "count is another": b'h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n',
    "buckets are not cumulative": b'h_bucket{le="0.5"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "bounds do not ascend": b'h_bucket{le="0.5"} 1\nh_bucket{le="0.25"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "negative": b'h_bucket{le="+Inf"} -1\nh_sum 1\nh_count -1\n',
    "a part": b'h_bucket{le="+Inf"} 1.5\nh_sum 1\nh_count 1.5\n',
    "bucket without le": b'h_bucket{a="1"} 1\nh_sum{a="1"} 1\nh_count{a="1"} 1\n',
    "sum with le": b'h_bucket{le="+Inf"} 1\nh_sum{le="+Inf"} 1\nh_count 1\n',
    "le is not last": b'h_bucket{le="+Inf",a="1"} 1\nh_sum{a="1"} 1\nh_count{a="1"} 1\n',
    "le is a word": b'h_bucket{le="one"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "le is long": b'h_bucket{le="0.50"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "le without exponent": b'h_bucket{le="1048576.0"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "duplicate bucket": b'h_bucket{le="0.5"} 1\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "rows mixed": b'h_bucket{a="1",le="0.5"} 1\nh_bucket{a="2",le="+Inf"} 1\nh_sum{a="1"} 1\nh_count{a="1"} 1\n',
    "another row's sum": b'h_bucket{a="1",le="+Inf"} 1\nh_sum{a="2"} 1\nh_count{a="2"} 1\n',
    "half of a second row": b'h_bucket{a="1",le="+Inf"} 1\nh_sum{a="1"} 1\nh_count{a="1"} 1\nh_bucket{a="2",le="+Inf"} 1\n',
}
# Put behind the head of a counter.
COUNTER = b"# HELP c H\n# TYPE c counter\n"
BAD_CREATED = {
    "before its row": b"c_created 1718000000\nc_total 1\n",
    "of no row": b'c_total{a="1"} 1\nc_created{a="2"} 1718000000\n',
    "behind another row": b'c_total{a="1"} 1\nc_total{a="2"} 1\nc_created{a="1"} 1718000000\nc_created{a="2"} 1718000000\n',
    "of one row only": b'c_total{a="1"} 1\nc_created{a="1"} 1718000000\nc_total{a="2"} 1\n',
    "alone": b"c_created 1718000000\n",
    "twice": b"c_total 1\nc_created 1718000000\nc_created 1718000000\n",
    "nothing": b"c_total 1\nc_created 0\n",
    "before 1970": b"c_total 1\nc_created -1\n",
    "nanoseconds": b"c_total 1\nc_created 1718000000000000000\n",
    "of a gauge": b"c_total 1\n# HELP g H\n# TYPE g gauge\ng 1\ng_created 1718000000\n",
    "of a histogram before the count": b"c_total 1\n" + HISTOGRAM + b'h_bucket{le="+Inf"} 1\nh_sum 1\nh_created 1718000000\nh_count 1\n',
    "of a bucket": b"c_total 1\n" + HISTOGRAM + b'h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\nh_created{le="+Inf"} 1718000000\n',
}
BAD_TEXT = {
    "counter without _total": b"# HELP c H\n# TYPE c counter\nc 1\n",
    "gauge with _total": b"# HELP c_total H\n# TYPE c_total gauge\nc_total 1\n",
    "negative counter": b"# HELP c_total H\n# TYPE c_total counter\nc_total -1\n",
    "counter is NaN": b"# HELP c_total H\n# TYPE c_total counter\nc_total NaN\n",
    "UNIT": b"# HELP c_bytes H\n# TYPE c_bytes gauge\n# UNIT c_bytes bytes\nc_bytes 1\n",
    "EOF": GOOD_TEXT + b"# EOF\n",
    "le of OpenMetrics": HISTOGRAM + b'h_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "type of OpenMetrics": b"# HELP c H\n# TYPE c unknown\nc 1\n",
    "since when it counts": b"# HELP c_total H\n# TYPE c_total counter\nc_total 1\nc_created 1718000000\n",
    "quote escaped in HELP": b'# HELP c \\"H\\"\n# TYPE c gauge\nc 1\n',
}
BAD_OPENMETRICS = {
    "no EOF": GOOD_OPENMETRICS[: -len(b"# EOF\n")],
    "EOF without line feed": GOOD_OPENMETRICS[:-1],
    "something after EOF": GOOD_OPENMETRICS + b"a 1\n",
    "two EOF": GOOD_OPENMETRICS + b"# EOF\n",
    "counter sample without _total": b"# HELP c H\n# TYPE c counter\nc 1\n# EOF\n",
    "family named _total": b"# HELP c_total H\n# TYPE c_total counter\nc_total 1\n# EOF\n",
    "info sample without _info": b"# HELP c H\n# TYPE c info\nc{a=\"1\"} 1\n# EOF\n",
    "unit is not in the name": b"# HELP c H\n# TYPE c gauge\n# UNIT c bytes\nc 1\n# EOF\n",
    "two units": b"# HELP c_s H\n# TYPE c_s gauge\n# UNIT c_s s\n# UNIT c_s s\nc_s 1\n# EOF\n",
    "le of the text format": HISTOGRAM + b'h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n# EOF\n',
    "type of the text format": b"# HELP c H\n# TYPE c untyped\nc 1\n# EOF\n",
    "raw quote in HELP": b'# HELP c "H"\n# TYPE c gauge\nc 1\n# EOF\n',
}


def test_good_text():
    page = check_text(GOOD_TEXT)
    assert page.value("a_total", x="1") == 2**64 - 1
    assert page.series("a_total", x="1")[0].labels["y"] == 'q"b\\n\n'
    assert page.value("b") == -1.5
    assert page.families["a_total"].help == 'Help with \\ and \n and "'
    assert [family.type for family in page.families.values()] == ["counter", "gauge", "gauge", "untyped", "histogram"]
    assert page.value("e_bucket", x="1", le="16.0") == 2
    assert page.value("e_count", x="2") == 0
    with pytest.raises(KeyError):
        page.value("a_total")


def test_good_openmetrics():
    page = check_openmetrics(GOOD_OPENMETRICS)
    assert page.value("a_bytes_total", x="1") == 5
    assert page.families["a_bytes"].unit == "bytes"
    assert page.value("e_s_bucket", le="16.0") == 2
    assert page.value("a_bytes_created", x="2") == 1718000001
    assert page.value("e_s_created") == 1718000000


@pytest.mark.parametrize("name", BAD_SAMPLES)
def test_refuses_in_both_formats(name):
    with pytest.raises(Refused):
        check_text(HEAD + BAD_SAMPLES[name])
    with pytest.raises(Refused):
        check_openmetrics(HEAD + BAD_SAMPLES[name] + b"# EOF\n")


@pytest.mark.parametrize("name", BAD_HISTOGRAMS)
def test_refuses_histograms(name):
    for check, end in ((check_text, b""), (check_openmetrics, b"# EOF\n")):
        with pytest.raises(Refused):
            check(HISTOGRAM + BAD_HISTOGRAMS[name] + end)


@pytest.mark.parametrize("name", BAD_CREATED)
def test_refuses_created(name):
    with pytest.raises(Refused):
        check_openmetrics(COUNTER + BAD_CREATED[name] + b"# EOF\n")


@pytest.mark.parametrize("name", BAD_TEXT)
def test_refuses_text(name):
    with pytest.raises(Refused):
        check_text(BAD_TEXT[name])


@pytest.mark.parametrize("name", BAD_OPENMETRICS)
def test_refuses_openmetrics(name):
    with pytest.raises(Refused):
        check_openmetrics(BAD_OPENMETRICS[name])


def test_promtool_speaks_up():
    check_promtool(b"# HELP netdrop_a_total Help\n# TYPE netdrop_a_total counter\nnetdrop_a_total 1\n")
    with pytest.raises(Refused):
        check_promtool(b"# HELP netdropCamel Help\n# TYPE netdropCamel gauge\nnetdropCamel 1\n")


def test_encoder_of_all_types(tree):
    """The unit tests compare the encoder with these files: here it is seen that they are right."""
    text = (tree / "tests/golden/encode.prom").read_bytes()
    check_promtool(text)
    pages = check_text(text), check_openmetrics((tree / "tests/golden/encode.openmetrics").read_bytes())
    assert pages[0] == pages[1]
    created = check_openmetrics((tree / "tests/golden/encode-created.openmetrics").read_bytes())
    assert {name: samples for name, samples in created.items() if not name.endswith("_created")} == pages[1]
    assert [sample.labels["device"] for sample in created["golden_burst_packets_created"]] == ["eth0", 'a"b\\c']
    assert {family.type for family in pages[1].families.values()} == {"counter", "gauge", "histogram", "info", "unknown"}
