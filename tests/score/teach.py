"""Scores what a few labels teach, on a film whose truth is known.

Usage: teach.py FILM OUT TOOLS, with FILM the folder of the film's truth, OUT the folder of `make all` on that film, and
TOOLS the folder of the tools. Labels are taken from the truth, some of them wrong, as a person gives them: in rounds of
20, those that label-fit asks for, and, beside that, as many by chance. Right answers are counted among the images that
were not labelled; `other shots` are those of which no image was. With `all` all answers count, however unsure;
otherwise those that reach the threshold. `film` is of all images, the labelled ones with their labels.

Names are taught as by `make teach PIPELINE=character` without references: instances that look alike are a group. What to
keep is taught as by PIPELINE=style, of all frames that were extracted: `keep` drops cards, fades, dissolves and what is
out of focus, as blur-filter would, and `day`, which is a taste, drops the evening and the night. The numbers are precision and recall of what
is dropped, and of what is kept.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import truth as truths
from figures import Figures
from places import adjusted_rand
from truth import records

ROUND = 20
FRAMES = "/embedding/vector,/light/features,/light/scores"
SHOT = "/source/film,/source/shot"
# Each question: its key, the manifest, what is learnt from, what an earlier tool said, and what has one answer.
QUESTIONS = {
    "time": ("/light/time", "tagged", FRAMES, "/light/scores/time", SHOT),
    "weather": ("/light/weather", "tagged", FRAMES, "/light/scores/weather", SHOT),
    "setting": ("/light/setting", "tagged", FRAMES, "/light/scores/setting", SHOT),
    "place": ("/tags/place", "tagged", FRAMES, "", SHOT),
    "emotion": ("/emotion/label", "expressions", "/embedding/vector,/emotion/scores", "/emotion/scores", ""),
    "intensity": ("/emotion/intensity", "expressions", "/embedding/vector,/emotion/scores", "/emotion/intensity", ""),
    "action": ("/pose/action", "posed", "/pose/vector,/pose/scores,/embedding/vector", "/pose/scores/action", ""),
    "name": ("/identity/name", "figures", "/embedding/vector", "/identity/name", "/identity/track"),
    "keep": ("/review/decision", "frames", "/quality,/embedding/vector", "", ""),
    "day": ("/review/decision", "frames", "/quality,/embedding/vector", "", ""),
}
# Those of what to keep.
KEPT = ("keep", "day")


def true_label(question, record, line, people):
    """What the truth says of a record; none where it says nothing."""
    if question in ("time", "weather", "setting"):
        return (line["light"] or {}).get(question)
    if question == "place":
        return line["place"]
    if question == "keep":
        unfit = line["transition"] != "none" and line["transition"] != "cut_first" or line["focus"] == "out_of_focus"
        return "drop" if unfit else "keep"
    if question == "day":
        return None if line["light"] is None else "drop" if line["light"]["time"] in ("evening", "night") else "keep"
    one = people.of(record)
    if not isinstance(one, dict) or (question in ("emotion", "intensity") and one["face"] is None):
        return None
    return one[question]


def manifest(out, stage, tools):
    """The records of a stage: instances in groups that look alike, frames with what is measured of them and their embeddings."""
    if stage == "figures":
        return through(out, stage, [[tools / "cluster"], [tools / "id-match"]])
    if stage == "frames":
        embed = [tools / "clip-embed", "--device", "cpu", "--model", "small-embed", "--crops", "wide"]
        return [{key: row[key] for key in row if key != "rejected"} for row in through(out, stage, [[tools / "blur-filter", "--keep"], embed])]
    return records(out / f"{stage}.jsonl")


def through(out, stage, commands):
    """What a manifest is after these tools."""
    text = (out / f"{stage}.jsonl").read_bytes()
    for command in commands:
        text = subprocess.run([*command, "--quiet"], cwd=out, input=text, stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


class Owner:
    """A person who labels images, and is wrong once in a while."""

    def __init__(self, key, labels, wrong, seed):
        self.key, self.labels, self.wrong = key, labels, wrong
        self.chance = random.Random(seed)
        self.classes = sorted(set(labels.values()))
        self.said = {}

    def label(self, name):
        truth = self.labels[name]
        if self.chance.random() < self.wrong and len(self.classes) > 1:
            truth = self.chance.choice([one for one in self.classes if one != truth])
        self.said[name] = truth

    def patch(self):
        for name, label in self.said.items():
            line = {"id": name, "decision": label} if self.key == "/review/decision" else {"id": name, "decision": "open", "set": {self.key: label}}
            yield json.dumps(line) + "\n"


class Trial:
    """One question on one film."""

    def __init__(self, question, rows, labels, tools, work, on=None):
        self.key, _, self.on, self.prior, self.together = QUESTIONS[question]
        self.rows, self.labels, self.tools, self.work = rows, labels, tools, Path(work)
        self.on = on or self.on
        (self.work / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(self, tool, *flags):
        ran = subprocess.run([self.tools / tool, "--quiet", *flags, self.work / "in.jsonl"], stdout=subprocess.PIPE, check=True, text=True)
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def fit(self, owner, *flags):
        (self.work / "patch.jsonl").write_text("".join(owner.patch()))
        more = ["--prior", self.prior] if self.prior else []
        more += ["--together", self.together] if self.together else []
        return self.run("label-fit", "--key", self.key, "--on", self.on, "--patch", self.work / "patch.jsonl", *more, *flags)

    def judged(self, owner):
        """By id, what is said after these labels: the best class, and whether it reaches the threshold."""
        if not owner.said:
            return {row["id"]: (word, word not in (None, "unknown")) for row in self.rows for word in [self.earlier(row)]}
        self.fit(owner, "--output", self.work / "model.json")
        found = {}
        for row in self.run("label-apply", "--keep", "--patch", self.work / "patch.jsonl", "--taught", self.work / "model.json"):
            taught = row.get("taught", {}).get(self.key)
            if taught:
                found[row["id"]] = (next(iter(taught["scores"])), taught["label"] != "unknown")
        return found

    def earlier(self, row):
        value = row
        for step in self.key.split("/")[1:]:
            value = value.get(step, {}) if isinstance(value, dict) else {}
        return value if isinstance(value, str) else None

    def proven(self):
        model = json.loads((self.work / "model.json").read_text())
        return model["proof"].get("accuracy")

    def ask(self, owner, by_chance):
        """Labels one round more."""
        open_ids = [row["id"] for row in self.rows if row["id"] in self.labels and row["id"] not in owner.said]
        if by_chance:
            owner.chance.shuffle(open_ids)
            names = open_ids[:ROUND]
        else:
            # What has no true label a person leaves out.
            names = [row["id"] for row in self.fit(owner, "--ask", str(ROUND)) if row["id"] in self.labels]
        for name in names:
            owner.label(name)


def score(trial, judged, owner):
    """Shares: right of all; right of what is answered; answered; right of all in other shots; right of the film; answered of it."""
    shots = {row["id"]: (row["source"]["film"], row["source"]["shot"]) for row in trial.rows}
    labelled = {shots[name] for name in owner.said}
    rest = [name for name in trial.labels if name not in owner.said and name in judged]
    right = [judged[name][0] == trial.labels[name] for name in rest]
    answered = [ok for name, ok in zip(rest, right) if judged[name][1]]
    others = [ok for name, ok in zip(rest, right) if shots[name] not in labelled]
    share = lambda ok: sum(ok) / len(ok) if ok else None
    final = {name: owner.said.get(name) or (judged[name][0] if judged.get(name, (None, False))[1] else None) for name in trial.labels}
    film = [word == trial.labels[name] for name, word in final.items() if word]
    known = len(film) / len(trial.labels)
    if trial.key == "/tags/place":
        best = [(judged[name][0] if name in judged else None, trial.labels[name]) for name in rest]
        print(f"    {len(owner.said)} labels: ARI {adjusted_rand(*zip(*best)):.3f} of {len(rest)} images" if rest else "", flush=True)
    return share(right), share(answered), len(answered) / max(1, len(rest)), share(others), share(film), known, len(rest), len(others)


def obeyed(trial, judged, owner):
    """Precision and recall of what is dropped, and of what is kept, among the images without a label; their number."""
    rest = [name for name in trial.labels if name not in owner.said]
    dropped = {name for name in rest if judged.get(name) == ("drop", True)}
    found = []
    for word, said in (("drop", dropped), ("keep", set(rest) - dropped)):
        true = {name for name in rest if trial.labels[name] == word}
        found += [len(said & true) / len(said) if said else None, len(said & true) / len(true) if true else None]
    return *found, len(rest)


def means(values):
    """The means of several runs, as text."""
    for column in zip(*values):
        known = [value for value in column if value is not None]
        yield f"{sum(known) / len(known):.3f}" if known else "  -  "


def text(question, values):
    """The scores of several runs, as text."""
    if question in KEPT:
        return "dropped {} {}  kept {} {}  ({} images)".format(*means(values))
    return "all {}  sure {} of {}  other shots {}  film {} of {}  ({} images, {})".format(*means(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--wrong", type=float, default=0.03, help="the share of labels that are wrong (default: 0.03)")
    parser.add_argument("--seeds", type=int, default=3, help="owners whose scores are averaged (default: 3)")
    parser.add_argument("--most", type=int, default=120, help="labels at most (default: 120)")
    parser.add_argument("--only", default=",".join(QUESTIONS), help="questions, with commas between")
    parser.add_argument("--on", help="learn from these keys instead")
    asked = parser.parse_args()
    os.environ.setdefault("FILM2LORA_MODELS", str(Path(__file__).resolve().parents[2] / "models"))
    truth = truths.frames(asked.film)
    people = Figures(asked.out, truth)
    for question in asked.only.split(","):
        rows = manifest(asked.out, QUESTIONS[question][1], asked.tools.resolve())
        found = ((row["id"], true_label(question, row, truth[row["source"]["frame"]], people)) for row in rows)
        labels = {name: label for name, label in found if label is not None}
        print(f"{question}: {len(labels)} images of {len(set(labels.values()))} classes", flush=True)
        for by_chance in (False, True):
            lines, proofs = defaultdict(list), defaultdict(list)
            for seed in range(asked.seeds):
                with tempfile.TemporaryDirectory() as work:
                    trial = Trial(question, rows, labels, asked.tools.resolve(), work, asked.on)
                    owner = Owner(trial.key, labels, asked.wrong, seed)
                    for count in range(0, asked.most + 1, ROUND):
                        if count in (0, 20, 60, 120):
                            lines[count].append((obeyed if question in KEPT else score)(trial, trial.judged(owner), owner))
                            proofs[count].append(trial.proven() if count else None)
                        if len(owner.said) < len(labels) - ROUND:
                            trial.ask(owner, by_chance)
            for count, values in lines.items():
                proven = [one for one in proofs[count] if one is not None]
                said = f", it says {sum(proven) / len(proven):.3f}" if proven else ""
                print(f"  {count:3} {'by chance' if by_chance else 'asked    '}  {text(question, values)}{said}", flush=True)


if __name__ == "__main__":
    main()
