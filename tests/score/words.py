"""Scores of captions: whether what they say is true."""

import re
from collections import Counter

from figures import records, share

# What the labels and descriptions of the sample film call its places.
PLACES = {"square": "piazza", "piazza": "piazza", "harbour": "harbour", "beach": "beach", "kitchen": "kitchen", "lane": "lane"}
PHRASES = {"in a town square": "piazza", "at a harbour": "harbour", "on a beach": "beach", "in a kitchen": "kitchen",
           "in a narrow lane": "lane"}
TIMES = {"in the morning": "morning", "at noon": "noon", "in the afternoon": "afternoon", "in the evening": "evening",
         "at night": "night"}
WEATHERS = {"under a clear sky": "sunny", "under a cloudy sky": "cloudy", "in the rain": "rainy"}
PEOPLE = {"boy": "nilo", "girl": "pia", "man": "oreste"}
ACTIONS = "standing|walking|running|sitting|jumping|lying"


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


def described(text, line):
    """The same of a description in the words of the small captioner."""
    text = text.lower()
    for phrases, true, what in ((PHRASES, line["place"], "place"), (TIMES, line["light"]["time"], "time"),
                                (WEATHERS, line["light"]["weather"], "weather")):
        for phrase, value in phrases.items():
            if phrase in text:
                yield what, value == true
    people = {one["name"]: one for one in line["characters"] if one["area"] > 0}
    for person, action in re.findall(rf"a (boy|girl|man) ({ACTIONS})", text):
        one = people.get(PEOPLE[person])
        yield "person", one is not None
        if one is not None:
            yield "action", one["action"] == action


def rows(out, truth, figures):
    """The table's rows: measured facts in all data sets, and descriptions of whole frames."""
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
    whole, single, kinds = [], [], Counter()
    for kind in ("style", "lighting"):
        for record in records(out / kind / "described.jsonl"):
            line = truth[record["source"]["frame"]]
            if line["place"] is not None:
                facts = list(described(record["captioner"]["raw"], line))
                whole.append(all(true for _, true in facts))
                single += [true for _, true in facts]
                kinds.update(what for what, true in facts if not true)
    if whole:
        yield "descriptions of frames, all facts true", share(sum(whole), len(whole))
        wrong = ", ".join(f"{what} {count}" for what, count in kinds.most_common())
        yield "facts of descriptions that are true", f"{share(sum(single), len(single))}; wrong: {wrong or 'none'}"
