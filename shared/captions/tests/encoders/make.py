"""Makes two small tokenizers of the kinds that text encoders have, and what they make of captions.

    python shared/captions/tests/encoders/make.py

Writes `unigram.json` (as T5's: SentencePiece, one mark at the end), `bytes.json` (as Qwen's: pairs of
bytes, no marks) and `expected.json` beside this file. Made with tokenizers 0.23.3. The files keep a
padding and a limit, as saved files do; what is expected was counted without them.
"""

import json
import pathlib

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
LEARNT = [
    "lucap boy, running along the harbour in the evening, in sunny weather",
    "A boy runs along the quay of a harbour, seen from the side, with a very happy expression.",
    "portorosso, at night, in rainy weather, with boats and an umbrella",
    "lantern, indoors, in the afternoon, a kitchen with a table and two windows",
    "She sits on the stairs of an old house and reads a letter under a lamp.",
]
TEXTS = LEARNT + [
    "",
    " ",
    "lucap",
    "lucap boy,  running",
    "ÜBERSCHWÄNGLICH, naïve café — “quoted” … 1,000 boats",
    "港の夕方、ボートが二隻",
    "😀😀 a boy </s> <pad> <|endoftext|>",
    "word " * 40,
]


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=160, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(LEARNT * 4, trainer)
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    return tokenizer


def pairs():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=340, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(LEARNT * 4, trainer)
    return tokenizer


def main():
    expected = {}
    for name, tokenizer in [("unigram", unigram()), ("bytes", pairs())]:
        expected[name] = {
            "marks": len(tokenizer.encode("").ids),
            "tokens": [len(tokenizer.encode(text, add_special_tokens=False).ids) for text in TEXTS],
        }
        tokenizer.enable_padding(length=64)
        tokenizer.enable_truncation(64)
        tokenizer.save(str(HERE / f"{name}.json"), pretty=False)
    expected["texts"] = TEXTS
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (HERE / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
