"""Joins finished drawings into the film, and their truth into one line a frame.

Needs no Blender. A shot of which a drawing is missing is left out, whole, so what comes out is
always a valid film with its truth.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field

import finish
import numpy as np
import rle
from PIL import Image
from staging import FILMS, FRAMES_PER_SECOND, Shot, shot_list

TITLE_FRAMES, BLACK_FRAMES, CREDIT_FRAMES = 60, 12, 96
DISSOLVE_FRAMES, FADE_FRAMES = 12, 18
FLASH = (1.0, 0.85, 0.5, 0.25, 0.1)


@dataclass
class Frame:
    """One frame of the film before it is encoded, and its record."""

    image: np.ndarray
    record: dict = field(default_factory=dict)


class Drawings:
    """The drawings of a film on disk, finished, the latest few remembered."""

    def __init__(self, folder: str, seed: int, film: str = "lantern"):
        self.folder, self.seed, self.kept = os.path.join(folder, f"seed{seed}" if film == "lantern" else film), seed, {}
        # Only the first film comes with plates; an earlier render may have left one of another.
        self.plates = film == "lantern"

    def path(self, shot: Shot, drawing: int, ending: str) -> str:
        """Where a drawing's file is."""
        return os.path.join(self.folder, f"{shot.name}_{drawing:03d}{ending}")

    def complete(self, shot: Shot) -> bool:
        """Whether every drawing of a shot is there with its truth."""
        return all(os.path.exists(self.path(shot, drawing, ending))
                   for drawing in range(shot.drawings) for ending in (".png", ".json"))

    def image(self, shot: Shot, drawing: int, ending: str = ".png") -> np.ndarray:
        """A finished image; rain falls the same on a drawing and its plate."""
        key = (shot.name, drawing, ending)
        if key not in self.kept:
            while len(self.kept) > 4:
                self.kept.pop(next(iter(self.kept)))
            raw = np.asarray(Image.open(self.path(shot, drawing, ending)).convert("RGB"))
            rain = (self.seed, sum(map(ord, shot.name)), drawing) if shot.rains else None
            self.kept[key] = finish.finish(raw, rain)
        return self.kept[key]

    def characters(self, shot: Shot, drawing: int) -> list[dict]:
        """The truth of a drawing, moved from the image to the whole frame."""
        with open(self.path(shot, drawing, ".json")) as file:
            return [in_frame(item) for item in json.load(file)["characters"]]


def in_frame(item: dict) -> dict:
    """A character's record with its pixels counted from the corner of the whole frame."""
    def lower(mask):
        whole = np.zeros((finish.FRAME_HEIGHT, finish.WIDTH), bool)
        whole[finish.TOP:finish.TOP + finish.HEIGHT] = rle.decode(mask, finish.HEIGHT, finish.WIDTH)
        return {"size": [finish.FRAME_HEIGHT, finish.WIDTH], "counts": rle.encode(whole)}

    def shift(box):
        return box and [box[0], round(box[1] + finish.TOP, 1), box[2], round(box[3] + finish.TOP, 1)]

    def places(points):
        return [[x, round(y + finish.TOP, 1), v] if v else [0, 0, 0] for x, y, v in points]

    face = item["face"] and {**item["face"], "box": shift(item["face"]["box"]),
                             "landmarks": places(item["face"]["landmarks"])}
    return {**item, "box": shift(item["box"]), "whole_box": shift(item["whole_box"]),
            "keypoints": places(item["keypoints"]), "face": face,
            "mask": lower(item["mask"]), "whole": lower(item["whole"])}


def card(name: str, transition: str, image: np.ndarray, share: float = 1.0) -> Frame:
    """A frame that shows no place and nobody."""
    return Frame(image, {"shot": name, "drawing": None, "place": None, "light": None,
                           "transition": transition, "share": round(share, 3), "focus": "sharp",
                           "camera": "fixed", "returns": None, "plate": None, "characters": []})


def opening():
    """The title card, out of black."""
    image = finish.title()
    for number in range(TITLE_FRAMES):
        share = min(1.0, (number + 1) / FADE_FRAMES)
        yield card("title", "title", np.rint(image * share).astype(np.uint8), share)


def closing():
    """Black, then the credits."""
    black = np.zeros((finish.HEIGHT, finish.WIDTH, 3), np.uint8)
    for _ in range(BLACK_FRAMES):
        yield card("black_end", "black", black)
    for number in range(CREDIT_FRAMES):
        yield card("credits", "credits", finish.credits((number // 2 * 2) / CREDIT_FRAMES))


def shot_frames(drawings: Drawings, shot: Shot, before: Shot | None):
    """The frames of a shot; one that dissolves in is mixed with the last drawing before it."""
    dissolving = shot.join == "dissolve" and before is not None
    for number in range(shot.frames):
        drawing = number // shot.hold
        image = drawings.image(shot, drawing)
        record = labels(shot, drawing, drawings)
        record["characters"] = drawings.characters(shot, drawing)
        left = shot.frames - number
        if dissolving and number < DISSOLVE_FRAMES:
            share = (number + 1) / (DISSOLVE_FRAMES + 1)
            image = mixed(drawings.image(before, before.drawings - 1), image, share)
            if share < 0.5:
                record = labels(before, before.drawings - 1, drawings)
                record["characters"] = drawings.characters(before, before.drawings - 1)
            record.update(transition="dissolve", share=round(max(share, 1 - share), 3), plate=None)
        elif shot.leave == "fade" and left <= FADE_FRAMES:
            share = (left - 1) / FADE_FRAMES
            image = np.rint(image * share).astype(np.uint8)
            record.update(transition="fade", share=round(share, 3), plate=None)
        elif shot.flash is not None and 0 <= number - shot.flash < len(FLASH):
            share = 1 - FLASH[number - shot.flash]
            image = mixed(np.full_like(image, 255), image, share)
            record.update(transition="flash", share=round(share, 3), plate=None)
        elif number == 0:
            record["transition"] = "cut_first"
        yield Frame(image, record)


def labels(shot: Shot, drawing: int, drawings: Drawings) -> dict:
    """What the shot list says of a drawing."""
    name = f"{shot.name}_{drawing:03d}"
    source = plate_of(shot, drawing)
    there = drawings.plates and source is not None and os.path.exists(drawings.path(shot, source, "_plate.png"))
    plate = f"plates/{shot.name}_{source:03d}.jpg" if there else None
    air = "hazy" if (shot.haze or 0) > 0.02 else "clear"
    return {"shot": shot.name, "drawing": name, "place": shot.place,
            "light": {"time": shot.time, "weather": shot.weather,
                      "setting": "indoor" if shot.place == "kitchen" else "outdoor",
                      "dark": shot.dim < 1.0, "air": air},
            "transition": "none", "share": 1.0, "focus": shot.focus, "camera": shot.motion,
            "returns": shot.returns, "plate": plate}


def plate_of(shot: Shot, drawing: int) -> int | None:
    """The drawing whose plate fits this one: any of the shot if only the cast moves, else its own."""
    if shot.motion == "fixed" and not shot.rains:
        return shot.plates()[0]
    return drawing if drawing in shot.plates() else None


def mixed(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Two images mixed; `share` is the second's."""
    return np.rint(first * (1.0 - share) + second * float(share)).astype(np.uint8)


def film(drawings: Drawings, shots: list[Shot], cards: bool = True):
    """All frames in order; with title and credits, if it has `cards`."""
    if cards:
        yield from opening()
    before = None
    black = np.zeros((finish.HEIGHT, finish.WIDTH, 3), np.uint8)
    for shot in shots:
        if before is not None and before.leave == "fade":
            for _ in range(BLACK_FRAMES):
                yield card("black", "black", black)
        yield from shot_frames(drawings, shot, before)
        before = shot
    if cards:
        yield from closing()


def numbered(frames):
    """Frames with number, time, and the earlier frame that each repeats exactly."""
    previous, shot_number, last_shot = None, 0, None
    for number, frame in enumerate(frames, 1):
        if frame.record["shot"] != last_shot:
            shot_number, last_shot = shot_number + 1, frame.record["shot"]
        repeats = None
        if previous is not None and np.array_equal(previous[0], frame.image):
            repeats = previous[1]
        else:
            previous = (frame.image, number)
        characters = frame.record.pop("characters")
        frame.record = {"frame": number, "time": round((number - 1) / FRAMES_PER_SECOND, 4),
                        "shot_number": shot_number, **frame.record, "repeats": repeats,
                        "letterbox": finish.LETTERBOX, "characters": characters}
        yield frame


def ffmpeg() -> str:
    """An ffmpeg program: the one on the path, or else the one that comes as a Python package."""
    found = shutil.which("ffmpeg")
    if found is None:
        import imageio_ffmpeg
        found = imageio_ffmpeg.get_ffmpeg_exe()
    return found


def encoder(path: str, quality: int):
    """An ffmpeg that takes raw frames and writes the film."""
    size = f"{finish.WIDTH}x{finish.FRAME_HEIGHT}"
    command = [ffmpeg(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt",
               "rgb24", "-s", size, "-r", str(FRAMES_PER_SECOND), "-i", "-", "-vf",
               "scale=out_color_matrix=bt709:out_range=tv", "-c:v", "libx264", "-preset", "slow",
               "-tune", "animation", "-crf", str(quality), "-g", "48", "-pix_fmt", "yuv420p",
               "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
               "-movflags", "+faststart", "-threads", "2", "-fflags", "+bitexact", path]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def plates(drawings: Drawings, shots: list[Shot], folder: str) -> int:
    """Writes the plates of the shots; says how many."""
    os.makedirs(folder, exist_ok=True)
    count = 0
    for shot in shots:
        for drawing in shot.plates():
            if os.path.exists(drawings.path(shot, drawing, "_plate.png")):
                image = finish.framed(drawings.image(shot, drawing, "_plate.png"))
                name = os.path.join(folder, f"{shot.name}_{drawing:03d}.jpg")
                Image.fromarray(image).save(name, quality=93, subsampling=0, optimize=True)
                count += 1
    return count


def main() -> None:
    """Writes film.mp4, truth.jsonl and plates/ into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, help="the folder that render.py wrote")
    parser.add_argument("--film", choices=FILMS, default="lantern", help="which story")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", help="folder of the film; by default that of the committed one")
    parser.add_argument("--quality", type=int, default=19, help="x264's crf; lower is better and larger")
    options = parser.parse_args()
    lantern = options.film == "lantern"
    here = os.path.dirname(os.path.abspath(__file__))
    options.out = options.out or (here if lantern else os.path.join(here, "..", "creature"))
    drawings, wanted = Drawings(options.work, options.seed, options.film), shot_list(options.seed, options.film)
    shots = [shot for shot in wanted if drawings.complete(shot)]
    missing = [shot.name for shot in wanted if shot not in shots]
    pipe = encoder(os.path.join(options.out, "film.mp4"), options.quality)
    count = 0
    with open(os.path.join(options.out, "truth.jsonl"), "w") as truth:
        for frame in numbered(film(drawings, shots, cards=lantern)):
            pipe.stdin.write(finish.framed(frame.image).tobytes())
            truth.write(json.dumps(frame.record, separators=(",", ":")) + "\n")
            count += 1
    pipe.stdin.close()
    if pipe.wait():
        raise SystemExit("encode: ffmpeg failed")
    made = plates(drawings, shots, os.path.join(options.out, "plates")) if drawings.plates else 0
    print(f"{count} frames, {len(shots)} shots, {made} plates; left out: {', '.join(missing) or 'nothing'}")


if __name__ == "__main__":
    main()
