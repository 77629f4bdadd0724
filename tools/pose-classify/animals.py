#!/usr/bin/env python3
"""How good the rules for animals are: poses of the beast of examples/film/creature.py, with what is true of each. Needs numpy alone.

    python animals.py draw > poses.jsonl
    python animals.py film ../../examples/creature/truth.jsonl > film.jsonl
    pose-classify poses.jsonl | python fit.py score
    pose-classify film.jsonl | python fit.py score

`draw` poses it in any action, seen from any side by a camera that hardly looks down, with joints that are off by a few per cent.
`film` writes the drawings of a film with the joints of its truth, those outside of the image lost.

One seed, no clock: the same numbers each time.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples/film"))
from creature import CREATURES, MOTIONS, SKELETON, pose_creature

POSES, MANNERS = 3000, 6
VIEWS, LIMITS = ("front", "three-quarter", "side", "back"), (25, 65, 115)
"""As in examples/film/truth.py, which needs Blender."""
OFF = 0.01, 0.03
"""Least and most that joints are off, in lengths of the animal in the image."""
SCORES = 0.0, 0.9, 0.9
"""What a detector says of joints outside of the image, hidden and seen."""
TALL = 300
"""About the animal's height in pixels."""


def view_of(figure, camera, lying):
    """The side that a camera sees, by the angle between it and where the chest points: on the ground plane, of one that lies in space."""
    toward, forward = camera - figure.middle, figure.forward.copy()
    if not lying:
        toward[2] = forward[2] = 0.0
    cosine = toward @ forward / max(np.linalg.norm(toward) * np.linalg.norm(forward), 1e-9)
    return VIEWS[int(np.searchsorted(LIMITS, np.degrees(np.arccos(np.clip(cosine, -1, 1)))))]


def seen_from(random, figure):
    """Columns and rows of its joints for a camera at any side of it, and where that is."""
    middle = figure.keypoints.mean(axis=0)
    lift, distance = np.radians(random.uniform(-2, 16)), random.uniform(2.5, 8)
    camera = middle + distance * np.array([0, -np.cos(lift), np.sin(lift)])
    ahead = (middle - camera) / distance
    right = np.cross(ahead, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    local = (figure.keypoints - camera) @ np.stack([right, np.cross(ahead, right), ahead]).T
    return local[:, :2] / local[:, 2:] * distance * TALL, camera


def record(name, points, action, view):
    pose = {"skeleton": SKELETON, "keypoints": [[round(float(x), 2), round(float(y), 2), SCORES[int(seen)]] for x, y, seen in points]}
    return {"id": name, "truth": {"action": action, "angle": view, "points": [list(map(float, point)) for point in points]}, "pose": pose}


def draw(options):
    random = np.random.default_rng(options.seed)
    for number in range(POSES):
        action = list(MOTIONS)[number % len(MOTIONS)]
        stance = MOTIONS[action](random.random(), int(random.integers(MANNERS)))
        figure = pose_creature(CREATURES["bruma"], stance, False, (0, 0, 0), random.uniform(-180, 180))
        places, camera = seen_from(random, figure)
        places += random.normal(0, 1, places.shape) * random.uniform(*OFF) * np.ptp(places, axis=0).max()
        points = np.column_stack([places, np.full(len(places), 2)])
        print(json.dumps(record(f"p{number}", points, action, view_of(figure, camera, action == "lying"))))


def film(options):
    for line in open(options.truth):
        frame = json.loads(line)
        for of in frame["characters"]:
            if of.get("skeleton") == SKELETON and not frame.get("repeats"):
                print(json.dumps(record(f"f{frame['frame']:05d}", of["keypoints"], of["action"], of["view"])))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    ways = parser.add_subparsers(required=True)
    ways.add_parser("draw").set_defaults(run=draw)
    way = ways.add_parser("film")
    way.add_argument("truth")
    way.set_defaults(run=film)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
