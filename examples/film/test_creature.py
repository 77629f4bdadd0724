"""Holds the truth of the second film against its pixels, and the beast's poses against what they are called. Needs no Blender.

Run with `python -m unittest` in this folder.
"""

from __future__ import annotations

import os
import tempfile
import unittest

import numpy as np
from check import HERE, mask_of, read_frames, read_truth
from creature import BACK, CREATURES, FRONT, KEYPOINTS, MOTIONS, PAW, bones_of, pose_creature
from encode import Drawings, labels
from finish import LETTERBOX, WIDTH
from staging import shot_list

FOLDER = os.path.join(HERE, "..", "creature")
MEGABYTE = 1_000_000


def edge(image: np.ndarray, mask: np.ndarray) -> float:
    """The mean step of colour across the left and right outlines of a mask."""
    rows, columns = np.nonzero(mask[:, 4:-4] != mask[:, 3:-5])
    columns = columns + 4
    values = image.astype(float)
    return float(np.abs(values[rows, columns + 3] - values[rows, columns - 4]).mean())


class Beast(unittest.TestCase):
    """The skeleton alone."""

    def test_bones_keep_their_lengths_and_paws_stay_above_the_ground(self):
        for action, motion in MOTIONS.items():
            for manner in range(6):
                for phase in np.linspace(0, 1, 9):
                    joints = bones_of(motion(float(phase), manner)).joints
                    for side in ("left", "right"):
                        front = [joints[f"{side}_{part}"] for part in ("shoulder", "elbow", "front_paw")]
                        back = [joints[f"{side}_{part}"] for part in ("hip", "knee", "heel", "back_paw")]
                        for chain, lengths in ((front, FRONT), (back, BACK)):
                            self.assertGreaterEqual(chain[-1][2], PAW - 0.02, (action, manner, phase))
                            if action == "lying":
                                continue
                            for one, other, length in zip(chain, chain[1:], lengths):
                                self.assertAlmostEqual(float(np.linalg.norm(other - one)), length, places=6)

    def test_only_a_leap_and_a_gallop_leave_the_ground(self):
        for action, motion in MOTIONS.items():
            lowest = [min(joint[2] for name, joint in bones_of(motion(float(phase), 0)).joints.items() if name.endswith("paw"))
                      for phase in np.linspace(0, 1, 25)]
            with self.subTest(action):
                self.assertEqual(max(lowest) > PAW + 0.03, action in ("jumping", "running"))

    def test_every_motion_makes_a_figure_with_all_key_points(self):
        for action, motion in MOTIONS.items():
            for manner in range(6):
                figure = pose_creature(CREATURES["bruma"], motion(0.3, manner), False, (1.0, 2.0, 0.0), 30.0)
                with self.subTest(action, manner=manner):
                    self.assertEqual(figure.keypoints.shape, (17, 3))
                    self.assertEqual((len(figure.landmarks), len(figure.marks), len(figure.face_outline)), (0, 0, 0))
                    self.assertGreater(len(figure.mesh.points), 1000)


class Film(unittest.TestCase):
    """The committed film."""

    @classmethod
    def setUpClass(cls):
        cls.records = read_truth(os.path.join(FOLDER, "truth.jsonl"))
        cls.beasts = [(record, item) for record in cls.records if record["repeats"] is None for item in record["characters"]
                      if item.get("kind") == "animal"]

    def test_it_has_eight_shots_with_the_beast_in_each_and_someone_beside_it(self):
        shots = {}
        for record in self.records:
            shots.setdefault(record["shot"], set()).update(item["name"] for item in record["characters"])
        self.assertEqual(len(shots), 8)
        self.assertTrue(all("bruma" in names for names in shots.values()))
        self.assertGreaterEqual(sum(len(names) > 1 for names in shots.values()), 6)

    def test_it_names_no_plates_also_where_an_earlier_render_left_some(self):
        self.assertEqual({record["plate"] for record in self.records}, {None})
        shot = shot_list(7, "bruma")[0]
        with tempfile.TemporaryDirectory() as folder:
            drawings = Drawings(folder, 7, "bruma")
            os.makedirs(drawings.folder)
            for drawing in shot.plates():
                open(drawings.path(shot, drawing, "_plate.png"), "w").close()
            self.assertIsNone(labels(shot, 0, drawings)["plate"])

    def test_the_beast_does_all_that_it_can(self):
        self.assertEqual({item["action"] for _, item in self.beasts}, set(MOTIONS))
        self.assertGreaterEqual(len({item["view"] for _, item in self.beasts}), 3)

    def test_points_that_are_seen_lie_on_it_and_its_box_is_that_of_its_mask(self):
        left, top, right, bottom = LETTERBOX
        for record, item in self.beasts:
            self.assertEqual((item["skeleton"], item["face"], len(item["keypoints"])), ("ap10k17", None, len(KEYPOINTS)))
            self.assertNotIn("emotion", item)
            mask = mask_of(item["mask"])
            self.assertEqual(int(mask.sum()), item["area"])
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            self.assertEqual(item["box"], [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
            for x, y, seen in item["keypoints"]:
                if seen:
                    self.assertTrue(left <= x < right and top <= y < bottom, record["frame"])
                if seen == 2:
                    column, row = int(x), int(y)
                    self.assertTrue(mask[max(0, row - 1):row + 2, max(0, column - 1):column + 2].any(), record["frame"])

    def test_it_stands_out_where_its_mask_is_and_not_beside_it(self):
        by_frame = {record["frame"]: item for record, item in self.beasts if item["area"] > 4000}
        better = []
        for number, image in read_frames(os.path.join(FOLDER, "film.mp4"), list(by_frame)[::3]):
            mask = mask_of(by_frame[number]["mask"])
            left, _, right, _ = by_frame[number]["box"]
            beside = [np.roll(mask, way * (right - left) // 2, axis=1) for way in (1, -1)]
            better.append(edge(image, mask) > max(edge(image, one) for one in beside))
        self.assertGreater(np.mean(better), 0.9)

    def test_the_files_are_small(self):
        for name, most in (("film.mp4", 2), ("truth.jsonl", 3)):
            self.assertLess(os.path.getsize(os.path.join(FOLDER, name)), most * MEGABYTE)
        self.assertEqual(read_truth(os.path.join(FOLDER, "truth.jsonl"))[0]["letterbox"][2], WIDTH)


if __name__ == "__main__":
    unittest.main()
