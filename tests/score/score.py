"""Scores the tools on the sample film against its truth, and prints a table.

Needs what requirements.txt beside it names; `make score` installs it.
"""

import argparse
import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import places
import plates
import remnants
import truth as truths
import words
from figures import Figures
from truth import records

# Frames that no data set should hold, by what the truth says of them.
WITHOUT_IMAGE = {"title", "credits", "black"}
IN_BETWEEN = {"dissolve", "fade", "flash"}
# Seconds by which a cut may be off: the truth's frame is the first behind it.
CUT_TOLERANCE = 2.5 / 24
LIGHT = ("time", "weather", "setting")


def both(out, stage):
    """The records that went into a stage: passed and dropped."""
    return records(out / f"{stage}.jsonl") + records(out / f"{stage}.rejects.jsonl")


def figures(right, found, wanted):
    """Precision, recall and F1 as text, of this many found, wanted, and both."""
    precision, recall = right / max(1, found), right / max(1, wanted)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"precision {precision:.3f} ({right}/{found}), recall {recall:.3f} ({right}/{wanted}), F1 {f1:.3f}"


def pairs(groups):
    """All pairs of members of the same group."""
    return {tuple(sorted(pair)) for group in groups.values() for pair in combinations(group, 2)}


def score_dedup(out, truth):
    """How many pairs of frames of the same drawing are in one group, and how many pairs in a group
    are of one set-up: of the same shot, or of one that returns to it. Drawings of a set-up that
    differ by little are near duplicates too, so that no more is asked of a pair."""
    wanted, found = {}, {}
    for record in both(out, "unique"):
        number = record["source"]["frame"]
        line = truth[number]
        # A fade or flash over a drawing makes another image of it.
        if line["transition"] in ("none", "cut_first"):
            wanted.setdefault((line["shot"], line["drawing"]), []).append(number)
            found.setdefault(record["dedup"]["group"], []).append(number)
    wanted, found = pairs(wanted), pairs(found)
    kept = sum(set_up(truth[one]) == set_up(truth[other]) for one, other in found)
    return (f"recall {len(wanted & found) / max(1, len(wanted)):.3f} ({len(wanted & found)}/{len(wanted)} pairs of one "
            f"drawing), precision {kept / max(1, len(found)):.3f} ({kept}/{len(found)} pairs of one set-up)")


def set_up(line):
    """The shot whose camera and place a frame has."""
    return line["returns"] or line["shot"]


def dropped(out, truth, kinds):
    """Frames that blur-filter dropped, against those that it should have."""
    gone = {record["source"]["frame"] for record in records(out / "sharp.rejects.jsonl")}
    seen = {record["source"]["frame"] for record in both(out, "sharp")}
    wanted = {number for number in seen if kinds(truth[number])}
    return gone, seen, wanted


def score_kind(out, truth, kinds):
    """Recall alone: what else blur-filter dropped has reasons of its own."""
    gone, _, wanted = dropped(out, truth, kinds)
    return f"recall {len(gone & wanted) / max(1, len(wanted)):.3f} ({len(gone & wanted)}/{len(wanted)})"


def unfit(line):
    """Whether a frame has no place in any data set."""
    return line["transition"] in WITHOUT_IMAGE | IN_BETWEEN or line["focus"] == "out_of_focus"


def score_dropped(out, truth):
    """All that blur-filter dropped, against all that it should have."""
    gone, _, wanted = dropped(out, truth, unfit)
    return figures(len(gone & wanted), len(gone), len(wanted))


def cuts(frames, truth):
    """Beginnings of shots by the analysis in a folder of frames: how many are right, how many wrong, and what was wanted, as times from and
    to. A dissolve or fade may begin one anywhere inside it. None where there is no analysis."""
    analysis = next(frames.glob("*.analysis.json"), None)
    if analysis is None:
        return None
    found = [shot["first"] / 24 for shot in json.load(open(analysis))["shots"]][1:]
    lines = [truth[number] for number in sorted(truth)]
    wanted = []
    for before, line in zip(lines, lines[1:]):
        if line["shot_number"] != before["shot_number"]:
            wanted.append(spread(lines, line["frame"] - 1))
    right = sum(any(low - CUT_TOLERANCE <= cut <= high + CUT_TOLERANCE for cut in found) for low, high in wanted)
    false = sum(not any(low - CUT_TOLERANCE <= cut <= high + CUT_TOLERANCE for low, high in wanted) for cut in found)
    return right, false, wanted


def score_cuts(out, truth):
    """Beginnings of shots."""
    scored = cuts(out / "frames", truth)
    if scored is None:
        return "no analysis in the frames folder"
    right, false, wanted = scored
    return figures(right, right + false, len(wanted))


def spread(lines, at):
    """From when to when, in seconds, the change round frame `at` (from 0) goes on."""
    low = high = at
    while low > 0 and lines[low - 1]["transition"] in ("dissolve", "fade"):
        low -= 1
    while high + 1 < len(lines) and lines[high + 1]["transition"] in ("dissolve", "fade"):
        high += 1
    return low / 24, high / 24


def score_light(out, truth, what, stage):
    """How many answers are right, and how often it answers at all."""
    rows = [(record["light"][what], truth[record["source"]["frame"]]["light"]) for record in records(out / stage)]
    rows = [(said, light[what]) for said, light in rows if light]
    answered = [(said, so) for said, so in rows if said != "unknown"]
    right = sum(said == so for said, so in answered)
    return (f"accuracy {right / max(1, len(answered)):.3f} ({right}/{len(answered)} answers), "
            f"{len(answered) / max(1, len(rows)):.3f} answered")


def faults(record, line, people):
    """What makes an image of a data set unfit, by the truth: its frame, or the figure that it shows."""
    if unfit(line):
        yield "frames"
    figure = people.of(record)
    if figure is None:
        return
    if line["focus"] == "motion_blur":
        yield "blurred characters"
    if figure == people.NOBODY:
        yield "instances that show no character"
    elif figure == people.PART:
        yield "parts of characters"
    elif record.get("identity", {}).get("name") in people.cast - {figure["name"]}:
        yield "wrong names"


def score_sets(out, truth, people):
    """Images in the data sets that should not be in any, and why."""
    bad, total, why = 0, 0, Counter()
    for path in [*out.glob("*/dataset.jsonl"), *out.glob("character/*/dataset.jsonl")]:
        for record in records(path):
            found = list(faults(record, truth[record["source"]["frame"]], people))
            total += 1
            bad += bool(found)
            why.update(found)
    return f"{bad} of {total} images" + "".join(f", {name} {count}" for name, count in sorted(why.items()))


def score_run(film, out, truth):
    """Prints the table of a run of all pipelines."""
    people = Figures(out, truth)
    rows = [
        ("frames sampled", f"{len(records(out / 'frames.jsonl'))} of {len(truth)}"),
        ("shot changes", score_cuts(out, truth)),
        ("near duplicates, by pairs", score_dedup(out, truth)),
        ("dropped by blur-filter", score_dropped(out, truth)),
        ("title, credits, black", score_kind(out, truth, lambda line: line["transition"] in WITHOUT_IMAGE)),
        ("dissolves, fades, flashes", score_kind(out, truth, lambda line: line["transition"] in IN_BETWEEN)),
        ("out of focus", score_kind(out, truth, lambda line: line["focus"] == "out_of_focus")),
        *((f"light by colours: {what}", score_light(out, truth, what, "lit.jsonl")) for what in LIGHT),
        *((f"light with tags: {what}", score_light(out, truth, what, "tagged.jsonl")) for what in LIGHT),
        *people.rows(),
        *places.rows(film, out, truth),
        *words.rows(out, truth, people),
        ("unfit images in the data sets", score_sets(out, truth, people)),
    ]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:<{width}}  {text}")


def main():
    """The table that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, text):
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("film", type=Path, help="folder of the film, its truth and its plates")
        return added

    command("run", "score a run of all pipelines").add_argument("out", type=Path, help="folder of `make all` on that film")
    for name, text in (("plates", "score plate-merge with true masks"), ("remnants", "score what lama-inpaint says still shows")):
        added = command(name, f"{text}; flags that are not known here are the tool's")
        added.add_argument("tools", type=Path, help="folder of the tools")
        added.add_argument("work", type=Path, help="folder for what they write")
    commands.choices["plates"].add_argument("--fps", default="6", help="frames a second that are taken from the film (default: 6)")
    asked, flags = parser.parse_known_args()
    truth = truths.frames(asked.film)
    if asked.command == "run":
        score_run(asked.film, asked.out, truth)
    elif asked.command == "plates":
        plates.score(asked.film, asked.tools.resolve(), asked.work, asked.fps, truth, flags)
    else:
        remnants.score(asked.film, asked.tools.resolve(), asked.work, truth, flags)


if __name__ == "__main__":
    main()
