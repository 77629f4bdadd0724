"""What is true of a still, in words, and what words say, as facts."""

from __future__ import annotations

import re

import numpy as np

# The sentences that Florence-2's three caption tasks are asked with.
QUESTIONS = ("What does the image describe?", "Describe in detail what is shown in the image.",
             "Describe with a paragraph what is shown in the image.")

PEOPLE = {"nilo": "boy", "pia": "girl", "oreste": "man"}
PLACES = {"piazza": "in a town square", "harbour": "at a harbour", "beach": "on a beach", "kitchen": "in a kitchen", "lane": "in a narrow lane"}
TIMES = {"morning": "in the morning", "noon": "at noon", "afternoon": "in the afternoon", "evening": "in the evening", "night": "at night"}
WEATHERS = {"sunny": "under a clear sky", "cloudy": "under a cloudy sky", "rainy": "in the rain"}
ACTIONS = ("standing", "walking", "running", "sitting", "jumping", "lying")
# How the first, the second and the third person are seen and look: no three words come twice, since
# captions are decoded without such repeats.
VIEWS = ({"front": "is seen from the front", "three-quarter": "is seen at an angle", "side": "is seen from the side", "back": "is seen from behind"},
         {"front": "turns toward us", "three-quarter": "turns partly away", "side": "turns sideways", "back": "turns fully away"},
         {"front": "appears frontally", "three-quarter": "appears half turned", "side": "appears in profile", "back": "appears averted"})
LOOKS = ("and looks {}", "with a {} face", ", {} in expression")
FACES = {"happy": "happy", "sad": "sad", "surprised": "surprised", "angry": "angry", "neutral": "calm"}
SMALLEST, FACING, KNEES = 150, 0.25, (13, 14)


def inside(seen, box) -> float:
    """How much of a box of the still is in the scene, 0 to 1."""
    box, (height, width) = seen.area_of(box), seen.mask.shape
    kept = np.clip(box, 0, (width, height, width, height))
    return float((kept[2:] - kept[:2]).prod() / max((box[2:] - box[:2]).prod(), 1e-6))


def face_of(seen) -> str | None:
    """The expression of someone whose face is turned here and in the scene."""
    face = seen.truth["face"]
    return seen.truth["emotion"] if face and face["facing"] >= FACING and inside(seen, face["box"]) > 0.6 else None


def action_of(seen) -> str | None:
    """What someone does whose knees are in the scene; of a bust nobody can tell."""
    knees = np.array(seen.truth["keypoints"], np.float32)[list(KNEES)]
    places, (height, width) = seen.points(knees), seen.mask.shape
    there = ((places >= 0) & (places < (width, height))).all(1) & (knees[:, 2] > 0)
    return seen.truth["action"] if there.any() else None


def describe(people: list, record: dict, task: int) -> str:
    """A caption of a still's scene: who does what where; then also when; then also faces and views.

    `people` are those large enough to speak of; the largest comes first.
    """
    people = sorted(people, key=lambda seen: -seen.mask.sum())
    named = [" ".join(filter(None, ("a", PEOPLE[seen.truth["name"]], action_of(seen)))) for seen in people]
    text = ", ".join(named[:-2] + [" and ".join(named[-2:])]) if named else "no one"
    text += f" {PLACES[record['place']]}"
    light = record["light"]
    if task >= 1:
        text += f" {TIMES[light['time']]}"
        text += f" {WEATHERS[light['weather']]}" if light["setting"] == "outdoor" else ""
    text += "."
    if task == 2:
        for seen, views, looks in zip(people, VIEWS, LOOKS):
            face = face_of(seen)
            text += f" the {PEOPLE[seen.truth['name']]} {views[seen.truth['view']]} {looks.format(FACES[face]) if face else ''}".rstrip() + "."
    return text


def facts(text: str) -> dict:
    """The facts that a caption states, by what they are about."""
    found = {}
    text = re.sub(r"\s+([.,])", r"\1", text.lower())
    for words, key in ((PLACES, "place"), (TIMES, "time"), (WEATHERS, "weather")):
        named = [name for name, phrase in words.items() if phrase in text]
        if named:
            found[key] = named[-1]
    for name, person in PEOPLE.items():
        told = re.search(rf"\ba {person}\b ?({'|'.join(ACTIONS)})?", text)
        if told:
            found[name] = True
            found |= {f"{name} action": told[1]} if told[1] else {}
        for sentence in re.findall(rf"the {person} ([^.]*)", text):
            found |= {f"{name} view": view for views in VIEWS for view, phrase in views.items() if phrase in sentence}
            found |= {f"{name} face": face for face, word in FACES.items() if word in sentence.split()}
    return found


def vocabulary() -> list[str]:
    """All words, sorted."""
    parts = [*QUESTIONS, *PEOPLE.values(), *PLACES.values(), *TIMES.values(), *WEATHERS.values(), *FACES.values(), *ACTIONS, *LOOKS,
             *(phrase for views in VIEWS for phrase in views.values()), "a and the no one . ,"]
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
