"""What is true of a still, in words, and what words say, as facts."""

from __future__ import annotations

import re

# The sentences that Florence-2's three caption tasks are asked with.
QUESTIONS = ("What does the image describe?", "Describe in detail what is shown in the image.",
             "Describe with a paragraph what is shown in the image.")

PEOPLE = {"nilo": "boy", "pia": "girl", "oreste": "man"}
PLACES = {"piazza": "in a town square", "harbour": "at a harbour", "beach": "on a beach", "kitchen": "in a kitchen", "lane": "in a narrow lane"}
TIMES = {"morning": "in the morning", "noon": "at noon", "afternoon": "in the afternoon", "evening": "in the evening", "night": "at night"}
WEATHERS = {"sunny": "under a clear sky", "cloudy": "under a cloudy sky", "rainy": "in the rain"}
VIEWS = {"front": "from the front", "three-quarter": "from an angle", "side": "from the side", "back": "from behind"}
FACES = {"happy": "happy", "sad": "sad", "surprised": "surprised", "angry": "angry", "neutral": "calm"}
SMALLEST, FACING = 150, 0.25


def seen(record: dict) -> list[dict]:
    """The figures large enough to speak of, the largest first."""
    large = [figure for figure in record["characters"] if figure["area"] >= SMALLEST]
    return sorted(large, key=lambda figure: -figure["area"])


def describe(random, record: dict, task: int) -> str:
    """A caption: who does what where; then also when; then also faces and views."""
    figures = seen(record)
    people = " and ".join(f"a {PEOPLE[figure['name']]} {figure['action']}" for figure in figures) or "no one"
    text = f"{people} {PLACES[record['place']]}"
    light = record["light"]
    if task >= 1:
        text += f" {TIMES[light['time']]}"
        text += f" {WEATHERS[light['weather']]}" if light["setting"] == "outdoor" else ""
    text += "."
    if task == 2:
        for figure in figures:
            face = figure["face"] and figure["face"]["facing"] >= FACING
            looks = f" and looks {FACES[figure['emotion']]}" if face else ""
            text += f" the {PEOPLE[figure['name']]} is seen {VIEWS[figure['view']]}{looks}."
    return text


def facts(text: str) -> dict:
    """The facts that a caption states, by what they are about."""
    found = {}
    text = re.sub(r"\s+([.,])", r"\1", text.lower())
    for words, key in ((PLACES, "place"), (TIMES, "time"), (WEATHERS, "weather")):
        found |= {key: name for name, phrase in words.items() if phrase in text}
    for name, person in PEOPLE.items():
        done = re.search(rf"a {person} (standing|walking|running|sitting|jumping|lying)", text)
        if done:
            found[f"{name} action"] = done[1]
        face = re.search(rf"the {person} is seen[a-z ]* looks (\w+)", text)
        if face:
            found[f"{name} face"] = face[1]
    return found


def vocabulary() -> list[str]:
    """All words, sorted."""
    parts = [*QUESTIONS, *PEOPLE.values(), *PLACES.values(), *TIMES.values(), *WEATHERS.values(), *VIEWS.values(), *FACES.values(),
             "a and the is seen looks no one . standing walking running sitting jumping lying"]
    return sorted(set(re.findall(r"[a-z]+|[^\sa-z]", " ".join(parts).lower())))


def tokenizer():
    """Lower case, words and punctuation, between the special ids of the published tokenizer."""
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    special = ("<s>", "<pad>", "</s>", "<unk>")
    ids = {word: index for index, word in enumerate((*special, *vocabulary()))}
    made = Tokenizer(WordLevel(ids, unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.add_special_tokens(list(special))
    return made
