# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium, driven over its own protocol (DevTools) through a pipe: no port, no driver program, and inside
whichever network namespace it is started in."""

import base64
import fcntl
import json
import os
import select
import subprocess
import time

from daemon import PATIENCE, eventually

# It makes no connection of its own with these, so what it asks for is what the page asks for.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    def __init__(self, directory, netns):
        requests, self.requests = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in os.pipe())
        self.answers, answers = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in os.pipe())
        # It reads commands from 3 and writes to 4.
        moved = ["bash", "-c", f'exec "$@" 3<&{requests} 4>&{answers}', "bash"]
        command = netns.command(["chromium", *FLAGS, f"--user-data-dir={directory}/profile"])
        with open(directory / "chromium.log", "wb") as log:
            self.process = subprocess.Popen(
                [*moved, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(requests, answers)
            )
        os.close(requests)
        os.close(answers)
        self.heard = b""
        self.number = 0
        self.replies = {}
        self.pages = {}

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.requests)
            os.close(self.answers)

    def listen(self, timeout):
        """Takes in what it says, as far as it has come within the timeout."""
        if not select.select([self.answers], [], [], timeout)[0]:
            return
        chunk = os.read(self.answers, 1 << 20)
        assert chunk, f"the browser ended: {self.process.wait(10)}"
        *messages, self.heard = (self.heard + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.replies[message["id"]] = message
            elif message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].event(message["method"], message["params"])

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.requests, data) :]
        deadline = time.monotonic() + PATIENCE
        while self.number not in self.replies:
            assert time.monotonic() < deadline, f"no answer to {method}"
            self.listen(1)
        reply = self.replies.pop(self.number)
        assert "error" not in reply, (method, reply)
        return reply["result"]

    def open(self, url, script=True, trusting=False, **look):
        """A new tab, loaded; look as for Page.look(). Whoever is trusting asks for no known authority."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Log", "Runtime"):
            page.call(domain + ".enable")
        page.call("Emulation.setScriptExecutionDisabled", value=not script)
        page.call("Security.setIgnoreCertificateErrors", ignore=trusting)
        page.look(**look)
        page.call("Page.navigate", url=url)
        eventually(lambda: page.loaded or self.listen(1), "the page to load")
        return page


class Page:
    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.loaded = False
        self.asked = []  # URLs, in order
        self.complaints = []  # errors and warnings of its console

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def event(self, method, parameters):
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("warning", "error"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("warning", "error", "assert"):
            self.complaints.append(str(parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))

    def look(self, width=1200, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def run(self, expression, **parameters):
        """The value of a JavaScript expression, or what its promise becomes."""
        result = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, **parameters
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def text(self, selector="body"):
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def refreshed(self, times=1, timeout=PATIENCE):
        """Waits for so many more renewals to have begun."""
        wanted = len(self.asked) + times
        eventually(lambda: len(self.asked) >= wanted or self.browser.listen(0.1), f"{times} renewals", timeout)

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def screenshot(self, path, until=None, **kind):
        """The whole page, up to what a person would scroll through, or to the end of the part `until`."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        end = self.run(f"document.querySelector({json.dumps(until)}).getBoundingClientRect().bottom + 8") if until else 4000
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], end), "scale": 1}
        picture = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True, **kind)
        path.write_bytes(base64.b64decode(picture["data"]))
