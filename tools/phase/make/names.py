"""What make was told, as data: read from the environment, checked, and made safe to name files by.

None of it goes through a shell, and only what `slug` has been at becomes part of the name of a target.
"""

import glob
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# What `film2lora make` was told is relative to where it was called.
os.chdir(os.environ.get("CALLED_FROM") or ".")
ROLES = ["detect", "segment", "inpaint", "embed", "pose", "face", "emotion", "caption"]
# Those that run only where a setting asks for them, or they are installed.
OPTIONAL = ["words", "track", "matte", "text", "landmark"]


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
    "TEXT": ["crop", "inpaint", "mask", "drop", "keep"],
    "NETWORKS": ["published", "small", "none"],
    "DEVICE": ["auto", "cpu", "cuda"],
    "DESCRIBE": ["yes", "no"],
    "MATTE": ["yes", "no"],
    "ALLOW_UNSEEN": ["yes", "no"],
    "GATES": ["yes", "no"],
    "REGULARIZATION": ["yes", "no"],
    "TAUGHT": ["yes", "no"],
    "TRACK": ["yes", "no"],
    "PATHS": ["absolute", "relative", "windows"],
    # Base models, of shared/loaders/src/bases.rs, and their other names.
    "BASE": ["", "sd15", "sdxl", "illustrious", "sd3", "flux", "flux-schnell", "flux2", "lumina", "qwen-image",
             "z-image", "chroma", "hidream", "krea2", "ideogram", "anima", "hunyuan-image", "wan", "wan-5b", "flux1",
             "sd1"],
    "CAPTIONS": ["describe", "keep", "ignore"],
    "POSE_TYPE": ["action", "control"],
}
# Settings that are numbers: the least that they may be; MINIMUM may be empty.
NUMBERS = {"NICE": 0, "MINIMUM": 0, "PLAN_PIECES": 1, "PLAN_SECONDS": 1, "TEACH_ASK": 1, **dict.fromkeys(TARGETS, 1)}


# The units of sizes, as `phase` reads them.
ENDS = {"": 1000, "b": 1000, "i": 1024, "ib": 1024}
UNITS = {"b": 1} | {f"{letter}{end}": base**power for power, letter in enumerate("kmgtpe", 1) for end, base in ENDS.items()}


class Wrong(Exception):
    """The command line is wrong; the message says what to do."""


def say(text):
    """One line on standard error, whatever the names in it hold."""
    text = "".join(one if one.isprintable() else "?" for one in text)
    print(f"make: {text}", file=sys.stderr, flush=True)


def ended(work, refused=2):
    """The exit status of a program: of a wrong command line `refused`; what went wrong is said in one line."""
    try:
        return work() or 0
    except Wrong as error:
        say(str(error))
        return refused
    except subprocess.CalledProcessError as error:
        # What it called has said why.
        return error.returncode if error.returncode > 0 else 1
    except OSError as error:
        say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 1
    except KeyboardInterrupt:
        return 130


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


def size(text):
    """The bytes of a size, as `phase` reads it: a whole number of them, or a number and a unit; none if it is no size."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]*)", text)
    if not found or not found[2] and not found[1].isdecimal():
        return None
    factor = UNITS.get(found[2].lower() or "b")
    return None if factor is None else int(float(found[1]) * factor)


def split(name, text):
    """The words of a setting, as a shell has them."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Wrong(f"{name}={text}: {str(error).lower()}: close the quotation marks, and write \\\\ for a backslash") from error


def check():
    """Refuses what no stage could work with."""
    for name, values in CHOICES.items():
        if setting(name) not in values:
            named = [one or "empty" for one in values]
            listed = ", ".join(named[:-1]) + " or " + named[-1]
            raise Wrong(f"{name} must be {listed}, not {setting(name)}")
    for name, least in NUMBERS.items():
        text = setting(name)
        number = re.fullmatch(r"[0-9]{1,9}", text)
        if not (number and int(text) >= least) and not (name == "MINIMUM" and not text):
            raise Wrong(f"{name}={text}: must be a whole number of {least} or more")
    if size(setting("NEEDS_DISK")) is None:
        raise Wrong(f"NEEDS_DISK={setting('NEEDS_DISK')}: must be a size, such as 2GB or 500MB")
    if setting("MEMORY") and not size(setting("MEMORY")):
        raise Wrong(f"MEMORY={setting('MEMORY')}: must be a size above 0, such as 48GB")
    wait = setting("GPU_WAIT").strip()
    if wait.startswith("memory=") and not size(wait.removeprefix("memory=")):
        raise Wrong(f"GPU_WAIT={wait}: after memory= comes a size above 0, as in memory=8GB")
    sample = setting("GATE_SAMPLE")
    if not re.fullmatch(r"all|[1-9][0-9]{0,8}", sample):
        raise Wrong(f"GATE_SAMPLE={sample}: all, or a whole number of 1 or more")
    if setting("TRACK_FPS") and not re.fullmatch(r"[1-9][0-9]{0,3}(\.[0-9]{1,6})?|0\.[0-9]{0,5}[1-9]", setting("TRACK_FPS")):
        raise Wrong(f"TRACK_FPS={setting('TRACK_FPS')}: must be a number of frames a second above 0")
    if setting("TEXT") == "crop" and setting("TRACK") == "yes":
        raise Wrong("TEXT=crop TRACK=yes: frames of a shot must have one size: choose TEXT=mask, inpaint, drop or keep")
    for name in ["TRACK", "MATTE"]:
        if setting("INSTANCES") and setting(name) == "yes":
            raise Wrong(f"{name}=yes: INSTANCES have their masks, which stay as they are: leave it out")
    for sign in ["=", "{}"]:
        if sign in setting("TRIGGER"):
            raise Wrong(f"TRIGGER={setting('TRIGGER')}: `{sign}` has a special meaning there: leave it out")
    kinds()
    file = setting("SETTINGS")
    if file and file != "film.mk" and not os.path.isfile(file):
        raise Wrong(f"SETTINGS={file}: there is no such file")


def kinds():
    """Refuses a kind.txt in CAST that the stage which reads it, hours later, would refuse."""
    for path in sorted(glob.glob(os.path.join(glob.escape(setting("CAST")), "*", "kind.txt")) if setting("CAST") else []):
        try:
            with open(path, encoding="utf-8-sig") as file:
                said = file.read().strip()
        except UnicodeDecodeError as error:
            raise Wrong(f"{path}: not UTF-8: save it as UTF-8") from error
        except OSError as error:
            raise Wrong(f"{path}: {error.strerror}: write `person` or `animal` into a file of this name") from error
        if said.lower() not in ("person", "animal"):
            raise Wrong(f"{path}: `{said}`: must be `person` or `animal`")


# What a run may begin with, and what it is called where there is none of that name.
SOURCES = {"FILM": "film", "FRAMES": "folder or file of frames", "INSTANCES": "folder of instances"}


def source(goals):
    """What the run begins with: the name of the setting and its path, absolute."""
    given = [name for name in SOURCES if setting(name)]
    if not given:
        raise Wrong(f"name a film, or what you have of it: make {goals} FILM=film.mp4, or FRAMES=folder, or INSTANCES=folder")
    if len(given) > 1:
        raise Wrong(f"{' and '.join(given)}: one of them only; give each an OUT of its own")
    name, path = given[0], setting(given[0])
    if name == "FILM":
        return name, films()[0]
    if not (os.path.isdir(path) or name == "FRAMES" and os.path.exists(path)):
        raise Wrong(f"{path}: there is no such {SOURCES[name]}")
    if name == "INSTANCES":
        others = [goal for goal in goals.split() if goal not in ("character", "pose", "expression", "instances")]
        if others:
            raise Wrong(f"{' '.join(others)}: not from INSTANCES, which show characters alone: give FILM or FRAMES")
    if name == "FRAMES" and not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", setting("FRAMES_FPS")):
        raise Wrong(f"FRAMES_FPS={setting('FRAMES_FPS')}: a number of frames a second, as in 2 or 0.5")
    return name, absolute(path)


# The endings of films in a folder; whatever is named itself is taken for one.
FILMS = (".mkv", ".mp4", ".m4v", ".mov", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".vob", ".ogv", ".wmv", ".flv", ".mxf")


def films():
    """The films of FILM, absolute: one, those of a folder by name, or several with spaces between."""
    text = setting("FILM")
    if os.path.isfile(text):
        return [absolute(text)]
    if os.path.isdir(text):
        found = sorted(one for one in os.listdir(text) if one.lower().endswith(FILMS) and not one.startswith("."))
        found = [os.path.join(text, one) for one in found]
        if not found:
            raise Wrong(f"{text}: there is no film in this folder")
    else:
        found = text.split()
        missing = [one for one in found if not os.path.isfile(one)]
        if missing:
            raise Wrong(f"{text if missing == found else missing[0]}: there is no such film")
    known = {}
    for one in found:
        other = known.setdefault(os.path.basename(one).lower(), one)
        if other != one:
            raise Wrong(f"{one}: has the name of {other}: rename one of them, as records know films by their names")
        if not one.isprintable():
            raise Wrong(f"{one}: the name has characters that are not text: rename the film")
    return [absolute(one) for one in found]


def trainer_root():
    """OUT as trainers' configurations name it; empty for its absolute path here."""
    paths, path = setting("PATHS"), os.path.abspath(out())
    if paths == "relative":
        return "."
    if paths != "windows":
        return ""
    path = os.path.realpath(path)
    for part in path.split("/"):
        # It would look for the data set in a folder of another name.
        if part.endswith((".", " ")):
            raise Wrong(f"PATHS=windows: OUT={out()}: Windows leaves the dot or space at the end of `{part}` out: choose a folder of another name")
        if re.search(r'[:?*"<>|\\\x00-\x1f]', part) or part.split(".")[0].rstrip().lower() in DEVICES:
            raise Wrong(f"PATHS=windows: OUT={out()}: Windows has no folder called `{part}`: choose a folder of another name")
    drive = re.match(r"/mnt/([a-zA-Z])(/.*|)$", path)
    if drive:
        return f"{drive[1].upper()}:{drive[2]}"
    if setting("WSL_DISTRO_NAME"):
        return f"//wsl.localhost/{setting('WSL_DISTRO_NAME')}{path}"
    raise Wrong(f"PATHS=windows: OUT={out()} is not on a drive of Windows: choose a folder in /mnt/c or the like")


def film(goals):
    """The film, absolute, where one alone will do."""
    if not setting("FILM"):
        raise Wrong(f"name a film: make {goals} FILM=film.mp4")
    found = films()
    if len(found) > 1:
        raise Wrong(f"FILM: {len(found)} films: name one of them: make {goals} FILM={found[0]}")
    return found[0]


# What Windows calls its devices, in any case: no file or folder can have such a name there.
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


def slug(name):
    """A name in letters, digits, - and _, of whatever script; a run of other signs is one _, and a device of Windows has one more."""
    mine = re.sub(r"[^\w-]+", "_", name)
    return f"{mine}_" if mine.lower() in DEVICES else mine


def slugs(names):
    """Each name with its slug; no two differ by case alone, and the first name that is its own slug keeps it."""
    taken, found = set(), {}
    for name in sorted(names, key=lambda one: slug(one) != one):
        mine, number = slug(name), 1
        while mine.casefold() in taken:
            number += 1
            mine = f"{slug(name)}_{number}"
        taken.add(mine.casefold())
        found[name] = mine
    return {name: found[name] for name in names}


def folders(of):
    """The names of the folders in the folder that a setting names, sorted: those of characters."""
    folder = setting(of)
    with os.scandir(folder) as entries:
        names = sorted(one.name for one in entries if one.is_dir() and not one.name.startswith("."))
    for name in names:
        if not name.isprintable():
            raise Wrong(f"{of}={folder}: {name}: the name has characters that are not text: rename the folder")
    return names


# Folders of INSTANCES that are parts of one character's layout and no characters.
PARTS = {"images", "captions", "masks"}


# The name of figures that are nobody of the cast, as id-match has it.
UNKNOWN = "unknown"


def cast():
    """The names of the folders of CAST, sorted; none without CAST."""
    folder = setting("CAST")
    if not folder:
        return []
    if not os.path.isdir(folder):
        raise Wrong(f"CAST={folder}: there is no such folder")
    names = folders("CAST")
    if not names:
        raise Wrong(f"CAST={folder}: has no folders: put the images of each character into a folder of its own, such as cast/luca")
    if UNKNOWN in names:
        raise Wrong(f"{os.path.join(folder, UNKNOWN)}: `{UNKNOWN}` is what a character without a name is called: give it another name, or move it out of CAST")
    return names


def taught_names():
    """The names that labels of `make teach PIPELINE=character` have given, each once, and of each outfit whose it is."""
    said = {}
    if setting("TAUGHT") != "no" and os.path.exists(os.path.join(out(), "review/taught/character")):
        try:
            with open(os.path.join(out(), "review/character.jsonl"), encoding="utf-8-sig") as lines:
                for line in map(json.loads, lines):
                    said[line["id"]] = line.get("set", {}).get("/identity/name")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # What is wrong with it the stage that reads it says.
            pass
    found = {name for name in said.values() if isinstance(name, str) and name.isprintable() and name not in ("", UNKNOWN)}
    return sorted(found | {name.partition("/")[0] for name in found if not name.startswith("/")})


def characters():
    """Whose data sets `character` makes: each name in the records, and its slug. An outfit has one only where it is asked for."""
    known, wanted = cast(), setting("CHARACTER")
    if setting("INSTANCES"):
        known = [name for name in folders("INSTANCES") if name not in PARTS] or known
    taught = [name for name in taught_names() if name not in known]
    named = slugs([*known, *taught])
    if not wanted.strip() and named:
        return {name: mine for name, mine in named.items() if "/" not in name}
    chosen = [wanted] if wanted in named else wanted.split() or ["cluster_0"]
    of = "INSTANCES" if setting("INSTANCES") else "CAST"
    by_slug = {mine: name for name, mine in named.items()}
    found = {}
    for one in chosen:
        name = one if one in named else by_slug.get(one)
        if name is None and known:
            more = f", nor taught: {', '.join(taught)}" if taught else ""
            raise Wrong(f"CHARACTER={one}: not a folder of {of}={setting(of)}, which has {', '.join(known)}{more}")
        if name is None and not re.fullmatch(r"[A-Za-z0-9_-]+", one):
            more = f"; the names that are taught are {', '.join(taught)}" if taught else ""
            raise Wrong(f"CHARACTER={one}: use only letters, digits, - and _, since it names a folder{more}")
        # Without a cast it may be a group of instances that look alike.
        name = name or one
        found[name] = named.get(name, name)
    return found


def folder(data_set):
    """The folder of a data set: that of a character, `character-NAME`, is in `character/NAME`."""
    kind, _, name = data_set.partition("-")
    return f"{kind}/{name}" if kind in PER_CHARACTER and name else data_set
