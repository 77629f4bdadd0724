"""Asks for the labels of a data set that teach most, in the browser, and says what they have taught."""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import launch
import names
import review
import teach_threshold
import thresholds
from names import Wrong, say, setting


def asked(records):
    """The data set that is asked for: its name, its type, and the manifest that it selects from, in OUT."""
    name = setting("PIPELINE")
    kind = next((kind for kind in names.TYPES if name == kind or name.startswith(f"{kind}-")), "")
    teachable = [kind for kind, one in names.TYPES.items() if one.get("teach")]
    if kind not in teachable or names.slug(name) != name or (kind in names.PER_CHARACTER and name != kind):
        raise Wrong(f"PIPELINE={name}: what can be taught is {', '.join(teachable)}, and the thresholds of {', '.join(thresholds.KINDS)}")
    manifest = dict(one.split("=", 1) for one in records.split())[kind].replace("{}", names.folder(name))
    if not os.path.isfile(os.path.join(names.out(), manifest)):
        raise Wrong(f"PIPELINE={name}: there is no {manifest} in {names.out()}: make it first")
    return name, kind, manifest


def fits(kind, patch):
    """How label-fit is called for each question of a type."""
    for question in names.TYPES[kind]["teach"].split():
        key, on, prior, together = [*question.split(":"), "", ""][:4]
        flags = ["--key", key, "--on", on, "--patch", patch]
        flags += ["--prior", prior] if prior else []
        # Of names, a drop says that this is no character.
        flags += ["--drop-class"] if kind in names.PER_CHARACTER else []
        yield [os.path.join(names.tools(), "label-fit"), *flags, *(["--together", together] if together else [])]


def is_group(word):
    """Whether a name is that of instances that look alike, and of no character."""
    return isinstance(word, str) and re.fullmatch("cluster_[0-9]+", word) is not None


def guessed(record, key):
    """A record as the page shows it: at the key is what it is taken for by now, where that is likelier than not.

    Once there are names, a group is no guess: what has no likely name gets none.
    """
    guess, likely = record["ask"].get("guess"), record["ask"].get("probability", 0) >= 0.5
    first, _, member = key.removeprefix("/").partition("/")
    inside = record.get(first)
    if guess is None or key == "/review/decision" or not (isinstance(inside, dict) and member):
        return record
    if likely:
        return {**record, first: {**inside, member: [[guess, record["ask"]["probability"]]] if first == "tags" else guess}}
    if is_group(inside.get(member)) and not is_group(guess):
        return {**record, first: {one: inside[one] for one in inside if one != member}}
    return record


def chosen(commands, manifest, path):
    """Writes the records whose labels teach most, as many for each question, each once; their number."""
    wanted = int(setting("TEACH_ASK"))
    answers = []
    for command in commands:
        ran = subprocess.run([*command, "--quiet", "--ask", str(wanted), manifest], stdout=subprocess.PIPE, check=True)
        answers.append([json.loads(line) for line in ran.stdout.splitlines()])
    # In turn, the best of each question first.
    ranked = sorted((one["ask"]["rank"], question, one["id"]) for question, answer in enumerate(answers) for one in answer)
    taken = {}
    for _, question, one in ranked:
        if len(taken) < wanted:
            taken.setdefault(one, question)
    # In rows as each question has them.
    with open(path, "w", encoding="utf-8") as file:
        for question, answer in enumerate(answers):
            asked_of = (guessed(one, commands[question][2]) for one in answer if taken.get(one["id"]) == question)
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in asked_of)
    return len(taken)


def teach(name, kind, manifest):
    """Opens the images to label, and then says how good the judgement is."""
    os.chdir(names.out())
    folder = Path("review/taught")
    folder.mkdir(parents=True, exist_ok=True)
    patch, images = f"review/{name}.jsonl", folder / f"{name}.asked"
    commands = list(fits(kind, patch))
    if not chosen(commands, manifest, images):
        say(f"{name}: {thresholds.left(thresholds.records(manifest), patch)}")
        return
    # Of what all sets of a type have in common only the answers are asked.
    if kind in names.PER_CHARACTER:
        keys = [flag for command in commands for flag in ("--label", command[2])]
        keys += ["--drop-means", "no character: in no set, as is its like after five"]
    else:
        keys = review.labels(name)
    serve = [os.path.join(names.tools(), "review"), "--serve", "--patch", patch, *keys, str(images)]
    subprocess.run(serve, stdout=subprocess.DEVNULL, check=True)
    # From here on the data set goes by what was taught.
    (folder / name).touch()
    for command in commands:
        subprocess.run([*command, "--output", str(folder / f"{name}.json"), manifest], stdout=subprocess.DEVNULL, check=True)
    say(f"{name}: make it again, and it goes by these labels; `make teach` asks for the next")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", required=True, help="the manifest that each type selects from: TYPE=MANIFEST, {} for its folder")
    parser.add_argument("--make", default="make", help="how make is called")
    parser.add_argument("--flags", default="", help="flags of label-fit for thresholds, as in a shell")
    parser.add_argument("--dedup", default="", help="flags of frame-dedup, as in a shell")
    names.check()
    given = parser.parse_args()
    name = setting("PIPELINE")
    threshold = name in thresholds.KINDS
    found = teach_threshold.needed(name, given.flags) if threshold else asked(given.records)
    if launch.only_says():
        say(f"{name}: asks for labels in the browser, and says what they have taught")
    elif threshold:
        teach_threshold.teach(name, given.make, found, given.dedup)
    else:
        teach(*found)


if __name__ == "__main__":
    sys.exit(names.ended(main))
