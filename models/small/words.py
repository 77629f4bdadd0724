"""The words that the small networks know, and the tokenizer of those that read sentences."""

from __future__ import annotations

import os
import re
from functools import lru_cache

import tomllib

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "examples")
# Label files for any film, and for the sample film; the groups of the latter are called `film GROUP` here.
LABELS = {"": os.path.join(EXAMPLES, "labels"), "film ": os.path.join(EXAMPLES, "film", "labels")}

# Which label of these is true of a frame; groups that are not here are taught to be `unknown`.
PLACES = {"piazza": "square", "harbour": "harbour", "beach": "beach", "kitchen": "kitchen", "lane": "street"}
FILM_PLACES = {**PLACES, "lane": "lane"}
PEOPLE = ("nobody", "one", "two", "group")
DRAWN, CARD = "3d animation", "title card"
TAUGHT = ("location", "time", "weather", "people", "style", "film location", "film time", "film weather", "film setting")

# What frames are asked about besides; each class with the words for it.
FRAMES = {
    "place": {
        "piazza": ("a piazza", "a town square", "a square with houses", "a plaza", "a village square"),
        "harbour": ("a harbour", "a harbor", "a port", "a quay", "docks", "a pier with boats"),
        "beach": ("a beach", "the seaside", "a shore", "sand by the sea", "a coast"),
        "kitchen": ("a kitchen", "a room with a stove", "a dining room", "a kitchen table"),
        "lane": ("a lane", "an alley", "a narrow street", "a lane with stairs", "a narrow alley"),
    },
    "setting": {
        "indoor": ("indoor", "indoors", "inside", "an interior", "inside a building"),
        "outdoor": ("outdoor", "outdoors", "outside", "an exterior", "in the open air"),
    },
}

# What figures are asked about.
ACTORS = {
    "name": {"nilo": ("nilo", "boy", "young boy", "boy with orange hair"), "pia": ("pia", "girl", "young girl", "girl with pigtails"),
             "oreste": ("oreste", "man", "old man", "man with a moustache", "old man with a cap")},
    "action": {"standing": ("standing", "someone standing"), "walking": ("walking", "someone walking"),
               "running": ("running", "someone running"), "sitting": ("sitting", "someone sitting on a chair"),
               "jumping": ("jumping", "someone jumping"), "lying": ("lying", "someone lying on the ground")},
    "view": {"front": ("front view", "seen from the front"), "three-quarter": ("three quarter view",),
             "side": ("side view", "seen from the side", "profile"), "back": ("back view", "seen from behind")},
    "emotion": {"happy": ("happy", "smiling", "happy face"), "sad": ("sad", "sad face", "crying"),
                "surprised": ("surprised", "surprised face"), "angry": ("angry", "angry face"),
                "neutral": ("neutral", "calm face")},
}

TEMPLATES = ("{}", "a picture of {}", "a frame of an animated film, {}", "a scene set in {}", "an image of {}", "a scene {}",
             "a character, {}", "it is {}")



@lru_cache
def questions() -> dict[str, dict[str, tuple[str, ...]]]:
    """Groups of the label files: for each label all its sentences, every prompt in every template."""
    groups = {}
    for kind, folder in LABELS.items():
        for name in sorted(os.listdir(folder)):
            if name.endswith(".toml"):
                with open(os.path.join(folder, name), "rb") as file:
                    for group, asked in tomllib.load(file).items():
                        groups[kind + group] = {label: sentences(said, asked["templates"]) for label, said in asked["labels"].items()}
    return groups


def sentences(said, templates) -> tuple[str, ...]:
    """Every prompt in every template."""
    return tuple(template.format(one) for one in ([said] if isinstance(said, str) else said) for template in templates)


@lru_cache
def own() -> tuple[dict, dict]:
    """FRAMES and ACTORS with their sentences."""
    return tuple({group: {name: sentences(words, TEMPLATES) for name, words in classes.items()} for group, classes in asked.items()}
                 for asked in (FRAMES, ACTORS))


def vocabulary() -> list[str]:
    """All words, sorted."""
    groups = [*questions().values(), *(classes for asked in own() for classes in asked.values())]
    text = " ".join(sentence for classes in groups for said in classes.values() for sentence in said)
    return sorted(set(re.findall(r"\w+|[^\w\s]+", text.lower())))


def tokenizer():
    """Lower case, words and punctuation, start and end around each sentence."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    special = ("<|pad|>", "<|unknown|>", "<|startoftext|>", "<|endoftext|>")
    ids = {word: index for index, word in enumerate((*special, *vocabulary()))}
    made = Tokenizer(WordLevel(ids, unk_token="<|unknown|>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="<|startoftext|> $A <|endoftext|>",
        special_tokens=[(word, ids[word]) for word in ("<|startoftext|>", "<|endoftext|>")])
    made.add_special_tokens(list(special))
    return made
