"""The truth of the sample film, or of another that the generator made: what each frame shows, and where."""

import json
from pathlib import Path

import numpy as np
from pycocotools import mask as coco


def records(path):
    """The records of a manifest; none if it is not there."""
    if not Path(path).exists():
        return []
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def frames(film):
    """What is true of each frame of a film's folder, by the frame's number from 0."""
    return {line["frame"] - 1: line for line in records(film / "truth.jsonl")}


def mask(runs):
    """A mask of COCO's compressed run lengths, as an array of truths."""
    return coco.decode({**runs, "counts": runs["counts"].encode()}).astype(bool)


def is_plain(line):
    """Whether a frame shows one image, and is not part of a transition."""
    return line["place"] is not None and line["transition"] in ("none", "cut_first")


def seen(line):
    """The characters of a frame with the mask of each, without the bars."""
    top, bottom = line["letterbox"][1], line["letterbox"][3]
    return [(one, mask(one["mask"])[top:bottom]) for one in line["characters"]]


def hidden(line):
    """The union of the characters of a frame, without the bars."""
    union = np.zeros((line["letterbox"][3] - line["letterbox"][1], line["letterbox"][2]), bool)
    for _, one in seen(line):
        union |= one
    return union
