"""What every harness here needs: stand-ins for what only networks need, images whose pixels say
where they lie, and reading that back from what a trainer made of them."""

import argparse
import importlib.abc
import importlib.machinery
import json
import os
import random
import subprocess
import sys
import types

import numpy as np
from PIL import Image


class _Meta(type):
    """A class that has every attribute, each another class of the kind."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _class(name)

    def __iter__(cls):
        return iter(())


def _attribute(_, name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _class(name)


def _class(name):
    return _Meta(name, (), {"__init__": lambda self, *_, **__: None,
                            "__call__": lambda self, *_, **__: None,
                            "__getattr__": _attribute,
                            "__class_getitem__": classmethod(lambda cls, _: cls)})


class _Module(types.ModuleType):
    """A module that has every name."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = _class(name)
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names):
        self.names = set(names)

    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if any(".".join(parts[:n]) in self.names for n in range(1, len(parts) + 1)):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = _Module(spec.name)
        module.__path__ = []
        module.__version__ = "99.0.0"
        return module

    def exec_module(self, module):
        pass


def stand_in(*names):
    """Lets modules be imported that only the networks of a trainer need. None of its loader's own
    code is replaced."""
    sys.meta_path.insert(0, _Finder(names))


# Frames of films, crops of people and faces, what is small, long, square or odd; then sizes at random.
SIZES = [(1920, 1080), (1920, 1038), (1920, 804), (1280, 720), (1200, 800), (1000, 760), (420, 900),
         (640, 640), (512, 512), (1024, 1024), (1500, 1500), (832, 1216), (97, 161), (300, 200),
         (1999, 701), (705, 1999), (641, 1283), (1600, 400)]


def sizes():
    chance = random.Random(15)
    more = [(chance.randint(96, 2000), chance.randint(96, 2000)) for _ in range(110)]
    return SIZES + [(w, h) for w, h in more if 1 / 3 <= w / h <= 3][:62]


def image(path, width, height):
    """Red grows from left to right, green from top to bottom, each over all its range."""
    red = np.broadcast_to(np.linspace(0, 255, width)[None, :], (height, width))
    green = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    blue = np.full((height, width), 128.0)
    Image.fromarray(np.stack([red, green, blue], 2).round().astype("uint8")).save(path, compress_level=1)


def folder(path):
    """Writes one image and caption of every size; returns the sizes by file name."""
    os.makedirs(path, exist_ok=True)
    named = {}
    for number, (width, height) in enumerate(sizes()):
        stem = f"p{number:03}"
        image(os.path.join(path, stem + ".png"), width, height)
        with open(os.path.join(path, stem + ".txt"), "w") as file:
            file.write(f"trig boy, number {number}")
        named[stem + ".png"] = (width, height)
    return named


def kept(pixels, width, height):
    """From pixels (rows, columns, channels; 0..255) of a scaled and cut `image` the corners of
    what was kept, in its own pixels. A straight line through all of a side's values is far more
    exact than the 8 bits of one."""
    across, down = pixels[:, :, 0].mean(0), pixels[:, :, 1].mean(1)

    def ends(values, side):
        # The filter bends the line at both ends of a side that was not cut.
        edge = max(2, len(values) // 16)
        places = np.arange(len(values))[edge:-edge]
        slope, start = np.polyfit(places, values[edge:-edge] / 255 * (side - 1) + 0.5, 1)
        return start - 0.5 * slope, start + (len(values) - 0.5) * slope

    (x0, x1), (y0, y1) = ends(across, width), ends(down, height)
    return [round(float(v), 1) for v in (x0, y0, x1, y1)]


def row_of(size, pixels):
    height, width = pixels.shape[:2]
    return [*size, int(width), int(height), *kept(np.asarray(pixels, float), *size)]


def masked(row):
    """The mask of an image of `set.json`, white where it is trained on; white all over where it has none."""
    width, height = row["size"]
    x0, y0, x1, y1 = row["mask"] or (0, 0, width, height)
    mask = np.zeros((height, width), "uint8")
    mask[y0:y1, x0:x1] = 255
    return mask


# What the tool is given besides the folder; `tests/views.rs` gives the same.
FLAGS = ["--type", "custom", "--template", "p_{id}", "--trigger", "trig boy", "--train-on", "subject", "--grow-subject", "0",
         "--resolution", "512", "--repeats", "3", "--form", "several", "--validation", "25%"]

# The sizes of the regularization images, for trainers that take them; `tests/views.rs` has the same.
REGULAR = [(640, 480), (500, 900), (800, 800)]


def regular(work, named):
    """The manifest of the regularization images, whose rows are added to `named`."""
    lines = []
    for number, (width, height) in enumerate(REGULAR):
        path = os.path.join(work, f"r{number}.png")
        image(path, width, height)
        facts = {"tags": f"a boy, at place {number}", "sentence": f"A boy stands at place {number}."}
        lines.append(json.dumps({"id": f"regular_{number}", "image": path, "caption": facts["tags"], "facts": facts}))
        named[f"regularization_{number + 1:04}.png"] = {"size": [width, height], "mask": None}
    path = os.path.join(work, "regular.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return path


def data_set(tool, work, view, more=(), regularized=False):
    """Lets `dataset-write` write the images of `set.json` as a view, with regularization images on request; returns its
    folder, and the rows by the names of the images."""
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "set.json")
    rows, lines, named = json.load(open(here)), [], {}
    for number, row in enumerate(rows):
        stem = os.path.join(work, f"i{number}")
        image(stem + ".png", *row["size"])
        tags, sentence = f"trig boy, at number {number}", f"trig boy stands at number {number}."
        record = {"id": f"film_{number:06}", "image": stem + ".png", "caption": tags,
                  "facts": {"tags": tags, "sentence": sentence},
                  "source": {"film": "film.mp4", "frame": number, "time": number / 2, "shot": row["shot"]}}
        if row["mask"]:
            Image.fromarray(masked(row)).save(stem + "m.png")
            record["mask"] = stem + "m.png"
        lines.append(json.dumps(record))
        named[f"p_{number + 1:04}.png"] = row
    if regularized:
        more = [*more, "--regularization", regular(work, named)]
    out = os.path.join(work, "out")
    subprocess.run([tool, *FLAGS, *more, "--views", view, "--out-dir", out], input="\n".join(lines), text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return os.path.join(os.path.realpath(os.path.join(out, "dataset")), view), named


def seen(name, row, captions, shown, pixels, mask):
    """What a trainer makes of an image of a view: its captions, how often an epoch shows it, bucket, kept corners;
    of its mask (none, or 0..1), in percent of the tensor, how much it lets through and how much is not as if it
    were scaled and cut with the image."""
    _, _, width, height, *kept = row_of(row["size"], pixels)
    found = {"name": name, "captions": sorted(captions), "shown": shown, "bucket": [width, height], "kept": kept}
    if mask is not None:
        box = tuple(min(max(corner, 0), side) for corner, side in zip(kept, [*row["size"], *row["size"]]))
        right = Image.fromarray(masked(row)).resize((width, height), Image.BILINEAR, box=box)
        wrong = np.abs(np.asarray(right, float) / 255 - mask)
        found["mask"] = [round(100 * float(share.mean()), 1) for share in (mask, wrong)]
    return found


def arguments(about):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("checkout", help="the trainer's source")
    parser.add_argument("work", help="an empty folder to work in")
    parser.add_argument("--also", nargs="*", default=[], help="what else it needs: a second checkout, dataset-write")
    asked = parser.parse_args()
    asked.also, asked.last = (asked.also[:1] or [""])[0], (asked.also[-1:] or [""])[0]
    return asked


def commit(path):
    """The commit of a checkout: git's, or what stands in a file COMMIT beside the source."""
    named = os.path.join(path, "COMMIT")
    if os.path.isfile(named):
        return open(named).read().strip()
    asked = ["git", "-C", path, "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def finish(answer):
    """Hands the result to run.py: the last line of standard output."""
    print("\n" + json.dumps(answer))
