"""Scores what a few labels make of the thresholds of tools that drop images, on a film whose truth is known.

Usage: teach_thresholds.py FILM OUT TOOLS, with FILM the folder of the film's truth, OUT the folder of `make instances` on that film
with the small networks, and TOOLS the folder of the tools. Labels are taken from the truth, some of them wrong, as a
person gives them: in rounds of 20, those that label-fit asks for. The table has precision and recall of what is kept among the
images that were not labelled, with the threshold that labels have set, and with what decided before; where label-fit says that the
one is no better than the other, nothing changes, as in `make teach`. Each tool has first its own threshold, and then one that is off. What is to be kept:

blur      frames that are in focus
motion    characters that are not blurred by motion
dedup     frames of another drawing than the nearest better frame of their shot
detect    boxes of a character of 600 pixels or more, one of each, at an IoU of 0.5
faces     faces at an IoU of 0.35
remnants  inpaintings by true masks; of those by masks without a part of a character, that part still shows
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import remnants
import truth as truths
from teach import ROUND, Owner
from truth import is_plain, records, seen

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools/phase/make"))
import teach_threshold
from thresholds import FOUND, KINDS

ROOT = Path(__file__).resolve().parents[2]
COUNTS = (0, 20, 60, 120)
SMALLEST = 600
# Thresholds that suit another film, as if they were the tools' own.
OFF = {"blur": ["--sharpness", "0.95x"], "detect": ["--threshold", "0.1"], "faces": ["--sure", "0.95"], "remnants": ["--max-remnant", "0.6"]}
SAME_BOX, SAME_FACE = 0.5, 0.35


def shifted(box, left, top):
    return [box[0] + left, box[1] + top, box[2] + left, box[3] + top]


def of_boxes(rows, truth):
    """Of each frame, each character's best box is to be kept, the surest first; the others show none, or one a second time."""
    taken, labels = defaultdict(set), {}
    for row in sorted(rows, key=lambda row: -row["boxes"][0]["score"]):
        line = truth[row["source"]["frame"]]
        if not is_plain(line):
            continue
        top = line["letterbox"][1]
        people = [(at, shifted(one["box"], 0, -top)) for at, (one, pixels) in enumerate(seen(line)) if pixels.sum() >= SMALLEST]
        found = [(teach_threshold.overlap(row["boxes"][0]["box"], box), at) for at, box in people if at not in taken[row["parent"]]]
        overlap, at = max(found, default=(0.0, None))
        labels[row["id"]] = "keep" if overlap >= SAME_BOX else "drop"
        if overlap >= SAME_BOX:
            taken[row["parent"]].add(at)
    return labels


def of_faces(rows, truth):
    """Faces of someone."""
    labels = {}
    for row in rows:
        line = truth[row["source"]["frame"]]
        if is_plain(line):
            box, true = shifted(row["face"]["box"], 0, line["letterbox"][1]), [one["face"]["box"] for one in line["characters"] if one["face"]]
            labels[row["id"]] = "keep" if any(teach_threshold.overlap(box, one) >= SAME_FACE for one in true) else "drop"
    return labels


def question(name, film, truth, tools, work, own):
    """The records of a threshold, and what the truth says of each; in OUT. The tool has the flags `own`."""
    if name == "remnants":
        return remaining(film, truth, tools, work, own)
    if name in FOUND:
        rows = looked(name, tools, work, own)
        return rows, of_boxes(rows, truth) if name == "detect" else of_faces(rows, truth)
    rows = blurred(tools, work, own) if name == "blur" else teach_threshold.candidates(name)
    lines = {row["id"]: truth[row["source"]["frame"]] for row in records("frames.jsonl")}
    if name == "blur":
        return rows, {row["id"]: "drop" if lines[row["id"]]["focus"] == "out_of_focus" else "keep" for row in rows if is_plain(lines[row["id"]])}
    if name == "motion":
        frames = [(row["id"], lines[row["parent"]]) for row in rows if "parent" in row]
        return rows, {one: "drop" if line["focus"] == "motion_blur" else "keep" for one, line in frames if is_plain(line)}
    pairs = [(row["id"], *(lines[one] for one in row["pair"])) for row in rows]
    return rows, {one: "drop" if own["drawing"] == other["drawing"] else "keep" for one, own, other in pairs if is_plain(own) and is_plain(other)}


def blurred(tools, work, own):
    """All frames, as blur-filter keeps and drops them: near-duplicates too, for more of them."""
    with open(work / "sharp.jsonl", "wb") as out:
        subprocess.run([tools / "blur-filter", "--quiet", "--keep", *own, "frames.jsonl"], stdout=out, check=True)
    return records(work / "sharp.jsonl")


def looked(name, tools, work, own):
    """What a network of ours finds in the frames, as its tool is, and with the low threshold of `make teach`."""
    tool, role = {"detect": ("char-detect", "detect"), "faces": ("face-crop", "face")}[name]
    low = {"detect": ["--threshold", "0.05"], "faces": ["--threshold", "0.05", "--sure", "0.05"]}[name]
    more = ["--min-side", "40", "--no-pose", "--out-dir", work / "faces"] if name == "faces" else []
    found = []
    for flags in (own, low):
        command = [tools / tool, "--quiet", "--device", "cpu", "--model", f"small-{role}", *more, *flags, "tagged.jsonl"]
        with open(work / "found.jsonl", "wb") as out:
            subprocess.run([*command, "--rejects", work / "rejects.jsonl"], stdout=out, check=True)
        found.append(records(work / "found.jsonl"))
    return list(teach_threshold.found(name, *found, {}))


def remaining(film, truth, tools, work, own):
    """Inpaintings by whole masks and by masks without a part, as `score.py remnants` makes them."""
    filled = work / "filled.jsonl"
    if not filled.exists():
        (work / "masks").mkdir()
        remnants.manifest(film, tools, work, truth)
        flags = ["--keep", "--tries", "1", "--max-invented", "1", "--max-seam", "1e6", "--max-flat", "1", "--max-fog", "1", "--out-dir", "filled"]
        flags += ["--model", "small-inpaint", "--detector", "small-detect"]
        with open(work / "part.jsonl", "wb") as out:
            subprocess.run([tools / "lama-inpaint", "--quiet", "--device", "cpu", *flags, "masked.jsonl"], cwd=work, stdout=out, check=True)
        (work / "part.jsonl").rename(filled)
    limit = float(own[1]) if own else 0.1
    rows = [{key: row[key] for key in row if key != "rejected"} for row in records(filled) if "remnant" in row["inpaint"]]
    for row in rows:
        if number(row, "remnants") is not None and number(row, "remnants") > limit:
            row["rejected"] = {"by": "lama-inpaint", "reason": f"remnant: over {limit}"}
    return rows, {row["id"]: "keep" if row["id"].endswith(".all") else "drop" for row in rows}


def number(row, name):
    """What the threshold is of; none where something else dropped the record."""
    reason = row.get("rejected", {}).get("reason", KINDS[name]["reason"])
    for step in KINDS[name]["of"].split("/")[1:]:
        row = row[int(step)] if isinstance(row, list) else row.get(step)
        if row is None:
            return None
    return row if isinstance(row, (int, float)) and reason.startswith(KINDS[name]["reason"]) else None


class Trial:
    """One threshold of one film."""

    def __init__(self, name, rows, labels, tools, work):
        self.name, self.tools, self.work = name, tools, work
        self.rows = {row["id"]: row for row in rows}
        self.numbers = {row["id"]: number(row, name) for row in rows}
        self.labels = {one: label for one, label in labels.items() if self.numbers[one] is not None}
        (work / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def fit(self, owner, *flags):
        one = KINDS[self.name]
        (self.work / "patch.jsonl").write_text("".join(owner.patch()))
        command = [self.tools / "label-fit", "--quiet", "--threshold-of", one["of"], "--keeping", one["side"], "--dropped-for", one["reason"]]
        ran = subprocess.run([*command, "--patch", self.work / "patch.jsonl", *flags, self.work / "in.jsonl"], stdout=subprocess.PIPE, check=True, text=True)
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def ask(self, owner):
        """Labels one round more; what has no true label a person leaves out."""
        for row in self.fit(owner, "--ask", str(ROUND)):
            if row["id"] in self.labels and len(owner.said) < len(self.labels) // 2:
                owner.label(row["id"])

    def score(self, owner):
        """Of what is not labelled, precision and recall with the threshold and before; whether it counts, and what label-fit says of it."""
        self.fit(owner, "--output", self.work / "model.json")
        model = json.loads((self.work / "model.json").read_text())
        counts = model["proof"]["better"]
        above = KINDS[self.name]["side"] == "above"
        at = model.get("threshold", 0)
        before = lambda one: "rejected" not in self.rows[one]
        kept = (lambda one: (self.numbers[one] >= at) if above else (self.numbers[one] <= at)) if counts else before
        rest = [one for one in self.labels if one not in owner.said]
        said = (model["proof"].get("precision"), model["proof"].get("recall"))
        return (*rates(self.labels, rest, kept), *rates(self.labels, rest, before), float(counts), *said, len(owner.said), at if counts else None)


def rates(labels, rest, kept):
    wanted, held = [one for one in rest if labels[one] == "keep"], [one for one in rest if kept(one)]
    right = sum(labels[one] == "keep" for one in held)
    return right / max(1, len(held)), right / max(1, len(wanted))


def mean(values):
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None


def shown(values):
    """The means of several owners, as text."""
    precision, recall, its_precision, its_recall, counts, said, found, labels, at = [mean(column) for column in zip(*values)]
    proof = "" if said is None else f", it says {said:.2f} {found:.2f}"
    where = "" if at is None else f" at {at:.3g}"
    return f"{precision:.2f} {recall:.2f} (before {its_precision:.2f} {its_recall:.2f}; {labels:.0f} labels, counts {counts:.0%}{where}{proof})"


def trials(name, own, rows, labels, asked, tools, work):
    """Prints what labels make of a threshold."""
    results = defaultdict(list)
    for seed in range(asked.seeds):
        trial = Trial(name, rows, labels, tools, work)
        owner = Owner("/review/decision", trial.labels, asked.wrong, seed)
        for count in range(0, COUNTS[-1] + 1, ROUND):
            if count in COUNTS:
                results[count].append(trial.score(owner))
            trial.ask(owner)
    drops = sum(one == "drop" for one in trial.labels.values())
    print(f"{' '.join([name, *own])}: {len(trial.labels)} images, {drops} of them to drop", flush=True)
    for count, values in results.items():
        print(f"  {count:3}  {shown(values)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--wrong", type=float, default=0.03, help="the share of labels that are wrong (default: 0.03)")
    parser.add_argument("--seeds", type=int, default=5, help="owners whose scores are averaged (default: 5)")
    parser.add_argument("--only", default="blur,motion,dedup,detect,faces,remnants", help="thresholds, with commas between")
    asked = parser.parse_args()
    film, tools = asked.film.resolve(), asked.tools.resolve()
    truth = truths.frames(film)
    os.environ.setdefault("FILM2LORA_MODELS", str(ROOT / "models"))
    os.chdir(asked.out)
    for name in asked.only.split(","):
        with tempfile.TemporaryDirectory() as work:
            for own in [[], OFF[name]] if name in OFF else [[]]:
                rows, labels = question(name, film, truth, tools, Path(work), own)
                trials(name, own, rows, labels, asked, tools, Path(work))


if __name__ == "__main__":
    main()
