"""Runs each tool and its peers in turn, and prints medians, ratios and peak memory as a table.

A ratio is the peer's time over ours in the same round, so that a machine whose speed drifts does not
change it; above 1 ours is faster. Memory is the largest process's.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE.parent.parent / "target" / "release"


def measure(command, work):
    """Wall seconds and peak MiB of one run; None if it fails."""
    with open(work / "bench.log", "ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(["bash", "-c", "exec " + command], stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - began
    return (taken, usage.ru_maxrss / 1024) if status == 0 else None


def compare(title, ours, peers, work, rounds):
    """One table: ours first, then each peer."""
    print(f"\n### {title}\n\n| command | seconds | ratio | peak MiB |\n|---|---|---|---|", flush=True)
    results = {name: [] for name in [*ours, *peers]}
    for _ in range(rounds):
        for name, command in {**ours, **peers}.items():
            results[name].append(measure(command, work))
    first = next(iter(ours))
    for name, runs in results.items():
        if None in runs or None in results[first]:
            print(f"| {name} | failed, see bench.log | | |")
            continue
        seconds = statistics.median(run[0] for run in runs)
        ratio = statistics.median(run[0] / our[0] for run, our in zip(runs, results[first]))
        memory = max(run[1] for run in runs)
        print(f"| {name} | {seconds:.2f} | {ratio:.2f} | {memory:.0f} |", flush=True)


def tool(name, arguments):
    """Command line of one of our tools."""
    return f"{shlex.quote(str(BIN / name))} -q {arguments}"


def main():
    """All comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    work, rounds = options.work.resolve(), options.rounds
    frames, manifest = work / "frames", work / "frames.jsonl"
    subprocess.run([sys.executable, HERE / "inputs.py", work], check=True)

    def peer(name, argument):
        return f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'peers.py'))} {name} {shlex.quote(str(argument))}"

    def decode(kind):
        return f"{shlex.quote(str(BIN / 'examples/decode'))} {kind} {shlex.quote(str(frames))}"

    quoted = shlex.quote(str(manifest))
    compare("Near duplicates, 300 frames of 1920x1080", {"frame-dedup": tool("frame-dedup", quoted)}, {
        "libjpeg-turbo, luma at 1/8, decoding only": decode("eighth"),
        "imagehash, Pool(2)": peer("imagehash_pool", frames),
        "imagededup PHash": peer("imagededup_phash", frames)}, work, rounds)
    compare("Quality, the same frames", {"blur-filter": tool("blur-filter", f"--keep {quoted}")}, {
        "libjpeg-turbo, luma, decoding only": decode("luma"),
        "OpenCV, Pool(2)": peer("opencv_pool", frames),
        "cleanvision, all issues": peer("cleanvision_all", frames)}, work, rounds)
    compare("Light, the same frames", {"light-classify": tool("light-classify", quoted)}, {
        "libjpeg-turbo, RGB at 1/4, decoding only": decode("quarter")}, work, rounds)
    points, array = work / "vectors_10000.jsonl", work / "vectors_10000.npy"
    compare("k-means, 10,000 vectors of 512, 50 clusters", {
        "cluster": tool("cluster", f"--method kmeans --k 50 {shlex.quote(str(points))}")}, {
        "scikit-learn": peer("sklearn_kmeans", array), "faiss": peer("faiss_kmeans", array)}, work, rounds)
    networks(work, manifest, frames, rounds)
    compare("Hashes that are known already, frame-dedup", {
        f"{count:,} records": tool("frame-dedup", shlex.quote(str(work / f"hashes_{count}.jsonl")))
        for count in (10_000, 100_000, 1_000_000)}, {}, work, 1)
    compare("Memory over the length of a manifest, blur-filter with absolute limits", {
        f"{count:,} records": tool("blur-filter", "--keep --size 1 --sharpness 1 --contrast 1 "
                                   + shlex.quote(str(work / f"small_{count}.jsonl")))
        for count in (1_000, 10_000, 100_000)}, {}, work, 1)


def networks(work, manifest, frames, rounds):
    """Tools that run networks, where small published weights are at hand: in the folder BENCH_WEIGHTS."""
    weights = Path(os.environ.get("BENCH_WEIGHTS", HERE.parents[1] / ".." / "shared" / "weights")).resolve()
    first = work / "frames_60.jsonl"
    first.write_text("".join(line + "\n" for line in manifest.read_text().splitlines()[:60]))
    kinds = {
        "detect": ("char-detect", "yolox_nano.onnx", "--threshold 0.5"),
        "face": ("face-crop", "yunet_n_dynamic.onnx", f"--keep --out-dir {shlex.quote(str(work / 'faces'))}"),
        "pose": ("rtmpose", "movenet_single_pose_lightning_ptq.onnx", "--box whole"),
    }
    for kind, (name, file, flags) in kinds.items():
        model = weights / file
        if not model.exists():
            print(f"\n{name}: {model} is not there, and the tool is left out")
            continue
        quoted = shlex.quote(str(model))

        def peer(way, kind=kind, quoted=quoted):
            script = f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'networks.py'))}"
            return f"{script} {kind} {way} {quoted} {shlex.quote(str(frames))}"

        ours = tool(name, f"--no-cache --device cpu --threads 1 --model {quoted} {flags} {shlex.quote(str(first))}")
        compare(f"{name} with {file}, 60 frames, one thread for the network", {name: ours}, {
            "the network alone, from Python": peer("alone"), "OpenCV and ONNX Runtime in Python": peer("python")},
            work, rounds)


if __name__ == "__main__":
    main()
