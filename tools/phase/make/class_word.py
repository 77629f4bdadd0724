"""Prints the class word of the character in a manifest of instances: the first of its words, or else what most of them were found by.

Nothing, where it has no words and half of its instances are persons, or it was found by several words.
"""

import argparse
import json
import re
from collections import Counter
from pathlib import Path

# What any character may be called, and so none needs to be.
PLAIN = "person"


def class_word(phrase):
    """A phrase without its score and its article, as nets::words has it."""
    words = " ".join(phrase.rpartition("=")[0].split() if "=" in phrase else phrase.split()).lower()
    return re.sub(r"^(a|an|the) ", "", words)


def first(text):
    """The first phrase of a character's words; a full stop before a digit ends none."""
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if not line.lstrip().startswith("#")]
    phrases = [phrase for line in lines for phrase in re.split(r"\.(?!\d)", line) if phrase.strip()]
    return class_word(phrases[0]) if phrases else ""


def most(records):
    """What more than half of the records were found by."""
    labels = Counter(class_word(record.get("instance", {}).get("label") or PLAIN) for record in records)
    [(label, count)] = labels.most_common(1) or [(PLAIN, 0)]
    return label if label != PLAIN and 2 * count > sum(labels.values()) else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=Path, help="file of the character's words, which may be missing")
    parser.add_argument("manifest", type=Path)
    flags = parser.parse_args()
    word = first(flags.words.read_text(encoding="utf-8")) if flags.words and flags.words.is_file() else ""
    with open(flags.manifest, encoding="utf-8") as lines:
        print(word or most(json.loads(line) for line in lines if line.strip()))


if __name__ == "__main__":
    main()
