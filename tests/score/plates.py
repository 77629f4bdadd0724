"""Scores plate-merge on the sample film, whose true plates and masks are known, and prints a table.

Usage: plates.py FILM_FOLDER BIN WORK [FPS] [--per shot|frame] [plate-merge's flags], with BIN the folder of the tools. Frames are taken
from the film, masks from its truth, and what plate-merge makes of them is compared with the plates
of the same set-up that were rendered without characters. Needs Pillow and NumPy.

In the hole: the pixels of the characters that another frame shows. Around: the same figures of the
film's own frames beside the characters, which is what compression alone costs.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image


def mask(runs):
    """A mask of COCO's compressed run lengths, as an array of truths."""
    height, width = runs["size"]
    counts, at, text = [], 0, runs["counts"].encode()
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            byte = text[at] - 48
            at += 1
            value |= (byte & 31) << shift
            shift += 5
            more = bool(byte & 32)
            if not more and byte & 16:
                value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    flat = np.repeat(np.arange(len(counts)) % 2, counts).astype(bool)
    return flat.reshape(width, height).T


def hidden(line):
    """The union of the characters of a frame, without the bars."""
    height = line["letterbox"][3] - line["letterbox"][1]
    union = np.zeros((height, line["letterbox"][2]), bool)
    for character in line["characters"]:
        union |= mask(character["mask"])[line["letterbox"][1]:line["letterbox"][3]]
    return union


def picture(path, box=None):
    """An image as floats."""
    image = Image.open(path).convert("RGB")
    return np.asarray(image.crop(box) if box else image, np.float64)


def psnr(one, other, where):
    """Peak signal to noise in the pixels of a mask, dB."""
    if not where.any():
        return None
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one[where] - other[where]) ** 2)))


def ssim(one, other, where):
    """Mean structural similarity of luma in the pixels of a mask, windows of 7x7."""
    if not where.any():
        return None
    one, other = one @ [0.299, 0.587, 0.114], other @ [0.299, 0.587, 0.114]

    def mean(values):
        padded = np.pad(values, 3, mode="edge")
        total = np.cumsum(np.cumsum(np.pad(padded, ((1, 0), (1, 0))), 0), 1)
        return (total[7:, 7:] - total[:-7, 7:] - total[7:, :-7] + total[:-7, :-7]) / 49

    a, b = mean(one), mean(other)
    va, vb, both = mean(one * one) - a * a, mean(other * other) - b * b, mean(one * other) - a * b
    c, d = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean(((2 * a * b + c) * (2 * both + d) / ((a * a + b * b + c) * (va + vb + d)))[where]))


def frames(folder, tools, work, fps):
    """The film's frames as records, taken from it once, and a folder for their masks."""
    listed = work / "frames.jsonl"
    (work / "masks").mkdir(parents=True, exist_ok=True)
    if not listed.exists():
        with open(listed, "w") as out:
            subprocess.run([tools / "frame-extract", "--fps", fps, "--out-dir", "frames", (folder / "film.mp4").resolve()],
                           cwd=work, stdout=out, check=True)
    return [json.loads(line) for line in open(listed)]


def manifest(folder, tools, work, fps, truth):
    """The film's frames with their true masks, as a manifest in `work`."""
    records = frames(folder, tools, work, fps)
    with open(work / "masked.jsonl", "w") as out:
        for record in records:
            known = truth[record["source"]["frame"]]
            if known["place"] is None:
                continue
            record["mask"] = f"masks/{record['id']}.png"
            # The true shots, so that this measures plates alone.
            record["source"]["shot"] = known["shot_number"]
            if known["transition"] not in ("none", "cut_first"):
                record["transition"] = known["transition"]
            if not (work / record["mask"]).exists():
                Image.fromarray(hidden(known)).save(work / record["mask"])
            out.write(json.dumps(record) + "\n")


def main():
    """The table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("fps", nargs="?", default="6")
    known, flags = parser.parse_known_args()
    folder, tools, work = known.film, known.tools.resolve(), known.work
    truth = {line["frame"] - 1: line for line in map(json.loads, open(folder / "truth.jsonl"))}
    manifest(folder, tools, work, known.fps, truth)
    with open(work / "plates.jsonl", "w") as out:
        subprocess.run([tools / "plate-merge", "--rejects", "rejects.jsonl", *flags, "masked.jsonl"],
                       cwd=work, stdout=out, check=True)
    print("shot            camera motion      frames  miss  seen  hole | in the hole      | around\n"
          "                                                          | PSNR dB  SSIM    | PSNR dB")
    sums = defaultdict(list)
    for record in map(json.loads, open(work / "plates.jsonl")):
        row(folder, work, record, truth[record["source"]["frame"]], sums)
    for camera, values in sums.items():
        errors, pixels = sum(error for error, _ in values), sum(count for _, count in values)
        print(f"all of {camera}: PSNR in the hole where seen {10 * np.log10(255**2 * pixels / max(1e-9, errors)):.1f} dB "
              f"over {pixels} pixels of {len(values)} plates")


def row(folder, work, record, line, sums):
    """The figures of one plate, where its true plate was rendered."""
    plate = record["plate"]
    head = (f"{line['shot']:<15} {line['camera']:<6} {plate.get('motion', 'none'):<11} {plate['frames']:>5} "
            f"{plate.get('residual', 0):>6.2f} {plate['seen']:>5.2f} {plate['hole']:>5.3f} |")
    if line["plate"] is None:
        print(head, "no true plate;", plate.get("reason", ""))
        return
    box = line["letterbox"]
    true, found = picture(folder / line["plate"], box), picture(work / record["image"])
    characters = hidden(line)
    seen = characters & ~(np.asarray(Image.open(work / record["mask"])) > 127)
    original = picture(work / plate["original"])
    around = psnr(original, true, ~characters)
    inside, alike = psnr(found, true, seen), ssim(found, true, seen)
    if inside is not None:
        sums[line["camera"]].append((np.mean((found[seen] - true[seen]) ** 2) * seen.sum(), int(seen.sum())))
    text = "       -      - " if inside is None else f"{inside:8.1f} {alike:6.3f} "
    print(head, text, f"  | {around:.1f}", plate.get("reason", ""))


if __name__ == "__main__":
    sys.exit(main())
