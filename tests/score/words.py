"""Scores of captions: whether what they say is true."""

from collections import Counter

from figures import share
from truth import records

# What the labels of the sample film call its places.
PLACES = {"square": "piazza", "piazza": "piazza", "harbour": "harbour", "beach": "beach", "kitchen": "kitchen", "lane": "lane"}


def measured(record, line, figure):
    """For each fact that a caption says from a measured key: what it is about, and whether it is true."""
    for pointer, _ in record.get("facts", {}).get("said", []):
        value = record
        for key in pointer.strip("/").split("/"):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):
            value = value[0][0]
        if pointer.startswith("/light/"):
            what = pointer.rpartition("/")[2]
            yield what, value == line["light"][what]
        elif pointer == "/tags/location":
            yield "place", PLACES.get(value) == line["place"]
        elif figure and pointer == "/pose/action":
            yield "action", value == figure["action"]
        elif figure and pointer == "/pose/angle":
            yield "view", value == figure["view"]
        elif figure and pointer == "/emotion/label":
            yield "emotion", value == figure["emotion"]


def rows(out, truth, figures):
    """The table's rows: measured facts in the captions of all data sets."""
    all_true, captions, by_kind, right = 0, 0, Counter(), Counter()
    for path in sorted(out.glob("*/captioned.jsonl")) + sorted(out.glob("character/*/captioned.jsonl")):
        for record in records(path):
            line = truth[record["source"]["frame"]]
            if line["place"] is None:
                continue
            figure = figures.truth.get(record["id"]) or figures.truth.get(record.get("parent"))
            facts = list(measured(record, line, figure))
            captions += 1
            all_true += all(true for _, true in facts)
            for what, true in facts:
                by_kind[what] += 1
                right[what] += true
    yield "captions whose measured facts are all true", share(all_true, captions)
    yield "by fact", ", ".join(f"{what} {right[what] / count:.2f} of {count}" for what, count in by_kind.most_common())
