#!/usr/bin/env python3
"""Trains a LoRA as train.json beside this file says; train.cmd starts it.

Settings are variables of the environment, or stand before what goes to the trainer, as in
train.cmd TRAINER=C:\\sd-scripts MODEL=C:\\models\\sdxl.safetensors. The top of train.cmd lists them.
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# Where the Python of a trainer usually is, in its folder.
PYTHONS = ["venv/Scripts/python.exe", ".venv/Scripts/python.exe", "venv/bin/python", ".venv/bin/python"]

WHOLE = re.compile(r"0|[1-9][0-9]*")
NUMBER = re.compile(r"[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?")
# From here on a number is taken for infinite.
LARGEST = 1e300


class Run:
    """The training, and the settings that it is started with."""

    def __init__(self, described, settings):
        self.described = described
        self.settings = dict(settings)
        self.wrong = []

    def value(self, name):
        return self.settings.get(name) or ""

    def path(self, name, about):
        """A setting that must be the path of something."""
        value = self.value(name)
        if not value:
            self.wrong.append(f"{name} is not set: {about}")
        elif not os.path.exists(value):
            self.wrong.append(f"{name}: {value}: no such file or folder: {about}")
        else:
            self.settings[name] = os.path.abspath(value)

    def either(self, name, usual):
        """A setting that is a folder, or a repository of Hugging Face."""
        value = self.settings[name] = self.value(name) or usual
        if os.path.exists(value):
            self.settings[name] = os.path.abspath(value)
        elif os.path.isabs(value) or value.startswith((".", "\\")):
            self.wrong.append(f"{name}: {value}: no such file or folder")

    def look(self):
        """Completes the settings, and notes what is wrong with them."""
        described = self.described
        self.path("TRAINER", described["about"])
        for weight in described["weights"]:
            if weight["usual"] is None:
                self.path(weight["variable"], weight["about"])
            else:
                self.either(weight["variable"], weight["usual"])
        for name, usual in described["numbers"].items():
            value = self.settings[name] = self.value(name) or str(usual)
            kind, pattern = ("number", NUMBER) if name == "LEARNING_RATE" else ("whole number", WHOLE)
            if not pattern.fullmatch(value):
                self.wrong.append(f"{name}: {value}: is not a {kind}")
            elif name == "LEARNING_RATE" and not 0 < float(value) < LARGEST:
                self.wrong.append(f"{name}: {value}: must be above 0 and finite")
            elif name != "SEED" and not float(value):
                self.wrong.append(f"{name}: {value}: must be above 0")
        self.settings["OUTPUT"] = os.path.abspath(self.value("OUTPUT") or os.path.join(HERE, "output"))
        if self.wrong:
            return
        trainer, program = self.value("TRAINER"), described["program"]
        if not os.path.isfile(os.path.join(trainer, program)):
            self.wrong.append(f"TRAINER: {trainer}: has no {program}: name the folder of {described['trainer']}")
        if not os.path.isdir(described["images"]):
            self.wrong.append(f"{described['images']}: no such folder: the data set was moved or made for another machine: write it again")
        if described["alpha"] is not None:
            self.settings["ALPHA"] = f"{int(self.value('RANK')) * described['alpha']:g}"
        own = [os.path.join(trainer, *python.split("/")) for python in PYTHONS]
        own = [python for python in own if os.path.isfile(python)]
        self.settings["PYTHON"] = self.value("PYTHON") or (own or [sys.executable])[0]

    def word(self, pieces):
        """A word of a command, or a value of a configuration."""
        return "".join(self.piece(kind, what) for piece in pieces for kind, what in piece.items())

    def piece(self, kind, what):
        if kind == "variable":
            return self.settings[what]
        if kind == "quoted":
            return json.dumps(self.settings[what], ensure_ascii=False)
        if kind == "epochs":
            return str(-(-int(self.settings["STEPS"]) // what))
        return what

    def completed(self, draft):
        """The text of a configuration, with the values of this run."""
        values = [(key, self.word(pieces)) for key, pieces in draft["values"]]
        with open(os.path.join(HERE, draft["from"]), encoding="utf-8") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines):
            begins = line.lstrip(" \t")
            for key, value in values:
                if begins.startswith(key):
                    end = "," if line.endswith(",") else ""
                    lines[number] = line[: len(line) - len(begins)] + key + value + end
        return "\n".join(lines) + "\n"

    def start(self, words, dry):
        """Runs a command, or says it; returns how it ended."""
        own = {}
        if words[0] == "env":
            words = words[1:]
            while "=" in words[0]:
                name, _, value = words.pop(0).partition("=")
                own[name] = value
        home = self.value("TRAINER") if self.described["at_home"] else None
        if dry:
            print(" ".join([*(f"{name}={value}" for name, value in own.items()), subprocess.list2cmdline(words)]))
            return 0
        # As a console may be in another code page than the configurations of a trainer.
        return subprocess.run(words, cwd=home, env={**os.environ, "PYTHONUTF8": "1", **own}).returncode


def main():
    with open(os.path.join(HERE, "train.json"), encoding="utf-8") as file:
        described = json.load(file)
    names = {"TRAINER", "PYTHON", "OUTPUT", "DRY_RUN", *described["numbers"], *(one["variable"] for one in described["weights"])}
    settings, more = {name: os.environ.get(name) for name in names}, sys.argv[1:]
    while more and more[0].partition("=")[0] in names and "=" in more[0]:
        name, _, settings[name] = more.pop(0).partition("=")
    run = Run(described, settings)
    run.look()
    for wrong in run.wrong:
        print(f"train.py: {wrong}", file=sys.stderr)
    if run.wrong:
        return 2
    dry = run.value("DRY_RUN") == "1"
    if not dry:
        os.makedirs(run.value("OUTPUT"), exist_ok=True)
    for draft in described["drafts"]:
        path = os.path.join(run.value("OUTPUT"), draft["to"])
        if dry:
            print(f"# {path}: as {draft['from']}, with the values of this run")
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(run.completed(draft))
    for number, words in enumerate(described["commands"], 1):
        words = [run.word(word) for word in words] + (more if number == len(described["commands"]) else [])
        ended = run.start(words, dry)
        if ended:
            return ended
    return 0


if __name__ == "__main__":
    sys.exit(main())
