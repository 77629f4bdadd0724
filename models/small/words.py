"""The words that the small networks know, and the tokenizer of those that read sentences."""

from __future__ import annotations

import re

# What frames are asked about; each class with the words for it.
FRAMES = {
    "place": {
        "piazza": ("piazza", "town square", "square", "plaza", "square with houses", "village square"),
        "harbour": ("harbour", "harbor", "port", "quay", "docks", "pier with boats"),
        "beach": ("beach", "seaside", "shore", "sand by the sea", "coast"),
        "kitchen": ("kitchen", "room with a stove", "dining room", "kitchen table"),
        "lane": ("lane", "alley", "narrow street", "lane with stairs", "narrow alley"),
    },
    "time": {
        "morning": ("morning", "early morning", "dawn", "sunrise"), "noon": ("noon", "midday", "bright day", "middle of the day"),
        "afternoon": ("afternoon", "late afternoon"), "evening": ("evening", "dusk", "sunset", "twilight"),
        "night": ("night", "dark night", "nighttime", "moonlight"),
    },
    "weather": {
        "sunny": ("sunny", "sunny weather", "clear sky", "sunshine", "clear weather"),
        "cloudy": ("cloudy", "overcast", "grey sky", "cloudy weather"),
        "rainy": ("rainy", "rain", "rainy weather", "raining", "wet weather"),
    },
    "setting": {
        "indoor": ("indoor", "indoors", "inside", "interior", "inside a building"),
        "outdoor": ("outdoor", "outdoors", "outside", "exterior", "in the open air"),
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

TEMPLATES = ("{}", "a picture of {}", "a frame of an animated film, {}", "a 3d animated scene: {}", "a photo of a {}",
             "an image of the {}", "a rendering of {}", "it is {}")

# Words of captions that stand in none of the above.
MORE = ("one two three person people no who shirt dress trousers cap hair red blue green yellow white black brown orange "
        "and at by from is its are near far up close partly hidden scene shows there looks to the left right camera").split()


def vocabulary() -> list[str]:
    """All words, sorted."""
    text = " ".join([*TEMPLATES, *(word for group in (FRAMES, ACTORS) for classes in group.values() for words in classes.values() for word in words)])
    return sorted(set(re.findall(r"[a-z0-9]+|[^\sa-z0-9{}]", text.lower())) | set(MORE))


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
