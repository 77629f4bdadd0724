#!/usr/bin/env python3
"""Fit the model of pose-classify. Needs numpy alone.

    python fit.py draw --stills DIR... --bodies 24000 > poses.jsonl
    python fit.py ask --stills DIR... | rtmpose --model NAME >> poses.jsonl
    pose-classify --features poses.jsonl > features.jsonl
    python fit.py fit features.jsonl --out model.json
    python fit.py film truth.jsonl > film.jsonl && pose-classify film.jsonl | python fit.py score

`draw` writes records of poses as a detector might give them: of bodies drawn at random (bodies.py)
and of stills with truth (examples/film/stills.py makes them). `ask` writes the stills themselves, a record
a figure, for a real detector, which errs in ways of its own. `fit` fits a network of one hidden layer
for each question and prints how good it is on stills that it was not fitted on. `film` and `score`
tell how good it is on a film whose truth is known; nothing of that film is fitted on.

One seed, no clock, no threads: the same records give the same file.
"""

import argparse
import glob
import json
import sys

import numpy as np
from bodies import ACTIONS, ANGLES, detected, mirrored, seen_from

CLASSES = {"action": ACTIONS, "angle": ANGLES}
FARTHEST = 3.0
"""As in model.rs: standardised features are held within this many deviations."""
LEGS = slice(34 + 13, 34 + 17)
"""Where the features say whether knees and ankles are seen."""


def record(name, points, action, angle, group, source):
    points = [[round(float(x), 2), round(float(y), 2), round(float(score), 3)] for x, y, score in points]
    return {"id": name, "truth": {"action": action, "angle": angle}, "group": group, "from": source, "pose": {"keypoints": points}}


def draw(options):
    random = np.random.default_rng(options.seed)
    for number in range(options.bodies):
        action = ACTIONS[number % len(ACTIONS)]
        points, angle = seen_from(random, action)
        print(json.dumps(record(f"b{number}", detected(random, points), action, angle, f"b{number}", "body")))
    files = sorted(name for folder in options.stills for name in glob.glob(f"{folder}/[0-9]*.json"))
    for name in files:
        for of in json.load(open(name))["characters"]:
            if sum(point[2] > 0 for point in of["keypoints"]) < 4:
                continue
            for copy in range(options.copies):
                points = detected(random, of["keypoints"], whole=copy == 0)
                points = mirrored(points) if copy % 2 else points
                key = f"{name}.{of['name']}.{copy}".replace("/", "_").lstrip("_.")
                print(json.dumps(record(key, points, of["action"], of["view"], name, "still" if copy == 0 else "copy")))


def ask(options):
    """Boxes as a detector of figures might give them: those of what is seen, a little off."""
    random = np.random.default_rng(options.seed)
    for name in sorted(name for folder in options.stills for name in glob.glob(f"{folder}/[0-9]*.json")):
        still = json.load(open(name))
        for of in still["characters"]:
            if not of["box"] or sum(point[2] > 0 for point in of["keypoints"]) < 4:
                continue
            left, top, right, bottom = of["box"]
            size = np.array([right - left, bottom - top] * 2)
            for copy in range(options.copies):
                box = np.array(of["box"]) + random.normal(0, 0.03, 4) * size * (copy > 0)
                key = f"{name}.{of['name']}.a{copy}".replace("/", "_").lstrip("_.")
                print(json.dumps({
                    "id": key, "image": name[:-5] + ".jpg", "truth": {"action": of["action"], "angle": of["view"]}, "group": name,
                    "from": "asked" if copy == 0 else "copy", "boxes": [{"box": box.round(2).tolist(), "score": 1.0, "label": "person"}]}))


def softmax(forms):
    powers = np.exp(forms - forms.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def train(values, answers, weights, classes, hidden, epochs, seed):
    """Weights and biases of two layers, by Adam with weights held down and a rate that falls to 0."""
    random = np.random.default_rng(seed)
    width = values.shape[1]
    parts = [random.normal(0, np.sqrt(2 / width), (width, hidden)), np.zeros(hidden),
             random.normal(0, np.sqrt(1 / hidden), (hidden, classes)), np.zeros(classes)]
    first, second = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    wanted = np.eye(classes)[answers] * 0.97 + 0.03 / classes
    steps, size = 0, 256
    total = epochs * -(-len(values) // size)
    for _ in range(epochs):
        order = random.permutation(len(values))
        for start in range(0, len(order), size):
            some = order[start : start + size]
            rows, share = values[some], weights[some][:, None] / weights[some].sum()
            inside = np.maximum(rows @ parts[0] + parts[1], 0)
            kept = (random.random(inside.shape) < 0.8) / 0.8
            error = (softmax((inside * kept) @ parts[2] + parts[3]) - wanted[some]) * share
            back = (error @ parts[2].T) * kept * (inside > 0)
            slopes = [rows.T @ back, back.sum(axis=0), (inside * kept).T @ error, error.sum(axis=0)]
            steps += 1
            rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * steps / total))
            for at, slope in enumerate(slopes):
                first[at] = 0.9 * first[at] + 0.1 * slope
                second[at] = 0.999 * second[at] + 0.001 * slope**2
                step = first[at] / (1 - 0.9**steps) / (np.sqrt(second[at] / (1 - 0.999**steps)) + 1e-8)
                parts[at] -= rate * (step + (1e-3 * parts[at] if parts[at].ndim == 2 else 0))
    return parts


def scores_of(parts, values):
    return softmax(np.maximum(values @ parts[0] + parts[1], 0) @ parts[2] + parts[3])


def without_legs(features, scores):
    """As in model.rs: where no leg is seen only lying is told."""
    lying = ACTIONS.index("lying")
    rest = np.repeat((1 - scores[:, [lying]]) / (len(ACTIONS) - 1), len(ACTIONS), axis=1)
    rest[:, lying] = scores[:, lying]
    return np.where(features[:, LEGS].any(axis=1)[:, None], scores, rest)


def alike(answers, classes, groups):
    """Weights by which every class counts the same, and bodies as much as stills."""
    weights = np.ones(len(answers))
    for group in np.unique(groups):
        own = groups == group
        counts = np.bincount(answers[own], minlength=classes)
        weights[own] = (1 / np.maximum(counts, 1))[answers[own]]
    return weights / weights.mean()


def report(title, names, answers, scores, threshold):
    best, top = scores.argmax(axis=1), scores.max(axis=1)
    said = top >= threshold
    right = best == answers
    print(f"{title}: {len(answers)} poses; {np.mean(right):.3f} right if it must always answer; at {threshold} {np.mean(said):.3f} "
          f"answered, of these {np.mean(right[said]):.3f} right", file=sys.stderr)
    print(" " * 14 + " ".join(f"{name[:8]:>8}" for name in names) + "  unknown", file=sys.stderr)
    for number, name in enumerate(names):
        own = answers == number
        row = [int(np.sum(own & said & (best == other))) for other in range(len(names))]
        print(f"{name:>14}" + " ".join(f"{count:>8}" for count in row) + f" {int(np.sum(own & ~said)):>8}", file=sys.stderr)


def fit(options):
    records = [json.loads(line) for line in open(options.features)]
    records = [(one, (one.get("pose") or one["boxes"][0].get("pose", {})).get("features")) for one in records]
    values = np.array([features for _, features in records if features])
    records = [one for one, features in records if features]
    source = np.array([one["from"] for one in records])
    raw = values
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), 0.05)
    values = np.clip((values - mean) / deviation, -FARTHEST, FARTHEST)
    groups = [one["group"] for one in records]
    fold = {name: number % options.folds for number, name in enumerate(sorted(set(groups)))}
    folds = np.array([fold[group] for group in groups])
    model = {"about": options.about, "mean": mean.round(4).tolist(), "deviation": deviation.round(4).tolist()}
    for question, names in CLASSES.items():
        answers = np.array([names.index(one["truth"][question]) for one in records])
        weights = alike(answers, len(names), np.where(source == "body", 0, 1))
        held = {"still": [], "asked": []}
        for number in range(options.folds):
            out = (folds == number) & (source != "body")
            parts = train(values[~out], answers[~out], weights[~out], len(names), options.hidden, options.epochs, options.seed)
            for kind, rows in held.items():
                test = out & (source == kind)
                scores = scores_of(parts, values[test])
                rows.append((answers[test], without_legs(raw[test], scores) if question == "action" else scores))
        for kind, title in (("still", "stills"), ("asked", "what the detector said of stills")):
            if any(len(true) for true, _ in held[kind]):
                true, found = (np.concatenate(part) for part in zip(*held[kind]))
                report(f"{question}, {title}, held out in {options.folds} parts", names, true, found, options.threshold)
        parts = train(values, answers, weights, len(names), options.hidden, options.epochs, options.seed)
        model[question] = {
            "classes": names,
            "hidden": {"weights": parts[0].T.round(4).tolist(), "biases": parts[1].round(4).tolist()},
            "output": {"weights": parts[2].T.round(4).tolist(), "biases": parts[3].round(4).tolist()},
        }
    with open(options.out, "w") as out:
        rows = json.dumps(model, separators=(",", ":"))
        out.write(rows.replace("],[", "],\n[").replace('"hidden":', '\n"hidden":').replace('"output":', '\n"output":') + "\n")


def film(options):
    random = np.random.default_rng(options.seed)
    for line in open(options.truth):
        frame = json.loads(line)
        if frame["share"] < 1 or frame.get("repeats"):
            continue
        for of in frame["characters"]:
            if sum(point[2] > 0 for point in of["keypoints"]) < 4:
                continue
            one = record(f"f{frame['frame']:05d}.{of['name']}", detected(random, of["keypoints"], whole=True), of["action"], of["view"], frame["shot"], "film")
            one["truth"]["points"] = of["keypoints"]
            one["source"] = {"film": "film", "frame": frame["frame"], "time": frame["time"], "shot": frame["shot_number"]}
            one["identity"] = {"name": of["name"]}
            print(json.dumps(one))


def score(options):
    records = [json.loads(line) for line in sys.stdin]
    whole = [one for one in records if all(point[2] > 0 for point in one["truth"].get("points", [])[5:])]
    for title, some in (("all", records), ("whole bodies", whole)):
        for question, names in CLASSES.items():
            rows = [[one["pose"].get("scores", {}).get(question, {}).get(name, 1 / len(names)) for name in names] for one in some]
            answers = np.array([names.index(one["truth"][question]) for one in some])
            report(f"{question}, {title}", names, answers, np.array(rows), options.threshold)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threshold", type=float, default=0.6)
    ways = parser.add_subparsers(required=True)
    way = ways.add_parser("draw")
    way.add_argument("--stills", nargs="*", default=[])
    way.add_argument("--bodies", type=int, default=24000)
    way.add_argument("--copies", type=int, default=8, help="number of times that each still's character is detected")
    way.set_defaults(run=draw)
    way = ways.add_parser("ask")
    way.add_argument("--stills", nargs="+", required=True)
    way.add_argument("--copies", type=int, default=4, help="number of boxes of each character")
    way.set_defaults(run=ask)
    way = ways.add_parser("fit")
    way.add_argument("features")
    way.add_argument("--out", required=True)
    way.add_argument("--about", default="", help="one sentence on what it was fitted on")
    way.add_argument("--hidden", type=int, default=48)
    way.add_argument("--epochs", type=int, default=25)
    way.add_argument("--folds", type=int, default=5)
    way.set_defaults(run=fit)
    way = ways.add_parser("film")
    way.add_argument("truth")
    way.set_defaults(run=film)
    way = ways.add_parser("score")
    way.set_defaults(run=score)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
