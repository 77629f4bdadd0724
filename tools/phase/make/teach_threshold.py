"""Asks which images near a threshold are to be kept, in the browser, and sets the threshold of a tool by that."""

import json
import os
import re
import subprocess
from pathlib import Path

import launch
import names
import thresholds
from names import Wrong, say, setting
from thresholds import ACROSS, FOUND, KINDS, decisions, records, write

# From which score a network finds what labels are asked of.
FAINTEST = 0.05
# Boxes that overlap by more than this share of their union are of one thing.
SAME = 0.9
# A threshold that keeps everything, where none was dropped before.
ALL = {"above": -1, "below": 1e9}
# Within which distance frame-dedup drops images of a shot, where its flags say nothing else.
MAX_DISTANCE = 8
# What is decided of near-duplicates.
PAIRS = "review/dedup.pairs.jsonl"


def some(rows, count, first):
    """`count` records in equal steps, and those whose ids are in `first`, in their order."""
    step = max(1, -(-len(rows) // count))
    return [row for at, row in enumerate(rows) if at % step == step // 2 or row["id"] in first]


def overlap(one, other):
    """The intersection of two boxes over their union."""
    sides = [min(one[at + 2], other[at + 2]) - max(one[at], other[at]) for at in (0, 1)]
    shared = max(0.0, sides[0]) * max(0.0, sides[1])
    whole = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / whole if whole > 0 else 0.0


def placed(parent, kind, box, known):
    """The id of a box, by where it is: that of the labelled box in that place, of which `known` has the ids, or else one of its own."""
    begin = f"{parent}.{kind}_"
    for one in known.get(begin, []):
        if overlap(box, [int(side) for side in one.removeprefix(begin).split("_")]) > SAME:
            return one
    return begin + "_".join(str(round(side)) for side in box)


def places(name, patch):
    """The ids of labelled boxes by what they begin with; networks number what they find anew where they find something else."""
    known = {}
    for one in decisions(patch):
        found = re.fullmatch(rf"(.*\.{FOUND[name][2]}_)-?\d+(_-?\d+){{3}}", one)
        if found:
            known.setdefault(found[1], []).append(one)
    return known


def found(name, kept, probed, known):
    """What a network found with a low threshold in the records `probed`, a record each, with its box, and its id by `placed`.

    In `kept` is what its stage found.
    """
    boxes, taken = {}, set()
    for row in kept:
        own = [box["box"] for box in row.get("boxes", [])] if name == "detect" else [row["face"]["box"]]
        boxes.setdefault(row["id"] if name == "detect" else row["parent"], []).extend(own)
    for row in probed:
        if name == "detect":
            every = [(row["id"], box, box["box"]) for box in row["boxes"]]
        else:
            # What is small, hidden or turned away is dropped whatever its score, and key points have a score of another kind.
            scored = "rejected" not in row and row["face"]["by"] != "pose"
            every = [(row["parent"], {**row["face"], "label": "face"}, row["face"]["box_in_crop"])] if scored else []
        for parent, box, drawn in every:
            own = placed(parent, FOUND[name][2], box["box"], known)
            if own in taken:
                continue
            taken.add(own)
            one = {key: row[key] for key in ("source", "face") if key in row}
            one |= {"id": own, "image": row["image"], "parent": parent, "boxes": [{"box": drawn, "score": box["score"], "label": box["label"]}]}
            if not any(overlap(box["box"], other) > SAME for other in boxes.get(parent, [])):
                one["rejected"] = {"by": "char-detect" if name == "detect" else "face-crop", "reason": "below the threshold"}
            yield one


def apart(one, other):
    """The distance of two images as frame-dedup has it: the larger of those of their two hashes."""
    return max(bin(int(one["dedup"][key], 16) ^ int(other["dedup"][key], 16)).count("1") for key in ("hash", "dhash"))


def known_pairs():
    """What is decided of pairs, as frame-dedup reads it: the two ids, and whether they are different."""
    found = []
    for line in records(PAIRS):
        pair = line.get("pair")
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair) and isinstance(line.get("different"), bool)):
            raise Wrong(f"{PAIRS}: not a decision on a pair: {json.dumps(line)}")
        found.append((tuple(pair), line["different"]))
    return found


def pairs(rows, decided):
    """Of near-duplicates: each image with that which it was measured against beside it. A pair that is decided stays that pair."""
    by_id = {row["id"]: row for row in rows}
    before = dict(pair for pair, _ in known_pairs())
    for row in rows:
        # Of what was decided beside which image no file says, that may be another by now.
        other = by_id.get(before.get(row["id"]) if row["id"] in decided else row["dedup"].get("nearest"))
        if not other or "hash" not in row["dedup"] or "hash" not in other["dedup"]:
            continue
        # Of an image that was dropped for one of another shot the distance says nothing of those in its own.
        if "distance" in row["dedup"] or row["id"] in decided:
            yield {**row, "dedup": {**row["dedup"], "distance": apart(row, other)}, "beside": other["image"], "pair": [row["id"], other["id"]]}


def instances(rows):
    """Instances that were dropped have no image of their own: they are shown in their frame, in a box."""
    for row in rows:
        if "rejected" in row and "instance" in row:
            row = {**row, "boxes": [{"box": row["instance"]["box"], "score": 1, "label": "instance"}]}
            row.pop("mask", None)
        yield row


def median(rows, reason):
    """The median of how narrow the edges of instances are, as mask-crop takes it: of those that nothing else is wrong with."""
    sound = [row for row in rows if "rejected" not in row or row["rejected"].get("reason", "").startswith(reason)]
    edges = sorted(row["instance"]["edges"] for row in sound if "edges" in row.get("instance", {}))
    return edges[len(edges) // 2] if edges else 1.0


def candidates(name):
    """The records of which labels are asked, in OUT: those that the stage kept, and those that it dropped."""
    stage, patch = KINDS[name]["stage"], f"review/{name}.jsonl"
    both = records(f"{stage}.jsonl")
    if name in FOUND:
        return list(found(name, both, records(f"thresholds/{name}.found.jsonl"), places(name, patch)))
    both += records(f"{stage}.rejects.jsonl")
    if name == "motion":
        return list(instances(both))
    return list(pairs(both, decisions(patch))) if name == "dedup" else both


def probe(name, make):
    """Runs the network of a stage with a low threshold on some of its records."""
    manifest, role, _ = FOUND[name]
    out = os.path.abspath(names.out())
    if setting("NETWORKS") == "none":
        raise Wrong(f"PIPELINE={name}: a network has to look again: leave NETWORKS=none out")
    rows = records(os.path.join(out, f"{manifest}.jsonl"))
    labelled = {begin.rsplit(".", 1)[0] for begin in places(name, os.path.join(out, f"review/{name}.jsonl"))}
    rows = some(rows, 2 * int(setting("TEACH_ASK")), labelled)
    write(os.path.join(out, f"thresholds/{name}.some.jsonl"), [{key: row[key] for key in row if key != "boxes" or name != "detect"} for row in rows])
    settings = names.absolute(setting("SETTINGS")) if setting("SETTINGS") else ""
    paths = {"BIN": names.tools(), "SETTINGS": settings, "CALLED_FROM": "", "WHO": "", "PROBED": name, "FAINTEST": str(FAINTEST)}
    command = launch.inner(make, [role], paths, in_words=False)
    locked = launch.lock(out)
    try:
        subprocess.run([*command, f"thresholds/{name}.found.jsonl"], check=True, close_fds=False)
    finally:
        os.close(locked)


def bits(dedup):
    """Within which distance frame-dedup drops images of a shot by its flags, and else by default."""
    said = {"--max-distance": MAX_DISTANCE, "--across": ACROSS}
    words = iter(names.split("DEDUP_FLAGS", dedup))
    for word in words:
        flag, sign, value = word.partition("=")
        if flag in said:
            value = value if sign else next(words, "")
            if not re.fullmatch("[0-9]{1,2}", value):
                raise Wrong(f"DEDUP_FLAGS={dedup}: {flag} is a number of bits, not {value or 'nothing'}")
            said[flag] = int(value)
    return max(said.values())


def earlier(name, dedup):
    """The threshold that decides where labels set none; none if what is kept and dropped tells it."""
    if name == "dedup":
        # Labels themselves say of pairs what is kept and dropped: between these bits and the next.
        return bits(dedup) + 0.5
    known = thresholds.read(f"thresholds/{name}.json")
    if known and thresholds.number(known.get("was")):
        return known["was"]
    if not thresholds.counts(known):
        return None
    # What is kept and dropped now goes by these labels themselves, and says nothing of how it was before.
    before = (known["proof"].get("before") or {}).get("threshold")
    return ALL[KINDS[name]["side"]] if before is None else before


def fitting(name, more, before):
    """How label-fit is called for a threshold, to compare it with `before`."""
    one = KINDS[name]
    command = [os.path.join(names.tools(), "label-fit"), "--threshold-of", one["of"], "--keeping", one["side"], "--dropped-for", one["reason"]]
    command += ["--patch", f"review/{name}.jsonl", *more]
    return command if before is None else [*command, f"--before={before}"]


def settled(name, rows, before):
    """Takes what label-fit has found, with what it does not know, and says what becomes of the threshold."""
    path, fitted = f"thresholds/{name}.json", f"thresholds/{name}.fit"
    known, last = thresholds.read(fitted), thresholds.read(path)
    if known and name == "motion":
        known["median"] = median(rows, KINDS[name]["reason"])
    if known and name != "dedup" and before is not None:
        known["was"] = before
    if known:
        write(path, [known])
        os.remove(fitted)
    if thresholds.counts(known):
        return f"{' '.join(thresholds.flags(name, known))}: run make again to apply it, unless your own flags set it"
    if thresholds.counts(last):
        return "the threshold goes back to what it was: run make again to apply that; `make teach` asks for the next labels"
    return "the threshold stays as it was; `make teach` asks for the next labels"


def shown(name):
    """How the images are shown on the page."""
    if name == "dedup":
        return ["--beside", "/beside"]
    return ["--draw", "boxes"] if name in FOUND or name == "motion" else (["--beside", "/inpaint/original"] if "inpaint" in KINDS[name]["of"] else [])


def merged(rows):
    """What is decided of pairs: what was, but for what a person has changed since, and what is new among `rows`."""
    said, decided = {line.get("id") for line in records("review/dedup.jsonl")}, decisions("review/dedup.jsonl")
    known = dict(known_pairs())
    beside = {row["id"]: row["pair"][1] for row in rows if row["id"] in decided} | dict(list(known))
    for pair in [*known, *(pair for pair in beside.items() if pair not in known)]:
        one = pair[0]
        if beside[one] != pair[1] or one not in said:
            yield {"pair": list(pair), "different": known[pair]}
        elif one in decided:
            yield {"pair": list(pair), "different": decided[one] == "keep"}


def keep_pairs(rows):
    """Writes what is decided of near-duplicates for frame-dedup, which obeys it, while no make reads it."""
    found = list(merged(rows))
    if found == [{"pair": list(pair), "different": different} for pair, different in known_pairs()]:
        return
    locked = launch.lock(os.getcwd())
    try:
        if found:
            write(PAIRS, found)
        else:
            os.remove(PAIRS)
    finally:
        os.close(locked)


def needed(name, flags):
    """Sees to it that there is what labels are asked of; the flags of label-fit, one by one."""
    found, stage, out = names.split("TEACH_FLAGS", flags), KINDS[name]["stage"], names.out()
    need = FOUND[name][0] if name in FOUND else stage
    for manifest in dict.fromkeys([need, stage]):
        if not os.path.isfile(os.path.join(out, f"{manifest}.jsonl")):
            raise Wrong(f"PIPELINE={name}: there is no {manifest}.jsonl in {out}: make it first")
    return found


def teach(name, make, more, dedup):
    """Opens the images to label, sets the threshold, and says what it is worth.

    `more` are flags of label-fit, and `dedup` those of frame-dedup.
    """
    out = names.out()
    for folder in ["thresholds", "review"]:
        Path(out, folder).mkdir(exist_ok=True)
    if name in FOUND:
        probe(name, make)
    os.chdir(out)
    manifest = f"thresholds/{name}.candidates.jsonl"
    if name == "dedup":
        # What was decided on a page after which nothing came.
        keep_pairs(records(manifest))
    rows = candidates(name)
    write(manifest, rows)
    before, asked = earlier(name, dedup), f"thresholds/{name}.asked.jsonl"
    fit = fitting(name, more, before)
    with open(asked, "wb") as file:
        subprocess.run([*fit, "--quiet", "--ask", setting("TEACH_ASK"), manifest], stdout=file, check=True)
    if os.path.getsize(asked):
        serve = [os.path.join(names.tools(), "review"), "--serve", "--patch", f"review/{name}.jsonl", *shown(name), asked]
        subprocess.run(serve, stdout=subprocess.DEVNULL, check=True)
    else:
        say(f"{name}: {thresholds.left(rows, f'review/{name}.jsonl')}")
    if name == "dedup":
        keep_pairs(rows)
    subprocess.run([*fit, "--output", f"thresholds/{name}.fit", manifest], stdout=subprocess.DEVNULL, check=True)
    say(f"{name}: {settled(name, rows, before)}")
