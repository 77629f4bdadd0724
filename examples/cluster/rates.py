#!/usr/bin/env python3
"""Measures what each stage takes for a thousand 1080p frames, and what a kill costs: the table that a plan begins with.

    rates.py --film examples/film/film.mp4 --models models target/release
    rates.py --film mine.mkv --seconds 60 --networks published target/release

The film is scaled to 1920 columns first. CPU seconds are those of all threads; a stage has one thread. With the small networks of the
sample film, which take next to nothing, a stage with a network shows what is done around it: read, decode, scale, write.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Each: its name, whether its network comes with `small-`, and the command; it reads the manifest named first.
STAGES = [
    ("frame-dedup --hash-only", "frames", "frame-dedup --hash-only"),
    ("blur-filter", "frames", "blur-filter --keep"),
    ("light-classify", "frames", "light-classify"),
    ("clip-embed --crops wide", "frames", "clip-embed --crops wide MODEL=embed"),
    ("clip-tag", "clip-embed", "clip-tag --labels LABELS MODEL=embed"),
    ("char-detect", "frames", "char-detect --threshold 0.1 MODEL=detect"),
    ("sam-mask", "char-detect", "sam-mask --out-dir masks MODEL=segment"),
    ("mask-crop", "sam-mask", "mask-crop --out-dir crops --min-edges 0 --min-laplacian-variance 0"),
    ("clip-embed --mask", "mask-crop", "clip-embed --mask MODEL=embed"),
    ("rtmpose", "mask-crop", "rtmpose MODEL=pose"),
    ("pose-classify", "rtmpose", "pose-classify"),
    ("face-crop", "rtmpose", "face-crop --out-dir faces --min-side 20 MODEL=face"),
    ("emotion-classify", "face-crop", "emotion-classify MODEL=emotion"),
    ("plate-merge", "sam-mask", "plate-merge --out-dir plates"),
    ("lama-inpaint", "plate-merge", "lama-inpaint --out-dir inpainted MODEL=inpaint"),
    ("caption-compose", "frames", "caption-compose --type style --trigger made"),
    ("bucket-crop", "frames", "bucket-crop"),
    ("dataset-write", "frames", "dataset-write --type style --trigger made --out-dir set"),
]


def start(command, source, out):
    with open(source, "rb") as records, open(out, "wb") as written, open("said", "ab") as said:
        return subprocess.Popen(command, stdin=records, stdout=written, stderr=said, start_new_session=True)


def run(command, source, out):
    """CPU seconds and seconds; what the processes that it starts take is in its own."""
    began = time.monotonic()
    child = start(command, source, out)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: ended with {child.returncode}: see {os.getcwd()}/said")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began


def lines(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def size(paths):
    return sum(os.path.getsize(path) for path in paths)


def below(folder):
    return [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]


def words_of(text, tools, networks, labels):
    """A command line: the tool's path, and the flags that a network takes."""
    command = []
    for word in text.replace("LABELS", labels).split():
        role = word.partition("MODEL=")[2]
        model = ["--model", f"small-{role}"] if role and networks == "small" else []
        command += [*model, "--device", "cpu", "--threads", "1", "--no-cache"] if role else [word]
    return [os.path.join(tools, command[0]), *command[1:], "-j1"]


def spent(group):
    """CPU seconds so far of the processes of a group, and of those that they waited for."""
    ticks = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{process}/stat").read().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15])) if int(fields[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def kills(commands):
    """A table: kill -9 in the middle of a stage, then the stage again. CPU seconds: seconds would tell how busy the machine is."""
    print("\n| stage | undisturbed, CPU s | killed after | again | lost |\n|---|---|---|---|---|")
    for name, command, source, cached in commands:

        def words(number):
            cache = ["--cache", os.path.join(os.getcwd(), f"cache.{number}")] if cached else []
            return [word.replace("OUT", f"killed.{number}") for word in command if word != "--no-cache"] + cache

        whole = run(words(1), source, "killed.out")[0]
        child, before = start(words(2), source, "killed.out"), 0.0
        while before < whole / 2 and child.poll() is None:
            time.sleep(0.02)
            before = spent(child.pid)
        if child.poll() is not None:
            print(f"| {name} | {whole:.1f} | ended before | | |", flush=True)
            continue
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        again = run(words(2), source, "killed.out")[0]
        print(f"| {name} | {whole:.1f} | {before:.1f} | {again:.1f} | {before + again - whole:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", help="folder of the tools")
    parser.add_argument("--film", required=True)
    parser.add_argument("--seconds", type=float, default=60, help="of the film [default: %(default)s]")
    parser.add_argument("--networks", choices=["small", "published"], default="small")
    parser.add_argument("--kills", action="store_true", help="measure what a kill costs, and nothing else")
    parser.add_argument("--labels", help="folder of labels for clip-tag; without it the stage is left out")
    parser.add_argument("--ffmpeg", default=os.environ.get("FFMPEG") or shutil.which("ffmpeg") or os.path.join(ROOT, "models/runtime/ffmpeg"))
    parser.add_argument("--work", help="folder to work in, kept [default: a new one, removed]")
    flags = parser.parse_args()
    tools, film, labels = os.path.abspath(flags.bin), os.path.abspath(flags.film), os.path.abspath(flags.labels) if flags.labels else ""
    with tempfile.TemporaryDirectory() as own:
        os.makedirs(flags.work or own, exist_ok=True)
        os.chdir(flags.work or own)
        scale = [
            flags.ffmpeg,
            "-hide_banner",
            "-nostdin",
            "-v",
            "error",
            "-y",
            "-i",
            film,
            "-t",
            str(flags.seconds),
            "-vf",
            "scale=1920:-2",
            "-preset",
            "veryfast",
        ]
        subprocess.run([*scale, "-vf", "scale=1920:-2", "-preset", "veryfast", "film.mp4"], check=True)
        extract = [os.path.join(tools, "frame-extract"), "--method", "rules", "--fps", "2", "--out-dir", "frames", "-j1", "film.mp4"]
        cpu, wall = run(extract, os.devnull, "frames.jsonl")
        count = lines("frames.jsonl")
        print("| stage | records in | out | CPU s for 1,000 frames of the film | for 1,000 records | records a second of one core | bytes a record |")
        print("|---|---|---|---|---|---|---|")

        def row(name, taken, went_in, out):
            each = size([out]) / max(1, lines(out))
            print(
                f"| {name} | {went_in} | {lines(out)} | {1000 * taken / count:.1f} | {1000 * taken / went_in:.1f} | {went_in / taken:.1f} | {each:.0f} |",
                flush=True,
            )

        row(f"frame-extract, {count / flags.seconds:.1f} frames a second", cpu, count, "frames.jsonl")
        made = {"frames": "frames.jsonl"}
        for name, source, text in STAGES:
            source = made.get(source)
            if flags.kills and name != "char-detect":
                continue
            if not source or not lines(source) or ("LABELS" in text and not labels):
                continue
            key = name.split(" ")[0]
            out = f"{key}.{len(made)}.jsonl"
            cpu, wall = run(words_of(text, tools, flags.networks, labels), source, out)
            made.setdefault(key, out)
            row(name, cpu, lines(source), out)
        print("\n| files | number | bytes each |\n|---|---|---|")
        for folder in ["frames", "masks", "crops", "faces", "plates", "inpainted"]:
            files = [path for path in below(folder) if os.path.isfile(path)]
            if files:
                print(f"| {folder}/ | {len(files)} | {size(files) / len(files):,.0f} |", flush=True)
        network = words_of("clip-embed --crops wide MODEL=embed", tools, flags.networks, labels)
        masks = words_of("sam-mask --out-dir OUT MODEL=segment", tools, flags.networks, labels)
        kills(
            [
                ("frame-extract", [*extract[:5], "--out-dir", "OUT", "-j1", "film.mp4"], os.devnull, False),
                ("frame-dedup --hash-only", words_of("frame-dedup --hash-only", tools, flags.networks, labels), "frames.jsonl", False),
                ("light-classify", words_of("light-classify", tools, flags.networks, labels), "frames.jsonl", False),
                ("clip-embed, with its cache", network, "frames.jsonl", True),
                ("sam-mask, with its cache", masks, made["char-detect"], True),
            ]
        )


if __name__ == "__main__":
    main()
