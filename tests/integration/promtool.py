# SPDX-License-Identifier: GPL-2.0-or-later
"""promtool, and its unit tests as they are written and as if another scrape interval had made their series."""

import json
import re
import subprocess

import yaml

import rules

MINUTES = {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}
# How long a rate takes to be seen where scrapes are far apart.
LATE = 5


def promtool(*arguments, directory=rules.DIRECTORY):
    result = subprocess.run(
        ["promtool", *arguments], cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert result.returncode == 0, (result.stdout + result.stderr).decode()
    return result.stdout.decode()


def unit_tests(names):
    for name in names:
        yield from yaml.safe_load((rules.DIRECTORY / "tests" / name).read_text())["tests"]


def minutes(duration):
    return sum(int(number) * MINUTES[unit] for number, unit in re.findall(r"(\d+)([smhd])", str(duration)))


def samples(notation):
    """promtool's short form, "0+5x3 7 _ stale", as a list of numbers; of none None, and at its end "stale"."""
    found = []
    for part in notation.split():
        if part == "stale":
            found.append(part)
        elif part.startswith("_"):
            found += [None] * int(part[2:] or 1)
        else:
            start, step, count = re.fullmatch(r"(\d+)(?:\+(\d+))?(?:x(\d+))?", part).groups()
            found += [int(start) + int(step or 0) * i for i in range(int(count or 0) + 1)]
    return found


def scraped(name, notation, before, after):
    """The same series at another interval, both in minutes. A counter rises evenly, a gauge jumps."""
    known = samples(notation)
    made = []
    for i in range(int((len(known) - 1) * before / after) + 1):
        at, rest = divmod(i * after / before, 1)
        here, there = known[int(at)], known[min(int(at) + 1, len(known) - 1)]
        if "_total" in name and isinstance(here, int) and isinstance(there, int):
            here += max(there - here, 0) * rest
        made.append("_" if here is None else str(here))
    return " ".join(made)


def counted(alert, instance):
    return f'count(ALERTS{{alertname="{alert}",alertstate="firing",instance="{instance}"}})'


def expectation(expression, at, count):
    samples_there = [{"labels": "{}", "value": count}] if count else []
    return {"expr": expression, "eval_time": f"{at}m", "exp_samples": samples_there}


def at_interval(test, evaluation, interval):
    """The test with all its series scraped each so many minutes. What is expected: as many alerts of each host."""
    before = minutes(test.get("interval", evaluation))
    series = [
        {"series": each["series"], "values": scraped(each["series"], str(each["values"]), before, interval)}
        for each in test["input_series"]
    ]
    expected = []
    for check in test.get("alert_rule_test", ()):
        found = [alert["exp_labels"]["instance"] for alert in check.get("exp_alerts", ())]
        at = round(minutes(check["eval_time"])) + (LATE if found else 0)
        for instance in {"good", *found}:
            expected.append(expectation(counted(check["alertname"], instance), at, found.count(instance)))
    return {"interval": f"{round(interval * 60)}s", "input_series": series, "promql_expr_test": expected}


def run(directory, tests, evaluation="1m", files=rules.RULES, where=rules.DIRECTORY):
    """Has promtool run tests that were made here, against the rules in a directory."""
    made = {"rule_files": [str(where / name) for name in files], "evaluation_interval": evaluation, "tests": tests}
    (directory / "made.yml").write_text(json.dumps(made))
    promtool("test", "rules", "made.yml", directory=directory)
