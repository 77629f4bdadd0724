"""Runs each tool and its peers in turn, and prints CPU seconds, ratios and peak memory as a table.

A ratio is the peer's CPU seconds over ours in the same round, so that a machine whose speed drifts does not
change it; above 1 ours costs less. Memory is the largest process's.
"""

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from measure import MOST_BY_OTHERS, History, load, measured, once, spread

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("BENCH_BIN", HERE.parents[1] / "target" / "release"))


class Bench:
    """Where a bench works, how often it measures, and where it writes what it found."""

    def __init__(self, work, rounds):
        self.work, self.rounds, self.log = work, rounds, work / "bench.log"
        commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
        self.history = History(work / "history.jsonl", commit.stdout.strip() or None)

    def run(self, command, before=lambda: None):
        """What a command costs; None if it fails."""
        return measured(command, self.log, before)

    def keep(self, title, named):
        """Writes the runs to the history; why no number may be given, if so."""
        for name, runs in named.items():
            if None in runs:
                return f"{name} failed, see {self.log.name}"
            self.history.add(title, name, runs)
        busiest = max(run.others for runs in named.values() for run in runs)
        if busiest > MOST_BY_OTHERS:
            return f"no number: other processes kept {busiest:.1f} cores busy"
        return None


def compare(title, ours, peers, bench, rounds=None):
    """One table: ours first, then each peer."""
    print(f"\n### {title}\n\n| command | CPU seconds | ratio | wall seconds | peak MiB |\n|---|---|---|---|---|", flush=True)
    results = {name: [] for name in [*ours, *peers]}
    for _ in range(rounds or bench.rounds):
        for name, command in {**ours, **peers}.items():
            results[name].append(bench.run(command))
    first = next(iter(ours))
    for name, runs in results.items():
        fault = bench.keep(title, {first: results[first], name: runs} if name != first else {name: runs})
        if fault:
            print(f"| {name} | {fault} | | | |", flush=True)
            continue
        ratio = spread(run.cpu / our.cpu for run, our in zip(runs, results[first]))
        print(f"| {name} | {spread(run.cpu for run in runs)} | {ratio} | {statistics.median(run.wall for run in runs):.2f} "
              f"| {max(run.mib for run in runs):.0f} |", flush=True)


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
    work = options.work.resolve()
    bench = Bench(work, options.rounds)
    others = load()
    if others > MOST_BY_OTHERS:
        sys.exit(f"bench: other processes keep {others:.1f} cores busy, so no number would mean anything; run it when the machine is quiet")
    if options.networks or options.extraction:
        if options.extraction:
            extraction(bench)
        if options.networks:
            networks(bench, 1)
            networks(bench, 2)
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
        "imagededup PHash": peer("imagededup_phash", frames)}, bench)
    compare("Quality, the same frames", {"blur-filter": tool("blur-filter", f"--keep {quoted}")}, {
        "libjpeg-turbo, luma, decoding only": decode("luma"),
        "OpenCV, Pool(2)": peer("opencv_pool", frames),
        "cleanvision, all issues": peer("cleanvision_all", frames)}, bench)
    compare("Light, the same frames", {"light-classify": tool("light-classify", quoted)}, {
        "libjpeg-turbo, RGB at 1/4, decoding only": decode("quarter")}, bench)
    points, array = work / "vectors_10000.jsonl", work / "vectors_10000.npy"
    compare("k-means, 10,000 vectors of 512, 50 clusters", {
        "cluster": tool("cluster", f"--method kmeans --k 50 {shlex.quote(str(points))}")}, {
        "scikit-learn": peer("sklearn_kmeans", array), "faiss": peer("faiss_kmeans", array)}, bench)
    extraction(bench)
    networks(bench, 1)
    networks(bench, 2)
    compare("Hashes that are known already, frame-dedup", {
        f"{count:,} records": tool("frame-dedup", shlex.quote(str(work / f"hashes_{count}.jsonl")))
        for count in (10_000, 100_000, 1_000_000)}, {}, bench, 1)
    compare("Memory over the length of a manifest, blur-filter with absolute limits", {
        f"{count:,} records": tool("blur-filter", "--keep --min-side 1 --sharpness 1 --contrast 1 --around-titles 0 "
                                   + shlex.quote(str(work / f"small_{count}.jsonl")))
        for count in (1_000, 10_000, 100_000)}, {}, bench, 1)


def extraction(bench):
    """CPU seconds of frame-extract, with shots, transitions and letterbox, over those of ffmpeg writing as many JPEG files."""
    ffmpeg = shutil.which("ffmpeg") or str(HERE.parents[1] / "models" / "runtime" / "ffmpeg")
    out, title = bench.work / "extracted", "Two frames a second of a minute of 1920x1080"

    def empty():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    print(f"\n### {title}, CPU seconds\n\n| film, frames decoded | ours | `ffmpeg -vf fps=2` | ours over that "
          "| peak MiB |\n|---|---|---|---|---|", flush=True)
    for film in sorted(bench.work.glob("film_*.mp4")):
        for sample in ("all", "keyframes"):
            name = f"{film.stem.removeprefix('film_')}, {sample}"
            ours = tool("frame-extract", f"--method rules --ffmpeg {shlex.quote(ffmpeg)} --sample {sample} --out-dir {shlex.quote(str(out))} "
                        + shlex.quote(str(film)))
            plain = shlex.join([ffmpeg, "-v", "error", "-nostdin", "-i", str(film), "-vf", "fps=2", str(out / "plain_%04d.jpg")])
            pairs = [(bench.run(ours, empty), bench.run(plain, empty)) for _ in range(bench.rounds)]
            fault = bench.keep(title, {name: [own for own, _ in pairs], f"{name}, ffmpeg": [other for _, other in pairs]})
            if fault:
                print(f"| {name} | {fault} | | | |", flush=True)
                continue
            print(f"| {name} | {spread(own.cpu for own, _ in pairs)} | {spread(other.cpu for _, other in pairs)} "
                  f"| {spread(own.cpu / other.cpu for own, other in pairs)} | {max(own.mib for own, _ in pairs):.0f} |", flush=True)
    shutil.rmtree(out, ignore_errors=True)


def told(command, bench):
    """The wall and CPU seconds that a command says its network took; None if it fails."""
    ran = once(command, bench.log, capture=True)
    return tuple(float(number) for number in ran[1].split()) if ran else None


def networks(bench, threads):
    """Tools that run networks with so many threads, over `session.run` alone and beside the same job in Python.

    Published weights are taken from the folder BENCH_WEIGHTS where they are at hand; tools that
    need them are left out otherwise. The others have networks of random weights.
    """
    work = bench.work
    weights = Path(os.environ.get("BENCH_WEIGHTS", HERE.parents[1] / ".." / "shared" / "weights")).resolve()
    if subprocess.run([sys.executable, HERE / "inputs.py", work, "networks"], check=False).returncode != 0:
        print("\nNo networks could be made: the tools that run them are left out")
        return
    graphs, frames, faces = work / "graphs", work / "frames", work / "crops"
    out = work / "out"
    to_out = f"--out-dir {shlex.quote(str(out))}"
    kinds = [
        ("detect", "char-detect", weights / "yolox_nano.onnx", frames, 300, "--threshold 0.5"),
        ("face", "face-crop", weights / "yunet_n_dynamic.onnx", frames, 240, f"--keep {to_out}"),
        ("pose", "rtmpose", weights / "movenet_single_pose_lightning_ptq.onnx", frames, 240, "--box whole"),
        ("emotion", "emotion-classify", graphs / "enet_b0_8.onnx", faces, 240, ""),
        ("embed", "clip-embed", graphs / "clip", frames, 160, ""),
        ("segment", "sam-mask", graphs / "sam", frames, 12, to_out),
        ("inpaint", "lama-inpaint", graphs / "lama.onnx", frames, 8, f"--tries 1 {to_out}"),
    ]
    title = f"Networks, {'one thread' if threads == 1 else f'{threads} threads'} for them"

    def empty():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    print(f"\n### {title}, CPU seconds\n\n| tool, images | ours | `session.run` alone | ours over that "
          "| in wall seconds | the same job in Python | that over ours | peak MiB |\n|---|---|---|---|---|---|---|---|", flush=True)
    for kind, name, model, images, count, flags in kinds:
        if not model.exists():
            print(f"| {name} | {model.name} is missing | | | | | | |", flush=True)
            continue
        # CLIP's folder is what ours takes, and its one graph what the peer does.
        graph = model / "vision_model.onnx" if kind == "embed" else model
        script, paths = HERE / "networks.py", (graph, images, count, out)
        peers = {way: shlex.join(map(str, (sys.executable, script, kind, way, threads, *paths))) for way in ("alone", "python")}
        manifest = shlex.quote(str(work / f"{images.name}_{count}.jsonl"))
        model = shlex.quote(str(model))
        ours = tool(name, f"--no-cache --device cpu --threads {threads} --model {model} {flags} {manifest}")
        rounds = []
        for _ in range(bench.rounds):
            own, alone = bench.run(ours, empty), told(peers["alone"], bench)
            rounds.append((own, alone, bench.run(peers["python"], empty)))
        fault = bench.keep(title, {name: [own for own, _, _ in rounds], f"{name} in Python": [job for _, _, job in rounds]})
        if fault or any(alone is None for _, alone, _ in rounds):
            print(f"| {name} | {fault or f'session.run failed, see {bench.log.name}'} | | | | | | |", flush=True)
            continue
        print(f"| {name}, {count} | {spread(own.cpu for own, _, _ in rounds)} | {spread(alone[1] for _, alone, _ in rounds)} "
              f"| {spread(own.cpu / alone[1] for own, alone, _ in rounds)} | {spread(own.wall / alone[0] for own, alone, _ in rounds)} "
              f"| {spread(job.cpu for _, _, job in rounds)} "
              f"| {spread(job.cpu / own.cpu for own, _, job in rounds)} | {max(own.mib for own, _, _ in rounds):.0f} |", flush=True)


if __name__ == "__main__":
    main()
