"""Tests of `make try`: `python -m unittest` in this folder, with BIN the folder of the tools, as `make test-film` runs it.

The small networks must pass. Then each is spoiled in the ways in which weights and the code around them go wrong without an error, and must
not: images prepared otherwise, outputs in another order or place, weights that lost their digits, a file that is another one.
"""

import contextlib
import io
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import roles
import trial
import truth as truths
from onnx_file import Graph
from sample import Sample

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
FILM = ROOT / "examples/film"

# COCO's key points, the left and the right of each pair in the other's place.
SIDES = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
CHANNELS = ("Gather", [np.array([2, 1, 0])], {"axis": 1})


def times(factor):
    """All values by a factor."""
    return "Mul", [np.array(factor, float)], {}


def plus(values):
    """Something added to each channel."""
    return "Add", [np.array(values, float).reshape(1, -1, 1, 1)], {}


def moved(size, pixels, axis=3):
    """An image whose pixels are this many columns further right; the first column fills the gap."""
    return "Gather", [np.clip(np.arange(size) - pixels, 0, None)], {"axis": axis}


def half_moved(size):
    """An image half a pixel further right: the mean of itself and of the one a whole pixel further."""
    wider = "Gather", [np.clip(np.arange(size + 1) - 1, 0, None)], {"axis": 3}
    return wider, ("Conv", [np.full((3, 1, 1, 2), 0.5)], {"group": 3})


def bits(count):
    """Weights of 8 bits with no more than this many that tell anything."""
    step = 2 ** (8 - count)
    return lambda graph: graph.weights(lambda values: np.round(values / step) * step)


def before(name, *steps):
    """A change of what goes in."""
    return lambda graph: graph.before(name, *steps)


def after(names, *steps):
    """A change of what comes out."""
    return lambda graph: [graph.after(name, *steps) for name in names]


# What is done to which file of which small network.
WRONG = {
    "detect: red and blue swapped": ("detect/detect.onnx", before("images", CHANNELS)),
    "detect: values scaled to 0..1": ("detect/detect.onnx", before("images", times(1 / 255))),
    "detect: half a pixel to the right": ("detect/detect.onnx", before("images", *half_moved(416))),
    "detect: weights of 3 bits": ("detect/detect.onnx", bits(3)),
    "segment: red and blue swapped": ("segment/encoder.onnx", before("image", CHANNELS)),
    "segment: values not divided by 255": ("segment/encoder.onnx", before("image", times(255))),
    "segment: masks a pixel of theirs to the right": ("segment/decoder.onnx", after(["masks"], moved(256, 1))),
    "segment: weights of 3 bits": ("segment/encoder.onnx", bits(3)),
    "pose: red and blue swapped": ("pose/pose.onnx", before("input", CHANNELS)),
    "pose: a pixel to the right": ("pose/pose.onnx", before("input", moved(192, 1))),
    "pose: left and right swapped": ("pose/pose.onnx", after(["simcc_x", "simcc_y"], ("Gather", [SIDES], {"axis": 1}))),
    "pose: weights of 3 bits": ("pose/pose.onnx", bits(3)),
    "face: red and blue swapped": ("face/face.onnx", before("input", CHANNELS)),
    "face: values scaled to 0..1": ("face/face.onnx", before("input", times(1 / 255))),
    "face: eyes swapped": ("face/face.onnx", after(["kps_8", "kps_16", "kps_32"], ("Gather", [np.array([2, 3, 0, 1, 4, 5, 6, 7, 8, 9])], {"axis": 2}))),
    "emotion: red and blue swapped": ("emotion/emotion_8.onnx", before("input", CHANNELS)),
    "emotion: upside down": ("emotion/emotion_8.onnx", before("input", ("Gather", [np.arange(224)[::-1]], {"axis": 2}))),
    "emotion: weights of 2 bits": ("emotion/emotion_8.onnx", bits(2)),
    "emotion: classes of another list": ("emotion/emotion_8.onnx", after(["output"], ("Gather", [np.array([0, 2, 1, 3, 5, 4, 7, 6])], {"axis": 1}))),
    "embed: red and blue swapped": ("embed/vision.onnx", before("pixel_values", CHANNELS)),
    "embed: mean not subtracted": ("embed/vision.onnx", before("pixel_values", plus([1.79, 1.75, 1.48]))),
    "embed: values not divided by 255": ("embed/vision.onnx", before("pixel_values", times(255))),
    "embed: the same vector for all images": ("embed/vision.onnx", after(["image_embeds"], times(0), ("Add", [np.ones((1, 512))], {}))),
    "embed: texts of weights of 2 bits": ("embed/text.onnx", bits(2)),
    "inpaint: the mask is what to keep": ("inpaint/inpaint.onnx", before("mask", times(-1), plus([1]))),
    "inpaint: values not divided by 255": ("inpaint/inpaint.onnx", before("image", times(255))),
    "inpaint: red and blue swapped on one side": ("inpaint/inpaint.onnx", before("image", CHANNELS)),
    "caption: values not normalised": ("caption/vision_encoder.onnx", before("pixel_values", times(0.225), plus([0.485, 0.456, 0.406]))),
    "caption: weights of 2 bits": ("caption/decoder_model_merged.onnx", bits(2)),
}


class Trial(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tools = Path(os.environ.get("BIN") or ROOT / "target/release").resolve()
        folder = tempfile.TemporaryDirectory(prefix="film2lora-test-try-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name).resolve()
        cls.truth = truths.frames(FILM)
        cls.sample = Sample(FILM, cls.tools, cls.folder / "work", cls.truth)
        cls.ranges = trial.ranges(MODELS / "ranges.toml")

    def models(self):
        """A folder of the small networks in which no file is known by its checksum, and its registry."""
        models = self.folder / "models"
        shutil.rmtree(models, ignore_errors=True)
        shutil.copytree(MODELS / "small", models / "small", ignore=shutil.ignore_patterns("*.py", "*.checked"))
        lines = (MODELS / "registry.toml").read_text().splitlines()
        lines = ['sha256 = "unconfirmed"' if line.startswith("sha256") else line for line in lines if not line.startswith("bytes")]
        (models / "registry.toml").write_text("\n".join(lines))
        return models

    def passes(self, role, models):
        """Whether a small network passes, and its table."""
        network = {"name": f"small-{role}", "role": role, "parts": trial.parts(models).get(f"small-{role}", set())}
        run = trial.Run(self.tools, models, "cpu", self.folder / "work", self.truth, network)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            well = trial.table(run, self.sample, self.ranges[network["name"]])
        return well, said.getvalue()

    def test_the_networks_as_they_are_pass(self):
        models = self.models()
        for role in (role for role in roles.ROLES if (models / "small" / role).is_dir()):
            with self.subTest(role):
                well, said = self.passes(role, models)
                self.assertTrue(well, said)

    def test_what_is_wrong_does_not_pass(self):
        for name, (file, spoil) in WRONG.items():
            with self.subTest(name):
                models = self.models()
                graph = Graph(models / "small" / file)
                spoil(graph)
                graph.save(models / "small" / file)
                well, said = self.passes(file.split("/")[0], models)
                self.assertFalse(well, said)
                # It runs: no tool sees that anything is wrong.
                self.assertIn("OUTSIDE", said)

    def test_files_that_are_cut_short_or_of_another_network_are_said_to_be(self):
        models = self.models()
        path = models / "small/detect/detect.onnx"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        well, said = self.passes("detect", models)
        self.assertFalse(well)
        self.assertRegex(said, "small-detect .*does not run: char-detect: .*detect.onnx: not a network that can be run")
        shutil.copy(models / "small/pose/pose.onnx", models / "small/emotion/emotion_8.onnx")
        well, said = self.passes("emotion", models)
        self.assertFalse(well)
        self.assertRegex(said, "small-emotion .*does not run: emotion-classify: .*")

    def test_a_file_that_only_was_written_again_passes(self):
        models = self.models()
        path = models / "small/pose/pose.onnx"
        graph = Graph(path)
        graph.before("input", times(1))
        graph.save(path)
        well, said = self.passes("pose", models)
        self.assertTrue(well, said)


class Words(unittest.TestCase):
    def test_a_measure_without_a_value_is_outside(self):
        lines = list(trial.rows("own", "emotion", {"right": 0.9}, {"basis": "measured", "right": [0.8, 1], "sure": [0.5, 1]}, "3.0"))
        self.assertEqual([well for _, well in lines], [True, False])
        self.assertRegex(lines[0][0], r"^own +emotions right +0\.900 +0\.800 to 1\.000 +3\.0 +ok$")
        self.assertRegex(lines[1][0], r"^ +score of the true emotion +none +0\.500 to 1\.000 +OUTSIDE$")

    def test_a_network_without_ranges_is_measured_and_no_more(self):
        ((line, well),) = trial.rows("own", "tag", {"right": 0.9}, {}, "3.0")
        self.assertTrue(well)
        self.assertTrue(line.endswith("no range"), line)

    def test_every_network_of_the_registry_has_ranges_of_its_measures(self):
        known = trial.ranges(MODELS / "ranges.toml")
        registered = {}
        for block in (MODELS / "registry.toml").read_text().split("[[model]]")[1:]:
            values = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
            registered.setdefault(block.split('name = "')[1].split('"')[0], block.split('role = "')[1].split('"')[0])
            self.assertIn("path", values)
        self.assertEqual(set(known), set(registered))
        for name, own in known.items():
            with self.subTest(name):
                self.assertIn(own["basis"], ("measured", "related", "estimate"))
                self.assertTrue(own["basis"] == "measured" or own["why"])
                _, words = roles.ROLES[registered[name]]
                measures = set(own) - {"basis", "why"}
                self.assertTrue(measures and measures <= set(words), measures)
                for measure in measures:
                    low, high = own[measure]
                    self.assertLess(low, high)


if __name__ == "__main__":
    unittest.main()
