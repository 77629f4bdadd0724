#!/usr/bin/env python3
"""How time and memory of the tools that see all records at once grow with their number: makes manifests, runs the tools, prints a table.

    growth.py target/release                                       # 1,000, 10,000 and 100,000 records
    growth.py --sizes 1000,10000 --tools balance --tools id-match target/release

The records are made up, from a seed: films of 10,000 frames, two a second, in shots of seven; of a shot the hashes differ by a few bits
and the vectors by a little, as of frames of one place. Images are 256 small files, which the records share. Needs numpy and Pillow.
A run that would take more than --limit seconds by the growth seen before is left out.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

if "--prepare" in sys.argv:
    import numpy as np
    from PIL import Image

HERE = os.path.abspath(__file__)
FILM, SHOT, WIDE = 10_000, 7, 512
# Of more records there are no manifests with vectors, which have 5 KB a record, and no data sets, which have a file of captions each.
VECTORS = 1_000_000
NAMES = ["nilo", "pia", "oreste"]
TIMES = ["morning", "noon", "afternoon", "evening", "night", "unknown"]


def images(folder):
    """Small images, each another."""
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(1)
    for number in range(256):
        coarse = random.integers(0, 256, (8, 12, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((384, 256), Image.BICUBIC).save(os.path.join(folder, f"{number}.png"), compress_level=1)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def flipped(random, value, most):
    """A hash with at most so many bits changed."""
    for bit in random.integers(0, 64, random.integers(0, most + 1)):
        value ^= 1 << int(bit)
    return f"{value:016x}"


def records(count, vectors):
    """Records of that many frames, or of instances in them."""
    random = np.random.default_rng(2)
    cast = unit(np.random.default_rng(3).normal(size=(len(NAMES), WIDE)))
    for number in range(count):
        film, frame = divmod(number, FILM)
        shot, within = divmod(frame, SHOT)
        if within == 0:
            hashes = [int(one) for one in random.integers(0, 2**63, 2)]
            who, light = int(random.integers(0, 3)), TIMES[int(random.integers(0, 6))]
            place = unit(cast[who] + 0.9 * unit(random.normal(size=WIDE)))
            left, top = (int(one) for one in random.integers(0, 800, 2))
        box = [left + 4 * within, top, left + 4 * within + 200, top + 400]
        record = {
            "id": f"film{film}_{frame:06}",
            "image": f"images/{number % 256}.png",
            "width": 384,
            "height": 256,
            "source": {"film": f"film{film}.mkv", "frame": 12 * frame, "time": frame / 2, "shot": shot},
            "dedup": {"hash": flipped(random, hashes[0], 8), "dhash": flipped(random, hashes[1], 8), "bytes": 100_000 + int(random.integers(0, 9999))},
            "quality": {"sharpness": round(float(random.normal(900, 150)), 1), "brightness": round(float(random.normal(90, 30)), 2)},
            "light": {"time": light, "weather": "sunny", "setting": "outdoor"},
            "instance": {"index": 0, "box": box},
            "caption": f"made up, {NAMES[who]}, {light}, shot {shot} of film {film}",
        }
        if vectors:
            vector = unit(place + 0.25 * unit(random.normal(size=WIDE)))
            record["embedding"] = {"model": "made-up", "vector": np.round(vector, 5).tolist()}
        yield record


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")


def in_file(count, name):
    """Writes the records with vectors, and those that name rows of a file in their place; both are the same numbers."""
    rows = np.lib.format.open_memmap(f"{name}.npy", mode="w+", dtype="<f4", shape=(count, WIDE))
    with open(f"{name}.jsonl", "w", encoding="utf-8") as inside, open(f"{name}.rows.jsonl", "w", encoding="utf-8") as named:
        for number, record in enumerate(records(count, True)):
            inside.write(json.dumps(record) + "\n")
            rows[number] = record["embedding"]["vector"]
            record["embedding"]["vector"] = {"file": f"{name}.npy", "row": number, "crc32": f"{zlib.crc32(rows[number].tobytes()):08x}"}
            named.write(json.dumps(record) + "\n")


def prepare(count):
    """The inputs of one size, in files named after it."""
    if count <= VECTORS:
        in_file(count, str(count))
    write(f"{count}.plain.jsonl", records(count, False))
    decided = (
        {"id": f"film{n // FILM}_{n % FILM:06}", "decision": ("keep", "drop")[n % 2], "by": "a", "at": "2026-01-01T00:00:00Z"} for n in range(0, count, 10)
    )
    write(f"{count}.patch.jsonl", decided)
    if not os.path.exists("cast.jsonl"):
        random = np.random.default_rng(4)
        cast = unit(np.random.default_rng(3).normal(size=(len(NAMES), WIDE)))
        references = [(name, unit(mean + 0.4 * unit(random.normal(size=WIDE)))) for name, mean in zip(NAMES, cast) for _ in range(20)]
        named = [
            {"id": f"r{n}", "image": "images/0.png", "character": name, "embedding": {"model": "made-up", "vector": [round(float(one), 5) for one in vector]}}
            for n, (name, vector) in enumerate(references)
        ]
        write("cast.jsonl", named)


# Each with the manifest that it reads, `{}` being the number of records; in `.rows` the vectors are in a file.
TOOLS = {
    "frame-dedup": "frame-dedup {}.plain.jsonl",
    "balance, 500 of": "balance --target 500 --by /light/time --per-shot 3 {}.jsonl",
    "balance, a tenth of": "balance --target TENTH --by /light/time --per-shot 3 {}.jsonl",
    "balance, by time, a tenth of": "balance --target TENTH --by /light/time --per-shot 3 {}.plain.jsonl",
    "cluster, kmeans, k=auto": "cluster {}.jsonl",
    "cluster, kmeans, k=12": "cluster --k 12 {}.jsonl",
    "cluster, hdbscan": "cluster --method hdbscan {}.jsonl",
    "cluster, dbscan": "cluster --method dbscan {}.jsonl",
    "cluster, near duplicates, none": "cluster --near-duplicates 0.98 --k 12 {}.jsonl",
    "cluster, near duplicates, of shots": "cluster --near-duplicates 0.93 --k 12 {}.jsonl",
    "rows, balance, 500 of": "balance --target 500 --by /light/time --per-shot 3 {}.rows.jsonl",
    "rows, cluster, kmeans, k=12": "cluster --k 12 {}.rows.jsonl",
    "rows, id-match": "id-match --references cast.jsonl --min-cosine 0.5 {}.rows.jsonl",
    "rows, report": "report --kept {}.rows.jsonl --out-dir {}.report",
    "id-match": "id-match --references cast.jsonl --min-cosine 0.5 {}.jsonl",
    "report": "report --kept {}.jsonl --out-dir {}.report",
    "report, no vectors": "report --kept {}.plain.jsonl --out-dir {}.report",
    "review --apply": "review --apply --patch {}.patch.jsonl {}.plain.jsonl",
    "record-join": "record-join --from {}.jsonl --keys embedding {}.plain.jsonl",
    "dataset-write": "dataset-write --type style --trigger made --out-dir {}.set {}.plain.jsonl",
    "lora-lint": "lora-lint --trigger made {}.set/dataset/kohya/dataset.toml",
}


def measure(command):
    """CPU seconds, seconds, and peak memory in MB of a command; what it wrote goes nowhere."""
    began = time.monotonic()
    with open(os.devnull, "wb") as nowhere, open("said", "wb") as said:
        child = subprocess.Popen(command, stdout=nowhere, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode and "lora-lint" not in command[0]:
        sys.exit(f"{' '.join(command)}: ended with {child.returncode}: {open('said').read()[-500:]}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", help="folder of the tools")
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of records [default: %(default)s]")
    parser.add_argument("--tools", action="append", default=[], metavar="NAME", help="those of the table whose names begin so (may be repeated)")
    parser.add_argument("--limit", type=float, default=300, help="most CPU seconds of a run [default: %(default)s]")
    parser.add_argument("--work", help="folder for the manifests, kept [default: a new one, removed]")
    parser.add_argument("--prepare", type=int, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.prepare:
        images("images")
        return prepare(flags.prepare)
    sizes, tools = [int(one) for one in flags.sizes.split(",")], os.path.abspath(flags.bin)
    asked = [name for name in TOOLS if not flags.tools or name.startswith(tuple(flags.tools))]
    with tempfile.TemporaryDirectory() as own:
        os.makedirs(flags.work or own, exist_ok=True)
        os.chdir(flags.work or own)
        print("| tool | records | CPU s | s | peak MB | CPU grew as records to the power of |\n|---|---|---|---|---|---|", flush=True)
        seen = {}
        for count in sizes:
            if not os.path.exists(f"{count}.patch.jsonl"):
                # In a process of its own: the peak memory of a process counts that of the one that started it.
                subprocess.run([sys.executable, HERE, "--prepare", str(count), tools], check=True)
            for name in asked:
                if count > VECTORS and any(one in TOOLS[name] for one in ("{}.jsonl", "{}.rows", "{}.set")):
                    continue
                old = seen.get(name, [])
                power = max(1, old[-1][2] or 1) if old else 1
                expected = old[-1][1] * (count / old[-1][0]) ** power if old else 0
                if expected > flags.limit:
                    print(f"| {name} | {count:,} | over {flags.limit:.0f}: {expected:.0f} by the growth before | | | |", flush=True)
                    continue
                words = TOOLS[name].replace("{}", str(count)).replace("TENTH", str(count // 10)).split()
                for folder in (f"{count}.set", f"{count}.report"):
                    if words[0] in ("dataset-write", "report"):
                        shutil.rmtree(folder, ignore_errors=True)
                cpu, wall, memory = measure([os.path.join(tools, words[0]), *words[1:]])
                power = math.log(cpu / old[-1][1]) / math.log(count / old[-1][0]) if old else None
                seen[name] = [*old, (count, cpu, power)]
                print(f"| {name} | {count:,} | {cpu:.2f} | {wall:.1f} | {memory:.0f} | {'' if power is None else f'{power:.2f}'} |", flush=True)


if __name__ == "__main__":
    main()
