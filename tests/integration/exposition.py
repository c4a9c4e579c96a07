# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own strict reader of the exposition formats.

Prometheus and promtool forgive much: duplicate series, interleaved families, escapes that are none. This reader
forgives nothing that this program has no reason to do, so that a slip of the encoder fails a test and not a
scrape somewhere. Every page that a test sees goes through check_text() or check_openmetrics().
"""

import re
import subprocess
from dataclasses import dataclass, field

from prometheus_client.openmetrics.parser import text_string_to_metric_families

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r"([^\s{]+)(?:\{(.*)\})? (.*)", re.DOTALL)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,(?=.)|$)')
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
HELP_ESCAPES = {False: re.compile(r'(?:[^\\]|\\[\\n])*'), True: re.compile(r'(?:[^"\\]|\\["\\n])*')}
TYPES = {False: {"counter", "gauge", "untyped"}, True: {"counter", "gauge", "info", "unknown"}}
# What a sample's name has beyond its family's. In text 0.0.4 a family is called what its samples are.
SUFFIX = {"counter": "_total", "info": "_info"}


class Refused(AssertionError):
    """The text breaks a rule of its format, or one that we set ourselves."""


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict
    value: int | float


@dataclass
class Family:
    name: str
    help: str
    type: str | None = None
    unit: str | None = None
    samples: list = field(default_factory=list)


class Exposition(dict):
    """Sample name -> list of Sample; `families` by name in the order of the page."""

    def __init__(self):
        super().__init__()
        self.families = {}

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
    return _Reader(openmetrics=False).read(body)


def check_openmetrics(body):
    """Parses a page in OpenMetrics 1.0.0, and lets the reference parser read it too."""
    exposition = _Reader(openmetrics=True).read(body)
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
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def _value(text):
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) or text in ("NaN", "+Inf", "-Inf"):
        return float(text)
    raise Refused(f"value {text!r} (a timestamp has no place here either)")


class _Reader:
    def __init__(self, openmetrics):
        self.openmetrics = openmetrics
        self.exposition = Exposition()
        self.family = None
        self.series = set()

    def read(self, body):
        try:
            text = body.decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            raise Refused(f"not UTF-8: {error}") from error
        if not text.endswith("\n"):
            raise Refused("the last line has no line feed")
        lines = text[:-1].split("\n")
        if self.openmetrics and lines.pop() != "# EOF":
            raise Refused("the last line is not # EOF")
        for number, line in enumerate(lines, 1):
            try:
                self._line(line)
            except Refused as error:
                raise Refused(f"line {number}: {error}: {line!r}") from None
        self._end_family()
        return self.exposition

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
        self._end_family()
        if not NAME.fullmatch(name):
            raise Refused("family name")
        if name in self.exposition.families:
            raise Refused("a second HELP for this family, or interleaved families")
        if not text or not HELP_ESCAPES[self.openmetrics].fullmatch(text):
            raise Refused("empty or wrongly escaped help")
        self.family = Family(name, _unescape(text))
        self.exposition.families[name] = self.family

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
        if self.family and not self.family.samples:
            raise Refused(f"family {self.family.name} has no sample")

    def _sample(self, line):
        match = SAMPLE.fullmatch(line)
        if not match:
            raise Refused("neither a sample nor a comment")
        name, label_text, value_text = match.groups()
        family = self.family
        if family is None or family.type is None:
            raise Refused("a sample before HELP and TYPE")
        suffix = SUFFIX.get(family.type, "") if self.openmetrics else ""
        if name != family.name + suffix:
            raise Refused(f"sample in family {family.name}")
        sample = Sample(name, self._labels(label_text), _value(value_text))
        self._check_sample(family, sample)
        family.samples.append(sample)
        self.exposition.setdefault(name, []).append(sample)

    def _labels(self, text):
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
        return labels

    def _check_sample(self, family, sample):
        series = (sample.name, frozenset(sample.labels.items()))
        if series in self.series:
            raise Refused("duplicate series")
        self.series.add(series)
        if family.samples and family.samples[0].labels.keys() != sample.labels.keys():
            raise Refused("not the label names of the rest of the family")
        if family.type == "counter" and not sample.value >= 0:
            raise Refused("a counter that is negative or not a number")
        if sample.name.endswith("_info") and sample.value != 1:
            raise Refused("an info that is not 1")
