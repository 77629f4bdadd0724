"""Checkpoints of known quality, made of a film's own images, and whether lora-score has them in the right order.

`make`: from the data set of a pipeline, with images held back, writes IMAGES, a folder for each made-up checkpoint. Of
each prompt, `right` has the image of the film that was held back or one of its shot; `mixed` the same for every second
prompt and `strange` for the others; `strange` images of the film that show something else (another character, where the
set is of one, or else a scene with other facts); `copies` images that were trained on; `recoloured` and `blurred` those
of `right` in another style; `base` what shows something else in another style.

`check`: whether scores.jsonl has `right` first, `mixed` before `strange`, and every fault in the measure that it
belongs to.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Film:
    """The images of a run, by the ids of its records."""

    def __init__(self, out, folder):
        self.out = out
        self.frames = {one["id"]: one for one in records(out / "frames.jsonl")}
        self.set = records(out / folder / "dataset.jsonl")
        named = out / "named.jsonl"
        self.others = records(named) if named.exists() else list(self.set)

    def shown(self, record):
        """The image of a record; of an instance, the frame around it, so that it is found as in a generated image."""
        parent = self.frames.get(record.get("parent"))
        if not parent:
            return Image.open(self.out / record["image"]).convert("RGB")
        image = Image.open(self.out / parent["image"]).convert("RGB")
        left, top, right, bottom = record["instance"]["box"]
        margin = 0.3 * max(right - left, bottom - top)
        box = [max(left - margin, 0), max(top - margin, 0), min(right + margin, image.width), min(bottom + margin, image.height)]
        part = image.crop([round(edge) for edge in box])
        # Not enlarged, as that makes an image as soft as one out of focus.
        part.thumbnail((512, 512), Image.Resampling.LANCZOS)
        return part


def facts(record, prompt):
    """How many of the facts of a prompt an image of the film shows."""
    right = 0
    for key, members in prompt.items():
        if key in ("emotion", "light", "pose", "tags"):
            for name, wanted in members.items():
                own = record.get(key, {}).get(name)
                right += (own[0][0] if isinstance(own, list) else own) == wanted
    return right


def name(record):
    return record.get("identity", {}).get("name")


def recoloured(image):
    """The image with other colours, flat ones."""
    hue, saturation, value = ImageOps.posterize(image, 3).convert("HSV").split()
    hue = Image.fromarray((np.asarray(hue).astype(int) + 100).astype(np.uint8))
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def blurred(image):
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 60))


def choose(film, prompts):
    """For each prompt the record of `right`, of `strange` and of `copies`."""
    by_id = {one["id"]: one for one in film.set}
    trained = [one for one in film.set if not one["dataset"].get("validation")]
    for number, prompt in enumerate(prompts):
        right = by_id[prompt["of"]]
        wanted = prompt.get("identity", {}).get("name")
        if wanted:
            unlike = [one for one in film.others if name(one) not in (wanted, "unknown", None)]
        else:
            fewest = min(facts(one, prompt) for one in film.set)
            unlike = [one for one in film.set if facts(one, prompt) == fewest]
        yield prompt, right, unlike[number * 7 % len(unlike)], trained[number * 5 % len(trained)]


def make(out, folder, images):
    film = Film(out, folder)
    prompts = records(out / folder / "dataset" / "prompts.jsonl")
    for number, (prompt, right, strange, copy) in enumerate(choose(film, prompts)):
        right, strange = film.shown(right), film.shown(strange)
        # What a trainer saw, and so what a LoRA that knows it by heart makes.
        copy = Image.open(out / copy["dataset"]["file"]).convert("RGB")
        made = {"right": right, "mixed": strange if number % 2 else right, "strange": strange, "copies": copy}
        made |= {"recoloured": recoloured(right), "blurred": blurred(right), "base": recoloured(blurred(strange))}
        for checkpoint, image in made.items():
            path = images / checkpoint / f"{prompt['id']}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
    print(f"{images}: {len(prompts)} prompts")


def check(scores):
    lines = records(scores)
    order = [one["checkpoint"] for one in lines if "control" not in one]
    by_name = {one["checkpoint"]: one for one in lines}
    wrong = []

    def holds(what, true):
        print(f"{'yes' if true else 'NO '}  {what}")
        wrong.extend([] if true else [what])

    def value(checkpoint, measure):
        return by_name[checkpoint]["measures"].get(measure, {}).get("score")

    for one in lines:
        measures = {key: (round(measure["value"], 3), round(measure["score"], 3)) for key, measure in one["measures"].items()}
        print(f"{one['checkpoint']:12} {one.get('score', 0):.3f} {one.get('bounds', '')} {measures}")
    holds(f"`right` is the best: {', '.join(order)}", order[0] == "right")
    holds("`mixed` is better than `strange`", order.index("mixed") < order.index("strange"))
    holds("all but `strange` are better than the base model", all(by_name[one]["score"] > by_name["base"]["score"] for one in order if one != "strange"))
    holds("`blurred` is below `right`, and shows in sharpness", by_name["blurred"]["score"] < by_name["right"]["score"]
          and value("blurred", "sharpness") < 0.2 < value("right", "sharpness"))
    holds("`copies` are found", value("copies", "copies") < 0.2 < value("right", "copies"))
    holds("`recoloured` has another style", value("recoloured", "style") < value("right", "style"))
    asked = "identity" if value("right", "identity") is not None else "prompt"
    holds(f"`strange` shows in {asked}", value("strange", asked) < 0.5 < value("right", asked))
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tasks = parser.add_subparsers(dest="task", required=True)
    making = tasks.add_parser("make")
    making.add_argument("out", type=Path)
    making.add_argument("folder", help="the folder of the data set in OUT: style, or character/NAME")
    making.add_argument("images", type=Path)
    tasks.add_parser("check").add_argument("scores", type=Path)
    args = parser.parse_args()
    if args.task == "make":
        return make(args.out, args.folder, args.images)
    return check(args.scores)


if __name__ == "__main__":
    sys.exit(main())
