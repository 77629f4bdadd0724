"""What a face does: five emotions at three strengths, as numbers the head is modelled from."""

from __future__ import annotations

from dataclasses import dataclass, fields

EMOTIONS = ("happy", "sad", "surprised", "angry", "neutral")
INTENSITIES = ("low", "medium", "high")


@dataclass(frozen=True)
class Face:
    """A face's controls; angles are degrees on the head, shares run from 0 to 1.

    `brow_lift` raises the brows, `brow_tilt` raises their inner ends (negative lowers them).
    `upper_lid` and `lower_lid` are the share of the eye they cover. `smile` lifts the corners
    of the mouth, `mouth_open` opens it, `mouth_width` is half its width, `teeth` shows teeth,
    `round` draws the corners in.
    """

    brow_lift: float = 0.0
    brow_tilt: float = 2.0
    upper_lid: float = 0.22
    lower_lid: float = 0.06
    pupil: float = 1.0
    smile: float = 1.5
    mouth_open: float = 0.0
    mouth_width: float = 13.0
    teeth: float = 0.0
    blush: float = 0.35


NEUTRAL = (Face(), Face(upper_lid=0.27, smile=0.0), Face(upper_lid=0.34, smile=-0.5, brow_lift=-1.5))
TABLE = {
    "happy": (
        Face(brow_lift=2, lower_lid=0.14, smile=6, mouth_width=16, blush=0.5),
        Face(brow_lift=4, lower_lid=0.20, smile=9, mouth_width=19, mouth_open=0.45, teeth=0.5,
             blush=0.7),
        Face(brow_lift=7, upper_lid=0.20, lower_lid=0.32, smile=12, mouth_width=23,
             mouth_open=0.95, teeth=0.6, blush=1.0)),
    "sad": (
        Face(brow_tilt=9, upper_lid=0.32, smile=-3.5, mouth_width=11, pupil=1.05),
        Face(brow_tilt=15, brow_lift=2, upper_lid=0.38, smile=-7, mouth_width=13, pupil=1.1),
        Face(brow_tilt=22, brow_lift=4, upper_lid=0.40, lower_lid=0.2, smile=-12, mouth_width=16,
             mouth_open=0.35, pupil=1.15, blush=0.6)),
    "surprised": (
        Face(brow_lift=5, upper_lid=0.12, lower_lid=0.0, mouth_open=0.28, mouth_width=7,
             smile=0, pupil=0.92),
        Face(brow_lift=9, upper_lid=0.05, lower_lid=0.0, mouth_open=0.65, mouth_width=9,
             smile=0, pupil=0.82),
        Face(brow_lift=14, upper_lid=0.0, lower_lid=0.0, mouth_open=1.25, mouth_width=12,
             smile=0, pupil=0.68)),
    "angry": (
        Face(brow_tilt=-9, brow_lift=-3, upper_lid=0.30, smile=-2, mouth_width=12, pupil=0.92),
        Face(brow_tilt=-16, brow_lift=-6, upper_lid=0.34, lower_lid=0.12, smile=-6,
             mouth_width=15, pupil=0.86),
        Face(brow_tilt=-24, brow_lift=-8, upper_lid=0.32, lower_lid=0.2, smile=-9,
             mouth_width=19, mouth_open=0.6, teeth=1.0, pupil=0.78, blush=1.2)),
    "neutral": NEUTRAL,
}


def expression(emotion: str, intensity: str) -> Face:
    """The face of an emotion; a neutral face's intensity is how heavy its lids are."""
    return TABLE[emotion][INTENSITIES.index(intensity)]


def blink(face: Face, share: float) -> Face:
    """The same face with its lids closed by a share of what was open."""
    values = {item.name: getattr(face, item.name) for item in fields(Face)}
    values["upper_lid"] += (0.95 - values["upper_lid"]) * share
    return Face(**values)
