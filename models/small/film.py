"""Scores of the small networks on a sample film, which none of them has seen, through the tools.

    python film.py --truth ../../examples/film/truth.jsonl --run DIR

DIR holds what the tools said of frames of the film, as far as it is there: `boxes.jsonl` of char-detect, `masked.jsonl` of it and
sam-mask, `posed.jsonl` of rtmpose, `emotions.jsonl` of face-crop and emotion-classify, `features.jsonl` of face-landmarks,
`tagged.jsonl` of clip-embed and clip-tag, `captioned.jsonl` of vlm-caption, `plates.jsonl` of
lama-inpaint, `scenes.jsonl` and `people.jsonl` of cluster. `film.sh` makes all of them.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict

import cv2
import numpy as np
from marks import landmarks_off, mouth_is_right
from sentences import facts
from stills import mask_of
from words import PLACES

SMALLEST = 60
# Someone is found by a box, and a face by a face, that overlaps so much.
FOUND, FACE_FOUND = 0.5, 0.35
SEEN, HIDDEN = 2, 1


def lines(path: str) -> list[dict]:
    """The records of a manifest; none if it is not there."""
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []


def overlap(a, b) -> float:
    """Intersection over union of two boxes."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return inner / max((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner, 1e-9)


class Truth:
    """The film's truth, in pixels of the image between the bars."""

    def __init__(self, path: str):
        self.frames = {line["frame"] - 1: line for line in lines(path)}

    def of(self, record: dict) -> dict | None:
        """The truth of a record's frame, if it is one of a shot."""
        line = self.frames[record["source"]["frame"]]
        return line if line["transition"] in ("none", "cut_first") and line["place"] else None

    def people(self, line: dict) -> list[dict]:
        """Everyone of whom enough is seen, moved up by the upper bar."""
        left, top, right, bottom = line["letterbox"]
        found = []
        for one in line["characters"]:
            if one["area"] < SMALLEST:
                continue
            face = one["face"] and {**one["face"], "box": list(np.array(one["face"]["box"]) - [left, top] * 2)}
            found.append({**one, "box": np.array(one["box"]) - [left, top] * 2, "mask": mask_of(one["mask"])[top:bottom, left:right],
                          "keypoints": np.array(one["keypoints"]) - [left, top, 0], "face": face})
        return found


def share(hits) -> str:
    """A share, and of how many."""
    hits = list(hits)
    return f"{np.mean(hits):.3f} of {len(hits)}" if hits else "none"


def pairs(people, found, box_of, least):
    """Each of `people` with the best that was found, both once; None for who was not."""
    ranked = sorted(((overlap(one["box"], box_of(other)), i, j) for i, one in enumerate(people) for j, other in enumerate(found)), reverse=True)
    chosen, taken = {}, set()
    for fit, i, j in ranked:
        if fit >= least and i not in chosen and j not in taken:
            chosen[i] = found[j]
            taken.add(j)
    return [(one, chosen.get(i)) for i, one in enumerate(people)]


def boxes(run: str, truth: Truth) -> dict:
    """Precision and recall of the boxes of persons and of animals, each by its label."""
    counts = defaultdict(Counter)
    for record in lines(os.path.join(run, "boxes.jsonl")):
        line = truth.of(record)
        for kind in ("person", "animal") if line else ():
            people = [one for one in truth.people(line) if one.get("kind", "person") == kind]
            said = [box for box in record["boxes"] if box["label"] == kind]
            right = sum(other is not None for _, other in pairs(people, said, lambda box: box["box"], FOUND))
            counts[kind].update(right=right, found=len(said), wanted=len(people))
    return {kind: f"precision {count['right'] / max(count['found'], 1):.3f} of {count['found']}, recall {count['right'] / count['wanted']:.3f} of "
            f"{count['wanted']}" for kind, count in counts.items() if count["wanted"]}


def masks(run: str, truth: Truth) -> dict:
    """Who is found, and how well their masks fit."""
    found, false, fits = [], 0, []
    for record in lines(os.path.join(run, "masked.jsonl")):
        line = truth.of(record)
        if not line:
            continue
        people, said = truth.people(line), record["masks"]
        matched = pairs(people, said, lambda mask: mask.get("detection", mask)["box"], FOUND)
        found += [other is not None for _, other in matched]
        false += len(said) - sum(other is not None for _, other in matched)
        for one, other in matched:
            if other is not None:
                mask = mask_of(other["mask"])
                fits.append((mask & one["mask"]).sum() / max((mask | one["mask"]).sum(), 1))
    return {"found": share(found), "false boxes": false, "mask overlap": share(fits)} if found else {}


def poses(run: str, truth: Truth) -> dict:
    """Joints within a tenth of the longer side of the box (PCK@0.1), seen and hidden ones."""
    hits = defaultdict(list)
    for record in lines(os.path.join(run, "posed.jsonl")):
        line = truth.of(record)
        for one, other in pairs(truth.people(line), record["boxes"], lambda box: box["box"], FOUND) if line else ():
            if other is not None:
                near = np.linalg.norm(np.array(other["pose"]["keypoints"])[:, :2] - one["keypoints"][:, :2], axis=1)
                near = near < 0.1 * max(one["box"][2:] - one["box"][:2])
                for joint, right in zip(one["keypoints"], near):
                    hits[int(joint[2])].append(right)
    return {"seen": share(hits[SEEN]), "hidden": share(hits[HIDDEN])} if hits else {}


def faces(run: str, truth: Truth) -> dict:
    """Faces found, of those turned here and of 48 pixels at least, and what is said of their emotions."""
    wanted, false, right, levels, confused = [], 0, [], [], Counter()
    told = defaultdict(list)
    for record in lines(os.path.join(run, "emotions.jsonl")):
        told[record["source"]["frame"]].append(record)
    for number, line in truth.frames.items():
        if number not in told and not any(record["source"]["frame"] == number for record in ()):
            continue
        line = truth.of({"source": {"frame": number}})
        if not line:
            continue
        people = [one for one in truth.people(line) if one["face"]]
        matched = pairs([{"box": one["face"]["box"], "one": one} for one in people], told[number], lambda face: face["face"]["box"], FACE_FOUND)
        false += len(told[number]) - sum(other is not None for _, other in matched)
        for item, other in matched:
            one, box = item["one"], item["box"]
            if one["face"]["facing"] > 0.5 and min(box[2] - box[0], box[3] - box[1]) >= 64:
                wanted.append(other is not None)
            if other is not None:
                said = other["emotion"]
                right.append(said["label"] == one["emotion"])
                if not right[-1]:
                    confused[f"{one['intensity']} {one['emotion']} as {said['label']}"] += 1
                elif one["emotion"] != "neutral":
                    levels.append(said["intensity"] == one["intensity"])
    if not told:
        return {}
    return {"found, in frames with any": share(wanted), "false": false, "emotion": share(right), "intensity of right ones": share(levels),
            "confused": dict(confused.most_common(6))}


def features(run: str, truth: Truth) -> dict:
    """How far landmarks are off, of which five are known, in sides of the face, and whether mouths of emotions that are not faint are right."""
    apart, mouths = [], defaultdict(list)
    for record in lines(os.path.join(run, "features.jsonl")):
        line = truth.of(record)
        people = [one for one in truth.people(line) if one["face"] and overlap(one["face"]["box"], record["face"]["box"]) > FACE_FOUND] if line else []
        for one in people[:1]:
            box, known = one["face"]["box"], np.array(one["face"]["landmarks"]) - [*line["letterbox"][:2], 0]
            apart += list(landmarks_off(record["features"], known, max(box[2] - box[0], box[3] - box[1])))
            right = mouth_is_right(record["features"], one["emotion"], one["intensity"])
            if right is not None:
                mouths[one["emotion"]].append(right)
    return {"off": f"{np.mean(apart):.3f} of {len(apart)}", **{emotion: share(hits) for emotion, hits in mouths.items()}} if apart else {}


def tags(run: str, truth: Truth) -> dict:
    """What clip-tag says by the label files of the examples: how often it answers, and how often that is right."""
    answers = defaultdict(list)
    for record in lines(os.path.join(run, "tagged.jsonl")):
        line = truth.of(record)
        if not line:
            continue
        light, count = line["light"], sum(one["area"] >= 120 for one in line["characters"])
        true = {"location": PLACES[line["place"]], "time": light["time"], "style": "3d animation",
                "weather": light["weather"] if light["setting"] == "outdoor" else None, "people": ("nobody", "one", "two", "group")[count]}
        for group, wanted in true.items():
            if wanted and group in record["tags"]:
                said = record["tags"][group][0][0]
                answers[group].append(None if said == "unknown" else said == wanted)
    return {group: f"{share(one for one in said if one is not None)} answers ({len(said)} asked)" for group, said in answers.items()}


def captions(run: str, truth: Truth) -> dict:
    """Facts that captions state, and how many are true."""
    single, whole = defaultdict(list), []
    for record in lines(os.path.join(run, "captioned.jsonl")):
        line = truth.of(record)
        if not line:
            continue
        people, light = [one for one in line["characters"] if one["area"] >= SMALLEST], line["light"]
        true = {"place": line["place"], "time": light["time"], "weather": light["weather"]}
        for one in people:
            true |= {one["name"]: True, f"{one['name']} action": one["action"], f"{one['name']} view": one["view"], f"{one['name']} face": one["emotion"]}
        said = facts(record["caption"])
        for key, value in said.items():
            single[key.split()[-1] if " " in key else "who" if value is True else key].append(true.get(key) == value)
        whole.append(all(true.get(key) == value for key, value in said.items()))
    if not whole:
        return {}
    return {"captions wholly true": share(whole), "facts": share(sum(single.values(), [])), **{key: share(hits) for key, hits in single.items()}}


def plates(run: str, truth: Truth, folder: str) -> dict:
    """PSNR inside the holes against the film's plates, and how the tool itself judged."""
    errors, verdicts = [], Counter()
    for record in lines(os.path.join(run, "plates.jsonl")):
        line = truth.of(record)
        verdicts[record["inpaint"]["verdict"]] += 1
        if not line or not line["plate"] or not record["inpaint"].get("filled"):
            continue
        left, top, right, bottom = line["letterbox"]
        plate = cv2.imread(os.path.join(folder, os.path.basename(line["plate"])))
        image, hole = cv2.imread(os.path.join(run, record["image"])), cv2.imread(os.path.join(run, record["inpaint"]["filled"]), 0) > 127
        if plate.shape != image.shape:
            plate = plate[top:bottom, left:right]
        errors.append(((plate[hole].astype(float) - image[hole]) ** 2).mean())
    if not verdicts:
        return {}
    psnr = [10 * np.log10(255 ** 2 / max(error, 1e-3)) for error in errors]
    return {"PSNR in the hole": f"{np.mean(psnr):.1f} dB, worst {min(psnr):.1f}, of {len(psnr)}" if psnr else "no plate", "verdicts": dict(verdicts)}


def clusters(run: str, name: str, label_of) -> dict:
    """Clusters, and the share of records that are what most of their cluster are."""
    groups = defaultdict(Counter)
    for record in lines(os.path.join(run, name)):
        label = label_of(record)
        if label:
            groups[record["cluster"]["id"]][label] += 1
    if not groups:
        return {}
    total = sum(sum(group.values()) for group in groups.values())
    pure = sum(max(group.values()) for number, group in groups.items() if number >= 0)
    return {"clusters": len(groups), "purity": f"{pure / total:.3f} of {total}", "labels": len({max(group, key=group.get) for group in groups.values()})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truth", required=True)
    parser.add_argument("--run", required=True)
    options = parser.parse_args()
    truth, run = Truth(options.truth), options.run

    def who(record):
        line = truth.of(record)
        matched = [one for one in truth.people(line) if overlap(one["box"], record["instance"]["box"]) > FOUND] if line else []
        return max(matched, key=lambda one: overlap(one["box"], record["instance"]["box"]))["name"] if matched else None

    def where(record):
        line = truth.of(record)
        return line and line["place"]
    scores = {
        "boxes": boxes(run, truth), "characters": masks(run, truth), "joints": poses(run, truth), "faces": faces(run, truth),
        "features": features(run, truth), "labels": tags(run, truth),
        "scenes": clusters(run, "scenes.jsonl", where), "people": clusters(run, "people.jsonl", who),
        "captions": captions(run, truth), "fillings": plates(run, truth, os.path.join(os.path.dirname(options.truth), "plates")),
    }
    for name, figures in scores.items():
        for key, value in figures.items():
            print(f"{name}: {key}: {value}")


if __name__ == "__main__":
    main()
