"""Thresholds by which tools drop images, as labels of a film have set them: which there are, and which count."""

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
        return found if isinstance(found, dict) and "threshold_of" in found and "proof" in found else None
    except (OSError, ValueError):
        return None


def counts(found):
    """Whether a threshold is to be gone by: labels set it, and it does better than what decided before."""
    return bool(found) and found.get("threshold") is not None and found["proof"]["better"]


def flags(name, found):
    """The flags that a threshold becomes."""
    threshold = found["threshold"]
    if name == "dedup":
        # The largest distance at which images are dropped is below it.
        bits = min(max(math.ceil(threshold) - 1, 0), 32)
        return [f"--max-distance={bits}"] + ([f"--across={bits}"] if bits < ACROSS else [])
    if name == "motion":
        threshold /= found["median"]
    number = min(max(threshold, 0.0), 1.0) if name in FOUND or name == "motion" else threshold
    return [f"{flag}={number:.10g}" for flag in KINDS[name]["flags"]]


def elsewhere(path):
    """Of TEACH_FROM, a file or a folder of another film, the thresholds by name; none if it is a model of label-fit."""
    if not path:
        return {}
    files = sorted(Path(path).glob("*.json")) if os.path.isdir(path) else [Path(path)]
    by_number = {one["of"]: name for name, one in KINDS.items()}
    found = {}
    for file in files:
        one = read(file)
        if one and one["threshold_of"] in by_number:
            found[by_number[one["threshold_of"]]] = one
    if os.path.isdir(path) and not found:
        raise Wrong(f"TEACH_FROM={setting('TEACH_FROM')}: there is no threshold in this folder, such as blur.json")
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
        path, text = Path(out, f"thresholds/from/{name}.json"), json.dumps({**one, "elsewhere": True}) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def records(path):
    """The records of a manifest; none where there is no manifest."""
    try:
        with open(path, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError:
        return []


def write(path, rows):
    """Writes a manifest."""
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def decisions(patch):
    """By id, what a person last decided: keep or drop."""
    said = {line["id"]: line.get("decision") for line in records(patch)}
    return {name: one for name, one in said.items() if one in ("keep", "drop")}
