"""Runs each tool and its peers in turn, and prints medians, ratios and peak memory as a table.

A ratio is the peer's time over ours in the same round, so that a machine whose speed drifts does not
change it; above 1 ours is faster. Memory is the largest process's.
"""

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("BENCH_BIN", HERE.parents[1] / "target" / "release"))


def measure(command, work):
    """Wall seconds, peak MiB and CPU seconds, those of its children too, of one run; None if it fails."""
    with open(work / "bench.log", "ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(["bash", "-c", "exec " + command], stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - began
    return (taken, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime) if status == 0 else None


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
    parser.add_argument("--networks", action="store_true", help="measure only the tools that run networks")
    parser.add_argument("--extraction", action="store_true", help="measure only frame-extract")
    options = parser.parse_args()
    work, rounds = options.work.resolve(), options.rounds
    if options.networks or options.extraction:
        (networks if options.networks else extraction)(work, rounds)
        return
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
    extraction(work, rounds)
    networks(work, rounds)
    compare("Hashes that are known already, frame-dedup", {
        f"{count:,} records": tool("frame-dedup", shlex.quote(str(work / f"hashes_{count}.jsonl")))
        for count in (10_000, 100_000, 1_000_000)}, {}, work, 1)
    compare("Memory over the length of a manifest, blur-filter with absolute limits", {
        f"{count:,} records": tool("blur-filter", "--keep --min-side 1 --sharpness 1 --contrast 1 --around-titles 0 "
                                   + shlex.quote(str(work / f"small_{count}.jsonl")))
        for count in (1_000, 10_000, 100_000)}, {}, work, 1)


def extraction(work, rounds):
    """CPU seconds of frame-extract, with shots, transitions and letterbox, over those of ffmpeg writing as many JPEG files."""
    ffmpeg = shutil.which("ffmpeg") or str(HERE.parents[1] / "models" / "runtime" / "ffmpeg")
    out = work / "extracted"
    print("\n### Two frames a second of a minute of 1920x1080, CPU seconds\n\n| film, frames decoded | ours | `ffmpeg -vf fps=2` | ours over that "
          "| lowest, highest | peak MiB |\n|---|---|---|---|---|---|", flush=True)
    for film in sorted(work.glob("film_*.mp4")):
        for sample in ("all", "keyframes"):
            runs = []
            for _ in range(rounds):
                pair = []
                for command in (tool("frame-extract", f"--method rules --ffmpeg {shlex.quote(ffmpeg)} --sample {sample} --out-dir {shlex.quote(str(out))} "
                                     + shlex.quote(str(film))),
                                shlex.join([ffmpeg, "-v", "error", "-nostdin", "-i", str(film), "-vf", "fps=2", str(out / "plain_%04d.jpg")])):
                    shutil.rmtree(out, ignore_errors=True)
                    out.mkdir()
                    pair.append(measure(command, work))
                runs.append(pair)
            if any(None in pair for pair in runs):
                print(f"| {film.stem}, {sample} | failed, see bench.log | | | | |", flush=True)
                continue
            ratios = [own[2] / plain[2] for own, plain in runs]
            median = statistics.median
            print(f"| {film.stem.removeprefix('film_')}, {sample} | {median(own[2] for own, _ in runs):.2f} | {median(plain[2] for _, plain in runs):.2f} "
                  f"| {median(ratios):.2f} | {min(ratios):.2f}, {max(ratios):.2f} | {max(own[1] for own, _ in runs):.0f} |", flush=True)
    shutil.rmtree(out, ignore_errors=True)


def told(command, work):
    """The seconds that a command says; None if it fails."""
    with open(work / "bench.log", "ab") as log:
        ran = subprocess.run(["bash", "-c", "exec " + command], stdout=subprocess.PIPE, stderr=log, check=False)
    return float(ran.stdout) if ran.returncode == 0 else None


def networks(work, rounds):
    """Tools that run networks, over `session.run` alone and beside the same job in Python.

    Published weights are taken from the folder BENCH_WEIGHTS where they are at hand; tools that
    need them are left out otherwise. The others have networks of random weights.
    """
    weights = Path(os.environ.get("BENCH_WEIGHTS", HERE.parents[1] / ".." / "shared" / "weights")).resolve()
    if subprocess.run([sys.executable, HERE / "inputs.py", work, "networks"], check=False).returncode != 0:
        print("\nNo networks could be made: the tools that run them are left out")
        return
    graphs, frames, faces = work / "graphs", work / "frames", work / "crops"
    out = work / "out"
    to_out = f"--out-dir {shlex.quote(str(out))}"
    kinds = [
        ("detect", "char-detect", weights / "yolox_nano.onnx", frames, 120, "--threshold 0.5"),
        ("face", "face-crop", weights / "yunet_n_dynamic.onnx", frames, 240, f"--keep {to_out}"),
        ("pose", "rtmpose", weights / "movenet_single_pose_lightning_ptq.onnx", frames, 240, "--box whole"),
        ("emotion", "emotion-classify", graphs / "enet_b0_8.onnx", faces, 240, ""),
        ("embed", "clip-embed", graphs / "clip", frames, 160, ""),
        ("segment", "sam-mask", graphs / "sam", frames, 12, to_out),
        ("inpaint", "lama-inpaint", graphs / "lama.onnx", frames, 8, f"--tries 1 {to_out}"),
    ]
    print("\n### Networks, one thread for them\n\n| tool, images | ours, seconds | `session.run` alone | ours over that "
          "| the same job in Python | that over ours | peak MiB |\n|---|---|---|---|---|---|---|", flush=True)
    for kind, name, model, images, count, flags in kinds:
        if not model.exists():
            print(f"| {name} | {model.name} is missing | | | | | |", flush=True)
            continue
        # CLIP's folder is what ours takes, and its one graph what the peer does.
        graph = model / "vision_model.onnx" if kind == "embed" else model
        script, paths = HERE / "networks.py", (graph, images, count, out)
        peers = {way: shlex.join(map(str, (sys.executable, script, kind, way, *paths))) for way in ("alone", "python")}
        manifest = shlex.quote(str(work / f"{images.name}_{count}.jsonl"))
        model = shlex.quote(str(model))
        ours = tool(name, f"--no-cache --device cpu --threads 1 --model {model} {flags} {manifest}")
        runs = []
        for _ in range(rounds):
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            runs.append((measure(ours, work), told(peers["alone"], work), measure(peers["python"], work)))
        if any(None in run for run in runs):
            print(f"| {name} | failed, see bench.log | | | | | |", flush=True)
            continue
        median = statistics.median
        print(f"| {name}, {count} | {median(own[0] for own, _, _ in runs):.2f} | {median(alone for _, alone, _ in runs):.2f} "
              f"| {median(own[0] / alone for own, alone, _ in runs):.2f} | {median(job[0] for _, _, job in runs):.2f} "
              f"| {median(job[0] / own[0] for own, _, job in runs):.2f} | {max(own[1] for own, _, _ in runs):.0f} |", flush=True)


if __name__ == "__main__":
    main()
