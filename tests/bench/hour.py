# SPDX-License-Identifier: GPL-2.0-or-later
"""The CPU of an hour as it passes: everybody at the same time, each with interfaces of its own, and one client that
scrapes each so many seconds. The part `peers` adds a rest and so many scrapes, which counts twice what a scrape collects
instead of the background."""

import time
from contextlib import ExitStack, closing

from contenders import contenders
from measure import cpu_ns, keep
from peers import Client, Scene, started

SETTLE = 30  # seconds until what is done once is done
FIRST = 6  # scrapes until a period is known to who learns it


class Scraper:
    """One client, which connects anew where its connection was closed meanwhile."""

    def __init__(self, contender, scene, pid):
        self.contender, self.scene, self.pid = contender, scene, pid
        self.client = None

    def scrape(self):
        for _ in range(2):
            try:
                self.client = self.client or Client(self.scene, self.contender.path)
                return self.client.scrape(gzip=True)
            except ConnectionError:
                self.close()
        raise AssertionError(f"{self.contender.name} does not answer")

    def close(self):
        if self.client:
            self.client.close()
        self.client = None


def measure(arguments, count, every):
    """{name: CPU seconds of an hour}."""
    with ExitStack() as keep_open:
        scrapers = []
        for contender in contenders(arguments.build):
            if count <= contender.largest:
                scene = Scene(count, keep_open)
                pid, _ = keep_open.enter_context(started(contender, scene, contender.intervals[0]))
                scrapers.append(keep_open.enter_context(closing(Scraper(contender, scene, pid))))
        time.sleep(SETTLE)
        for number in range(FIRST + max(FIRST, int(60 * arguments.minutes / every))):
            if number == FIRST:
                begin, before = time.monotonic(), [cpu_ns(scraper.pid) for scraper in scrapers]
            due = time.monotonic() + every
            for scraper in scrapers:
                scraper.scrape()
            time.sleep(max(0, due - time.monotonic()))
        spent = [cpu_ns(scraper.pid) - first for scraper, first in zip(scrapers, before, strict=True)]
        hours = (time.monotonic() - begin) / 3600
        return {scraper.contender.name: ns / 1e9 / hours for scraper, ns in zip(scrapers, spent, strict=True)}


def run(arguments):
    results = []
    for count in map(int, arguments.interfaces.split(",")):
        for every in map(int, arguments.every.split(",")):
            spent = measure(arguments, count, every)
            results.append({"interfaces": count, "every": every, "cpu_seconds": spent})
            keep(arguments.json, results)
            print(f"{count} interfaces, scraped every {every} s", *(f"{s:9.2f}  {name}" for name, s in spent.items()), sep="\n")


def options(parser):
    parser.add_argument("--interfaces", default="1,10", help="comma-separated counts")
    parser.add_argument("--every", default="5,15,60", help="comma-separated seconds from one scrape to the next")
    parser.add_argument("--minutes", type=float, default=10, help="of each measurement")
