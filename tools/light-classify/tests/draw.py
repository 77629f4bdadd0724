#!/usr/bin/env python3
"""Draws the images of the golden case `skies`: python tests/draw.py (needs Pillow)."""

import json
import pathlib

from PIL import Image, ImageDraw

SIZE = (320, 180)
HERE = pathlib.Path(__file__).parent / "golden" / "skies"


def landscape(top, horizon, ground, lamps=()):
    """A sky that changes towards the horizon, over ground with a row of houses."""
    image = Image.new("RGB", SIZE)
    pen = ImageDraw.Draw(image)
    for y in range(110):
        share = y / 110
        pen.line((0, y, SIZE[0], y), fill=tuple(round(a + (b - a) * share) for a, b in zip(top, horizon)))
    pen.rectangle((0, 110, *SIZE), fill=ground)
    for x in range(10, 300, 42):
        pen.rectangle((x, 90, x + 28, 140), fill=tuple(level * 2 // 3 for level in ground))
    for x, y in lamps:
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=(255, 225, 150))
    return image


IMAGES = {
    "noon": landscape((40, 110, 220), (160, 210, 245), (190, 170, 120)),
    "evening": landscape((90, 90, 160), (250, 170, 100), (120, 80, 60)),
    "night": landscape((6, 10, 30), (16, 24, 56), (14, 14, 26), [(60, 100), (200, 104), (260, 98)]),
    "black": Image.new("RGB", SIZE),
}

HERE.mkdir(parents=True, exist_ok=True)
with open(HERE / "in.jsonl", "w", encoding="utf-8") as manifest:
    for name, image in IMAGES.items():
        image.save(HERE / f"{name}.jpg", quality=90)
        manifest.write(json.dumps({"id": name, "image": f"{name}.jpg"}) + "\n")
