"""Scores what lama-inpaint says of characters that still show, on the sample film, whose true masks are known.

Usage: remnants.py FILM_FOLDER BIN WORK [lama-inpaint's flags], with BIN the folder of the tools. Each frame with a figure large
enough is filled by its true masks, which leaves nobody, and by masks without a part of that figure: its upper third, its lower
third, its left half. What is left of it then has to be said. Needs Pillow and NumPy.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from plates import hidden, mask

# Pixels of a figure that is large enough.
LARGE = 6000
# The verdicts that say that something shows.
SHOWS = ("seam", "remnant")


def parts(figure):
    """What may be left of a figure, by name: where a mask of it has a hole."""
    rows, columns = np.flatnonzero(figure.any(1)), np.flatnonzero(figure.any(0))
    third, half = (rows[-1] + 1 - rows[0]) // 3, (columns[-1] + 1 - columns[0]) // 2
    upper, lower, left = (np.zeros_like(figure) for _ in range(3))
    upper[:rows[0] + third], lower[rows[-1] + 1 - third:], left[:, :columns[0] + half] = True, True, True
    return {"all": np.zeros_like(figure), "head": upper, "legs": lower, "half": left}


def manifest(folder, tools, work, truth):
    """Frames, one in two seconds, each once a part, with masks."""
    with open(work / "frames.jsonl", "w") as out:
        subprocess.run([tools / "frame-extract", "--fps", "0.5", "--out-dir", "frames", (folder / "film.mp4").resolve()],
                       cwd=work, stdout=out, check=True)
    (work / "masks").mkdir(exist_ok=True)
    with open(work / "masked.jsonl", "w") as out:
        for record in map(json.loads, open(work / "frames.jsonl")):
            line = truth[record["source"]["frame"]]
            if not line["characters"] or line["transition"] not in ("none", "cut_first"):
                continue
            top, bottom = line["letterbox"][1], line["letterbox"][3]
            figure = max((mask(one["mask"])[top:bottom] for one in line["characters"]), key=np.count_nonzero)
            if figure.sum() < LARGE:
                continue
            for name, left in parts(figure).items():
                path = f"masks/{record['id']}.{name}.png"
                Image.fromarray(hidden(line) & ~(figure & left)).save(work / path)
                out.write(json.dumps({**record, "id": f"{record['id']}.{name}", "mask": path}) + "\n")


def main():
    """The table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("work", type=Path)
    known, flags = parser.parse_known_args()
    folder, tools, work = known.film, known.tools.resolve(), known.work
    work.mkdir(parents=True, exist_ok=True)
    truth = {line["frame"] - 1: line for line in map(json.loads, open(folder / "truth.jsonl"))}
    manifest(folder, tools, work, truth)
    with open(work / "filled.jsonl", "w") as out:
        subprocess.run([tools / "lama-inpaint", "--keep", "--out-dir", "filled", *flags, "masked.jsonl"], cwd=work, stdout=out, check=True)
    said = {}
    for record in map(json.loads, open(work / "filled.jsonl")):
        if record["inpaint"]["verdict"] != "too_large":
            said.setdefault(record["id"].rsplit(".", 1)[1], []).append(record["inpaint"]["verdict"])
    for name, verdicts in said.items():
        caught = sum(verdict in SHOWS for verdict in verdicts)
        print(f"left: {'nothing' if name == 'all' else name:<8} said to show {caught} of {len(verdicts)}: "
              + ", ".join(f"{verdict} {verdicts.count(verdict)}" for verdict in sorted(set(verdicts))))
    right = sum(verdict in SHOWS for name, verdicts in said.items() if name != "all" for verdict in verdicts)
    total, wanted = right + sum(verdict in SHOWS for verdict in said["all"]), sum(len(v) for k, v in said.items() if k != "all")
    print(f"precision {right / max(1, total):.3f} ({right}/{total}), recall {right / max(1, wanted):.3f} ({right}/{wanted})")


if __name__ == "__main__":
    sys.exit(main())
