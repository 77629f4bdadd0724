"""The images that networks are tried on: forty frames of the sample film, with what is true of each, and plates without characters."""

import subprocess

import numpy as np
from figures import SMALLEST
from PIL import Image
from pycocotools import mask as coco
from truth import hidden, is_plain, records, seen

FRAMES = 40
PLATES = 8
# Frames a second that are taken from the film to choose from: a drawing lasts a quarter of a second.
FPS = "4"
# The share of a plate that a hole covers, from and to: less says little, and more is not inpainted.
HOLE = (0.01, 0.2)
# What a hole is painted with: no ground has this colour, so that it shows if a network looks into the hole.
LEAK = (255, 0, 255)


def spread(items, count):
    """This many of the items, evenly over all of them."""
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, min(count, len(items)))]


def runs(mask):
    """A mask as run lengths."""
    found = coco.encode(np.asfortranarray(mask, np.uint8))
    return {"size": [int(side) for side in found["size"]], "counts": found["counts"].decode()}


class Person:
    """A character of a frame, in pixels of the image between the bars."""

    def __init__(self, one, mask, top):
        left, upper, right, lower = one["box"]
        self.name, self.truth, self.mask = one["name"], one, mask
        self.box = np.array([left, upper - top, right, lower - top], float)
        self.side = max(self.box[2:] - self.box[:2])
        self.keypoints = np.array(one["keypoints"], float) - [0, top, 0]
        self.face = one["face"]
        if self.face:
            self.face_box = np.array(self.face["box"], float) - [0, top, 0, top]
            self.landmarks = np.array(self.face["landmarks"], float) - [0, top, 0]


class Sample:
    """The images, in the folder `work`."""

    def __init__(self, film, tools, work, truth):
        self.film, self.work = film, work
        work.mkdir(parents=True, exist_ok=True)
        with open(work / "frames.jsonl", "w") as out:
            subprocess.run([tools / "frame-extract", "--quiet", "--fps", FPS, "--method", "rules", "--format", "png", "--out-dir", "frames",
                            (film / "film.mp4").resolve()], cwd=work, stdout=out, check=True)
        chosen, drawings = [], set()
        for record in records(work / "frames.jsonl"):
            line = truth[record["source"]["frame"]]
            drawing = (line["shot"], line["drawing"])
            sharp = is_plain(line) and line["focus"] in ("sharp", "shallow")
            if sharp and drawing not in drawings and any(one["area"] >= SMALLEST for one in line["characters"]):
                drawings.add(drawing)
                chosen.append((record, line))
        chosen = spread(chosen, FRAMES)
        self.frames = [{key: record[key] for key in ("id", "image", "width", "height", "source")} for record, _ in chosen]
        self.lines = {record["id"]: line for record, line in chosen}
        self.people = {name: [Person(one, mask, line["letterbox"][1]) for one, mask in seen(line) if mask.any()] for name, line in self.lines.items()}
        self.holes = list(self.plates(film, truth))

    def large(self, name):
        """The characters of a frame that are large enough to be asked for."""
        return [one for one in self.people[name] if one.mask.sum() >= SMALLEST]

    def animals(self, name):
        """Those of them that are not persons."""
        return [one for one in self.large(name) if one.truth.get("kind") == "animal"]

    def plates(self, film, truth):
        """Records of plates, each with the hole of the characters that the frame has: what is under it is known."""
        files = {line["plate"]: line for line in truth.values() if line["plate"] and is_plain(line) and line["characters"]}
        fitting = [(file, line) for file, line in sorted(files.items()) if HOLE[0] <= hidden(line).mean() <= HOLE[1]]
        (self.work / "plates").mkdir(exist_ok=True)
        for file, line in spread(fitting, PLATES):
            name = f"plate_{line['frame']:06}"
            image = Image.open(film / file).convert("RGB").crop(line["letterbox"])
            hole = Image.fromarray(hidden(line))
            image.save(self.work / "plates" / f"{name}.png")
            hole.save(self.work / "plates" / f"{name}.hole.png")
            image.paste(LEAK, mask=hole)
            image.save(self.work / "plates" / f"{name}.in.png")
            yield {"id": name, "image": f"plates/{name}.in.png", "width": image.width, "height": image.height, "mask": f"plates/{name}.hole.png"}
