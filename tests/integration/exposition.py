# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own strict reader of the exposition formats.

Prometheus and promtool forgive much: duplicate series, interleaved families, escapes that are none. This reader
forgives nothing that this program has no reason to do, so that a slip of the encoder fails a test and not a
scrape somewhere. Every page that a test sees goes through check_text() or check_openmetrics().
"""

import functools
import re
import subprocess
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client.openmetrics.parser import text_string_to_metric_families

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r"([^\s{]+)(?:\{(.*)\})? (.*)", re.DOTALL)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,(?=.)|$)')
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
HELP_ESCAPES = {False: re.compile(r'(?:[^\\]|\\[\\n])*'), True: re.compile(r'(?:[^"\\]|\\["\\n])*')}
TYPES = {False: {"counter", "gauge", "histogram", "untyped"}, True: {"counter", "gauge", "histogram", "info", "unknown"}}
# What a sample's name has beyond its family's. In text 0.0.4 a family is called what its samples are, but for
# histograms.
SUFFIX = {"counter": "_total", "info": "_info"}
HISTOGRAM = ("_bucket", "_sum", "_count")
# Behind the samples of a row, in OpenMetrics, and of all rows of a family or of none: since when it counts.
CREATED = "_created"


class Refused(AssertionError):
    """The text breaks a rule of its format, or one that we set ourselves."""


class Sample(NamedTuple):
    name: str
    labels: dict  # shared by all pages that have it: not to be changed
    value: int | float


def _identity(sample):
    """What tells a series from others of its name."""
    return frozenset(sample.labels.items())


@dataclass
class Family:
    """Labels of a histogram's buckets have `le` as OpenMetrics writes it in both formats. Pages that have the same family
    share it: it is not to be changed."""

    name: str
    help: str
    type: str | None = None
    unit: str | None = None
    samples: list = field(default_factory=list)
    by_name: dict = field(default_factory=dict)  # name of samples -> these


class Exposition(dict):
    """Sample name -> list of Sample; `families` by name in the order of the page."""

    def __init__(self):
        super().__init__()
        self.families = {}

    def add(self, family):
        """A family more, whose samples may be called like another's."""
        if family.name in self.families:
            raise Refused(f"a second HELP for {family.name}, or interleaved families")
        self.families[family.name] = family
        for name, samples in family.by_name.items():
            before = self.get(name, [])
            if before and {_identity(s) for s in before} & {_identity(s) for s in samples}:
                raise Refused(f"duplicate series {name} in {family.name}")
            self[name] = before + samples if before else samples

    def series(self, name, **labels):
        """The samples of that name which have these labels (and any others)."""
        return [s for s in self.get(name, []) if labels.items() <= s.labels.items()]

    def value(self, name, **labels):
        """The value of the one sample of that name with these labels."""
        found = self.series(name, **labels)
        if len(found) != 1:
            raise KeyError(f"{len(found)} series {name} {labels}")
        return found[0].value


def check_text(body):
    """Parses a page in Prometheus' text format 0.0.4."""
    return _read(body, openmetrics=False)


def check_openmetrics(body):
    """Parses a page in OpenMetrics 1.0.0, and lets the reference parser read it too."""
    exposition = _read(body, openmetrics=True)
    for _ in text_string_to_metric_families(body.decode()):
        pass
    return exposition


def check_promtool(body):
    """promtool's lint has nothing to say about the page (text 0.0.4 only)."""
    result = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    said = (result.stdout + result.stderr).decode()
    if said or result.returncode != 0:
        raise Refused(f"promtool: {said}")


def _unescape(text):
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def _value(text):
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) or text in ("NaN", "+Inf", "-Inf"):
        return float(text)
    raise Refused(f"value {text!r} (a timestamp has no place here either)")


# A test looks at many pages of one daemon, and most lines of these differ by their values only.
@functools.lru_cache(maxsize=1 << 16)
def _labels(text):
    """The labels of a sample, and what tells its series from others of its name."""
    labels = {}
    end = 0
    if text == "":
        raise Refused("empty braces")
    while text and end < len(text):
        match = LABEL.match(text, end)
        if not match:
            raise Refused(f"labels at {text[end:]!r}")
        if match[1] in labels or match[1].startswith("__"):
            raise Refused(f"label {match[1]} twice, or reserved")
        labels[match[1]] = _unescape(match[2])
        end = match.end()
    return labels, frozenset(labels.items())


@functools.lru_cache(maxsize=1 << 12)
def _help_text(openmetrics, text):
    if not text or not HELP_ESCAPES[openmetrics].fullmatch(text):
        raise Refused("empty or wrongly escaped help")
    return _unescape(text)


def _canonical(text, openmetrics):
    """The number as Go's %g prints it, which OpenMetrics asks for with a point or an exponent."""
    if text == "+Inf":
        return text
    try:
        number = float(text)
    except ValueError as error:
        raise Refused(f"le {text!r} is no number") from error
    if number and not 1e-4 <= number < 1e6:
        return next(text for digits in range(17) if float(text := f"{number:.{digits}e}") == number)
    if number != int(number):
        return repr(number)
    return str(int(number)) + (".0" if openmetrics else "")


def _check_histogram(family):
    """Each row whole: buckets that ascend in what they hold too, the last without end; the sum; the count."""
    samples = list(family.samples)
    while samples:
        row = {name: value for name, value in samples[0].labels.items() if name != "le"}
        buckets = []
        while samples and samples[0].name == family.name + "_bucket":
            bucket = samples.pop(0)
            buckets.append((float(bucket.labels["le"]), bucket.value))
            if {**row, "le": bucket.labels["le"]} != bucket.labels:
                raise Refused(f"another row's bucket among those of {row}")
            if bucket.labels["le"] == "+Inf":
                break
        rest = samples[:2]
        del samples[:2]
        if samples and samples[0].name == family.name + CREATED:
            rest.append(samples.pop(0))
        if [sample.name for sample in rest[:2]] != [family.name + "_sum", family.name + "_count"]:
            raise Refused(f"{row}: the sum and the count are not what follows the buckets")
        if any(sample.labels != row for sample in rest):
            raise Refused(f"another row's sum or count behind the buckets of {row}")
        if not buckets or buckets[-1] != (float("inf"), rest[1].value):
            raise Refused(f"{row}: the count is not what the last bucket holds")
        if any(not (a[0] < b[0] and a[1] <= b[1]) for a, b in zip(buckets, buckets[1:])) or buckets[0][1] < 0:
            raise Refused(f"{row}: the buckets do not ascend")
        if any(not isinstance(value, int) for _, value in buckets):
            raise Refused(f"{row}: a part of a value")


def _check_created(family):
    """Behind each row that has one, and each has: what tells since when it counts."""
    created = {frozenset(sample.labels.items()) for sample in family.samples if sample.name == family.name + CREATED}
    last = "_count" if family.type == "histogram" else SUFFIX["counter"]
    rows = [sample for sample in family.samples if sample.name == family.name + last]
    if created and created != {frozenset(sample.labels.items()) for sample in rows}:
        raise Refused("some rows tell since when they count, some do not")
    for before, sample in zip([None, *family.samples], family.samples):
        if sample.name != family.name + CREATED:
            continue
        if before is None or before.name != family.name + last or before.labels != sample.labels:
            raise Refused(f"{sample.labels}: since when it counts is not told behind it")
        if not 0 < sample.value < 2**63 / 10**9:
            raise Refused(f"{sample.labels}: no time that it could have begun at")


def _bound(openmetrics, sample):
    """The bound stands last and in the form that all exporters agree on: that of OpenMetrics is kept."""
    bucket = sample.name.endswith("_bucket")
    if bucket != ("le" in sample.labels) or (bucket and list(sample.labels)[-1] != "le"):
        raise Refused("le is the last label of a bucket, and of nothing else")
    labels = dict(sample.labels)
    if bucket:
        text = labels["le"]
        labels["le"] = _canonical(text, openmetrics=True)
        if text != _canonical(text, openmetrics):
            raise Refused(f"le {text!r} is not {_canonical(text, openmetrics)!r}")
    return sample._replace(labels=labels), frozenset(labels.items())


# Of a family of a thousand rows a few have moved since the page before.
@functools.lru_cache(maxsize=1 << 16)
def _row(openmetrics, family, kind, line):
    """Of a line of that family: the sample, what tells its series from others, and the names of its labels."""
    match = SAMPLE.fullmatch(line)
    if not match:
        raise Refused("neither a sample nor a comment")
    name, label_text, value_text = match.groups()
    suffixes = (SUFFIX.get(kind, "") if openmetrics else "",)
    if kind == "histogram":
        suffixes = HISTOGRAM
    if openmetrics and kind in ("counter", "histogram"):
        suffixes = (*suffixes, CREATED)
    if name not in (family + suffix for suffix in suffixes):
        raise Refused(f"sample in family {family}")
    labels, key = _labels(label_text)
    sample = Sample(name, labels, _value(value_text))
    if kind == "histogram":
        sample, key = _bound(openmetrics, sample)
    if kind == "counter" and not sample.value >= 0:
        raise Refused("a counter that is negative or not a number")
    if name.endswith("_info") and sample.value != 1:
        raise Refused("an info that is not 1")
    return sample, (name, key), frozenset(sample.labels) - {"le"}


class _BadLine(Refused):
    """Of a family, counted from its HELP."""

    def __init__(self, index, error, line):
        super().__init__(f"{error}: {line!r}")
        self.index = index


# Of two pages of one daemon most families are the same, to the last value: these are read once. Of very long ones, of
# thousands of devices, few are kept.
LONG = 1 << 16


@functools.lru_cache(maxsize=1 << 11)
def _known_family(openmetrics, text):
    return _FamilyReader(openmetrics).read(text)


@functools.lru_cache(maxsize=1 << 5)
def _known_long_family(openmetrics, text):
    return _FamilyReader(openmetrics).read(text)


def _family(openmetrics, text):
    return (_known_long_family if len(text) > LONG else _known_family)(openmetrics, text)


def _read(body, openmetrics):
    try:
        text = body.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Refused(f"not UTF-8: {error}") from error
    if not text.endswith("\n"):
        raise Refused("the last line has no line feed")
    if openmetrics:
        if not re.search(r"(^|\n)# EOF\n\Z", text):
            raise Refused("the last line is not # EOF")
        text = text.removesuffix("# EOF\n")
    exposition = Exposition()
    number = 1
    for part in re.split("\n(?=# HELP )", text[:-1]) if text else ():
        try:
            exposition.add(_family(openmetrics, part))
        except _BadLine as error:
            raise Refused(f"line {number + error.index}: {error}") from None
        except Refused as error:
            raise Refused(f"family at line {number}: {error}") from None
        number += part.count("\n") + 1
    return exposition


class _FamilyReader:
    def __init__(self, openmetrics):
        self.openmetrics = openmetrics
        self.family = None
        self.names = None  # of the labels of its samples
        self.series = set()

    def read(self, text):
        for index, line in enumerate(text.split("\n")):
            try:
                self._line(line)
            except Refused as error:
                raise _BadLine(index, error, line) from None
        self._end_family()
        return self.family

    def _line(self, line):
        if "\r" in line:
            raise Refused("carriage return")
        if not line.startswith("#"):
            self._sample(line)
            return
        words = line.split(" ", 3)
        if len(words) != 4 or words[0] != "#":
            raise Refused("neither HELP, TYPE, UNIT nor a sample")
        keyword, name, rest = words[1:]
        if keyword == "HELP":
            self._help(name, rest)
        elif self.family is None or self.family.name != name or self.family.samples:
            raise Refused(f"{keyword} away from its family's HELP")
        elif keyword == "TYPE":
            self._type(rest)
        elif keyword == "UNIT" and self.openmetrics:
            self._unit(rest)
        else:
            raise Refused(f"keyword {keyword}")

    def _help(self, name, text):
        if not NAME.fullmatch(name):
            raise Refused("family name")
        self.family = Family(name, _help_text(self.openmetrics, text))

    def _type(self, kind):
        if self.family.type:
            raise Refused("a second TYPE")
        if kind not in TYPES[self.openmetrics]:
            raise Refused(f"type {kind}")
        total = self.family.name.endswith("_total")
        if self.openmetrics and total:
            raise Refused("the name of an OpenMetrics family ends in _total")
        if not self.openmetrics and total != (kind == "counter"):
            raise Refused("_total belongs to counters, and counters end in it")
        self.family.type = kind

    def _unit(self, unit):
        if self.family.unit:
            raise Refused("a second UNIT")
        if not self.family.name.endswith("_" + unit):
            raise Refused("the unit is not the end of the family's name")
        self.family.unit = unit

    def _end_family(self):
        if not self.family.samples:
            raise Refused(f"family {self.family.name} has no sample")
        if self.family.type == "histogram":
            _check_histogram(self.family)
        _check_created(self.family)

    def _sample(self, line):
        family = self.family
        if family is None or family.type is None:
            raise Refused("a sample before HELP and TYPE, or no sample")
        sample, series, names = _row(self.openmetrics, family.name, family.type, line)
        if series in self.series:
            raise Refused("duplicate series")
        self.series.add(series)
        if names != self.names and family.samples:
            raise Refused("not the label names of the rest of the family")
        self.names = names
        family.samples.append(sample)
        family.by_name.setdefault(sample.name, []).append(sample)
