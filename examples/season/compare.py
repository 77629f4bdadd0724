#!/usr/bin/env python3
"""Compares the data sets of a film with those of the same film in parts: which images both have, and which captions are equal.

    compare.py --starts part1.mp4=0,part2.mp4=306 OUT_OF_THE_WHOLE OUT_OF_THE_PARTS

`--starts` has the number in the whole of each part's first frame. Images are the same if they show the same frame, and of a
character also the same box, up to two pixels.
"""

import argparse
import json
import os
import sys


def read(path, starts):
    """The images of a manifest: their frame in the whole, their box, and their caption."""
    found = []
    with open(path, encoding="utf-8") as file:
        for record in map(json.loads, file):
            source = record["source"]
            frame = source["frame"] + starts.get(source["film"], 0)
            box = record.get("instance", {}).get("box")
            found.append({"frame": frame, "box": box, "caption": record.get("caption"), "id": record["id"]})
    return found


def same(one, other):
    if one["frame"] != other["frame"]:
        return False
    if not one["box"] or not other["box"]:
        return one["box"] == other["box"]
    return all(abs(a - b) <= 2 for a, b in zip(one["box"], other["box"]))


def compare(name, whole, parts):
    """A row of the table."""
    left, both = list(parts), []
    for one in whole:
        match = next((other for other in left if same(one, other)), None)
        if match:
            left.remove(match)
            both.append((one, match))
    captions = sum(one["caption"] == other["caption"] for one, other in both)
    print(f"| {name} | {len(whole)} | {len(parts)} | {len(both)} | {captions} |")
    return [(one["caption"], other["caption"]) for one, other in both if one["caption"] != other["caption"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", required=True, help="FILM=FRAME of each part, with commas between")
    parser.add_argument("--captions", action="store_true", help="also print captions that differ")
    parser.add_argument("whole")
    parser.add_argument("parts")
    flags = parser.parse_args()
    starts = {name: int(frame) for name, frame in (one.split("=") for one in flags.starts.split(","))}
    manifests = ["frames.jsonl", "unique.jsonl", "sharp.jsonl", "tagged.jsonl", "named.jsonl", "style/dataset.jsonl", "lighting/dataset.jsonl"]
    characters = os.path.join(flags.whole, "character")
    manifests += [f"character/{name}/dataset.jsonl" for name in sorted(os.listdir(characters))] if os.path.isdir(characters) else []
    print("| manifest | whole | parts | the same image | of these, the same caption |\n|---|---|---|---|---|")
    for name in manifests:
        paths = [os.path.join(folder, name) for folder in (flags.whole, flags.parts)]
        if all(map(os.path.exists, paths)):
            differing = compare(name, *(read(path, starts) for path in paths))
            for pair in differing if flags.captions else []:
                print("\n".join(str(one) for one in pair), file=sys.stderr)


if __name__ == "__main__":
    main()
