"""Scores plate-merge: frames are taken from the film, masks from its truth, and what plate-merge makes of them is compared with
the plates of the same set-up that were rendered without characters.

In the hole: the pixels of the characters that another frame shows. Around: the same figures of the
film's own frames beside the characters, which is what compression alone costs.
"""

import json
import subprocess
from collections import defaultdict

import numpy as np
from images import image, psnr, shown, ssim
from PIL import Image
from truth import hidden, is_plain, records


def frames(film, tools, work, fps):
    """The film's frames as records, taken from it once, and a folder for their masks."""
    listed = work / "frames.jsonl"
    (work / "masks").mkdir(parents=True, exist_ok=True)
    if not listed.exists():
        with open(listed, "w") as out:
            subprocess.run([tools / "frame-extract", "--fps", fps, "--out-dir", "frames", (film / "film.mp4").resolve()],
                           cwd=work, stdout=out, check=True)
    return records(listed)


def manifest(film, tools, work, fps, truth):
    """The film's frames with their true masks, as a manifest in `work`."""
    with open(work / "masked.jsonl", "w") as out:
        for record in frames(film, tools, work, fps):
            line = truth[record["source"]["frame"]]
            if line["place"] is None:
                continue
            record["mask"] = f"masks/{record['id']}.png"
            # The true shots, so that this measures plates alone.
            record["source"]["shot"] = line["shot_number"]
            if not is_plain(line):
                record["transition"] = line["transition"]
            if not (work / record["mask"]).exists():
                Image.fromarray(hidden(line)).save(work / record["mask"])
            out.write(json.dumps(record) + "\n")


def score(film, tools, work, fps, truth, flags):
    """Prints the table."""
    work.mkdir(parents=True, exist_ok=True)
    manifest(film, tools, work, fps, truth)
    with open(work / "plates.jsonl", "w") as out:
        subprocess.run([tools / "plate-merge", "--rejects", "rejects.jsonl", *flags, "masked.jsonl"],
                       cwd=work, stdout=out, check=True)
    print("shot            camera motion      frames  miss  seen  hole | in the hole      | around\n"
          "                                                          | PSNR dB  SSIM    | PSNR dB")
    sums = defaultdict(list)
    for record in records(work / "plates.jsonl"):
        row(film, work, record, truth[record["source"]["frame"]], sums)
    for camera, values in sums.items():
        errors, pixels = sum(error for error, _ in values), sum(count for _, count in values)
        print(f"all of {camera}: PSNR in the hole where seen {10 * np.log10(255**2 * pixels / max(1e-9, errors)):.1f} dB "
              f"over {pixels} pixels of {len(values)} plates")


def row(film, work, record, line, sums):
    """The figures of one plate, where its true plate was rendered."""
    plate = record["plate"]
    head = (f"{line['shot']:<15} {line['camera']:<6} {plate.get('motion', 'none'):<11} {plate['frames']:>5} "
            f"{plate.get('residual', 0):>6.2f} {plate['seen']:>5.2f} {plate['hole']:>5.3f} |")
    if line["plate"] is None:
        print(head, "no true plate;", plate.get("reason", ""))
        return
    box = line["letterbox"]
    true, found = image(film / line["plate"], box), image(work / record["image"])
    characters = hidden(line)
    seen = characters & ~shown(work / record["mask"])
    original = image(work / plate["original"])
    around = psnr(original, true, ~characters)
    inside, alike = psnr(found, true, seen), ssim(found, true, seen)
    if inside is not None:
        sums[line["camera"]].append((np.mean((found[seen] - true[seen]) ** 2) * seen.sum(), int(seen.sum())))
    text = "       -      - " if inside is None else f"{inside:8.1f} {alike:6.3f} "
    print(head, text, f"  | {around:.1f}", plate.get("reason", ""))
