#!/usr/bin/env python3
"""Runs a stage that works on one record at a time on the machines of RUNNER, by the recipes of examples/cluster.

    runner.py TOOL FLAGS... MANIFEST > records

RUNNER is the name of an engine and the flags for it: `parallel --sshlogin node1,node2`, `ray --cpus 2 --gpus 0.25`, or
`slurm 64 --gres gpu:1`, whose first word is the number of shards. Every machine sees the tools and the folder OUT under
the paths that they have here. What the tool drops goes where its --rejects says, in the order of the blocks.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import names
from names import Wrong, setting

RECIPES = names.ROOT / "examples/cluster"
ENGINES = ["parallel", "ray", "slurm"]


def engine():
    """The engine and its flags."""
    words = names.split("RUNNER", setting("RUNNER"))
    if not words or words[0] not in ENGINES:
        raise Wrong(f"RUNNER={setting('RUNNER')}: must begin with {', '.join(ENGINES[:-1])} or {ENGINES[-1]}")
    if words[0] == "slurm" and not (len(words) > 1 and words[1].isdecimal() and int(words[1])):
        raise Wrong(f"RUNNER={setting('RUNNER')}: after slurm comes the number of shards, such as slurm 64")
    if not (RECIPES / "block.py").is_file():
        raise Wrong(f"RUNNER: {RECIPES}: the recipes are not there: run make in the repository")
    return words[0], words[1:]


def parted(arguments):
    """The tool's command line without what is the run's own; the file of rejects; the manifest."""
    *command, manifest = arguments
    at = command.index("--rejects")
    rejects = command[at + 1]
    del command[at : at + 2]
    return command, rejects, manifest


def called(name, flags, command, manifest, work):
    """How a recipe is called, and the manifest that it writes; none where that is standard output."""
    chain, python = shlex.join(command), sys.executable
    rejects = work / "rejects"
    if name == "parallel":
        return ["bash", RECIPES / "parallel.sh", manifest, rejects, chain, *flags], None
    if name == "ray":
        return [python, "-B", RECIPES / "ray_blocks.py", *flags, "--rejects", rejects, manifest, chain], None
    return ["bash", RECIPES / "slurm/submit.sh", manifest, work, flags[0], chain, *flags[1:]], work / "out.jsonl"


def lines(path):
    """The records of a manifest, as bytes, one after another."""
    with open(path, "rb") as file:
        yield from filter(bytes.strip, file)


def counts(tool, manifest, written, dropped, seconds):
    """What the stage says of its records, as a tool does."""
    failed = sum(1 for line in dropped if b'"error"' in line and "error" in json.loads(line).get("rejected", {"error": ""}))
    said = {"tool": tool, "in": sum(1 for _ in lines(manifest)), "out": written, "rejected": len(dropped) - failed, "failed": failed}
    if setting("FILM2LORA_COUNTS"):
        with open(setting("FILM2LORA_COUNTS"), "a", encoding="utf-8") as file:
            file.write(json.dumps(said | {"seconds": round(seconds, 3)}) + "\n")


def main():
    name, flags = engine()
    command, rejects, manifest = parted(sys.argv[1:])
    # Slurm's shards that are complete are not run again; of the others nothing is left over.
    work = Path(".runner", rejects.replace("/", "-").removesuffix(".rejects.jsonl"))
    if name != "slurm":
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    recipe, manifest_out = called(name, flags, command, manifest, work)
    out, began = work / "out.jsonl", time.monotonic()
    with open(os.devnull if manifest_out else out, "wb") as file:
        subprocess.run(recipe, stdout=file, check=True)
    dropped = sorted((work / "rejects").glob("*.jsonl"))
    subprocess.run([sys.executable, "-B", RECIPES / "shards.py", "check", manifest, out, *dropped], check=True)
    left = [line for path in dropped for line in lines(path)]
    Path(rejects).write_bytes(b"".join(left))
    written = 0
    for line in lines(out):
        sys.stdout.buffer.write(line)
        written += 1
    sys.stdout.buffer.flush()
    counts(os.path.basename(command[0]), manifest, written, left, time.monotonic() - began)
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(names.ended(main))
