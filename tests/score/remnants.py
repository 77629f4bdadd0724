"""Scores what lama-inpaint says of characters that still show.

Each frame with a character that is large enough is inpainted by its true masks, which leaves no one, and by masks without a part of
that character: its upper third, its lower third, its left half. What is left of it then has to be said. The table is of the first
look, over limits of seam and remnant: one goes over either.
"""

import json
import subprocess

import numpy as np
from PIL import Image
from plates import frames
from truth import hidden, is_plain, records, seen

# Pixels of a character that is large enough.
LARGE = 6000
SEAMS, REMNANTS = (2, 3, 4, 6), (0.05, 0.1, 0.2, 0.3)


def parts(figure):
    """What may be left of a character, by name: where a mask of it has a hole."""
    rows, columns = np.flatnonzero(figure.any(1)), np.flatnonzero(figure.any(0))
    third, half = (rows[-1] + 1 - rows[0]) // 3, (columns[-1] + 1 - columns[0]) // 2
    upper, lower, left = (np.zeros_like(figure) for _ in range(3))
    upper[:rows[0] + third], lower[rows[-1] + 1 - third:], left[:, :columns[0] + half] = True, True, True
    return {"all": np.zeros_like(figure), "head": upper, "legs": lower, "half": left}


def manifest(film, tools, work, truth):
    """Frames, one in two seconds, each once a part, with masks."""
    with open(work / "masked.jsonl", "w") as out:
        for record in frames(film, tools, work, "0.5"):
            line = truth[record["source"]["frame"]]
            if not line["characters"] or not is_plain(line):
                continue
            figure = max((one for _, one in seen(line)), key=np.count_nonzero)
            if figure.sum() < LARGE:
                continue
            for name, left in parts(figure).items():
                path = f"masks/{record['id']}.{name}.png"
                Image.fromarray(hidden(line) & ~(figure & left)).save(work / path)
                out.write(json.dumps({**record, "id": f"{record['id']}.{name}", "mask": path}) + "\n")


def score(film, tools, work, truth, flags):
    """Prints the table."""
    work.mkdir(parents=True, exist_ok=True)
    manifest(film, tools, work, truth)
    with open(work / "filled.jsonl", "w") as out:
        subprocess.run([tools / "lama-inpaint", "--keep", "--tries", "1", "--max-invented", "1", "--out-dir", "filled", *flags, "masked.jsonl"],
                       cwd=work, stdout=out, check=True)
    figures = {}
    for record in records(work / "filled.jsonl"):
        if record["inpaint"]["seam"] is not None:
            figures.setdefault(record["id"].rsplit(".", 1)[1], []).append((record["inpaint"]["seam"], record["inpaint"]["remnant"]))
    for name, found in figures.items():
        seams, remnants = (np.median(values) for values in zip(*found))
        print(f"left: {'nothing' if name == 'all' else name:<8} {len(found)} inpaintings, median seam {seams:.2f}, remnant {remnants:.2f}")
    no_one, someone = figures.pop("all"), sum(figures.values(), [])
    print("| fails over |" + "".join(f" seam {seam} |" for seam in SEAMS) + "\n|---|" + "---|" * len(SEAMS))
    for remnant in REMNANTS:
        cells = [detected(someone, no_one, seam, remnant) for seam in SEAMS]
        print(f"| remnant {remnant} | " + " | ".join(cells) + " |")


def detected(someone, no_one, seam, remnant):
    """Precision and recall of what goes over either limit."""
    caught, false = (sum(one > seam or other > remnant for one, other in found) for found in (someone, no_one))
    return f"precision {caught / max(1, caught + false):.2f}, recall {caught / len(someone):.2f}"
