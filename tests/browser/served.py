"""What the tests of pages share: drawn images, tools that serve, and a browser."""

import json
import os
import re
import struct
import subprocess
import tempfile
import time
import unittest
import zlib
from pathlib import Path

import browser

ROOT = Path(__file__).resolve().parents[2]
BIN = os.path.abspath(os.environ.get("BIN") or ROOT / "target/release")
# Where screenshots are left, for a person to look at.
SHOTS = ROOT / "target/browser"


def png(path, width, height, colour):
    """Draws an image: `colour` is the red, green and blue of a column and row, or one level."""
    rows = b""
    for y in range(height):
        pixels = [colour(x, y) for x in range(width)]
        rows += b"\0" + b"".join(bytes(one) if isinstance(one, tuple) else bytes([one]) for one in pixels)
    kind = 2 if isinstance(colour(0, 0), tuple) else 0

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def lines(path):
    """The values of a file of JSON lines."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def write_lines(path, values):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


class Served(unittest.TestCase):
    """A folder of one's own, and a browser with the page that a tool or a make target serves there."""

    def setUp(self):
        if not browser.program():
            self.fail("there is no Chromium: install it, or name it in CHROMIUM")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.browser = browser.Browser()
        self.addCleanup(self.browser.close)

    def serve(self, command, folder=None, **environment):
        """Starts a command that serves a page, and opens it; the process."""
        process = subprocess.Popen(
            command, cwd=folder or self.folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        said = ""
        for line in process.stderr:
            said += line
            found = re.search(r"open (http://\S+)", line)
            if found:
                self.url = found[1]
                self.browser.open(self.url)
                return process
        self.fail(f"{command}: serves no page: {said}")

    def until(self, holds):
        """Waits until something outside the page is so."""
        end = time.monotonic() + browser.PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), end, "it has not come to that")
            time.sleep(0.05)

    def shot(self, name):
        """A screenshot for a person to look at."""
        self.browser.screenshot(str(SHOTS / f"{name}.png"))

    def keys(self, text, shift=False):
        for key in text:
            self.browser.key(key, shift)

    def shown(self):
        """How many images the list of `review` has; of many, only those in sight are in the page."""
        return int(re.search(r"([0-9]+) shown", self.browser.text("#counts"))[1])

    def fits(self):
        """The page is not wider than the window."""
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth - innerWidth"), 0, "the page scrolls sideways")

    def calm(self):
        """Neither a script nor the browser has complained."""
        self.assertEqual(self.browser.errors, [])
