"""How many instructions the tools of two builds execute on the same small inputs, and whether the second build needs more.

Usage: instructions.py BEFORE AFTER [--most 1.05]

BEFORE and AFTER are folders of tools. Seconds of a shared machine differ by a tenth from run to run; the
instructions that Valgrind's callgrind counts differ by at most three hundredths, so a bound of five hundredths
can fail a change. They tell of work, not of time: what waits for memory or for the disk costs none. Each tool
runs on one thread, without a cache. A tool that one of the builds does not have is named and passed over.

Exits 1 if a tool executes more than `--most` times as many.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# In a tool's arguments, a folder that is there for no run yet.
NEW = "new"
ROOT = Path(__file__).resolve().parents[2]
COLLECTED = re.compile(rb"Collected : (\d+)")


def vectors(path, count, length):
    """A manifest of vectors in eight groups, the same each time."""
    source = random.Random(1)
    centres = [[source.gauss(0, 1) for _ in range(length)] for _ in range(8)]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            vector = [round(value + source.gauss(0, 0.3), 5) for value in centres[number % 8]]
            file.write(json.dumps({"id": f"v{number}", "embedding": {"model": "drawn", "vector": vector}}) + "\n")


def jobs(tools, folder):
    """Each tool's arguments, by name; the inputs are made by the tools in `tools`."""
    vectors(folder / "vectors.jsonl", 300, 64)

    def made(name, out, *arguments):
        with open(folder / out, "wb") as file:
            subprocess.run([tools / name, "-q", *arguments], cwd=folder, stdout=file, check=True)

    made("frame-scan", "images.jsonl", str(ROOT / "examples/film/plates"))
    made("blur-filter", "sharp.jsonl", "--keep", "images.jsonl")
    made("caption-compose", "captions.jsonl", "--type", "style", "--trigger", "drawn", "sharp.jsonl")
    written = ["--type", "style", "--trigger", "drawn", "--views", "kohya", "captions.jsonl"]
    made("dataset-write", "written.jsonl", "--out-dir", "set", *written)
    return {
        "frame-scan": [str(ROOT / "examples/film/plates")],
        "frame-dedup": ["images.jsonl"],
        "blur-filter": ["--keep", "images.jsonl"],
        "light-classify": ["images.jsonl"],
        "cluster": ["--method", "hdbscan", "vectors.jsonl"],
        "balance": ["--target", "20", "--by", "/format", "sharp.jsonl"],
        "caption-compose": ["--type", "style", "--trigger", "drawn", "sharp.jsonl"],
        "dataset-write": ["--out-dir", NEW, *written],
        "lora-lint": ["set/dataset/kohya/dataset.toml"],
        "report": ["--kept", "sharp.jsonl", "--out-dir", NEW],
    }


def count(tool, arguments, folder):
    """The instructions of one run; an error with what the tool said, if it fails."""
    shutil.rmtree(folder / NEW, ignore_errors=True)
    environment = {**os.environ, "FILM2LORA_JOBS": "1", "RAYON_NUM_THREADS": "1", "NO_COLOR": "1"}
    ran = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", tool, "-q", *arguments], cwd=folder, env=environment,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    found = COLLECTED.search(ran.stderr)
    if ran.returncode != 0 or not found:
        raise RuntimeError(f"{tool}: exit {ran.returncode}: {ran.stderr.decode(errors='replace')[-600:]}")
    return int(found[1])


def judged(before, after, most):
    """One row of the table, and whether the second build needs too much."""
    ratio = after / before
    return f"{before / 1e6:.1f} | {after / 1e6:.1f} | {ratio:.3f}", ratio > most


def main():
    """Counts and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--most", type=float, default=1.05)
    options = parser.parse_args()
    before, after = options.before.resolve(), options.after.resolve()
    failed = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        work = jobs(after, folder)
        print("| tool | before, millions of instructions | after | ratio |\n|---|---|---|---|", flush=True)
        for name, arguments in work.items():
            if not (before / name).exists():
                print(f"| {name} | not in {before} | | |", flush=True)
                continue
            row, more = judged(count(before / name, arguments, folder), count(after / name, arguments, folder), options.most)
            print(f"| {name} | {row}{', more than allowed' if more else ''} |", flush=True)
            failed += [name] if more else []
    if failed:
        sys.exit(f"instructions: more than {options.most} times as many: {', '.join(failed)}")


if __name__ == "__main__":
    main()
