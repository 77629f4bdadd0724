"""Makes what `bench.py` measures on, in a process of its own: the memory of a process that is started
counts from what its parent has, and numpy has much.

Usage: inputs.py WORK [networks]
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy
from PIL import Image

# The box and the hole that every frame is given: left, top, right, bottom of 1920x1080.
BOX = (700, 150, 1200, 1000)

BIN = Path(__file__).resolve().parent.parent.parent / "target" / "release"


def manifest_of_images(work):
    """A manifest of the frames, by frame-scan."""
    path = work / "frames.jsonl"
    with open(path, "wb") as out:
        subprocess.run([BIN / "frame-scan", work / "frames"], stdout=out, check=True)
    return path


def manifest_of_hashes(work, count):
    """Records that carry hashes already: a tenth are near another one."""
    path = work / f"hashes_{count}.jsonl"
    if not path.exists():
        source = random.Random(1)
        known = []
        with open(path, "w") as out:
            for number in range(count):
                near = known and source.random() < 0.1
                value = source.choice(known) ^ (1 << source.randrange(64)) if near else source.getrandbits(64)
                known.append(value)
                text = f"{value:016x}"
                record = {"id": f"r{number:07}", "image": f"r{number}.jpg", "width": 1920, "height": 1080,
                          "source": {"film": "f", "frame": number, "time": number / 2, "shot": number // 8},
                          "dedup": {"hash": text, "dhash": text}, "quality": {"sharpness": number % 997}}
                out.write(json.dumps(record, separators=(",", ":")) + "\n")
    return path


def manifest_of_small_images(work, count):
    """The same 50 small images again and again, for memory over the length of a manifest."""
    folder = work / "small"
    if not folder.exists():
        folder.mkdir()
        source = numpy.random.default_rng(1)
        for number in range(50):
            Image.fromarray(source.integers(0, 255, (64, 96, 3), "uint8")).save(folder / f"{number}.jpg")
    path = work / f"small_{count}.jsonl"
    with open(path, "w") as out:
        for number in range(count):
            image = str(folder / f"{number % 50}.jpg")
            out.write(json.dumps({"id": f"r{number:07}", "image": image, "width": 96, "height": 64}) + "\n")
    return path


def vectors(work, count, width):
    """Unit vectors round 50 centres, as a manifest and as a numpy file."""
    manifest, array = work / f"vectors_{count}.jsonl", work / f"vectors_{count}.npy"
    if not array.exists():
        source = numpy.random.default_rng(1)
        centres = source.normal(size=(50, width))
        points = centres[source.integers(0, 50, count)] + 0.7 * source.normal(size=(count, width))
        points = (points / numpy.linalg.norm(points, axis=1, keepdims=True)).round(5).astype("float32")
        with open(manifest, "w") as out:
            for number, point in enumerate(points):
                vector = [round(float(value), 5) for value in point]
                out.write(json.dumps({"id": f"r{number}", "embedding": {"vector": vector}}) + "\n")
        numpy.save(array, points)
    return manifest, array


def manifests_for_networks(work):
    """Frames with a box, and with a mask that fills it; crops of frames, which stand for faces."""
    mask, crops = work / "hole.png", work / "crops"
    if not mask.exists():
        hole = Image.new("L", (1920, 1080))
        hole.paste(255, BOX)
        hole.save(mask)
    if not crops.exists():
        crops.mkdir()
        for path in sorted((work / "frames").iterdir()):
            Image.open(path).crop((800, 300, 1056, 556)).save(crops / f"{path.stem}.png", compress_level=1)
    for folder, width, height, more in (("frames", 1920, 1080, {"boxes": [{"box": BOX, "score": 0.9, "label": "person"}],
                                                                  "mask": str(mask)}), ("crops", 256, 256, {})):
        paths = sorted((work / folder).iterdir())
        for count in (8, 12, 160, 240, 300):
            with open(work / f"{folder}_{count}.jsonl", "w") as out:
                for path in paths[:count]:
                    record = {"id": path.stem, "image": str(path), "width": width, "height": height, **more}
                    out.write(json.dumps(record, separators=(",", ":")) + "\n")


def main():
    """All of it; what is there is kept."""
    work = Path(sys.argv[1])
    if sys.argv[2:] == ["networks"]:
        # Only here, since it may not have installed.
        import graphs

        graphs.draw_all(work / "graphs")
        manifests_for_networks(work)
        return
    manifest_of_images(work)
    for count in (10_000, 100_000, 1_000_000):
        manifest_of_hashes(work, count)
    for count in (1_000, 10_000, 100_000):
        manifest_of_small_images(work, count)
    vectors(work, 10_000, 512)


if __name__ == "__main__":
    main()
