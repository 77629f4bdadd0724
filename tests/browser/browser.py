"""A browser to test pages in: Chromium, driven by its DevTools protocol over two pipes, without a library."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

# What Chromium is called where it is installed; the environment's CHROMIUM comes first.
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
# Seconds that anything may take.
PATIENCE = 20
# What keys send that are not signs.
NAMED = {"Enter": (13, "\r"), "Escape": (27, ""), "ArrowRight": (39, ""), "ArrowLeft": (37, ""), "Backspace": (8, "")}


def program():
    """The path of Chromium; none where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for found in map(shutil.which, NAMES) if found), None)


class Browser:
    """One page in a browser of its own; `errors` is what its scripts and its console complained of."""

    def __init__(self, width=1400, height=900):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        ours, theirs = os.pipe(), os.pipe()
        # Chromium reads from 3 and writes to 4, which this process may have in use.
        child = [fcntl.fcntl(ours[0], fcntl.F_DUPFD, 20), fcntl.fcntl(theirs[1], fcntl.F_DUPFD, 20)]
        command = ["bash", "-c", 'exec "${@:3}" 3<&"$1" 4>&"$2"', "bash", *map(str, child)]
        command += [program(), *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=child, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for one in [*child, ours[0], theirs[1]]:
            os.close(one)
        self.writer, self.reader = ours[1], theirs[0]
        self.buffer, self.number, self.errors, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log"]:
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.writer)
        os.close(self.reader)
        self.profile.cleanup()

    def call(self, method, **parameters):
        """Calls a method of the protocol; its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def receive(self):
        """The next message; what the page complains of is noted."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.reader], [], [], max(0, end - time.monotonic()))
            part = os.read(self.reader, 1 << 16) if ready else b""
            if not part:
                raise RuntimeError("the browser does not answer")
            self.buffer += part
        message, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(message)
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        if message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        return message

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def run(self, expression):
        """The value of an expression of the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails'].get('exception', {}).get('description')}")
        return result["result"].get("value")

    def wait(self, expression):
        """Waits until an expression of the page is true; its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                value = self.run(f"(value => value instanceof Node || value)({expression})")
            except RuntimeError:
                # A page that is being loaded has no document yet.
                value = None
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"{expression}: not so after {PATIENCE} seconds; the page says: {self.text('body')[:400]}; {self.errors}")

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        """Clicks with the mouse in the middle of an element, as a person would: what covers it gets the click."""
        find = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{find} !== null")
        self.run(f"{find}.scrollIntoView({{block: 'nearest'}})")
        box = self.run(f"(b => [b.x + b.width / 2, b.y + b.height / 2])({find}.getBoundingClientRect())")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def key(self, key, shift=False):
        """Presses a key of an American keyboard: its sign without Shift."""
        code, text = NAMED[key] if key in NAMED else (ord(key.upper()), key)
        name = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}" if key.isalpha() and len(key) == 1 else "Slash" if key == "/" else key
        if shift and len(key) == 1:
            key = text = ")!@#$%^&*("[int(key)] if key.isdigit() else key.upper()
        pressed = {"key": key, "code": name, "windowsVirtualKeyCode": 191 if key == "/" else code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, path):
        """Writes a PNG of what is visible."""
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
