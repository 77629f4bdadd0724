"""Says of each data set that was asked for how many images it has, and where the images went if there are too few.

The exit status is 1 where one has none, or fewer than MINIMUM asks for, and where a stage failed.
"""

import argparse
import collections
import json
import os
import re
import sys

import names
from names import Wrong, say, setting

# Fewer images than these teach a LoRA the images, and not what they have in common.
FEWEST = {"character": 15, "background": 15, "pose": 20, "expression": 15, "style": 20, "lighting": 20}

# The manifests on the way to a data set, and the setting that decides on what each drops.
FRAMES = {"frames": "EXTRACT_FLAGS", "unique": "DEDUP_FLAGS", "sharp": "BLUR_FLAGS", "lit": "LIGHT_FLAGS"}
SCENES = {**FRAMES, "embedded": "EMBED_FLAGS", "tagged": "TAG_FLAGS"}
FIGURES = {
    **SCENES,
    "boxes": "DETECT_FLAGS or DETECT_MODEL",
    "masked": "SEGMENT_FLAGS",
    "instances": "INSTANCE_FLAGS",
    "figures": "FIGURE_EMBED_FLAGS",
    "named": "IDENTITY_FLAGS or CAST",
    "keypoints": "KEYPOINT_FLAGS or POSE_MODEL",
    "posed": "POSE_FLAGS",
}
FACES = {**FIGURES, "faces": "FACE_FLAGS or FACE_MODEL", "felt": "EMOTION_FLAGS or EMOTION_MODEL", "expressions": "EMBED_MODEL"}
PLACES = {
    "frames": "EXTRACT_FLAGS",
    "background/clear": "BLUR_FLAGS",
    "background/boxes": "BACKGROUND_DETECT_FLAGS",
    "background/masked": "BACKGROUND_SEGMENT_FLAGS",
    "background/plates": "PLATE_FLAGS",
    "background/filled": "INPAINT_FLAGS",
    "background/cropped": "PLATE_CROP_FLAGS or INPAINT_FLAGS",
    "background/sharp": "PLATE_BLUR_FLAGS",
    "background/embedded": "EMBED_FLAGS",
    "background/places": "PLACE_CLUSTER_FLAGS",
    "background/tagged": "TAG_FLAGS",
}
BEFORE = {
    "character": {**FIGURES, "joined": "", "{}/figures": "CHARACTER or CAST", "{}/sharp": "FIGURE_BLUR_FLAGS", "{}/unique": "FIGURE_CLUSTER_FLAGS"},
    "background": PLACES,
    "pose": {**FIGURES, "pose/unique": "POSE_CLUSTER_FLAGS"},
    "expression": FACES,
    "style": SCENES,
    "lighting": SCENES,
}


def chain(kind, folder):
    """Each manifest of a data set, first to last, with the setting of its stage."""
    for manifest, flags in BEFORE[kind].items():
        yield manifest.format(folder), flags
    yield f"{folder}/selected", f"{kind.upper()}_BALANCE_FLAGS"
    yield f"{folder}/reviewed", "`make review`"
    yield f"{folder}/described", "DESCRIBE_FLAGS"
    yield f"{folder}/captioned", f"{kind.upper()}_CAPTION_FLAGS"
    yield f"{folder}/dataset", f"{kind.upper()}_DATASET_FLAGS"


def records(path):
    """The number of records in a manifest; none where there is no manifest."""
    try:
        with open(path, "rb") as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return None


def drops(path):
    """How often each reason was given for a drop, the numbers left out of it; what is part of another image is none."""
    said = collections.Counter()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                rejected = json.loads(line).get("rejected", {})
                text = rejected.get("reason") or rejected.get("error") or ""
                if not text.startswith("merged into "):
                    said[re.sub(r"\d[\d.,]*", "…", text)] += 1
    except (OSError, ValueError, AttributeError):
        pass
    return said


def lost(out, kind, folder):
    """The stage that lost the largest share of what came to it, in words; the first that left nothing, if one did."""
    worst, before = None, None
    for manifest, flags in chain(kind, folder):
        count = records(os.path.join(out, manifest + ".jsonl"))
        if count is None:
            continue
        # One image may have several figures, and many frames one plate: a stage that drops says so in its rejects.
        said = drops(os.path.join(out, manifest + ".rejects.jsonl"))
        dropped = sum(said.values())
        share = dropped / (count + dropped) if dropped else 0.0
        if count == 0 and before != 0:
            share = 2.0
        if worst is None or share > worst[0]:
            worst = (share, manifest, flags, count, said)
        before = count
    if worst is None or not worst[0]:
        return "the film gives no more: see EXTRACT_FLAGS"
    _, manifest, flags, count, said = worst
    dropped = sum(said.values())
    why = said.most_common(1)[0][0] if said else ""
    went = f"{dropped} of {count + dropped} were dropped" if dropped else "nothing came out"
    return f"{manifest}: {went}" + (f", most: {why}" if why else "") + (f": see {flags}" if flags else "")


def failure(out, kind, folder):
    """The first stage of a data set that failed, and the last that it said; none where all went well."""
    try:
        with open(os.path.join(out, "preparation_progress.json"), encoding="utf-8") as file:
            phases = json.load(file)["phases"]
    except (OSError, ValueError, KeyError):
        return None
    for stage in ["cast", *(manifest for manifest, _ in chain(kind, folder)), f"{folder}/linted"]:
        phase = phases.get(stage.replace("/", "-"), {})
        if phase.get("status") in ("failed", "killed") and (stage != "cast" or setting("CAST") and "named" in BEFORE[kind]):
            return f"FAILED: {stage}: {said_last(os.path.join(out, phase.get('log', '')))}"
    return None


def said_last(log):
    """The last line of a log."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
    except OSError:
        lines = []
    return lines[-1] if lines else "see its log"


def listed(asked):
    """The data sets that were asked for: name, kind and folder of each."""
    for kind in asked:
        if kind != "character":
            yield kind, kind, kind
            continue
        for mine in names.characters().values():
            yield f"character-{mine}", kind, f"character/{mine}"


def table(out, asked, minimum):
    """The lines of the table, and whether a data set is not what was asked for."""
    rows, wrong = [f"{'data set':<24} {'images':>6} {'fewest':>6}"], False
    for name, kind, folder in listed(asked):
        count = records(os.path.join(out, folder, "dataset.jsonl")) or 0
        fewest = FEWEST[kind] if minimum is None else minimum
        failed = failure(out, kind, folder)
        verdict = failed or "done"
        if not failed and count == 0:
            verdict = f"EMPTY: {lost(out, kind, folder)}"
        elif not failed and count < fewest:
            verdict = f"too few: {lost(out, kind, folder)}"
        wrong |= bool(failed) or count < (minimum or 1)
        rows.append(f"{name:<24} {count:>6} {fewest:>6}  {verdict}")
    return rows, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--made", type=int, default=0, help="the exit status of the make that made them")
    parser.add_argument("sets", nargs="*")
    flags = parser.parse_args()
    try:
        minimum = int(setting("MINIMUM")) if setting("MINIMUM") else None
        rows, wrong = table(names.out(), flags.sets, minimum)
    except (Wrong, OSError) as error:
        say(str(error))
        return 1
    for row in rows if flags.sets else []:
        say(row)
    return 1 if wrong or flags.made else 0


if __name__ == "__main__":
    sys.exit(main())
