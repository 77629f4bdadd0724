"""What make was told, as data: read from the environment, checked, and made safe to name files by.

None of it goes through a shell, and only what `slug` has been at becomes part of the name of a target.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# What `film2lora make` was told is relative to where it was called.
os.chdir(os.environ.get("CALLED_FROM") or ".")
ROLES = ["detect", "segment", "inpaint", "embed", "pose", "face", "emotion", "caption"]


def types():
    """What the LoRA types with a chain say of themselves, by name, in their order.

    A type.toml has one value a line, and no value that would be another in JSON.
    """
    found = {}
    for chain in (ROOT / "shared/types").glob("*/chain.mk"):
        text = chain.with_name("type.toml").read_text(encoding="utf-8")
        found[chain.parent.name] = {key: json.loads(value) for key, value in re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE)}
    return dict(sorted(found.items(), key=lambda one: (one[1]["order"], one[0])))


TYPES = types()
TARGETS = [f"{one['settings']}_TARGET" for one in TYPES.values()]
# Those that have a data set for each character.
PER_CHARACTER = [kind for kind, one in TYPES.items() if one.get("per_character")]

# Settings that have few values, and what they may be.
CHOICES = {
    "NETWORKS": ["published", "small", "none"],
    "DEVICE": ["auto", "cpu", "cuda"],
    "DESCRIBE": ["yes", "no"],
    "ALLOW_UNSEEN": ["yes", "no"],
}
# Settings that are numbers: the least that they may be; MINIMUM may be empty.
NUMBERS = {"NICE": 0, "MINIMUM": 0, "PLAN_PIECES": 1, "PLAN_SECONDS": 1, **{target: 1 for target in TARGETS}}


class Wrong(Exception):
    """The command line is wrong; the message says what to do."""


def say(text):
    """One line on standard error, whatever the names in it hold."""
    text = "".join(one if one.isprintable() else "?" for one in text)
    print(f"make: {text}", file=sys.stderr, flush=True)


def setting(name):
    return os.environ.get(name, "")


def absolute(path):
    """Without links where it exists; relative to where make was called, or to what came with the Makefile."""
    return os.path.realpath(path if os.path.exists(path) else ROOT / path if (ROOT / path).exists() else path)


def out():
    return setting("OUT") or "out"


def tools():
    return absolute(setting("BIN") or ROOT / "target/release")


def make_command(text):
    """What make calls itself, with its flags if there are any."""
    return text.split()


def check():
    """Refuses what no stage could work with."""
    for name, values in CHOICES.items():
        if setting(name) not in values:
            listed = ", ".join(values[:-1]) + " or " + values[-1]
            raise Wrong(f"{name} must be {listed}, not {setting(name)}")
    for name, least in NUMBERS.items():
        text = setting(name)
        number = re.fullmatch(r"[0-9]{1,9}", text)
        if not (number and int(text) >= least) and not (name == "MINIMUM" and not text):
            raise Wrong(f"{name}={text}: must be a whole number of {least} or more")
    for sign in ["=", "{}"]:
        if sign in setting("TRIGGER"):
            raise Wrong(f"TRIGGER={setting('TRIGGER')}: `{sign}` has a special meaning there: leave it out")
    file = setting("SETTINGS")
    if file and file != "film.mk" and not os.path.isfile(file):
        raise Wrong(f"SETTINGS={file}: there is no such file")


def film(goals):
    """The film, absolute."""
    path = setting("FILM")
    if not path:
        raise Wrong(f"name a film: make {goals} FILM=film.mp4")
    if not os.path.isfile(path):
        raise Wrong(f"{path}: there is no such film")
    return absolute(path)


def slug(name):
    """A name in letters, digits, - and _, of whatever script; a run of other signs is one _."""
    return re.sub(r"[^\w-]+", "_", name)


def slugs(names):
    """Each name with its slug; no two have the same, and a name that is its own slug keeps it."""
    taken = {name for name in names if slug(name) == name}
    found = {}
    for name in names:
        mine, number = slug(name), 1
        while mine in taken and mine != name:
            number += 1
            mine = f"{slug(name)}_{number}"
        taken.add(mine)
        found[name] = mine
    return found


def cast():
    """The names of the folders of CAST, sorted; none without CAST."""
    folder = setting("CAST")
    if not folder:
        return []
    if not os.path.isdir(folder):
        raise Wrong(f"CAST={folder}: there is no such folder")
    with os.scandir(folder) as entries:
        names = sorted(one.name for one in entries if one.is_dir() and not one.name.startswith("."))
    for name in names:
        if not name.isprintable():
            raise Wrong(f"CAST={folder}: {name}: the name has characters that are not text: rename the folder")
    if not names:
        raise Wrong(f"CAST={folder}: has no folders: put the images of each character into a folder of its own, such as cast/luca")
    return names


def characters():
    """Whose data sets `character` makes: each name in the records, and its slug."""
    known, wanted = cast(), setting("CHARACTER")
    if not known:
        chosen = wanted.split() or ["cluster_0"]
        for name in chosen:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                raise Wrong(f"CHARACTER={name}: use only letters, digits, - and _, since it names a folder")
        return {name: name for name in chosen}
    named = slugs(known)
    if not wanted.strip():
        return named
    chosen = [wanted] if wanted in named else wanted.split()
    by_slug = {mine: name for name, mine in named.items()}
    found = {}
    for one in chosen:
        name = one if one in named else by_slug.get(one)
        if name is None:
            raise Wrong(f"CHARACTER={one}: not a folder of CAST={setting('CAST')}, which has {', '.join(known)}")
        found[name] = named[name]
    return found


def folder(data_set):
    """The folder of a data set: that of a character, `character-NAME`, is in `character/NAME`."""
    kind, _, name = data_set.partition("-")
    return f"{kind}/{name}" if kind in PER_CHARACTER and name else data_set
