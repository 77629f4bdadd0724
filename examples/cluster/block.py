#!/usr/bin/env python3
"""Passes one block of records through a chain of tools: the job of every recipe here.

    block.py --rejects DIR 'frame-dedup --hash-only | clip-embed' < block > out

The records of the block come from standard input, what the last tool writes goes to standard output, and what the tools
dropped or failed on goes to one file of DIR, named by a hash of the chain and the block: a block that runs again replaces
its file. Nothing reaches standard output before every tool of the chain has ended well.

With OBJECTS=REMOTE:BUCKET/FOLDER, a place as rclone names it, or the whole path of a folder, the files of the block are there: those that its records name
are copied into a folder of its own, in which the chain runs, and what the chain wrote there is copied back, before anything
reaches standard output.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile


def commands(chain):
    """The command lines of a chain: words as the shell reads them, and `|` between tools; nothing else of the shell."""
    words = shlex.shlex(chain, posix=True, punctuation_chars="|")
    words.whitespace_split = True
    words.commenters = ""
    found = [[]]
    for word in words:
        if word == "|":
            found.append([])
        else:
            found[-1].append(word)
    if not all(found):
        raise ValueError(f"{chain}: a tool is missing beside a |")
    return found


def replace(path, data):
    """Writes a file that is there whole or not at all, whoever else writes it."""
    part = f"{path}.{os.uname().nodename}.{os.getpid()}.part"
    with open(part, "wb") as file:
        file.write(data)
    os.replace(part, path)


def failed(ended):
    """What went wrong with the tools of a chain; a tool whose every record was damaged ends with 1, but has done its work."""
    for tool, status, dropped, counted in ended:
        counts = json.load(open(counted)) if status == 1 and os.path.exists(counted) else {"in": None, "failed": 0}
        written = sum(1 for _ in open(dropped, "rb")) if os.path.exists(dropped) else 0
        if status and not counts["in"] == counts["failed"] == written:
            yield f"{tool}: ended with {status}"


def named(value):
    """The files that a value of a record may name: every text in it that is a path below the folder and has an ending."""
    if isinstance(value, dict):
        # The film itself is not what a record needs.
        value = [member for key, member in value.items() if key != "source"]
    if isinstance(value, list):
        return {path for one in value for path in named(one)}
    if not isinstance(value, str) or not re.fullmatch(r"\.[A-Za-z0-9]{1,5}", os.path.splitext(value)[1]):
        return set()
    return set() if os.path.isabs(value) or os.path.normpath(value) != value or value.startswith("..") or "\n" in value else {value}


def files():
    """The files below this folder, and what tells whether one has changed."""
    found = {}
    for folder, _, names in os.walk("."):
        for path in (os.path.relpath(os.path.join(folder, name)) for name in names):
            status = os.stat(path)
            found[path] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def place(objects):
    """The place of OBJECTS; rclone takes what is neither a remote nor a whole path for a folder of where the block runs, which has none."""
    if ":" not in objects and not os.path.isabs(objects):
        raise ValueError(f"OBJECTS={objects}: is not a place as rclone names it: write REMOTE:BUCKET/FOLDER, or the whole path of a folder")
    return objects


def fetch(objects, paths):
    """Copies the files of a block into this folder. One that is not there is for the tools to say, but not that none is, nor a file of
    vectors, without which every record of the block would fail."""
    copy(objects, ".", paths)
    for path in sorted(paths):
        if path.endswith(".npy") and not os.path.exists(path):
            raise RuntimeError(f"OBJECTS={objects}: has no {path}, the vectors that records name: run clip-embed again")
    if paths and not any(map(os.path.exists, paths)):
        first = min(paths)
        raise RuntimeError(f"OBJECTS={objects}: has none of the {len(paths)} files that the records name, such as {first}: "
                           f"see what `rclone lsf` says of {os.path.join(objects, os.path.dirname(first))}")


def copy(source, destination, paths):
    """Copies these files, by their paths below both; those that are not there are left out."""
    if not paths:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("".join(f"{path}\n" for path in sorted(paths)))
        listed.flush()
        command = ["rclone", "copy", "--files-from-raw", listed.name, "--no-traverse", "--retries", "5", source, destination]
        if subprocess.run(command).returncode:
            raise RuntimeError(f"rclone: files from {source} could not be copied to {destination}")


def records(block):
    """Those lines of a block that are records; what is damaged is for the tools to say."""
    for line in block.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def run(chain, block, rejects):
    """The records, bytes, that a block becomes; the others go to the folder `rejects`."""
    objects, rejects = os.environ.get("OBJECTS"), os.path.abspath(rejects)
    if not objects:
        return passed(chain, block, rejects)
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            fetch(place(objects), {path for record in records(block) for path in named(record)})
            before = files()
            out = passed(chain, block, rejects)
            copy(".", objects, {path for path, status in files().items() if before.get(path) != status})
        finally:
            os.chdir(here)
    return out


def passed(chain, block, rejects):
    """Passes a block through a chain in this folder."""
    name = hashlib.sha256(chain.encode() + b"\0" + block).hexdigest()[:16]
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryFile() as first:
        first.write(block)
        first.seek(0)
        before, started = first, []
        for number, command in enumerate(commands(chain)):
            dropped, counts = (os.path.join(work, f"{number}.{what}") for what in ("rejects", "counts"))
            environment = {**os.environ, "FILM2LORA_COUNTS": counts}
            process = subprocess.Popen([*command, "--rejects", dropped], stdin=before, stdout=subprocess.PIPE, env=environment)
            before.close()
            before = process.stdout
            started.append((command[0], process, dropped, counts))
        out = before.read()
        before.close()
        wrong = ", ".join(failed([(tool, process.wait(), *paths) for tool, process, *paths in started]))
        if wrong:
            raise RuntimeError(wrong)
        left = [open(dropped, "rb").read() for *_, dropped, _ in started if os.path.exists(dropped)]
    os.makedirs(rejects, exist_ok=True)
    replace(os.path.join(rejects, f"{name}.jsonl"), b"".join(left))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rejects", required=True, metavar="DIR", help="folder for what does not reach standard output")
    parser.add_argument("chain", help="tools with | between them; each is given --rejects")
    flags = parser.parse_args()
    # GNU parallel may cut blocks at blank lines; a block is known by its records.
    block = b"".join(line for line in sys.stdin.buffer if line.strip())
    try:
        sys.stdout.buffer.write(run(flags.chain, block, flags.rejects))
        sys.stdout.buffer.flush()
    except (RuntimeError, ValueError, OSError) as error:
        print(f"block.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
