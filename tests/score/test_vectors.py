"""The files of `clip-embed --vectors`, as NumPy reads them. `make test-film` runs it."""

import io
import json
import os
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TOOLS = os.environ.get("BIN") or ROOT / "target/release"
NETWORK = ROOT / "shared/nets/tests/onnx/tiny-clip"


class Vectors(unittest.TestCase):
    """Records with their numbers, and records that name rows."""

    def embedded(self, *more):
        """The embeddings of six images, each another."""
        command = [os.path.join(TOOLS, "clip-embed"), "--model", NETWORK, "--device", "cpu", "--no-cache", *more]
        ran = subprocess.run(command, input=self.records, capture_output=True, text=True, check=True, cwd=self.here)
        return [json.loads(line)["embedding"]["vector"] for line in ran.stdout.splitlines()]

    def test_numpy_maps_the_file_and_would_have_written_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as self.here:
            random = np.random.default_rng(1)
            for number in range(6):
                Image.fromarray(random.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(Path(self.here, f"{number}.png"))
            self.records = "".join(json.dumps({"id": f"r{number}", "image": f"{number}.png"}) + "\n" for number in range(6))
            inside, named = self.embedded(), self.embedded("--vectors", "v")
            path = Path(self.here, named[0]["file"])
            rows = np.load(path, mmap_mode="r")
            self.assertEqual([one["row"] for one in named], list(range(6)))
            np.testing.assert_array_equal(rows, np.array(inside, "<f4"))
            self.assertEqual([one["crc32"] for one in named], [f"{zlib.crc32(row.tobytes()):08x}" for row in rows])
            again = io.BytesIO()
            np.save(again, np.asarray(rows))
            self.assertEqual(again.getvalue(), path.read_bytes())
            del rows


if __name__ == "__main__":
    unittest.main()
