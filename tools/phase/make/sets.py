"""Says of each data set that was asked for how many images it has, and where the images went if there are too few.

The exit status is 1 where one has none, or fewer than MINIMUM asks for, and where a stage failed.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import names
from launch import only_says
from names import Wrong, say, setting


class Kind:
    """A LoRA type: its data sets, what they are made from, and the setting that decides on what each stage drops."""

    def __init__(self, name, stages):
        self.name, self.stages, self.settings, self.fewest = name, stages, names.TYPES[name]["settings"], names.TYPES[name]["fewest"]

    def chain(self, folder):
        """Each manifest of a data set, first to last, with the setting of its stage."""
        for stage in self.stages:
            manifest, flags, *_ = stage.split(":")
            yield manifest.format(folder), " or ".join(flags.split(","))
        # A character's names are taught before its set has a folder.
        if "teach" in names.TYPES[self.name] and self.name not in names.PER_CHARACTER:
            yield f"{folder}/taught", "TEACH_FLAGS"
        yield f"{folder}/reviewed", "`make review`"
        # Poses have a limit that is a setting of its own.
        limits = [one for one in [f"{self.settings}_OCCLUDED"] if one in os.environ]
        yield f"{folder}/selected", " or ".join([*limits, f"{self.settings}_BALANCE_FLAGS"])
        yield f"{folder}/described", "DESCRIBE_FLAGS"
        yield f"{folder}/captioned", f"{self.settings}_CAPTION_FLAGS"
        yield f"{folder}/checked", "`make review`"
        yield f"{folder}/dataset", f"{self.settings}_DATASET_FLAGS"


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
    for manifest, flags in kind.chain(folder):
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
        return f"there are no more images: see {next(kind.chain(folder))[1]}"
    _, manifest, flags, count, said = worst
    dropped = sum(said.values())
    why = said.most_common(1)[0][0] if said else ""
    went = f"{dropped} of {count + dropped} were dropped" if dropped else "no images were left"
    return f"{manifest}: {went}" + (f", most: {why}" if why else "") + (f": see {flags}" if flags else "")


def reached(out, kind, folder):
    """What a data set that is not there was made up to: its last manifest, where that has records; none if it is empty."""
    counts = [(manifest, records(os.path.join(out, manifest + ".jsonl"))) for manifest, _ in kind.chain(folder)]
    there = [one for one in counts if one[1] is not None]
    if not there:
        return "none of its stages has ended"
    return f"{there[-1][0]} is the last of its stages" if there[-1][1] else None


def failure(out, kind, folder):
    """The first stage of a data set that failed, and the last that it said; none where all went well."""
    try:
        with open(os.path.join(out, "preparation_progress.json"), encoding="utf-8") as file:
            phases = json.load(file)["phases"]
        phases = {name: phase for name, phase in phases.items() if isinstance(phase, dict)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    stages = [manifest for manifest, _ in kind.chain(folder)]
    for stage in ["cast", *stages, f"{folder}/linted"]:
        phase = phases.get(stage.replace("/", "-"), {})
        if phase.get("status") in ("failed", "killed") and (stage != "cast" or setting("CAST") and "named" in stages):
            said = f"FAILED: {stage}: {said_last(os.path.join(out, phase.get('log', '')))}"
            # The tool knows nothing of make's settings.
            return said + (": or set ALLOW_UNSEEN=yes, if there is none" if stage == "background/boxes" and "no character was detected" in said else "")
    return None


# How clap closes what it says of a wrong command line, and the lines before that which only repeat how it is to be.
CLOSING = "For more information, try '--help'."
ASIDE = ("tip: ", "Usage: ")


def said_last(log):
    """The last line of a log, or, of a wrong command line, what is wrong with it."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
    except OSError:
        lines = []
    if lines and lines[-1] == CLOSING:
        begins = [number for number, line in enumerate(lines) if line.startswith("error: ")]
        error = [line for line in lines[begins[-1] if begins else 0 : -1] if not line.startswith(ASIDE)]
        lines = [" ".join(error).removeprefix("error: ")] if error else []
    return lines[-1] if lines else "see its log"


def listed(asked):
    """The data sets that were asked for: name, kind and folder of each."""
    for kind in asked:
        if kind.name not in names.PER_CHARACTER:
            yield kind.name, kind, kind.name
            continue
        for mine in names.characters().values():
            yield f"{kind.name}-{mine}", kind, f"{kind.name}/{mine}"


def waits(out, folder):
    """What a data set waits for with GATES=yes: the review of its labels or of its captions."""
    if setting("GATES") != "yes":
        return None
    for gate, manifest in [("labels", "selected"), ("captions", "captioned")]:
        opened, shown = Path(out, folder, f"{gate}.gate"), Path(out, folder, f"{manifest}.jsonl")
        if shown.is_file() and not (opened.is_file() and opened.stat().st_mtime_ns >= shown.stat().st_mtime_ns):
            return f"WAITS for the review of its {gate}; what is there is of before"
    return None


def table(out, asked, minimum):
    """The lines of the table, and whether a data set is not what was asked for."""
    rows, wrong = [f"{'data set':<24} {'images':>6} {'fewest':>6}"], False
    for name, kind, folder in listed(asked):
        number = records(os.path.join(out, folder, "dataset.jsonl"))
        count = number or 0
        fewest = kind.fewest if minimum is None else minimum
        failed = failure(out, kind, folder) or waits(out, folder)
        if not failed and number is None and (last := reached(out, kind, folder)):
            failed = f"NOT MADE: {last}: see above what stopped make"
        verdict = failed or "done"
        if not failed and count == 0:
            verdict = f"EMPTY: {lost(out, kind, folder)}"
        elif not failed and count < fewest:
            verdict = f"too few: {lost(out, kind, folder)}"
        wrong |= bool(failed) or count < (minimum or 1)
        rows.append(f"{name:<24} {count:>6} {fewest:>6}  {verdict}")
        rows.extend(f"  {line}" for line in taught(out, folder))
    return rows, wrong


def taught(out, folder):
    """How far the answers can be trusted by which a data set was taught, by the labels of its own film."""
    if setting("TAUGHT") == "no":
        return
    for path in sorted(Path(out, folder).glob("taught-*.json")):
        try:
            model = json.loads(path.read_text(encoding="utf-8"))
            key, proof = model["key"], model["proof"]
            if proof["labels"]:
                proven = f"precision {proof['precision']:.2f}, {proof['answered']:.0%} answered," if "precision" in proof else "not proven,"
                yield f"{key}: {proven} by {proof['labels']} labels of this film" + ("" if proof["enough"] else ": more would help")
        except (OSError, ValueError, KeyError, TypeError):
            continue


def overview(out):
    """Writes all data sets onto one page, OUT/overview.html, beside what was asked for; where it is."""
    tool, page = os.path.join(names.tools(), "dashboard"), Path(out, "overview.html")
    if only_says() or not os.access(tool, os.X_OK):
        return None
    # Another make may be writing it, too: this one has let go of OUT.
    part = Path(out, "logs", f"{page.name}.{os.getpid()}.part")
    part.parent.mkdir(exist_ok=True)
    with open(part, "wb") as file:
        ran = subprocess.run([tool, "--run-dir", os.path.abspath(out), "--print"], stdout=file, check=False)
    if ran.returncode:
        part.unlink()
        return None
    part.replace(page)
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--made", type=int, default=0, help="the exit status of the make that made them")
    parser.add_argument("--chains", default="", help="the stages before the data sets: TYPE=MANIFEST:SETTINGS")
    parser.add_argument("sets", nargs="*")
    flags = parser.parse_args()
    stages = [one.split("=", 1) for one in flags.chains.split()]
    kinds = [Kind(name, [stage for kind, stage in stages if kind == name]) for name in flags.sets]
    try:
        minimum = int(setting("MINIMUM")) if setting("MINIMUM") else None
        rows, wrong = table(names.out(), kinds, minimum)
        page = overview(names.out()) if kinds else None
    except (Wrong, OSError) as error:
        say(str(error))
        return 1
    if only_says():
        return flags.made
    for row in rows if kinds else []:
        say(row)
    if page:
        say(f"all of it on one page: {page}")
    return 1 if wrong or flags.made else 0


if __name__ == "__main__":
    sys.exit(main())
