"""Holds the committed truth against the committed film's pixels. Needs no Blender.

Run with `python -m unittest` in this folder.
"""

from __future__ import annotations

import os
import unittest

import numpy as np
import rle
from check import HERE, counts, mask_of, read_frames, read_truth
from finish import FRAME_HEIGHT, LETTERBOX, WIDTH
from PIL import Image

MEGABYTE = 1_000_000
FILM = os.path.join(HERE, "film.mp4")


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask widened by some pixels to all sides."""
    wide = mask.astype(np.int32)
    for axis in (0, 1):
        edges = [(0, 0), (0, 0)]
        edges[axis] = (by + 1, by)
        total = np.cumsum(np.pad(wide, edges), axis=axis)
        size = total.shape[axis]
        wide = (np.take(total, range(2 * by + 1, size), axis) > np.take(total, range(size - 2 * by - 1), axis)) * 1
    return wide > 0


def nearly(mask: np.ndarray, x: float, y: float) -> bool:
    """Whether a mask holds a point, give or take a pixel."""
    column, row = int(x), int(y)
    return bool(mask[max(0, row - 1):row + 2, max(0, column - 1):column + 2].any())


class Film(unittest.TestCase):
    """The truth, and one decoded pass over the film."""

    @classmethod
    def setUpClass(cls):
        cls.records = read_truth(os.path.join(HERE, "truth.jsonl"))
        cls.counts = counts(cls.records)
        drawn = [record for record in cls.records if record["plate"] and record["repeats"] is None]
        cls.with_plate = drawn[::max(1, len(drawn) // 60)]
        wanted = {record["frame"] for record in cls.with_plate}
        for record in cls.records[::41]:
            wanted |= {record["frame"], record["repeats"] or record["frame"]}
        wanted |= {record["frame"] for record in cls.records if record["transition"] == "black"}
        wanted.add(len(cls.records))
        cls.images = dict(read_frames(FILM, wanted))

    def characters(self, step=1):
        """(record, character) over the drawings that no other frame repeats."""
        for record in [item for item in self.records if item["repeats"] is None][::step]:
            for item in record["characters"]:
                yield record, item


class Records(Film):
    """The truth alone."""

    def test_frames_and_times_count_up(self):
        shot = 0
        for number, record in enumerate(self.records, 1):
            self.assertEqual(record["frame"], number)
            self.assertAlmostEqual(record["time"], (number - 1) / 24, places=3)
            self.assertIn(record["shot_number"] - shot, (0, 1))
            shot = record["shot_number"]
            self.assertTrue(record["repeats"] is None or record["repeats"] < number)
            self.assertEqual(record["letterbox"], LETTERBOX)

    def test_every_category_is_in_the_film(self):
        self.assertGreaterEqual(len(self.counts["shots"]), 20)
        self.assertEqual(set(self.counts["place"]), {"piazza", "harbour", "beach", "kitchen", "lane"})
        for place in self.counts["place"]:
            times = [key for key in self.counts["place_time"] if key.split()[0] == place]
            self.assertGreaterEqual(len(times), 2, place)
        for key, names in {
                "time": "morning noon afternoon evening night", "weather": "sunny cloudy rainy",
                "setting": "indoor outdoor", "action": "standing walking running sitting jumping lying",
                "view": "front three-quarter side back", "camera": "fixed pan dolly",
                "focus": "sharp shallow out_of_focus motion_blur",
                "transition": "none cut_first dissolve fade flash title credits black"}.items():
            self.assertEqual(set(self.counts[key]), set(names.split()), key)
        self.assertEqual(len(self.counts["emotion"]), 15)
        self.assertTrue(any(record["returns"] for record in self.records))

    def test_run_lengths_survive_a_round_trip(self):
        random = np.random.default_rng(3)
        for share in (0.0, 0.02, 0.5, 1.0):
            mask = random.random((37, 53)) < share
            self.assertTrue((rle.decode(rle.encode(mask), 37, 53) == mask).all())

    def test_masks_agree_with_boxes_and_areas(self):
        for _, item in self.characters(7):
            own, whole = mask_of(item["mask"]), mask_of(item["whole"])
            self.assertEqual(own.shape, (FRAME_HEIGHT, WIDTH))
            self.assertEqual(int(own.sum()), item["area"])
            self.assertFalse((own & ~whole).any())
            self.assertFalse(whole[:LETTERBOX[1]].any() or whole[LETTERBOX[3]:].any())
            if item["box"]:
                rows, columns = np.nonzero(own)
                self.assertEqual(item["box"], [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])

    def test_masks_of_two_characters_never_share_a_pixel(self):
        for record in self.records[::23]:
            total = sum((mask_of(item["mask"]).astype(int) for item in record["characters"]),
                        np.zeros((FRAME_HEIGHT, WIDTH), int))
            self.assertLessEqual(total.max(), 1)

    def test_seen_key_points_lie_on_their_character(self):
        for record, item in self.characters(3):
            own = mask_of(item["mask"])
            self.assertEqual(len(item["keypoints"]), 17)
            for x, y, seen in item["keypoints"]:
                if seen == 2:
                    self.assertTrue(nearly(own, x, y), (record["frame"], item["name"], x, y))

    def test_faces_hold_their_landmarks(self):
        """A nose or an eye in profile stands out of the skin that the box goes around."""
        for record, item in self.characters():
            if item["face"]:
                x0, y0, x1, y1 = item["face"]["box"]
                self.assertLess(x0, x1)
                self.assertLess(y0, y1)
                margin = 6 + 0.15 * max(x1 - x0, y1 - y0)
                for x, y, seen in item["face"]["landmarks"]:
                    if seen == 2:
                        inside = x0 - margin <= x <= x1 + margin and y0 - margin <= y <= y1 + margin
                        self.assertTrue(inside, record["frame"])

    def test_the_files_are_small_enough(self):
        total = 0
        for folder, _, names in os.walk(HERE):
            for name in names:
                size = os.path.getsize(os.path.join(folder, name))
                self.assertLessEqual(size, 8 * MEGABYTE, name)
                total += size
        self.assertLessEqual(total, 20 * MEGABYTE)


class Pixels(Film):
    """The truth against the film."""

    def test_the_film_is_as_long_as_its_truth(self):
        self.assertEqual(max(self.images), len(self.records))
        following = list(read_frames(FILM, [len(self.records) + 1]))
        self.assertEqual(following, [])

    def test_bars_and_black_frames_are_black(self):
        for number, image in self.images.items():
            bars = np.concatenate([image[:LETTERBOX[1] - 2], image[LETTERBOX[3] + 2:]])
            self.assertLess(bars.mean(), 3, number)
            if self.records[number - 1]["transition"] == "black":
                self.assertLess(image.max(), 24, number)

    def test_repeats_look_the_same(self):
        for number, image in self.images.items():
            first = self.records[number - 1]["repeats"]
            if first in self.images:
                difference = np.abs(image.astype(int) - self.images[first]).mean()
                self.assertLess(difference, 2.5, number)

    def compared(self):
        """(record, difference to the plate per pixel, union of masks) for each plate."""
        for record in self.with_plate:
            plate = np.asarray(Image.open(os.path.join(HERE, record["plate"])).convert("RGB")).astype(int)
            difference = np.abs(self.images[record["frame"]] - plate).max(axis=2)
            union = np.zeros(difference.shape, bool)
            for item in record["characters"]:
                union |= mask_of(item["whole"])
            yield record, difference, union

    def test_there_are_plates_of_every_place(self):
        named = [record for record in self.records if record["plate"]]
        self.assertEqual(sorted({record["plate"] for record in named}),
                         sorted("plates/" + name for name in os.listdir(os.path.join(HERE, "plates"))))
        self.assertGreaterEqual(len({record["plate"] for record in named}), 30)
        self.assertEqual({record["place"] for record in named},
                         {"piazza", "harbour", "beach", "kitchen", "lane"})
        self.assertEqual({record["camera"] for record in named}, {"fixed", "pan", "dolly"})

    def test_plates_equal_the_film_away_from_characters_and_shadows(self):
        inside = np.zeros((FRAME_HEIGHT, WIDTH), bool)
        inside[LETTERBOX[1]:LETTERBOX[3]] = True
        for record, difference, union in self.compared():
            rest = difference[inside & ~grown(union, 24)]
            if rest.size > 2000:
                self.assertLess(np.median(rest), 7, record["plate"])
                self.assertLess((rest > 40).mean(), 0.10, record["plate"])

    def test_masks_lie_where_the_film_differs_from_its_plate(self):
        for record, difference, _union in self.compared():
            if record["focus"] != "sharp" or record["light"]["dark"]:
                continue
            for item in record["characters"]:
                own = mask_of(item["mask"])
                if own.sum() < 500:
                    continue
                self.assertGreater((difference[own] > 10).mean(), 0.6, (record["plate"], item["name"]))


if __name__ == "__main__":
    unittest.main()
