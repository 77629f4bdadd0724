"""What is known of the points of a face, where the truth has five landmarks. `make test-film` runs it."""

import sys
import unittest
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[2] / "models/small"))
from marks import landmarks_off, mouth_is_right


class Marks(unittest.TestCase):
    """The five of the 28 points, and mouths."""

    def test_eyes_are_between_their_lids_and_only_what_is_seen_counts(self):
        points = np.zeros((28, 3))
        points[[12, 15, 18, 21, 23, 24, 26], :2] = (0, 0), (0, 4), (10, 0), (10, 4), (5, 5), (2, 8), (8, 8)
        landmarks = np.array([[0, 2, 2], [10, 2, 2], [0, 0, 1], [2, 8, 2], [8, 9, 2]], float)
        apart = landmarks_off({"points": points.tolist()}, landmarks, 10.0)
        np.testing.assert_allclose(apart, [0, 0, 0, 0.1])

    def test_mouths_are_asked_of_emotions_that_have_one_and_are_not_faint(self):
        smile = {"mouth": {"label": "open smile"}}
        self.assertIs(mouth_is_right(smile, "happy", "high"), True)
        self.assertIs(mouth_is_right(smile, "sad", "medium"), False)
        self.assertIsNone(mouth_is_right(smile, "happy", "low"))
        self.assertIsNone(mouth_is_right(smile, "surprised", "high"))


if __name__ == "__main__":
    unittest.main()
