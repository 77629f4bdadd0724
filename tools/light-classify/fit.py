#!/usr/bin/env python3
"""Fit the model of light-classify.

    light-classify stills.jsonl | python fit.py --out model.json

Reads records that have `light.features` and, under `truth`, any of `time`, `weather`, `setting`
(a question that a record does not answer, or answers `unknown`, is left out of that question).
Prints how often the model is right and how often it answers, cross-validated: all images of one
`group` (a shot, or the image's id where there is none) are held out together.

Needs numpy alone. The fit is a multinomial logistic regression over standardised features, with
every class weighted alike and the squared coefficients held down, by Newton's method on all
coefficients at once: no chance enters, so the same records give the same file.
"""

import argparse
import json
import re
import sys

import numpy as np

CLASSES = {
    "time": ["morning", "noon", "afternoon", "evening", "night"],
    "weather": ["sunny", "cloudy", "rainy"],
    "setting": ["indoor", "outdoor"],
}
FARTHEST = 3.0
"""As in model.rs: standardised features are held within this many deviations."""


def standardise(values, mean, deviation):
    return np.clip((values - mean) / deviation, -FARTHEST, FARTHEST)


def softmax(forms):
    powers = np.exp(forms - forms.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit(values, answers, weights, classes, ridge):
    """Coefficients, one row a class, the intercept last."""
    rows = np.hstack([values, np.ones((len(values), 1))])
    count, width = rows.shape
    wanted = np.eye(classes)[answers]
    penalty = np.full(width, ridge)
    penalty[-1] = 1e-6
    penalty = np.tile(penalty, classes)
    found = np.zeros((classes, width))
    for _ in range(50):
        scores = softmax(rows @ found.T)
        gradient = ((scores - wanted) * weights[:, None]).T @ rows / count
        gradient = gradient.ravel() + penalty * found.ravel()
        curvature = np.zeros((classes * width, classes * width))
        for first in range(classes):
            for second in range(classes):
                product = scores[:, first] * ((first == second) - scores[:, second]) * weights
                block = (rows * product[:, None]).T @ rows / count
                curvature[first * width : (first + 1) * width, second * width : (second + 1) * width] = block
        step = np.linalg.solve(curvature + np.diag(penalty), gradient).reshape(classes, width)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return found


def alike(answers, classes):
    """Weights that make every class count the same."""
    counts = np.bincount(answers, minlength=classes)
    return (len(answers) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[answers]


def validate(values, answers, groups, classes, ridge, folds=10):
    """Scores of every image by a model that has not seen its group."""
    names = sorted(set(groups))
    fold_of = {name: number % folds for number, name in enumerate(names)}
    fold = np.array([fold_of[group] for group in groups])
    scores = np.zeros((len(values), classes))
    for number in range(folds):
        held, rest = fold == number, fold != number
        if held.any() and rest.any():
            found = fit(values[rest], answers[rest], alike(answers[rest], classes), classes, ridge)
            scores[held] = softmax(np.hstack([values[held], np.ones((held.sum(), 1))]) @ found.T)
    return scores


def report(question, names, answers, scores, threshold):
    best, top = scores.argmax(axis=1), scores.max(axis=1)
    said = top >= threshold
    print(
        f"{question}: {len(answers)} images; all {np.mean(best == answers):.3f} right; at {threshold}"
        f" {np.mean(said):.3f} answered, of these {np.mean((best == answers)[said]):.3f} right",
        file=sys.stderr,
    )
    for number, name in enumerate(names):
        row = [int(np.sum((answers == number) & said & (best == other))) for other in range(len(names))]
        unsaid = int(np.sum((answers == number) & ~said))
        print(f"  {name:>10} said " + " ".join(f"{n} {c}" for n, c in zip(names, row)) + f" unknown {unsaid}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--about", default="", help="one sentence on what it was fitted on")
    parser.add_argument("--ridge", type=float, default=0.03)
    parser.add_argument("--threshold", type=float, default=0.75)
    options = parser.parse_args()
    records = [json.loads(line) for line in sys.stdin]
    features = list(records[0]["light"]["features"])
    values = np.array([[record["light"]["features"][name] for name in features] for record in records])
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-3)
    values = standardise(values, mean, deviation)
    model = {"about": options.about, "features": features, "mean": mean.round(4).tolist(), "deviation": deviation.round(4).tolist()}
    for question, names in CLASSES.items():
        known = [i for i, record in enumerate(records) if record["truth"].get(question) in names]
        answers = np.array([names.index(records[i]["truth"][question]) for i in known])
        groups = [records[i].get("group", records[i]["id"]) for i in known]
        report(question, names, answers, validate(values[known], answers, groups, len(names), options.ridge), options.threshold)
        found = fit(values[known], answers, alike(answers, len(names)), len(names), options.ridge)
        model[question] = {
            "classes": names,
            "intercepts": found[:, -1].round(4).tolist(),
            "coefficients": found[:, :-1].round(4).tolist(),
        }
    text = json.dumps(model, indent=1)
    # One row of numbers a line.
    text = re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(text + "\n")


if __name__ == "__main__":
    main()
