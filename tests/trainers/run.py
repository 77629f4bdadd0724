#!/usr/bin/env python3
"""Runs the trainers' own loaders over generated images, and compares what they make of them with the
files in golden/, to which the tests of shared/loaders hold lora-lint's prediction.

It fetches nothing. Checkouts are given by path, as --sd-scripts PATH or in the variable SD_SCRIPTS; a run
without one that it needs is passed over, and that is said. Where the variable CI is set and a path was
given, one that cannot be run is a failure. A checkout that is no git repository names its commit in a file
COMMIT.

Its Python wants torch, torchvision, numpy, pillow and opencv-python-headless; sd-scripts and musubi-tuner
also toml, voluptuous, imagesize, tqdm, packaging, safetensors and einops; ai-toolkit pyyaml; diffusion-pipe
datasets, multiprocess, imageio and toml; simpletuner-view pandas, requests, atomicwrites, colorama, tqdm and
trainingsample; configurations toml, pyyaml, oyaml, python-dotenv and pydantic; steps and keys nothing besides.
Everything else that the trainers import is replaced by stand-ins.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# What is run: its name, its script, and the paths that it needs: checkouts, or the program `dataset-write`.
RUNS = [("sd-scripts", "sd_scripts.py", ["sd-scripts"]), ("ai-toolkit", "ai_toolkit.py", ["ai-toolkit"]),
        ("musubi-tuner", "musubi.py", ["musubi-tuner"]), ("diffusion-pipe", "diffusion_pipe.py", ["diffusion-pipe"]),
        ("onetrainer", "one_trainer.py", ["onetrainer", "mgds"]), ("simpletuner", "simple_tuner.py", ["simpletuner"]),
        ("kohya-view", "sd_scripts_view.py", ["sd-scripts", "dataset-write"]),
        ("ai-toolkit-view", "ai_toolkit_view.py", ["ai-toolkit", "dataset-write"]),
        ("onetrainer-view", "one_trainer_view.py", ["onetrainer", "mgds", "dataset-write"]),
        ("diffusion-pipe-view", "diffusion_pipe_view.py", ["diffusion-pipe", "dataset-write"]),
        ("simpletuner-view", "simple_tuner_view.py", ["simpletuner", "dataset-write"]),
        ("steps", "steps.py", ["sd-scripts", "ai-toolkit", "musubi-tuner", "diffusion-pipe", "onetrainer", "simpletuner"]),
        ("keys", "keys.py", ["sd-scripts", "ai-toolkit", "musubi-tuner", "diffusion-pipe", "onetrainer", "simpletuner", "diffusers"]),
        ("configurations", "configurations.py", ["sd-scripts", "ai-toolkit", "musubi-tuner", "onetrainer", "diffusers", "dataset-write"])]

# How far corners of what is kept may lie from those of another run, in pixels of the image.
NEAR = 1.0


def variable(name):
    return name.upper().replace("-", "_")


def golden(name):
    return os.path.join(HERE, "golden", name + ".json")


def text(answer):
    """JSON with one row a line."""
    def runs(value, indent):
        if isinstance(value, dict):
            inner = ",\n".join(f"{' ' * (indent + 1)}{json.dumps(key)}: {runs(one, indent + 1)}" for key, one in value.items())
            return "{\n" + inner + "\n" + " " * indent + "}"
        if isinstance(value, list) and any(isinstance(one, (list, dict)) for one in value):
            return "[\n" + ",\n".join(" " * (indent + 1) + runs(one, indent + 1) for one in value) + "\n" + " " * indent + "]"
        return json.dumps(value)
    return runs(answer, 0) + "\n"


def differs(before, now, place=""):
    """Where two answers differ by more than rounding."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = sorted(set(before) | set(now))
        return [found for key in keys for found in differs(before.get(key), now.get(key), f"{place}.{key}")]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [found for number, pair in enumerate(zip(before, now)) for found in differs(*pair, f"{place}[{number}]")]
    if isinstance(before, float) and isinstance(now, (int, float)):
        return [] if abs(before - now) <= NEAR else [f"{place}: {before} and now {now}"]
    return [] if before == now else [f"{place}: {before} and now {now}"]


def asked(script, paths):
    """The answer of a harness, which is the last line that it prints; `paths` are what it needs by name."""
    paths = {name: os.path.abspath(path) for name, path in paths.items()}
    first, *also = paths.values()
    if script in ("steps.py", "keys.py", "configurations.py"):
        first, also = json.dumps(paths), []
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, os.path.join(HERE, script), first, work, *(["--also", *also] if also else [])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=work)
        if done.returncode != 0:
            raise RuntimeError("\n".join(done.stderr.splitlines()[-12:]))
        return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in sorted({name for *_, needs in RUNS for name in needs}):
        parser.add_argument("--" + name, default=os.environ.get(variable(name)), metavar="PATH")
    parser.add_argument("--only", help="only this run", choices=[name for name, *_ in RUNS])
    parser.add_argument("--update", action="store_true", help="write the results to golden/")
    given = vars(parser.parse_args())
    failed, passed, skipped = 0, 0, 0
    for name, script, needs in RUNS:
        if given["only"] not in (None, name):
            continue
        paths = {need: given[need.replace("-", "_")] for need in needs}
        missing = [need for need, path in paths.items() if path is None]
        if missing:
            print(f"{name}: SKIPPED: give " + ", ".join(f"--{need} PATH or {variable(need)}" for need in missing))
            skipped += 1
            continue
        try:
            answer = asked(script, paths)
        except (RuntimeError, ValueError, IndexError, OSError) as cause:
            print(f"{name}: cannot be run: {cause}")
            failed += bool(os.environ.get("CI"))
            skipped += not os.environ.get("CI")
            continue
        if given["update"]:
            with open(golden(name), "w") as file:
                file.write(text(answer))
            print(f"{name}: written, at {answer['commit']}")
            continue
        with open(golden(name)) as file:
            found = differs(json.load(file), answer)
        print(f"{name}: " + ("the same" if not found else f"{len(found)} differences: " + "; ".join(found[:5])))
        failed, passed = failed + bool(found), passed + (not found)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
