#!/usr/bin/env python3
"""Cuts a manifest into pieces that keep shots whole, puts what became of them together, and counts both.

shards.py split  FRAMES.jsonl N DIR      DIR/0000.jsonl and so on: each shot goes where a hash of its film and number says
shards.py merge  FRAMES.jsonl OUT...     what became of those N pieces, in the order of FRAMES.jsonl, to standard output
shards.py shots  FRAMES.jsonl            the manifest with a blank line after each shot, for GNU parallel
shards.py check  FRAMES.jsonl OUT REJECTS...      ends with 1 unless every record that went in came out, or was rejected
"""

import hashlib
import itertools
import json
import os
import sys


def shot(line):
    """The film and the shot of a record; of a record without them, its id; of a damaged line, the line."""
    try:
        record = json.loads(line)
        source = record.get("source") or {}
        return (source["film"], source["shot"]) if "film" in source and "shot" in source else (record["id"],)
    except (ValueError, KeyError, AttributeError, TypeError):
        return (line.decode(errors="replace").rstrip("\n"),)


def shard(line, count):
    """The piece of a record: the same on every machine, and of a shot always one."""
    return int.from_bytes(hashlib.sha256(json.dumps(shot(line)).encode()).digest()[:8], "big") % count


def records(path):
    """The lines of a manifest, without blank ones; the last one ends too."""
    with open(path, "rb") as file:
        for line in file:
            if line.strip():
                yield line.rstrip(b"\r\n") + b"\n"


def blocks(path, least):
    """Byte ranges of a manifest, `(offset, length)`: whole shots that follow each other, of `least` records or more."""
    begin = offset = count = 0
    before = None
    with open(path, "rb") as file:
        for line in file:
            this = shot(line)
            if count >= least and this != before:
                yield begin, offset - begin
                begin, count = offset, 0
            offset, count, before = offset + len(line), count + 1, this
    if offset > begin:
        yield begin, offset - begin


def piece(path, offset, length):
    """The bytes of one block."""
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(length)


def ident(line):
    """The id of a record; of a damaged line, which a rejects file has under `line`, that line."""
    try:
        record = json.loads(line)
        return record.get("id") or record["line"]
    except (ValueError, KeyError, AttributeError):
        return line.decode(errors="replace").rstrip("\n")


def root(name, known):
    """Which of the ids in `known` a record comes from: a crop has the id of its parent and a suffix."""
    while name not in known and "." in name:
        name = name.rpartition(".")[0]
    return name


def split(path, count, folder):
    if not count.isdecimal() or int(count) < 1:
        return f"shards.py: {count}: not a number of pieces from 1 on"
    os.makedirs(folder, exist_ok=True)
    pieces = [open(os.path.join(folder, f"{number:04}.jsonl"), "wb") for number in range(int(count))]
    for line in records(path):
        pieces[shard(line, len(pieces))].write(line)
    for one in pieces:
        one.close()
    return None


def merge(path, *outs):
    """One record of each piece is in memory: each piece is in the order of the whole."""
    pieces = [records(out) for out in outs]
    heads = [next(piece, None) for piece in pieces]
    for line in records(path):
        number, known = shard(line, len(pieces)), {ident(line)}
        while heads[number] is not None and root(ident(heads[number]), known) in known:
            sys.stdout.buffer.write(heads[number])
            heads[number] = next(pieces[number], None)
    left = [out for out, head in zip(outs, heads) if head is not None]
    if left:
        sys.exit(f"shards.py: {left[0]}: has records that are not of {path}, or not in its order")


def shots(path):
    for _, lines in itertools.groupby(records(path), shot):
        sys.stdout.buffer.write(b"".join(lines) + b"\n")


def check(path, out, *rejects):
    """Exit status 1 with what is missing, what is there twice, and what came from nowhere."""
    known = {ident(line): 0 for line in records(path)}
    ends, strays = set(), []
    twice = []
    written = rejected = 0
    for number, name in enumerate([out, *rejects]):
        for line in records(name):
            one = ident(line)
            written, rejected = written + (number == 0), rejected + (number > 0)
            of = root(one, known)
            if of in known:
                known[of] += 1
            else:
                strays.append(one)
            if one in ends:
                twice.append(one)
            ends.add(one)
    missing = [name for name, count in known.items() if not count]
    print(f"{path}: {len(known)} in, {written} out, {rejected} rejected", file=sys.stderr)
    for what, names in [("missing", missing), ("twice", twice), ("of no record that went in", strays)]:
        if names:
            print(f"shards.py: {len(names)} {what}, such as {names[0]}", file=sys.stderr)
    return bool(missing or twice or strays)


def main():
    tasks = {"split": (split, 3), "merge": (merge, 2), "shots": (shots, 1), "check": (check, 2)}
    task, least = tasks.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if not task or len(sys.argv) - 2 < least:
        sys.exit(__doc__)
    try:
        return task(*sys.argv[2:])
    except OSError as error:
        return f"shards.py: {error.filename}: {error.strerror}"


if __name__ == "__main__":
    sys.exit(main())
