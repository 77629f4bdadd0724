"""Checkpoints of known quality, made of a film's own images, and whether lora-score has them in the right order.

`make`: from the data set of a pipeline, with images held back, writes IMAGES, a folder for each made-up checkpoint. Of
each prompt, `right` has the image of the film that was held back or one of its shot; `mixed` the same for every second
prompt and `strange` for the others; `strange` images of the film that show something else (another character, where the
set is of one, or else what has other facts); `copies` images that were trained on; `recoloured` and `blurred` those of
`right` in another style; `base` what shows something else in another style. Of places there is `peopled`, the frames
that the places were made of, with their characters; of lighting `relit`, `right` by day at night, and by night at noon.

`compose`: the same for several characters at once: images with one held-back image of each side by side (`together`),
with the last of them missing (`lost`), with the first in the place of the second (`bled`), and in another style
(`recoloured`); each of them by itself (`alone`); and what shows none of them (`base`).

`check`, `check-composed`: whether scores.jsonl has the best first, and every fault in the measure that it belongs to.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps

# What holds a set of images together, so that it shows who or what it is of: a fault in it is another character.
OF_CHARACTERS = "character"

# The score from which a box surely shows a character.
SEEN = 0.7

# How many images of several characters there are, at most.
COMPOSED = 12


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Film:
    """The images of a run, by the ids of its records."""

    def __init__(self, out, folder):
        self.out, self.kind = out, folder.split("/")[0]
        self.frames = {one["id"]: one for one in records(out / "frames.jsonl")}
        self.set = records(out / folder / "dataset.jsonl")
        named = out / "named.jsonl"
        self.others = records(named) if named.exists() else list(self.set)
        searched = out / "background" / "masked.jsonl"
        self.crowded = [one for one in records(searched) if any(box["score"] > SEEN for box in one["boxes"])] if self.kind == "background" else []

    def shown(self, record):
        """The image of a record; of an instance or a face, the frame around it, so that it is found as in a generated image."""
        frame, box = self.around(record)
        if not box:
            return Image.open(self.out / record["image"]).convert("RGB")
        image = Image.open(self.out / frame["image"]).convert("RGB")
        left, top, right, bottom = box
        margin = (1 if "face" in record else 0.3) * max(right - left, bottom - top)
        box = [max(left - margin, 0), max(top - margin, 0), min(right + margin, image.width), min(bottom + margin, image.height)]
        part = image.crop([round(edge) for edge in box])
        # Not enlarged, as that makes an image as soft as one out of focus.
        part.thumbnail((512, 512), Image.Resampling.LANCZOS)
        return part

    def around(self, record):
        """The frame that an instance or a face was cropped from, and its box there."""
        if "instance" not in record:
            return None, None
        frame, instance = self.frames.get(record["id"].partition(".i")[0]), record["instance"]
        if "face" not in record:
            return frame, instance["box"] if frame else None
        # The face was found in the image of the instance.
        left, top = instance["crop"][:2]
        return frame, [edge + (top if place % 2 else left) for place, edge in enumerate(record["face"]["box"])] if frame else None

    def peopled(self, number, record):
        """A frame with characters, of the shot of a place if there is one."""
        shot = record["source"]["shot"]
        near = [one for one in self.crowded if one["source"]["shot"] == shot] or self.crowded
        return Image.open(self.out / near[number % len(near)]["image"]).convert("RGB")


def at(record, pointer):
    """What stands where a JSON pointer leads to."""
    for step in pointer.split("/")[1:]:
        try:
            record = record[int(step)] if isinstance(record, list) else record.get(step)
        except (AttributeError, IndexError):
            return None
    return record


def facts(record, prompt):
    """How many facts of a prompt an image of the film shows: of those that the set is balanced by, which it teaches, and of all."""
    taught = sum(str(at(record, pointer)) == value for pointer, value in prompt.get("cell", {}).items())
    right = int("identity" in prompt and name(record) == name(prompt))
    for key, members in prompt.items():
        if key in ("emotion", "light", "pose", "tags"):
            for member, wanted in members.items():
                own = record.get(key, {}).get(member)
                right += (own[0][0] if isinstance(own, list) else own) == wanted
    return taught, right


def name(record):
    return record.get("identity", {}).get("name")


def recoloured(image):
    """The image with other colours, flat ones."""
    hue, saturation, value = ImageOps.posterize(image, 3).convert("HSV").split()
    hue = Image.fromarray((np.asarray(hue).astype(int) + 100).astype(np.uint8))
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def blurred(image):
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 60))


def relit(image, dark):
    """The image by night, where it is not `dark`, or else at noon."""
    levels = np.asarray(image).astype(float) / 255
    levels = 0.95 * levels**0.4 if dark else 0.3 * levels**1.3 * (0.5, 0.7, 1.2)
    return Image.fromarray((255 * levels.clip(0, 1)).round().astype(np.uint8))


def unlike(film, prompt):
    """Images of the film that show something else than a prompt wants."""
    wanted = name(prompt)
    if film.kind == OF_CHARACTERS:
        return [one for one in film.others if name(one) not in (wanted, "unknown", None)]
    fewest = min(facts(one, prompt) for one in film.set)
    return [one for one in film.set if facts(one, prompt) == fewest]


def make(out, folder, images):
    film = Film(out, folder)
    prompts = records(out / folder / "dataset" / "prompts.jsonl")
    by_id = {one["id"]: one for one in film.set}
    trained = [one for one in film.set if not one["dataset"].get("validation")]
    for number, prompt in enumerate(prompts):
        others = unlike(film, prompt)
        right, strange = film.shown(by_id[prompt["of"]]), film.shown(others[number * 7 % len(others)])
        # What a trainer saw, and so what a LoRA that knows it by heart makes: that which the prompt says most of.
        most = max(facts(one, prompt) for one in trained)
        known = [one for one in trained if facts(one, prompt) == most]
        copy = Image.open(out / known[number * 5 % len(known)]["dataset"]["file"]).convert("RGB")
        made = {"right": right, "mixed": strange if number % 2 else right, "strange": strange, "copies": copy}
        made |= {"recoloured": recoloured(right), "blurred": blurred(right), "base": recoloured(blurred(strange))}
        if film.kind == "background":
            made["peopled"] = film.peopled(number, by_id[prompt["of"]])
        if film.kind == "lighting":
            made["relit"] = relit(right, prompt.get("light", {}).get("time") in ("night", "evening"))
        save(images, prompt["id"], made)
    print(f"{images}: {len(prompts)} prompts")


def save(images, prompt, made):
    """Writes an image of each checkpoint."""
    for checkpoint, image in made.items():
        path = images / checkpoint / f"{prompt}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)


def beside(parts, height=320):
    """Images side by side, of one height."""
    parts = [part.resize((max(1, round(part.width * height / part.height)), height), Image.Resampling.LANCZOS) for part in parts]
    whole, left = Image.new("RGB", (sum(part.width for part in parts), height)), 0
    for part in parts:
        whole.paste(part, (left, 0))
        left += part.width
    return whole


def compose(out, folders, images, file):
    """Images of several characters at once, and the prompts that they are of."""
    films = [Film(out, folder) for folder in folders]
    held = [[one for one in film.set if one["dataset"].get("validation")] for film in films]
    who = [next(filter(None, map(name, own))) for own in held]
    empty = records(out / "background" / "dataset.jsonl")
    count, lines = min(COMPOSED, *map(len, held)), []
    for number in range(count):
        prompt = {"id": f"together_{number:02}", "prompt": " and ".join(who), "identity": {"name": who}}
        lines.append(json.dumps(prompt) + "\n")
        parts = [film.shown(own[number]) for film, own in zip(films, held)]
        again = films[0].shown(held[0][(number + 1) % len(held[0])])
        place = Image.open(out / empty[number % len(empty)]["image"]).convert("RGB")
        together = beside(parts)
        made = {"together": together, "lost": beside([*parts[:-1], place]), "bled": beside([parts[0], again, *parts[2:]]),
                "recoloured": recoloured(together), "base": recoloured(blurred(place))}
        save(images, prompt["id"], made)
    for film, folder in zip(films, folders):
        by_id = {one["id"]: one for one in film.set}
        for prompt in records(out / folder / "dataset" / "prompts.jsonl"):
            save(images, prompt["id"], {"alone": film.shown(by_id[prompt["of"]])})
    file.write_text("".join(lines), encoding="utf-8")
    print(f"{images}: {count} prompts for {' and '.join(who)}")


class Scores:
    """What lora-score said, and whether it is as it should be."""

    def __init__(self, scores):
        lines = records(scores)
        self.order = [one["checkpoint"] for one in lines if "control" not in one]
        self.by_name = {one["checkpoint"]: one for one in lines}
        self.wrong = []
        for one in lines:
            measures = {key: (round(measure["value"], 3), round(measure["score"], 3)) for key, measure in one["measures"].items()}
            print(f"{one['checkpoint']:12} {one.get('score', 0):.3f} {one.get('bounds', '')} {measures}")

    def holds(self, what, true):
        print(f"{'yes' if true else 'NO '}  {what}")
        self.wrong.extend([] if true else [what])

    def score(self, checkpoint):
        return self.by_name[checkpoint]["score"]

    def value(self, checkpoint, measure):
        return self.by_name[checkpoint]["measures"].get(measure, {}).get("score")

    def weight(self, measure):
        return self.by_name["right"]["measures"].get(measure, {}).get("weight", 0)

    def found(self, checkpoint, member="found"):
        return {one["name"]: one[member] for one in self.by_name[checkpoint]["characters"]}


def check(scores):
    all_of_it = Scores(scores)
    holds, value, order = all_of_it.holds, all_of_it.value, all_of_it.order
    holds(f"`right` is the best: {', '.join(order)}", order[0] == "right")
    holds("`mixed` is better than `strange`", order.index("mixed") < order.index("strange"))
    # What was trained on may show little that a prompt wants.
    holds("all but `strange` and `copies` are better than the base model",
          all(all_of_it.score(one) > all_of_it.score("base") for one in order if one not in ("strange", "copies")))
    holds("`blurred` is below `right`, and shows in sharpness", all_of_it.score("blurred") < all_of_it.score("right")
          and value("blurred", "sharpness") < 0.2 < value("right", "sharpness"))
    holds("`copies` are found", value("copies", "copies") < 0.2 < value("right", "copies"))
    holds("`recoloured` has another style", value("recoloured", "style") < value("right", "style"))
    asked = max(("identity", "prompt"), key=all_of_it.weight)
    holds(f"`strange` shows in {asked}", value("strange", asked) < 0.5 < value("right", asked))
    if "peopled" in order:
        holds("`peopled` shows in empty", value("peopled", "empty") < 0.2 < 0.8 < value("right", "empty"))
    if "relit" in order:
        holds("`relit` shows in prompt", value("relit", "prompt") < value("right", "prompt") - 0.2)
    return 1 if all_of_it.wrong else 0


def check_composed(scores):
    all_of_it = Scores(scores)
    holds, found = all_of_it.holds, all_of_it.found
    together, *others = all_of_it.order
    holds(f"`together` is the best: {', '.join(all_of_it.order)}", together == "together")
    who = list(found("together"))
    for checkpoint in [together, *others]:
        line = all_of_it.by_name[checkpoint]
        print(f"{checkpoint:12} found {found(checkpoint)} sets {[(one['name'], round(one['nearest'], 2)) for one in line['sets']]}")
    print(f"alone        found {found('together', 'alone')}")
    near = {checkpoint: {one["name"]: one["nearest"] for one in all_of_it.by_name[checkpoint]["sets"]} for checkpoint in [together, *others]}
    losses = {one: sorted(who, key=lambda name, one=one: found(one)[name] - found("together")[name])[0] for one in ("lost", "bled")}
    holds(f"`lost` and `bled` have each lost one: {losses}", all(found(one)[losses[one]] < found("together")[losses[one]] - 0.4 for one in losses))
    gone = losses["bled"]
    holds(f"`bled` is farther from {gone}, and nearer to others", near["bled"][gone] < near["together"][gone] - 0.15)
    holds("`recoloured` is below `together`", all_of_it.score("recoloured") < all_of_it.score("together"))
    return 1 if all_of_it.wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tasks = parser.add_subparsers(dest="task", required=True)
    making, composing = tasks.add_parser("make"), tasks.add_parser("compose")
    for one in (making, composing):
        one.add_argument("out", type=Path)
    making.add_argument("folder", help="the folder of the data set in OUT: style, or character/NAME")
    composing.add_argument("folders", nargs="+", help="the folders of the characters' data sets in OUT")
    for one in (making, composing):
        one.add_argument("images", type=Path)
    composing.add_argument("prompts", type=Path, help="file for the prompts")
    for task in ("check", "check-composed"):
        tasks.add_parser(task).add_argument("scores", type=Path)
    args = parser.parse_args()
    if args.task == "make":
        return make(args.out, args.folder, args.images)
    if args.task == "compose":
        return compose(args.out, args.folders, args.images, args.prompts)
    return check(args.scores) if args.task == "check" else check_composed(args.scores)


if __name__ == "__main__":
    sys.exit(main())
