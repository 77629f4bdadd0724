"""Starts the make that runs in OUT, of which `make PIPELINE` is the beginning.

Checks what make was told, waits for another make on the same OUT, sees to what make's own look at files and
their times would miss, and hands on the film and its like as absolute paths.
"""

import argparse
import errno
import fcntl
import filecmp
import glob
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import class_word
import names
import others as other_characters
import runner
import thresholds
from names import ROOT, Wrong, say, setting

# The exit status where nothing was started; that of a make in which something failed is 2.
REFUSED = 3

# Bytes of each end of a file that tell it from another; frame-extract looks at as many.
END = 1 << 20

# What is looked for in words by default, if the network for it is installed. Persons are named too, or they would be taken
# for one of the others.
ANYTHING = "person. creature. animal."

# The network that POSE_ANIMAL_MODEL=default stands for, as tools/rtmpose has it.
ANIMALS = "rtmpose-m-ap10k"

# The tools that ask a network of each role. What they say of their answers is in the stamps of their stages, so
# that these run again where a tool would answer otherwise.
ASK = {
    "detect": ["char-detect"],
    "words": ["char-detect"],
    "segment": ["sam-mask", "mask-track"],
    "track": ["mask-track"],
    "matte": ["matte"],
    "text": ["text-detect"],
    "landmark": ["face-landmarks"],
    "inpaint": ["lama-inpaint"],
    "embed": ["clip-embed", "clip-tag"],
    "pose": ["rtmpose"],
    "face": ["face-crop"],
    "emotion": ["emotion-classify"],
    "caption": ["vlm-caption"],
}


def content(path):
    """A hash of the size and both ends of a file; of a folder, of all files in it and below, each as a whole."""
    digest = hashlib.sha256()
    files = [path]
    if os.path.isdir(path):
        files = sorted(os.path.join(top, name) for top, _, names in os.walk(path, followlinks=True) for name in names)
    for name in files:
        try:
            with open(name, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                digest.update(os.fsencode(f"{os.path.relpath(name, path)}\0{size}\0") + file.read(END))
                if os.path.isdir(path):
                    while more := file.read(END):
                        digest.update(more)
                file.seek(max(size - END, 0))
                digest.update(file.read(END))
        except OSError as error:
            raise Wrong(f"{name}: {error.strerror}") from error
    return digest.hexdigest()[:16]


def listing(folder):
    """A hash of the names, sizes and times of all files in a folder and below: of many and large ones."""
    digest = hashlib.sha256()
    for top, folders, names_ in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names_):
            path = os.path.join(top, name)
            try:
                seen = os.stat(path)
            except OSError as error:
                raise Wrong(f"{path}: {error.strerror}") from error
            digest.update(os.fsencode(f"{os.path.relpath(path, folder)}\0{seen.st_size}\0{seen.st_mtime_ns}\0"))
    return digest.hexdigest()[:16]


def known(name, path):
    """By what a stage knows that a source or the like is another."""
    if name == "FILM":
        return "-".join(content(one) for one in names.films())
    many = name in ("FRAMES", "INSTANCES") and os.path.isdir(path)
    return listing(path) if many else content(path)


# A number that is to come out as it went in, to the last digit: a string between two signs that are in no text.
WRITTEN = re.compile('"\ue0f1([^"\ue0f1]*)\ue0f1"')


def as_written(number):
    """A number of a record that only passes through."""
    return f"\ue0f1{number}\ue0f1"


def listed(path, out):
    """A list or manifest of frames as one that holds wherever it is read, in OUT.

    Its paths are relative to where make was called, or else to its own folder.
    """
    folder = os.path.dirname(path)

    def whole(file):
        return next((os.path.abspath(one) for one in [file, os.path.join(folder, file)] if os.path.exists(one)), os.path.abspath(file))

    os.makedirs(os.path.join(out, ".names"), exist_ok=True)
    manifest = path.endswith(".jsonl")
    part = os.path.join(out, ".names", f"frames.{os.getpid()}.part")
    with open(path, encoding="utf-8-sig") as old, open(part, "w", encoding="utf-8") as new:
        for number, line in enumerate(old, 1):
            if not line.strip():
                continue
            if not manifest:
                new.write(whole(line.rstrip("\r\n")) + "\n")
                continue
            try:
                record = json.loads(line, parse_float=as_written, parse_int=as_written)
                record["image"] = whole(record["image"])
                vector = record.get("embedding", {}).get("vector")
                if isinstance(vector, dict):
                    vector["file"] = whole(vector["file"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                os.unlink(part)
                raise Wrong(f"{path}: line {number}: not a record with an image: {error}") from error
            new.write(WRITTEN.sub(r"\1", json.dumps(record, ensure_ascii=False)) + "\n")
    # By what is in it: another make in OUT, with another list, may be waiting or reading.
    digest = hashlib.sha256(Path(part).read_bytes()).hexdigest()[:16]
    own = os.path.join(out, ".names", f"frames-{digest}.{'jsonl' if manifest else 'txt'}")
    os.replace(part, own)
    return os.path.abspath(own)


def lock(out):
    """Keeps other makes out of OUT until the last process of this one has ended, or until what is returned is closed."""
    os.makedirs(os.path.join(out, "logs"), exist_ok=True)
    path = os.path.join(out, "logs", "make.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        holder = os.read(descriptor, 200).decode(errors="replace").strip()
        say(f"{out}: waiting for another make in this folder to end ({holder or path})")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    # The make to come inherits it, and so do the tools, which may outlive a make that is killed.
    os.set_inheritable(descriptor, True)
    return descriptor


def folders(out):
    """The folders of OUT that may be of a stage or a data set."""
    yield from Path(out).glob("*")
    for kind in names.PER_CHARACTER:
        yield from Path(out, kind).glob("*")


def watched(out):
    """The files of OUT whose times make compares."""
    yield from Path(out).glob(".settings/*")
    yield from Path(out).glob("*.jsonl")
    yield from Path(out).glob("review/captions/*.jsonl")
    yield from Path(out).glob("thresholds/*.json")
    yield from Path(out).glob("thresholds/from/*.json")
    for folder in folders(out):
        yield from folder.glob("*.jsonl")
        yield from folder.glob("report.html")
        yield from folder.glob("*/report.html")
        yield from folder.glob("*.gate")
        yield from folder.glob("*.files")


def settle(out):
    """Takes what is dated in the future for made just now, in the same order.

    A clock that was wrong leaves files which seem newer than whatever is made after them. The time is that of the
    file system, which need not be this machine's.
    """
    with tempfile.NamedTemporaryFile(dir=os.path.join(out, "logs")) as probe:
        now = os.stat(probe.name).st_mtime_ns
    ahead = {}
    for path in watched(out):
        time = path.stat().st_mtime_ns
        if time > now:
            ahead.setdefault(time, []).append(path)
    dated = {}
    for age, time in enumerate(sorted(ahead, reverse=True)):
        for path in ahead[time]:
            os.utime(path, ns=(now - age * 1000, now - age * 1000))
            dated[str(path.relative_to(out)), time] = path.stat().st_mtime_ns
    if ahead:
        date_outputs(out, dated)
        say(f"{out}: {sum(map(len, ahead.values()))} files were dated in the future: treating them as made just now")


def date_outputs(out, dated):
    """Lets the progress file know its phases' files by their new times; `dated` has these by the file and its time before."""
    path = Path(out, "preparation_progress.json")
    phases = progress(out)
    of_phases = [one for one in outputs(phases) if (one["path"], one["modified"]) in dated]
    for one in of_phases:
        one["modified"] = dated[one["path"], one["modified"]]
    if of_phases:
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps({"phases": phases}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)


def outputs(phases):
    """The files that phases have written, as the progress file has them: also the one that a phase was to replace, which is still
    there where it was killed before. What is no such thing is passed over."""
    kinds = {"path": str, "bytes": int, "modified": int}
    for phase in phases.values():
        for one in (phase.get("output"), phase.get("replaces")):
            if isinstance(one, dict) and all(isinstance(one.get(key), kind) for key, kind in kinds.items()):
                yield one


def keep(out):
    """Copies the manifests of OUT that no stage has written, or that were changed since, to .kept, once each.

    A stage may be about to replace them, as where someone's own frames.jsonl lies in OUT.
    """
    phases = progress(out)
    written = {(one["path"], one["bytes"], one["modified"]) for one in outputs(phases)}
    noted = {path for path, *_ in written}
    for path in [*Path(out).glob("*.jsonl"), *(found for folder in folders(out) for found in folder.glob("*.jsonl"))]:
        name = path.relative_to(out)
        seen = path.stat()
        if name.parts[0] in ("review", "thresholds", "logs") or name.parts[0].startswith(".") or name.name.endswith(".rejects.jsonl") or not seen.st_size:
            continue
        # Before version 0.2 a phase did not note what it had written; what has its name is its manifest, if it made one.
        phase = phases.get(str(name.with_suffix("")).replace("/", "-"), {})
        by_name = phase.get("status") == "done" and "output" not in phase
        if (str(name), seen.st_size, seen.st_mtime_ns) in written or (str(name) not in noted and by_name):
            continue
        kept = Path(out, ".kept", f"{str(name).replace('/', '-')}.{seen.st_mtime_ns // 1_000_000_000}")
        before = [one for one in kept.parent.glob(f"{glob.escape(str(name).replace('/', '-'))}.*") if one.suffix != ".part"]
        if not any(filecmp.cmp(path, one, shallow=False) for one in before):
            # Another of the same second.
            kept = next(one for one in [kept, *(kept.with_name(f"{kept.name}.{more}") for more in range(2, 2 + len(before)))] if one not in before)
            kept.parent.mkdir(exist_ok=True)
            part = kept.with_name(kept.name + ".part")
            shutil.copy2(path, part)
            part.rename(kept)
            say(f"{path}: not as a stage has written it: a copy is kept as {kept}")


def put(path, text):
    """Writes a file, unless it has that text already."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def progress(out):
    """The phases of OUT by name, as the progress file has them; none where there is none that can be read."""
    try:
        phases = json.loads(Path(out, "preparation_progress.json").read_text(encoding="utf-8"))["phases"]
        return {name: phase for name, phase in phases.items() if isinstance(phase, dict)}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def complete(out, tools, written):
    """Removes manifests that name files which are gone or empty, so that their stages run again.

    `written` are the manifests of stages that write files, as MANIFEST=FOLDER.
    """
    written = {manifest: (manifest, folder) for manifest, folder in (one.split("=") for one in written)}
    # Of a data set, a list of all files: its manifest names the images of one trainer alone.
    for listed in (found for folder in folders(out) for found in folder.glob("dataset.files")):
        name = listed.relative_to(out)
        written[str(name.with_suffix(".jsonl"))] = (str(name), str(name.with_name("dataset")))
    written = {manifest: found for manifest, found in written.items() if os.path.isfile(os.path.join(out, manifest))}
    there = [f"{listed}={folder}" for listed, folder in written.values()]
    if not there:
        return
    ran = subprocess.run([os.path.join(tools, "phase"), "--run-dir", os.path.abspath(out), "--missing", *there], stdout=subprocess.PIPE)
    if ran.returncode:
        sys.exit(ran.returncode)
    by_list = {listed: manifest for manifest, (listed, _) in written.items()}
    for line in ran.stdout.splitlines():
        listed, count, first = os.fsdecode(line).split("\t")
        manifest = by_list[listed]
        say(f"{manifest}: {count} of its files are missing or empty, such as {first}: making it again")
        os.remove(os.path.join(out, manifest))


def networks(roles):
    """The networks by role, as the registry or a path names them; empty for the default of the role."""
    small = setting("NETWORKS") == "small"
    named = {role: setting(f"{role.upper()}_MODEL") or (f"small-{role}" if small and role in names.ROLES else "") for role in names.ROLES + names.OPTIONAL}
    named = {role: located(name) for role, name in named.items()}
    needs = [f"{role}={named[role]}" if named[role] else role for role in roles]
    # Animals have a network of the same role beside that of persons.
    animals = setting("POSE_ANIMAL_MODEL")
    if animals and "pose" in roles:
        needs.append(f"pose={ANIMALS if animals == 'default' else located(animals)}")
    return named, needs


def located(name):
    """A network's name, or the path of a file from any folder."""
    return names.absolute(name) if name and os.path.exists(name) else name


def installed(tools, models):
    """The roles that pipelines can do without, whose default is installed and may run."""
    if setting("NETWORKS") != "published":
        return set()
    command = [os.path.join(tools, "models"), "--models", models, "--list", "--json", "--role", "words,track,text"]
    found = map(json.loads, subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines())
    return {one["role"] for one in found if one["default"] and one["state"] != "missing"}


def beside(roles, there):
    """The roles of the networks that settings add to `roles`, those of the pipelines; of `there` the defaults are installed."""
    added = []
    if "segment" in roles:
        added += ["matte"] if setting("MATTE") == "yes" else []
        added += ["track"] if setting("TRACK") == "yes" and (setting("TRACK_MODEL") or "track" in there) else []
    if "emotion" in roles and setting("LANDMARK_MODEL") not in ("", "five"):
        added.append("landmark")
    if setting("TEXT") != "keep" and (setting("TEXT_MODEL") or "text" in there):
        added.append("text")
        added += ["inpaint"] if setting("TEXT") == "inpaint" and "inpaint" not in roles else []
    return added


def asked_in_words(roles, there):
    """The phrases of WORDS, or those for any film; and the words of the characters in CAST, of which there may be none."""
    if "detect" not in roles or setting("NETWORKS") == "none" or setting("WORDS") == "none":
        return "", []
    # Hidden folders are no characters.
    own = sorted(Path(setting("CAST")).glob("[!.]*/words.txt")) if setting("CAST") else []
    if setting("WORDS"):
        return setting("WORDS"), own
    return ANYTHING if own or setting("WORDS_MODEL") or "words" in there else "", own


def words_stamp(files):
    """By what stages know that the words of characters are others; none if there are none."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(os.fsencode(f"{path.parent.name}\0") + path.read_bytes() + b"\0")
    return [f"CAST_WORDS={digest.hexdigest()[:16]}"] if files else []


def taught(model):
    """By what stages know what the model in TEACH_FROM judges; nothing if there is none, or label-fit did not write it."""
    try:
        with open(model, encoding="utf-8") as file:
            return [f"TEACH_KEY={json.load(file)['key']}"] if model else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def version(tools, name):
    """What a tool says of itself: the version of the package, and the numbers of its answers, where it asks networks."""
    path = os.path.join(tools, name)
    ran = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if ran.returncode:
        raise Wrong(f"{path} --version: failed: leave BIN out, and make builds the tools again")
    package, _, numbers = ran.stdout.decode().partition("\n")
    return package.split()[-1], numbers.removeprefix("answers:").split()


def upgraded(out, said):
    """Says what of OUT earlier tools made that would be made otherwise now; `said` has the version, and the answers of each tool.

    Stages run again by what is in their .settings; this only says why.
    """
    path = Path(out, ".tools")
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {"version": "an earlier one"} if Path(out, "frames.jsonl").exists() else {}
    now = {**before, **said}
    if before == now:
        return
    if before.get("version", now["version"]) != now["version"]:
        say(f"{out}: the tools changed from version {before['version']} to {now['version']}: all stages run again; remembered answers of networks are kept")
    for tool, numbers in said.items():
        changed = [one for one in numbers if one not in before.get(tool, numbers)] if tool != "version" else []
        if changed:
            say(f"{out}: the answers of {tool} have changed ({' '.join(changed)}): its networks run again")
    path.write_text(json.dumps(now, sort_keys=True) + "\n", encoding="utf-8")


def registry(tools, models, task, needs):
    """What the tool `models` says of the networks that are needed."""
    command = [os.path.join(tools, "models"), "--models", models, task, *needs]
    ran = subprocess.run(command, stdout=subprocess.PIPE)
    if ran.returncode:
        sys.exit(REFUSED)
    return os.fsdecode(ran.stdout).split()


def ffmpeg():
    """The ffmpeg that the environment names, else that of PATH, else that of `make setup`."""
    if setting("FFMPEG"):
        return setting("FFMPEG")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and os.access(os.path.join(folder, "ffmpeg"), os.X_OK):
            return os.path.join(folder, "ffmpeg")
    return str(ROOT / "models/runtime/ffmpeg")


def start(flags):
    """Becomes the make in OUT."""
    names.check()
    if setting("RUNNER"):
        runner.engine()
    asked = flags.pipelines
    source, path = names.source(" ".join(asked))
    who, root = names.characters(), names.trainer_root()
    if setting("NETWORKS") == "none" and flags.networked:
        raise Wrong(f"{flags.networked}: needs networks: leave NETWORKS=none out")
    models = setting("FILM2LORA_MODELS") or str(ROOT / "models")
    there, roles = installed(names.tools(), models), flags.roles.split()
    words, of_cast = asked_in_words(roles, there)
    named, needs = networks(roles + beside(roles, there) + (["words"] if words or of_cast else []))
    if setting("NETWORKS") == "published":
        registry(names.tools(), models, "--needs", needs)
    paths = {name: path if name == source else "" for name in names.SOURCES} | {"BIN": names.tools()}
    for name in ["CAST", "LABELS", "FIGURE_LABELS", "FACE_LABELS", "TEACH_FROM", "SETTINGS"]:
        paths[name] = names.absolute(setting(name)) if setting(name) else ""
    others = thresholds.elsewhere(paths["TEACH_FROM"])
    # What has thresholds has no model beside.
    paths["TEACH_FROM"] = "" if others else paths["TEACH_FROM"]
    if source == "FRAMES" and os.path.isfile(path):
        paths["FRAMES"] = listed(path, names.out())
    said = {"version": version(paths["BIN"], "phase")[0]}
    stamps = [f"version={said['version']}"]
    if setting("NETWORKS") != "none":
        for stamp in registry(paths["BIN"], models, "--stamp", needs):
            answers = {tool: version(paths["BIN"], tool)[1] for tool in ASK[stamp.split("=")[0]]}
            said |= answers
            stamps.append("/".join([stamp, *(",".join(numbers) for numbers in answers.values())]))
    stamps += words_stamp(of_cast) + taught(paths["TEACH_FROM"])
    stamps += [f"{name}={known(name, paths[name])}" for name in [*names.SOURCES, "CAST", "LABELS", "FIGURE_LABELS", "FACE_LABELS", "TEACH_FROM"] if paths[name]]
    out = names.out()
    if prepare(out, who, paths["BIN"], said, flags.written.split()):
        thresholds.take(out, others)
        # For the dashboard, which shows what is to come.
        plan = with_earlier(out, planned(flags.chains.split(), who))
        put(Path(out, ".run.json"), json.dumps(plan, indent=1) + "\n")
    if source == "FILM":
        os.makedirs(os.path.join(out, ".names"), exist_ok=True)
        films, text = Path(out, ".names", "films.txt"), "".join(f"{one}\n" for one in names.films())
        put(films, text)
    os.environ["FFMPEG"] = ffmpeg()
    os.environ["FILM2LORA_RUN_BY"] = runner.__file__
    os.environ["FILM2LORA_CLASS_WORD"] = class_word.__file__
    os.environ["FILM2LORA_OTHERS"] = other_characters.__file__
    os.environ["FILM2LORA_MODELS"] = names.absolute(models)
    # Programs that stages start go to no other folder.
    os.environ["CALLED_FROM"] = ""
    command = names.make_command(flags.make) + ["--no-print-directory", "--keep-going", "-C", os.path.abspath(out)]
    command += ["-I", str(ROOT), "-f", str(ROOT / "Makefile")]
    command += ["INSIDE_OUT=1", "CALLED_FROM=", f"POSE_ANIMAL_MODEL={located(setting('POSE_ANIMAL_MODEL'))}", f"TYPES={' '.join(names.TYPES)}"]
    command += [f"{name}={value}" for name, value in paths.items()]
    command += [f"{role.upper()}_MODEL={value}" for role, value in named.items()] + [f"WORDS={words}"]
    if source == "FILM" and len(names.films()) > 1:
        command.append("SEVERAL=yes")
    command.append(f"TRAINER_ROOT={root}")
    command.append(f"CUTS={' '.join(thresholds.in_force(out, others))}")
    if source == "INSTANCES":
        command.append(f"OWN_FOLDERS={'yes' if [name for name in names.folders(source) if name not in names.PARTS] else ''}")
    command += [f"STAMPS={' '.join(stamps)}", f"WHO={' '.join(who.values())}", *asked]
    os.execvp(command[0], command)


def inner(make, roles, paths, more=(), in_words=True):
    """The command of a make in OUT that takes what is there as it is, whatever it was made from, and runs networks of `roles` on it.

    `paths` are settings, and `more` stamps. What is asked for in words is looked for, too, unless no stage of it does that.
    """
    models = setting("FILM2LORA_MODELS") or str(ROOT / "models")
    there = installed(names.tools(), models) if roles and in_words else set()
    words, of_cast = asked_in_words(roles, there) if in_words else ("", [])
    named, needs = networks(roles + (["words"] if words or of_cast else []))
    if setting("NETWORKS") == "published":
        registry(names.tools(), models, "--needs", needs)
    stamps = registry(names.tools(), models, "--stamp", needs) if needs else []
    stamps += [f"version={version(names.tools(), 'phase')[0]}", *more, *words_stamp(of_cast)]
    os.environ["FILM2LORA_MODELS"] = names.absolute(models)
    command = [*names.make_command(make), "--no-print-directory", "-C", os.path.abspath(names.out())]
    command += ["-I", str(ROOT), "-f", str(ROOT / "Makefile"), "INSIDE_OUT=1", f"TYPES={' '.join(names.TYPES)}"]
    command += [f"{name}={value}" for name, value in {**dict.fromkeys(names.SOURCES, ""), **paths}.items()]
    command += [f"{role.upper()}_MODEL={value}" for role, value in named.items()] + [f"WORDS={words}"]
    return [*command, f"STAMPS={' '.join(stamps)}"]


def only_says():
    """Whether make was told to say what it would do, and to do nothing."""
    short = setting("MAKEFLAGS").split(" ")[0]
    return "n" in short and not short.startswith("-")


def prepare(out, who, tools, said, written):
    """Makes OUT ready, and says so; where make only says what it would do, no more than that it is there."""
    os.makedirs(out, exist_ok=True)
    if only_says():
        return False
    lock(out)
    keep(out)
    settle(out)
    complete(out, tools, written)
    upgraded(out, said)
    folder = os.path.join(out, ".names")
    os.makedirs(folder, exist_ok=True)
    for name, mine in who.items():
        put(Path(folder, mine), name)
    return True


def planned(stages, who):
    """The phases of each pipeline and data set that was asked for, in the order in which records go through them.

    `stages` are those before the data sets, as PIPELINE=MANIFEST:SETTINGS; PIPELINE+ is what it needs beside those.
    """
    chains, sets = {}, []
    for stage in stages:
        name, manifest = stage.split("=", 1)
        manifest = manifest.split(":")[0]
        if setting("NETWORKS") != "none" or manifest not in ("embedded", "tagged"):
            chains.setdefault(name, []).append(manifest)
    own_words = setting("INSTANCES") and setting("CAPTIONS") != "ignore"
    described = setting("DESCRIBE") == "yes" and setting("NETWORKS") != "none" and not own_words
    last = ["reviewed", "selected", *(["described"] if described else []), "captioned", "checked", "dataset", "linted"]
    found = {}
    for kind, chain in chains.items():
        name = kind.removesuffix("+")
        for folder in [f"{name}/{mine}" for mine in who.values()] if name in names.PER_CHARACTER else [name]:
            whole = chain + [f"{{}}/{stage}" for stage in last if kind in names.TYPES]
            phases = [stage.format(folder).replace("/", "-") for stage in whole]
            found[folder.replace("/", "-") + ("+" if kind != name else "")] = phases
            if kind in names.TYPES:
                one = names.TYPES[kind]
                fewest = int(setting("MINIMUM") or one["fewest"])
                sets.append({"name": folder.replace("/", "-"), "folder": folder, "wanted": int(setting(f"{one['settings']}_TARGET")), "fewest": fewest,
                             "gates": setting("GATES") == "yes"})
    if setting("CAST") and any("named" in chain for chain in chains.values()):
        found["cast"] = ["cast", "named"]
    return {"chains": found, "sets": sets}


def with_earlier(out, plan):
    """What was asked for, with the data sets that earlier runs have made in the same folder, in the order of their types."""
    try:
        before = json.loads(Path(out, ".run.json").read_text(encoding="utf-8"))
        asked = {one["name"] for one in plan["sets"]}
        there = [one for one in before["sets"] if one["name"] not in asked and Path(out, one["folder"], "selected.jsonl").exists()]
        named = {one["name"] for one in there}
        chains = {name: chain for name, chain in before["chains"].items() if name.removesuffix("+") in named}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return plan
    order = {name: place for place, name in enumerate(names.TYPES)}
    sets = sorted([*there, *plan["sets"]], key=lambda one: order.get(one["folder"].split("/")[0], len(order)))
    return {"chains": {**chains, **plan["chains"]}, "sets": sets}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--make", required=True, help="how make is called")
    parser.add_argument("--roles", default="", help="the roles of networks that the pipelines use")
    parser.add_argument("--networked", default="", help="those of the pipelines that cannot do without networks")
    parser.add_argument("--written", default="", help="manifests of stages that write files, and where: MANIFEST=FOLDER")
    parser.add_argument("--chains", default="", help="the stages before the data sets: PIPELINE=MANIFEST:SETTINGS")
    parser.add_argument("pipelines", nargs="+")
    start(parser.parse_args())


if __name__ == "__main__":
    sys.exit(names.ended(main, REFUSED))
