"""What is known of the 28 points of a face (hysts' anime-face-detector) where the truth has five landmarks, and of its mouth."""

from __future__ import annotations

import numpy as np

# The points whose mean each of the five landmarks is: eyes, nose, corners of the mouth.
OF_FIVE = ((12, 15), (18, 21), (23,), (24,), (26,))
# What mouths show of emotions that are not faint.
MOUTHS = {"happy": "smile", "sad": "frown", "angry": "frown"}


def landmarks_off(features: dict, landmarks: np.ndarray, side: float) -> np.ndarray:
    """How far the points of the key `features` are off those of five landmarks that are seen ([x, y, v], v 2), in sides of the face."""
    points = np.array(features["points"])[:, :2]
    five = np.stack([points[list(places)].mean(0) for places in OF_FIVE])
    return (np.linalg.norm(five - landmarks[:, :2], axis=1) / side)[landmarks[:, 2] == 2]


def mouth_is_right(features: dict, emotion: str, intensity: str) -> bool | None:
    """Whether the mouth shows the emotion; nothing where that is faint, or has no mouth of its own."""
    shows = MOUTHS.get(emotion) if intensity != "low" else None
    return shows and shows in features["mouth"]["label"]
