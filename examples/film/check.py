"""Draws the truth over the film's frames, makes contact sheets, and counts what is in the film.

Needs no Blender: only the committed film and truth.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter

import numpy as np
import rle
from encode import ffmpeg
from finish import FRAME_HEIGHT, WIDTH, font
from PIL import Image, ImageDraw

HERE = os.path.dirname(os.path.abspath(__file__))
COLOURS = {"nilo": (255, 208, 64), "pia": (255, 96, 112), "oreste": (80, 208, 192), "bruma": (120, 170, 255)}
ANIMAL_BONES = ((0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (5, 6), (6, 7), (3, 8), (8, 9), (9, 10), (4, 11), (11, 12), (12, 13),
                (4, 14), (14, 15), (15, 16))
BONES = ((5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14),
         (14, 16))


def read_truth(path: str) -> list[dict]:
    """All records of a truth file."""
    with open(path) as file:
        return [json.loads(line) for line in file]


def read_frames(path: str, wanted):
    """(number, image) of the wanted frames of a film, in order; numbers start at 1."""
    command = [ffmpeg(), "-loglevel", "error", "-i", path, "-f", "rawvideo",
               "-pix_fmt", "rgb24", "-vf", "scale=in_color_matrix=bt709", "-"]
    size, wanted = WIDTH * FRAME_HEIGHT * 3, set(wanted)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as pipe:
        number = 0
        while len(data := pipe.stdout.read(size)) == size:
            number += 1
            if number in wanted:
                yield number, np.frombuffer(data, np.uint8).reshape(FRAME_HEIGHT, WIDTH, 3).copy()


def mask_of(run_lengths: dict) -> np.ndarray:
    """The mask of a record's `{size, counts}`."""
    return rle.decode(run_lengths["counts"], *run_lengths["size"])


def draw(pixels: np.ndarray, record: dict) -> Image.Image:
    """A frame with masks tinted, hidden parts hatched, bones, faces and labels."""
    made = pixels.astype(np.float32)
    for item in record["characters"]:
        colour = np.array(COLOURS.get(item["name"], (200, 200, 200)), np.float32)
        own, whole = mask_of(item["mask"]), mask_of(item["whole"])
        made[own] = made[own] * 0.68 + colour * 0.32
        y, x = np.nonzero(whole & ~own)
        hatch = (x + y) % 6 < 2
        made[y[hatch], x[hatch]] = colour
    image = Image.fromarray(made.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for item in record["characters"]:
        _draw_marks(pen, item)
    light = record["light"]
    if light:
        words = [record["shot"], light["time"], light["weather"], record["focus"], record["camera"]]
        pen.text((6, FRAME_HEIGHT - 78), "  ".join(words), font=font(15), fill=(235, 235, 235),
                 stroke_width=2, stroke_fill=(20, 20, 24))
    return image


def _draw_marks(pen, item: dict) -> None:
    """One character's bones, key points, face and label."""
    points, colour = item["keypoints"], COLOURS.get(item["name"], (200, 200, 200))
    for first, second in BONES if item.get("kind", "person") == "person" else ANIMAL_BONES:
        if points[first][2] and points[second][2]:
            pen.line((*points[first][:2], *points[second][:2]), fill=(255, 255, 255), width=2)
    for x, y, seen in points:
        if seen:
            tone = (60, 255, 90) if seen == 2 else (255, 60, 60)
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=tone)
    if item["face"]:
        pen.rectangle(item["face"]["box"], outline=colour, width=2)
        for x, y, seen in item["face"]["landmarks"]:
            if seen:
                pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(40, 120, 255))
    if item["box"]:
        words = f"{item['name']} {item['action']} {item['view']}\n{item.get('emotion', '')} {item.get('intensity', '')}"
        pen.text((item["box"][0] + 2, 60 + 28 * sorted(COLOURS).index(item["name"])), words, font=font(13),
                 fill=colour, spacing=1, stroke_width=2, stroke_fill=(20, 20, 24))


def sheet(images: list[Image.Image], columns: int, width: int) -> Image.Image:
    """Images side by side, black bars cut off above and below."""
    height = round(width * FRAME_HEIGHT / WIDTH)
    cut = round(height * 0.115)
    rows = -(-len(images) // columns)
    made = Image.new("RGB", (columns * width, rows * (height - 2 * cut)))
    for index, image in enumerate(images):
        small = image.resize((width, height), Image.LANCZOS).crop((0, cut, width, height - cut))
        made.paste(small, (index % columns * width, index // columns * (height - 2 * cut)))
    return made


def save_small(image: Image.Image, path: str, limit: int = 400_000) -> None:
    """A JPEG of at most `limit` bytes."""
    for quality in range(90, 30, -5):
        image.save(path, quality=quality, optimize=True)
        if os.path.getsize(path) <= limit:
            return


def middles(records: list[dict], share: float) -> list[int]:
    """One frame number of each shot, part of the way through it, never a black one."""
    shots = {}
    for record in records:
        if record["transition"] != "black":
            shots.setdefault(record["shot_number"], []).append(record["frame"])
    return [frames[int((len(frames) - 1) * share)] for frames in shots.values()]


def counts(records: list[dict]) -> dict:
    """Frames per place, light, transition, focus and camera; characters' frames per label."""
    made = {key: Counter() for key in (
        "place", "place_time", "time", "weather", "setting", "transition", "focus", "camera", "shots",
        "action", "view", "emotion", "character", "faces")}
    for record in records:
        made["shots"][record["shot"]] += 1
        for key in ("transition", "focus", "camera"):
            made[key][record[key]] += 1
        if record["light"]:
            made["place"][record["place"]] += 1
            made["place_time"][f"{record['place']} {record['light']['time']}"] += 1
            for key in ("time", "weather", "setting"):
                made[key][record["light"][key]] += 1
        for item in record["characters"]:
            made["character"][item["name"]] += 1
            made["action"][item["action"]] += 1
            made["view"][item["view"]] += 1
            if "emotion" in item:
                made["emotion"][f"{item['emotion']} {item['intensity']}"] += 1
            if item["face"]:
                made["faces"][f"{item['emotion']} {item['intensity']}"] += 1
    totals = {"frames": len(records), "repeats": sum(record["repeats"] is not None for record in records),
              "plates": len({record["plate"] for record in records if record["plate"]})}
    return {**totals, **{key: dict(sorted(value.items())) for key, value in made.items()}}


def main() -> None:
    """Writes the two contact sheets and counts.json beside the film."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", default=HERE, help="folder with film.mp4 and truth.jsonl")
    parser.add_argument("--out", default=HERE)
    parser.add_argument("--frames", nargs="*", type=int, help="draw these frames as PNG instead")
    options = parser.parse_args()
    records = read_truth(os.path.join(options.film, "truth.jsonl"))
    movie = os.path.join(options.film, "film.mp4")
    if options.frames:
        for number, image in read_frames(movie, options.frames):
            draw(image, records[number - 1]).save(os.path.join(options.out, f"truth_{number:05d}.png"))
        return
    plain = [Image.fromarray(image) for _, image in read_frames(movie, middles(records, 0.4))]
    save_small(sheet(plain, 4, 400), os.path.join(options.out, "film_sheet.jpg"))
    wanted = [number for number in middles(records, 0.7) if records[number - 1]["characters"]]
    drawn = [draw(image, records[number - 1]) for number, image in read_frames(movie, wanted)]
    save_small(sheet(drawn, 3, 520), os.path.join(options.out, "truth_sheet.jpg"))
    with open(os.path.join(options.out, "counts.json"), "w") as file:
        json.dump(counts(records), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
