"""Tests of what passes a block through a chain: `python3 -m unittest` in this folder. In the place of rclone stands a program
that copies folders of this machine as it does: what is not there is left out, and that is no error."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BLOCK = Path(__file__).resolve().with_name("block.py")

RCLONE = """#!/bin/sh
while IFS= read -r path; do
    if [ -e "${7#store:}/$path" ]; then mkdir -p "${8#store:}/$(dirname "$path")" && cp "${7#store:}/$path" "${8#store:}/$path"; fi
done < "$3"
"""

# A tool that passes on the records whose image is there, and writes a file beside.
TOOL = """#!/usr/bin/env python3
import json, os, sys
rejects = open(sys.argv[sys.argv.index("--rejects") + 1], "w")
for line in sys.stdin:
    there = os.path.exists(json.loads(line).get("image", "."))
    (sys.stdout if there else rejects).write(line)
os.makedirs("made", exist_ok=True)
open("made/a.png", "w").close()
"""


class Objects(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here = Path(folder.name)
        for name, text in [("rclone", RCLONE), ("tool", TOOL)]:
            (self.here / name).write_text(text, encoding="utf-8")
            (self.here / name).chmod(0o755)
        (self.here / "store/frames").mkdir(parents=True)
        (self.here / "store/frames/1.png").write_bytes(b"1")

    def passed(self, objects, *records):
        """Passes records through the tool, with files in the store."""
        environment = {**os.environ, "PATH": f"{self.here}:{os.environ['PATH']}", "OBJECTS": objects}
        lines = "".join(json.dumps(record) + "\n" for record in records)
        command = [sys.executable, "-B", BLOCK, "--rejects", self.here / "rejects", "tool"]
        return subprocess.run(command, input=lines, env=environment, cwd=self.here, capture_output=True, text=True)

    def test_files_come_from_the_store_and_go_there(self):
        for objects in [f"store:{self.here}/store", f"{self.here}/store"]:
            ran = self.passed(objects, {"image": "frames/1.png"}, {"image": "frames/gone.png"})
            self.assertEqual((ran.returncode, ran.stdout), (0, '{"image": "frames/1.png"}\n'), ran.stderr)
            self.assertEqual([path.read_text(encoding="utf-8") for path in (self.here / "rejects").iterdir()], ['{"image": "frames/gone.png"}\n'])
            (self.here / "store/made/a.png").unlink()

    def test_vectors_that_are_not_in_the_store_fail_the_block_and_reject_nothing(self):
        record = {"image": "frames/1.png", "embedding": {"model": "a", "vector": {"file": "vectors/1.npy", "row": 0, "crc32": "00000000"}}}
        ran = self.passed(f"store:{self.here}/store", record)
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        self.assertIn("has no vectors/1.npy, the vectors that records name: run clip-embed again", ran.stderr)
        self.assertFalse((self.here / "rejects").exists())

    def test_a_wrong_place_fails_the_block_and_rejects_nothing(self):
        for objects, said in [
            ("store", "OBJECTS=store: is not a place as rclone names it"),
            ("./store", "is not a place as rclone names it"),
            ("/nonexistent", "OBJECTS=/nonexistent: has none of the 2 files that the records name, such as frames/1.png"),
            (f"store:{self.here}/other", "rclone lsf"),
        ]:
            ran = self.passed(objects, {"image": "frames/1.png"}, {"image": "frames/2.png"})
            self.assertEqual((ran.returncode, ran.stdout), (1, ""), ran.stderr)
            self.assertIn(said, ran.stderr)
            self.assertNotIn("Traceback", ran.stderr)
            self.assertFalse((self.here / "rejects").exists())

    def test_files_of_vectors_are_copied_as_images_are(self):
        (self.here / "store/vectors").mkdir()
        (self.here / "store/vectors/1.npy").write_bytes(b"rows")
        tool = self.here / "tool"
        tool.write_text(tool.read_text(encoding="utf-8").replace('.get("image", ".")', '["embedding"]["vector"]["file"]'), encoding="utf-8")
        record = {"image": "frames/1.png", "embedding": {"model": "m", "vector": {"file": "vectors/1.npy", "row": 0, "crc32": "00000000"}}}
        ran = self.passed(f"{self.here}/store", record)
        self.assertEqual((ran.returncode, ran.stdout), (0, json.dumps(record) + "\n"), ran.stderr)

    def test_records_that_name_no_files_need_none(self):
        ran = self.passed(f"store:{self.here}/store", {"id": "a"})
        self.assertEqual((ran.returncode, ran.stdout), (0, '{"id": "a"}\n'), ran.stderr)


if __name__ == "__main__":
    unittest.main()
