#!/usr/bin/env python3
"""Draws the images of the golden case `kinds`: python tests/draw.py (needs Pillow)."""

import json
import pathlib
import random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (480, 272)
HERE = pathlib.Path(__file__).parent / "golden" / "kinds"


def scene(light=1.0):
    """A meadow with stones and grass under a sky."""
    draw = random.Random(4)
    image = Image.new("RGB", (SIZE[0] * 2, SIZE[1] * 2), (150, 190, 235))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 240, 960, 544), fill=(110, 140, 70))
    for _ in range(60):
        x, y, r = draw.randrange(960), draw.randrange(260, 540), draw.randrange(6, 40)
        pen.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=tuple(draw.randrange(60, 200) for _ in "rgb"))
    for _ in range(3000):
        x, y = draw.randrange(960), draw.randrange(250, 544)
        pen.line((x, y, x + draw.randrange(-4, 5), y - draw.randrange(6, 16)), fill=(60, draw.randrange(90, 180), 40))
    return image.resize(SIZE, Image.LANCZOS).point(lambda level: int(level * light))


def write(image, lines, size, ink):
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for number, line in enumerate(lines):
        pen.text((SIZE[0] / 2, 60 + number * size * 1.6), line, fill=ink, font=font, anchor="mm")
    return image


def face():
    """A face on a plain sky: little of it is in focus, most of it one colour."""
    image = Image.new("RGB", SIZE, (120, 160, 220))
    pen = ImageDraw.Draw(image)
    pen.ellipse((180, 60, 300, 230), fill=(230, 180, 150))
    for x in (215, 265):
        pen.ellipse((x - 14, 120, x + 14, 136), fill=(255, 255, 255))
        pen.ellipse((x - 6, 121, x + 6, 135), fill=(40, 60, 30))
    pen.arc((215, 160, 265, 200), 10, 170, fill=(150, 60, 60), width=4)
    pen.polygon([(175, 110), (190, 50), (290, 45), (305, 110), (270, 80), (210, 82)], fill=(70, 40, 20))
    return image


def motion(image, length):
    """The camera moves to the right while the shutter is open."""
    total = image
    for step in range(1, length):
        moved = image.transform(SIZE, Image.AFFINE, (1, 0, step, 0, 1, 0))
        total = Image.blend(total, moved, 1 / (step + 1))
    return total


def shallow():
    """Only a part of the width is in focus."""
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).rectangle((200, 140, 280, 272), fill=255)
    return Image.composite(scene(), scene().filter(ImageFilter.GaussianBlur(5)), mask)


IMAGES = {
    "sharp": scene(),
    "night": scene(0.2),
    "face": face(),
    "shallow": shallow(),
    "blurred": scene().filter(ImageFilter.GaussianBlur(4)),
    "moved": motion(scene(), 18),
    "black": Image.new("RGB", SIZE),
    "white": Image.new("RGB", SIZE, (255, 255, 255)),
    "plain": Image.new("RGB", SIZE, (90, 30, 30)),
    "faint": scene().point(lambda level: 120 + level // 8),
    "card": write(Image.new("RGB", SIZE, (12, 12, 14)), ["COMING SOON"], 16, (200, 200, 200)),
    "paper": write(Image.new("RGB", SIZE, (235, 230, 215)), ["Chapter One", "The Lantern"], 22, (40, 30, 30)),
    "credits": write(Image.new("RGB", SIZE), ["directed by A. Person", "drawn by B. Person", "music C. Person"], 14, (255, 255, 255)),
    "caption": write(scene(), ["THE MEADOW PRESENTS"], 18, (255, 255, 255)),
    "fading": scene(),
}

HERE.mkdir(parents=True, exist_ok=True)
with open(HERE / "in.jsonl", "w", encoding="utf-8") as manifest:
    for name, image in IMAGES.items():
        image.save(HERE / f"{name}.jpg", quality=88)
        record = {"id": name, "image": f"{name}.jpg", "width": SIZE[0], "height": SIZE[1]}
        if name == "fading":
            record["transition"] = "fade"
        manifest.write(json.dumps(record) + "\n")
(HERE / "args").write_text("--keep\n--sharpness\n350\n")
