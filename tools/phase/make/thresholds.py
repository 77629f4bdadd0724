"""Thresholds by which tools drop images, as labels of a film have set them: which there are, and which count."""

import filecmp
import json
import math
import os
from pathlib import Path

from names import Wrong, setting

# Each threshold: the stage that goes by it, the number, which side of it is kept, what the reasons of its drops begin with, and the
# flags that it becomes; that of `motion` is so many times the median of the film. FOUND are thresholds of a network that has to run
# anew, as what it finds below its threshold is in no record: in which manifest it looks, its role, and what ids of its boxes have.
KINDS = {
    "blur": {"stage": "sharp", "of": "/quality/sharpness", "side": "above", "reason": "blurred: sharpness", "flags": ["--sharpness"]},
    "dedup": {"stage": "unique", "of": "/dedup/distance", "side": "above", "reason": "near duplicate", "flags": ["--max-distance"]},
    "motion": {"stage": "instances", "of": "/instance/edges", "side": "above", "reason": "blurred: edge", "flags": ["--min-edges"]},
    "detect": {"stage": "boxes", "of": "/boxes/0/score", "side": "above", "reason": "below", "flags": ["--threshold"]},
    "faces": {"stage": "faces", "of": "/face/score", "side": "above", "reason": "below", "flags": ["--threshold", "--sure"]},
    "remnants": {"stage": "background/filled", "of": "/inpaint/remnant", "side": "below", "reason": "remnant", "flags": ["--max-remnant"]},
    "fog": {"stage": "background/filled", "of": "/inpaint/fog", "side": "below", "reason": "fog", "flags": ["--max-fog"]},
}
FOUND = {"detect": ("boxes", "detect", "b"), "faces": ("posed", "face", "f")}

# In different shots frame-dedup has a distance of its own, which in one shot counts, too, if it is larger.
ACROSS = 4


def read(path):
    """The threshold in a file of label-fit; none if it has none."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and "threshold_of" in found and isinstance(found.get("proof"), dict) else None
    except (OSError, ValueError):
        return None


def counts(found):
    """Whether a threshold is to be gone by: labels set it, and it does better than what decided before.

    That of motion is a share of the median, which the file has beside it.
    """
    if not found or found["proof"].get("better") is not True:
        return False
    return number(found.get("threshold")) and (found["threshold_of"] != KINDS["motion"]["of"] or number(found.get("median")) and found["median"] > 0)


def number(value):
    """Whether a value of JSON is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def flags(name, found):
    """The flags that a threshold becomes."""
    threshold = found["threshold"]
    if name == "dedup":
        # The largest distance at which images are dropped is below it.
        bits = min(max(math.ceil(threshold) - 1, 0), 32)
        return [f"--max-distance={bits}"] + ([f"--across={bits}"] if bits < ACROSS else [])
    if name == "motion":
        threshold /= found["median"]
    threshold = min(max(threshold, 0.0), 1.0) if name in FOUND or name == "motion" else threshold
    return [f"{flag}={threshold:.10g}" for flag in KINDS[name]["flags"]]


def elsewhere(path):
    """Of TEACH_FROM, a file or a folder of another film, the thresholds by name; none if it is a model of label-fit."""
    if not path:
        return {}
    if not os.path.isdir(path):
        return by_name([Path(path)])
    own = by_name(sorted(Path(path).glob("*.json")))
    # What that film took from another counts there, too, where it has none of its own.
    taken = by_name(sorted(Path(path, "from").glob("*.json")))
    found = {**own, **{name: one for name, one in taken.items() if not counts(own.get(name))}}
    if not found:
        raise Wrong(f"TEACH_FROM={setting('TEACH_FROM')}: there is no threshold in this folder, such as blur.json")
    return found


def by_name(files):
    """The thresholds in files, by name."""
    names_, found, where = {one["of"]: name for name, one in KINDS.items()}, {}, {}
    for file in files:
        one = read(file)
        name = names_.get(one["threshold_of"]) if one else None
        if name in found:
            raise Wrong(f"TEACH_FROM={setting('TEACH_FROM')}: {where[name].name} and {file.name} are both a threshold of {name}: take one of them away")
        if name:
            found[name], where[name] = one, file
    return found


def in_force(out, others):
    """The thresholds that count, as NAME:FILE:FLAG=VALUE,FLAG=VALUE: those of this film before those of another, whose names are `others`."""
    if setting("TAUGHT") == "no":
        return
    for name in KINDS:
        for file in [f"thresholds/{name}.json"] + ([f"thresholds/from/{name}.json"] if name in others else []):
            one = read(Path(out, file))
            if counts(one):
                yield f"{name}:{file}:{','.join(flags(name, one))}"
                break


def take(out, others):
    """Copies the thresholds of another film to OUT, which says of them that they are of another."""
    for name, one in others.items():
        Path(out, "thresholds/from").mkdir(parents=True, exist_ok=True)
        write(os.path.join(out, f"thresholds/from/{name}.json"), [{**one, "elsewhere": True}])


def records(path):
    """The records of a manifest; none where there is no manifest. A last line that nobody has finished is none."""
    found = []
    try:
        with open(path, "rb") as lines:
            for at, line in enumerate(lines, 1):
                if line.strip():
                    found.append(record(path, at, line))
    except FileNotFoundError:
        pass
    return [one for one in found if one is not None]


def record(path, at, line):
    """A line of a manifest; none if it has no end, and is no record."""
    try:
        row = json.loads(line)
    except ValueError as error:
        if not line.endswith(b"\n"):
            return None
        raise Wrong(f"{path}: line {at}: not a record: {error}") from error
    if not isinstance(row, dict):
        raise Wrong(f"{path}: line {at}: not a record")
    return row


def write(path, rows):
    """Writes a manifest, unless it is there as it is; whoever reads it meanwhile sees it whole."""
    part = f"{path}.part"
    with open(part, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if os.path.isfile(path) and filecmp.cmp(part, path, shallow=False):
        os.remove(part)
    else:
        os.replace(part, path)


def left(rows, patch):
    """Why labels are asked of none of these records."""
    ids, said = {row.get("id") for row in rows}, {line.get("id") for line in records(patch)}
    return "every image is labelled" if ids and ids <= said else "there is no image left to ask about"


def decisions(patch):
    """By id, what a person last decided: keep or drop."""
    said = {line.get("id"): line.get("decision") for line in records(patch)}
    return {name: one for name, one in said.items() if one in ("keep", "drop")}
