"""Runs each installed network on forty frames of the sample film, through the tools, and holds what it finds against the truth.

A network whose images are prepared in another way than it was trained with still runs, and finds less: models/ranges.toml says
between which values each measure must lie. Needs what requirements.txt beside it names; `make try` installs it.

Exits with 0 if all that was measured is in its range, with 1 if not or if there is no such network, and with 2 if none is installed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import roles
import truth as truths
from sample import Sample

ROOT = Path(__file__).resolve().parents[2]
SMALL = "small-"
# The film of the networks that know animals: in the other one there are none.
ANIMALS = ROOT / "examples/creature"


class Failed(Exception):
    """A tool that did not do its work, with what it said last."""


def ranges(path):
    """Of each network the ranges of its measures, and on what they rest.

    The file is of the part of TOML that one line can hold: `[name]`, and `key = value` as JSON has it. Python has a reader of all of TOML
    only from 3.11 on.
    """
    found, own = {}, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if line.startswith("["):
            own = found.setdefault(line.strip("[]\" "), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            try:
                own[key.strip()] = json.loads(value)
            except (ValueError, TypeError) as error:
                raise SystemExit(f"{path}: line {number}: not `key = value`: {error}") from error
    return found


class Run:
    """One network, and the tools that run it."""

    def __init__(self, tools, models, device, folder, truth, network):
        self.tools, self.models, self.device, self.folder, self.truth, self.network = tools, models, device, folder, truth, network
        self.images, self.seconds = 0, 0.0

    @property
    def animals(self):
        """Whether it knows animals."""
        return self.network.get("animals", False)

    def has(self, part):
        """Whether the network has a part of this name."""
        return part in self.network["parts"]

    def write(self, name, written):
        """Writes a manifest."""
        (self.folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in written), encoding="utf-8")

    def source(self, tool, *words, images):
        """What a tool writes; its network has looked at this many images. With the time that it took."""
        command = [self.tools / tool, "--quiet", *words]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FILM2LORA_") or key == "FILM2LORA_API_KEY"}
        if images:
            command += ["--model", self.network["name"], "--models", self.models, "--device", self.device]
        began = time.monotonic()
        ran = subprocess.run(list(map(str, command)), cwd=self.folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False)
        if images:
            self.images += images
            self.seconds += time.monotonic() - began
        if ran.returncode:
            raise Failed((ran.stderr.strip() or f"{tool}: exit status {ran.returncode}").splitlines()[-1])
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def __call__(self, tool, given, *flags, network=True):
        """The records that a tool makes of these."""
        self.write("in", given)
        # A result that is remembered takes no time, and is of an earlier run.
        flags = [*flags, "--no-cache"] if network and tool not in ("clip-tag",) else list(flags)
        return self.source(tool, *flags, "in.jsonl", images=len(given) if network else 0)

    def measured(self, sample):
        """The values of the network's measures."""
        measure, _ = roles.ROLES[self.network["role"]]
        return measure(self, sample)


def installed(tools, models):
    """All networks of the registry, with their parts as the file says."""
    ran = subprocess.run([tools / "models", "--list", "--json", "--models", models], capture_output=True, encoding="utf-8", check=False)
    if ran.returncode:
        raise SystemExit(ran.stderr.strip())
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    return [one for one in found if one["role"] in roles.ROLES]


def meant(found, networks, names):
    """The networks to be run, and those that are not there."""
    if names:
        unknown = sorted(set(names) - {one["name"] for one in found})
        if unknown:
            raise SystemExit(f"try: {unknown[0]}: not in the registry: `film2lora models --list` shows all models")
        asked = [one for one in found if one["name"] in names]
    else:
        asked = [one for one in found if one["name"].startswith(SMALL) == (networks == "small")]
    return [one for one in asked if one["state"] != "missing"], [one for one in asked if one["state"] == "missing"]


def within(value, bounds):
    """Whether a value lies between two."""
    return value is not None and bounds[0] <= value <= bounds[1]


def number(value):
    """A value with as many digits as say something."""
    if value is None:
        return "none"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 2 else f"{value:.3f}"


def rows(name, role, values, known, rate):
    """The lines of a network's table, and whether all its values are in their ranges."""
    well = True
    _, words = roles.ROLES[role]
    for measure, text in words.items():
        bounds = known.get(measure)
        # What a network with ranges has none of says nothing of it, as facts in the words of another.
        if bounds is None and (known or measure not in values):
            continue
        value = values.get(measure)
        if bounds is None:
            verdict, limits = "no range", ""
        else:
            limits = f"{number(bounds[0])} to {number(bounds[1])}"
            inside = within(value, bounds)
            well &= inside
            verdict = "ok" if inside else "OUTSIDE"
            if known.get("basis") == "estimate":
                verdict += " (estimated range)"
        yield f"{name:<24} {text:<36} {number(value):>7}  {limits:<16} {rate:>8}  {verdict}", well
        name = rate = ""


def table(run, sample, known):
    """Prints what one network does; whether all of it is in its ranges, and none where it did not run."""
    name, role = run.network["name"], run.network["role"]
    try:
        values = run.measured(sample)
    except Failed as error:
        print(f"{name:<24} does not run: {error}", flush=True)
        return None
    rate = f"{run.images / run.seconds:.1f}" if run.seconds else ""
    well = True
    for line, inside in rows(name, role, values, known, rate):
        print(line, flush=True)
        well &= inside
    return well


def parts(models):
    """The parts of each network's files, as the registry names them."""
    found, name = {}, None
    for line in (models / "registry.toml").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(" = ")
        if key == "name":
            name = json.loads(value)
        elif key == "part" and name:
            found.setdefault(name, set()).add(json.loads(value))
    return found


def of_animals(models):
    """The networks that know animals, by the parameters of the registry."""
    found, name = set(), None
    for line in (models / "registry.toml").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(" = ")
        if key == "name":
            name = json.loads(value)
        elif (key, value) == ("skeleton", '"ap10k17"') or (key == "labels" and "animal" in json.loads(value)):
            found.add(name)
    return found


class Films:
    """The sample of each film, which is made when it is first asked for."""

    def __init__(self, asked, folder):
        self.asked, self.folder, self.made = asked, folder, {}

    def of(self, network):
        """The sample that a network is tried on, its truth, and the folder of both."""
        film = ANIMALS if network["animals"] else self.asked.film
        if film not in self.made:
            folder, truth = self.folder / film.name, truths.frames(film)
            self.made[film] = (Sample(film, self.asked.tools, folder, truth), truth, folder)
        return self.made[film]


def trial(asked, folder):
    """Prints the table; the exit status."""
    known, named = ranges(asked.ranges), parts(asked.models)
    there, lacking = meant(installed(asked.tools, asked.models), asked.networks, asked.model)
    films, animals = Films(asked, folder), of_animals(asked.models)
    if there:
        print(f"{'network':<24} {'measure':<36} {'value':>7}  {'range':<16} {'images/s':>8}  verdict", flush=True)
    outside, failed = [], []
    for network in sorted(there, key=lambda one: list(roles.ROLES).index(one["role"])):
        network |= {"parts": named.get(network["name"], set()), "animals": network["name"] in animals}
        sample, truth, work = films.of(network)
        run = Run(asked.tools, asked.models, asked.device, work, truth, network)
        well = table(run, sample, known.get(network["name"], {}))
        if not well:
            (failed if well is None else outside).append(network["name"])
    skipped(lacking, asked)
    if there:
        print(f"\n{len(there) - len(outside) - len(failed)} of {len(there)} networks are within their ranges.")
    if failed:
        print(f"Did not run: {', '.join(failed)}: what each says stands above. If that is about ONNX Runtime or a file, `film2lora doctor` says what to do.")
    if outside:
        print(f"Outside their ranges: {', '.join(outside)}: the file is another one, is damaged, or its images are not prepared as it wants them "
              "(`film2lora models --verify` reads all files).")
    if any(known.get(name, {}).get("basis") == "estimate" for name in outside):
        print("An estimated range may be wrong itself: look at what the network makes of your film, and correct models/ranges.toml if that is good.")
    if not there:
        download = f"make models MODEL='{' '.join(asked.model)}'" if asked.model else "make models"
        print(f"try: none of these networks is installed: `{download}` downloads them, and `make try NETWORKS=small` runs those that are included",
              file=sys.stderr)
    return 2 if not there else 1 if outside or failed else 0


def skipped(lacking, asked):
    """Says which networks are not installed: those that were asked for, or else the defaults, and how many others."""
    by_name = asked.model or asked.networks == "small"
    named = [one["name"] for one in lacking if by_name or one["default"]]
    others = len(lacking) - len(named)
    if named:
        print(f"\nNot installed, and skipped: {', '.join(named)}" + (f", and {others} that are not the default of a role." if others else "."), flush=True)


def main():
    """The table, in a folder that is removed again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path, help="folder of the tools")
    parser.add_argument("--networks", default="published", help="published or small, as make's setting NETWORKS (default: published)")
    parser.add_argument("--model", default="", help="run these networks instead, by their names with commas between")
    parser.add_argument("--device", default="auto", help="where networks run: auto, cpu or cuda (default: auto)")
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder of registry.toml and the networks")
    parser.add_argument("--ranges", type=Path, default=ROOT / "models/ranges.toml", help="file of the ranges")
    parser.add_argument("--film", type=Path, default=ROOT / "examples/film", help="folder of the film, its truth and its plates")
    parser.add_argument("--work", type=Path, help="folder for what the tools write, which is kept; by default one that is removed")
    asked = parser.parse_args()
    if asked.networks not in ("published", "small"):
        raise SystemExit(f"try: NETWORKS={asked.networks}: there is nothing to try: must be published or small")
    asked.tools, asked.models = asked.tools.resolve(), asked.models.resolve()
    asked.model = [name for name in asked.model.replace(",", " ").split() if name]
    try:
        if asked.work:
            sys.exit(trial(asked, asked.work.resolve()))
        with tempfile.TemporaryDirectory(prefix="film2lora-try-") as folder:
            status = trial(asked, Path(folder).resolve())
    except subprocess.CalledProcessError as error:
        # It has said why; most often ffmpeg is missing, which takes the frames from the film.
        raise SystemExit(f"try: {Path(error.cmd[0]).name} failed: `film2lora doctor` says what is missing") from error
    except OSError as error:
        raise SystemExit(f"try: {error}") from error
    sys.exit(status)


if __name__ == "__main__":
    main()
