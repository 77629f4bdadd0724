"""Scores id-match on the sample film, whose truth names every figure of every frame.

    python film.py path/to/id-match path/to/examples/film

The cut-outs are the truth's masks and boxes, so that only the naming is scored. No network is in
it: a cut-out's vector is the root of its colour histogram, 6 by 6 by 6, a poor likeness that the
light and a turned back change. References are ten front views of each character, first from the
first third of the film, whose places and lights are not all of the film's, then from all of it; what
is scored lies in the later two thirds and is no reference. Needs ffmpeg, numpy.
"""

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

TOOL, FILM = sys.argv[1], Path(sys.argv[2])
sys.path.insert(0, str(FILM))
import rle  # noqa: E402

EVERY, WIDTH, HEIGHT, LEAST = 4, 768, 432, 300


def images():
    command = ["ffmpeg", "-v", "error", "-i", FILM / "film.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    film = subprocess.Popen(command, stdout=subprocess.PIPE)
    while len(frame := film.stdout.read(WIDTH * HEIGHT * 3)):
        yield np.frombuffer(frame, np.uint8).reshape(HEIGHT, WIDTH, 3)


def vector(pixels):
    bins = (pixels.astype(int) * 6 // 256) @ [36, 6, 1]
    root = np.sqrt(np.bincount(bins, minlength=216))
    return [round(float(x), 5) for x in root / np.linalg.norm(root)]


def instances():
    out = []
    truth = map(json.loads, open(FILM / "truth.jsonl"))
    for image, frame in zip(images(), truth):
        if frame["frame"] % EVERY or frame["share"] < 1:
            continue
        for number, one in enumerate(frame["characters"]):
            if not one["box"] or one["area"] < LEAST:
                continue
            mask = rle.decode(one["mask"]["counts"], HEIGHT, WIDTH)
            out.append({
                "id": f"f{frame['frame']}.i{number}", "image": "x.png",
                "source": {"film": "film.mp4", "frame": frame["frame"], "time": frame["time"], "shot": frame["shot_number"]},
                "instance": {"box": one["box"], "mask": one["mask"]},
                "embedding": {"model": "colours", "vector": vector(image[mask])},
                "truth": {"name": one["name"], "view": one["view"]},
            })
    return out


def run(folder, scored, *flags):
    lines = "".join(json.dumps(record) + "\n" for record in scored)
    command = [TOOL, "--references", str(folder / "cast.jsonl"), "-q", *flags]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return list(map(json.loads, done.stdout.splitlines()))


def score(records):
    named = [r for r in records if r["identity"]["name"] != "unknown"]
    right = [r for r in named if r["identity"]["name"] == r["truth"]["name"]]
    return len(right) / max(len(named), 1), len(right) / len(records)


def references(pool):
    for name in ("nilo", "oreste", "pia"):
        front = [r for r in pool if r["truth"] == {"name": name, "view": "front"}]
        for i in np.linspace(0, len(front) - 1, 10).astype(int):
            yield {**front[i], "character": name}


def main():
    everything = instances()
    third = everything[len(everything) // 3]["source"]["shot"]
    early = [r for r in everything if r["source"]["shot"] < third]
    for title, pool in ("first third", early), ("whole film", everything):
        cast = list(references(pool))
        known = {record["id"] for record in cast}
        late = [r for r in everything if r["source"]["shot"] >= third and r["id"] not in known]
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "cast.jsonl").write_text("".join(json.dumps(record) + "\n" for record in cast))
            compare(title, folder, late)


def compare(title, folder, late):
    print(f"references of the {title}: {len(late)} instance crops of {len({r['source']['shot'] for r in late})} shots")
    for by, threshold, margin in itertools.product(("mean", "nearest"), ("0.75", "0.85"), ("0.03", "0.1")):
        flags = ["--compare-with", by, "--min-cosine", threshold, "--cosine-margin", margin]
        alone, tracks = (score(run(folder, late, *flags, *more)) for more in (["--max-gap", "0"], []))
        print(f"  {by} {threshold} {margin}: alone precision {alone[0]:.3f} recall {alone[1]:.3f}, "
              f"with tracks precision {tracks[0]:.3f} recall {tracks[1]:.3f}")
    tracks = {}
    for record in run(folder, late):
        tracks.setdefault(record["identity"]["track"], set()).add(record["truth"]["name"])
    print(f"  {len(tracks)} tracks, {sum(len(names) > 1 for names in tracks.values())} of more than one character")


if __name__ == "__main__":
    main()
