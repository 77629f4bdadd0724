#!/usr/bin/env python3
"""Brings published models into models/published/, as registry.toml says: `make models`.

    fetch.py                      the default of every role
    fetch.py --role detect,pose   the defaults of these roles
    fetch.py --model lama,yunet   these; the only way to those with a notice
    fetch.py --from DIR|URL       from a mirror of the same layout, NAME/PATH
    fetch.py --check 'detect embed=clip-vit-l14'   bring nothing; say which are not there
    fetch.py --stamp 'detect embed=clip-vit-l14'   bring nothing; say what each is known by

A file is downloaded beside its place, goes on where it was cut, is held to its SHA-256, and renamed.
Nothing lies under a model's name that is not whole. A file whose SHA-256 the registry does not know is
held to the length that the server announces and the registry's size, and what came the first time is
written to published/lock.toml: from then on that is its checksum, for the tools as well. Exit: 0 all are
there, 1 some could not be brought, 2 wrong command line. Only Python's own modules are needed.
"""

import argparse
import hashlib
import http.client
import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    # Where a distribution split pip off, `make setup` has unpacked its wheel.
    runtime = Path(__file__).resolve().parent / "runtime/distribution/usr/share/python-wheels"
    sys.path += [str(wheel) for folder in (runtime, Path("/usr/share/python-wheels")) for wheel in folder.glob("pip-*.whl")]
    from pip._vendor import tomli as tomllib

UNCONFIRMED = "unconfirmed"
BLOCK = 1 << 20
TRIES = 4
PAUSE = 2.0  # seconds before the second try, twice as many before each further one
TIMEOUT = 60  # seconds without a byte
LARGEST = 16 << 30  # bytes of one file
# What servers answer in place of a file, with a status that says all is well.
NO_MODEL = {
    b"version https://git-lfs": "a pointer of Git LFS",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
}


class Failed(Exception):
    """One file could not be brought; the message says why and what to do."""


def say(text):
    print(f"models: {text}", file=sys.stderr, flush=True)


def words(size):
    return "size unknown" if size is None else f"{max(size / 1e6, 0.1):.1f} MB"


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def safe(path):
    """A path of the registry, which must not lead out of its folder."""
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts:
        raise Failed(f"{path}: not a path within the folder of models")
    return Path(path)


class SameSecurity(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to plain http."""

    def redirect_request(self, request, file, code, message, headers, target):
        if request.full_url.startswith("https:") and not target.startswith("https:"):
            raise urllib.error.URLError(f"redirected to {target}, which is not https")
        return super().redirect_request(request, file, code, message, headers, target)


OPENER = urllib.request.build_opener(SameSecurity)


def moving(url):
    """Whether an address is that of a branch, where another file may come to lie."""
    return any(f"/{branch}/" in url for branch in ("main", "master", "HEAD"))


def download(url, part):
    """Downloads to `part`, which may hold the beginning already; tries again where it is cut.

    Whether the server has said where the file ends: else one that was cut looks whole.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return attempt_download(url, part)
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):
                raise Failed(f"{url}: {error.code} {error.reason}") from error
            problem = f"{error.code} {error.reason}"
        except (OSError, EOFError, http.client.HTTPException) as error:
            problem = str(getattr(error, "reason", error))
        if attempt < TRIES:
            time.sleep(PAUSE * 2 ** (attempt - 1))
    raise Failed(f"{url}: {problem}: run again to go on where it stopped")


def attempt_download(url, part):
    """Downloads what is missing of `part`; whether the server has said where the file ends."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "film2lora", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        answer = OPENER.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        # All of it is there already, or the beginning is of another file.
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(have):
            return True
        part.unlink()
        return attempt_download(url, part)
    with answer:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise Failed(f"{url}: was sent compressed, though uncompressed was asked for: take it from a mirror (MODELS_FROM)")
        goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if goes_on else 0
        if goes_on:
            say(f"  goes on at {words(have)}")
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with open(part, "ab" if goes_on else "wb") as file:
            copy(answer, file, have, total)
            have = file.tell()
    if total is not None and have != total:
        raise EOFError(f"cut at {have} of {total} bytes")
    # Chunks say themselves where they end; a connection that just closes says nothing.
    return total is not None or answer.chunked


def copy(source, target, have, total):
    shown = sys.stderr.isatty()
    while block := source.read(BLOCK):
        target.write(block)
        have += len(block)
        if have > LARGEST:
            raise Failed(f"{target.name}: more than {words(LARGEST)}: no model is as large")
        if shown:
            print(f"\r  {words(have)} of {words(total)}   ", end="", file=sys.stderr)
    if shown:
        print(file=sys.stderr)


def extract(archive, member, to):
    """Takes the one file out of a zip whose path is `member`, or ends in it."""
    try:
        with zipfile.ZipFile(archive) as zip_file:
            found = [info for info in zip_file.infolist() if ("/" + info.filename).endswith("/" + member)]
            exact = [info for info in found if info.filename == member]
            if len(exact or found) != 1:
                raise Failed(f"{archive.name}: has {len(found)} files `{member}` where one is wanted")
            info = (exact or found)[0]
            if info.file_size > LARGEST:
                raise Failed(f"{member}: {info.file_size} bytes are too many")
            with zip_file.open(info) as source, open(to, "wb") as target:
                shutil.copyfileobj(source, target, BLOCK)
    except (zipfile.BadZipFile, EOFError) as error:
        archive.unlink()
        raise Failed(f"{archive.name}: not a whole zip: {error}: run again to bring it anew") from error


def unlike(part, size, bytes_wanted, ends):
    """Why a file of unknown checksum cannot be what was meant; `None` if it can."""
    with open(part, "rb") as file:
        head = file.read(256).lstrip().lower()
    for beginning, name in NO_MODEL.items():
        if head.startswith(beginning):
            return f"is {name} and no model"
    if size == 0:
        return "is empty"
    if bytes_wanted is not None and size != bytes_wanted:
        return f"has {size} bytes, and {bytes_wanted} in the registry"
    if bytes_wanted is None and not ends:
        return "the server does not say how long it is, so it may be cut short: take it from a mirror (MODELS_FROM)"
    return None


class Lock:
    """The checksums, at the first download, of files that have none in the registry."""

    HEAD = (
        "# The first downloads of files that registry.toml has no checksum for: no other file runs under their\n"
        "# names. Where a publisher has changed one, and you want the new one, delete its entry.\n"
    )

    def __init__(self, models):
        self.path = models / "published" / "lock.toml"
        try:
            written = tomllib.loads(self.path.read_text(encoding="utf-8"))
            self.files = {(one["model"], one["path"]): one for one in written.get("file", [])}
        except FileNotFoundError:
            self.files = {}
        except (tomllib.TOMLDecodeError, KeyError, UnicodeDecodeError) as error:
            raise Failed(f"{self.path}: {error}: mend it or remove it") from error

    def checksum(self, model, entry):
        """The checksum that the file must have, `None` where it is not known."""
        if entry["sha256"] != UNCONFIRMED:
            return entry["sha256"]
        pinned = self.files.get((model["name"], entry["path"]))
        return pinned["sha256"] if pinned else None

    def pin(self, model, entry, size, found):
        """Writes down what came, whole or not at all."""
        self.files[model["name"], entry["path"]] = {
            "model": model["name"], "path": entry["path"], "url": entry.get("url", ""), "bytes": size, "sha256": found,
        }
        text = self.HEAD
        for _, one in sorted(self.files.items()):
            # TOML's strings are JSON's, for all that may stand in a name or address.
            text += "\n[[file]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.items())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name("lock.toml.part")
        with open(beside, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)


class Bringer:
    """Brings the files of models from where they are published, or from a mirror."""

    def __init__(self, models, mirror):
        self.models = models
        self.mirror = mirror
        self.archives = set()
        self.lock = Lock(models)

    def folder(self, model):
        return self.models / safe(model.get("folder", f"published/{model['name']}"))

    def missing(self, model, entry):
        """Whether the file has to be brought; one that is not what it should be has."""
        path = self.folder(model) / safe(entry["path"])
        if not path.is_file():
            return True
        wanted = self.lock.checksum(model, entry)
        found = sha256(path)
        if wanted is None:
            # Downloaded before there was a lock, or put there by hand.
            self.lock.pin(model, entry, path.stat().st_size, found)
        elif found != wanted:
            say(f"{path}: is not the file of {self.witness(entry)}: it is brought again")
            return True
        return False

    def witness(self, entry):
        """What knows the file's checksum."""
        return "the registry" if entry["sha256"] != UNCONFIRMED else str(self.lock.path)

    def bring(self, model, entry):
        path = self.folder(model) / safe(entry["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        say(f"{model['name']}: {entry['path']}, {words(entry.get('bytes', entry.get('about')))}")
        if self.lock.checksum(model, entry) is None:
            # Nothing would tell the halves of two versions apart.
            part.unlink(missing_ok=True)
        ends = True
        if self.mirror:
            ends = self.from_mirror(model["name"], entry, part)
        elif not entry.get("url"):
            raise Failed(f"{path}: is part of the repository and not published elsewhere: check it out again")
        elif entry.get("member"):
            self.from_archive(entry, path, part)
        else:
            if moving(entry["url"]):
                say("  its address names no revision: it may have become another file")
            ends = download(entry["url"], part)
        self.settle(model, entry, part, path, ends)

    def from_mirror(self, name, entry, part):
        if "://" in self.mirror:
            url = f"{self.mirror.rstrip('/')}/{urllib.parse.quote(name)}/{urllib.parse.quote(entry['path'])}"
            return download(url, part)
        source = Path(self.mirror) / name / safe(entry["path"])
        if not source.is_file():
            raise Failed(f"{source}: the mirror has no such file")
        shutil.copyfile(source, part)
        return True

    def from_archive(self, entry, path, part):
        name = urllib.parse.unquote(urllib.parse.urlparse(entry["url"]).path).rpartition("/")[2]
        archive = path.parent / name
        self.archives.add(archive)
        if not archive.is_file():
            beginning = archive.with_name(name + ".part")
            download(entry["url"], beginning)
            beginning.rename(archive)
        extract(archive, entry["member"], part)

    def settle(self, model, entry, part, path, ends):
        """Holds a download to its checksum, or to all else that is known, and gives it its name."""
        found, size = sha256(part), part.stat().st_size
        wanted = self.lock.checksum(model, entry)
        if wanted is None:
            problem = unlike(part, size, entry.get("bytes"), ends)
            if problem:
                part.unlink()
                raise Failed(f"{path}: {problem}: nothing was kept")
            self.lock.pin(model, entry, size, found)
            say(f"  SHA-256 {found}: the registry has none to compare it with: pinned in {self.lock.path}")
        elif found != wanted:
            part.unlink()
            for archive in self.archives:
                archive.unlink(missing_ok=True)
            raise Failed(f"{path}: SHA-256 {found} is not {wanted} of {self.witness(entry)}: nothing was kept")
        os.replace(part, path)

    def clean(self):
        for archive in self.archives:
            archive.unlink(missing_ok=True)
        self.archives.clear()


def chosen(registry, roles, names):
    """The models asked for; a name or role that is not there is a usage error."""
    if names:
        known = {model["name"]: model for model in registry}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise KeyError(f"{', '.join(unknown)}: no model of the registry: {', '.join(known)}")
        return [known[name] for name in names]
    known = sorted({model["role"] for model in registry})
    unknown = [role for role in roles if role not in known]
    if unknown:
        raise KeyError(f"{', '.join(unknown)}: no role: {', '.join(known)}")
    return [m for m in registry if m.get("default") and (not roles or m["role"] in roles) and not m.get("notice")]


def meant(registry, needs):
    """Of needs as `ROLE` or `ROLE=MODEL` each role, the name, and the model; `None` for a path, of the user's own."""
    for need in needs:
        role, _, name = need.partition("=")
        models = chosen(registry, [role], [])[:1] if not name else [m for m in registry if m["name"] == name]
        if not models and not (name and Path(name).exists()):
            raise KeyError(f"{need}: " + ("neither a model of the registry nor a file" if name else "no default for this role"))
        yield role, name, models[0] if models else None


def absent(bringer, registry, needs):
    """Those of the needs whose files are not there, as what to ask `make models` for."""
    found = []
    for role, name, model in meant(registry, needs):
        if model is None:
            continue
        folder = bringer.folder(model)
        if not all((folder / safe(entry["path"])).is_file() for entry in model["file"]):
            found.append((f"MODEL={model['name']}" if name else f"ROLE={role}", model))
    return found


def stamp(bringer, registry, needs):
    """Says, as `ROLE=STAMP …`, by what a model differs from another of its name.

    That is all that the registry says of it, its checksums among that, and those in lock.toml; and of a file
    without one its size and time of change.
    """
    said = []
    for role, name, model in meant(registry, needs):
        if model is None:
            path = Path(name)
            known, loose = name, sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        else:
            known = [model, [bringer.lock.checksum(model, one) for one in model["file"]]]
            loose = [bringer.folder(model) / safe(one["path"]) for one in model["file"] if bringer.lock.checksum(model, one) is None]
        states = [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in loose if one.exists()]
        text = json.dumps([known, states], sort_keys=True, default=str)
        said.append(f"{role}={hashlib.sha256(text.encode()).hexdigest()[:12]}")
    print(" ".join(said))
    return 0


def size_of(files):
    """The size of files as far as it is known, and how many are of unknown size."""
    sizes = [entry.get("bytes", entry.get("about")) for entry in files]
    return sum(size for size in sizes if size), sizes.count(None)


def check(bringer, registry, needs):
    """Says what is missing and how to bring it; 1 if anything is."""
    missing = absent(bringer, registry, needs)
    for wanted, model in missing:
        size, more = size_of(model["file"])
        size = None if more else size
        say(f"{model['name']} is not there ({model['role']}, {words(size)}): make models {wanted}")
    if missing:
        roles = ",".join(wanted.removeprefix("ROLE=") for wanted, _ in missing if wanted.startswith("ROLE="))
        if roles.count(",") > 0:
            say(f"all defaults at once: make models ROLE={roles}")
    return 1 if missing else 0


def announce(todo):
    """Says what is going to be brought, before it is."""
    for model, files in todo:
        size, more = size_of(files)
        size = None if more else size
        say(f"{model['name']} ({model['role']}): {len(files)} files, {words(size)}, licence {model['licence']}")
        if model.get("data"):
            say(f"  trained on {model['data']}")
        if model.get("notice"):
            say(f"  NOTICE: {model['notice']}")
    known, more = size_of([entry for _, files in todo for entry in files])
    whole = f"{words(known)} in all" if known or not more else ""
    unknown = f"{more} files whose size is not known" if more else ""
    say(", and ".join(part for part in [whole, unknown] if part))
    return known


def fetch(bringer, models):
    """Brings what is missing; the number of models that could not be brought."""
    todo = []
    for model in models:
        files = [entry for entry in model["file"] if bringer.missing(model, entry)]
        if files:
            todo.append((model, files))
        else:
            say(f"{model['name']}: is there")
    if not todo:
        return 0
    needed = announce(todo)
    bringer.models.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(bringer.models).free
    if needed > free:
        say(f"{words(needed)} are needed and {words(free)} are free: nothing was brought")
        return len(todo)
    failed = 0
    for model, files in todo:
        try:
            for entry in files:
                bringer.bring(model, entry)
        except (Failed, OSError) as error:
            say(f"{model['name']}: {error}")
            failed += 1
        finally:
            bringer.clean()
    return failed


def main(arguments=None):
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(prog="models", description="Bring published models, as registry.toml says.")
    split = lambda text: [word for word in text.split(",") if word]
    parser.add_argument("--role", type=split, default=[], metavar="ROLE,…", help="the defaults of these roles")
    parser.add_argument("--model", type=split, default=[], metavar="NAME,…", help="these models")
    parser.add_argument("--from", dest="mirror", default="", metavar="DIR|URL", help="a mirror with NAME/PATH")
    parser.add_argument("--models", type=Path, default=here, metavar="DIR", help="folder with registry.toml")
    parser.add_argument("--check", nargs="*", metavar="ROLE[=MODEL]", help="say which of these are not there")
    parser.add_argument("--stamp", nargs="*", metavar="ROLE[=MODEL]", help="say of each what it is known by")
    flags = parser.parse_args(arguments)
    registry = tomllib.loads((flags.models / "registry.toml").read_text(encoding="utf-8")).get("model", [])
    try:
        if flags.check is not None:
            return check(Bringer(flags.models, ""), registry, flags.check)
        if flags.stamp is not None:
            return stamp(Bringer(flags.models, ""), registry, flags.stamp)
        models = chosen(registry, flags.role, flags.model)
        failed = fetch(Bringer(flags.models, flags.mirror), models)
    except KeyError as error:
        parser.error(error.args[0])
    except Failed as error:
        say(str(error))
        return 1
    if failed:
        say(f"{failed} of {len(models)} models could not be brought")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("stopped: run again to go on")
        sys.exit(1)
