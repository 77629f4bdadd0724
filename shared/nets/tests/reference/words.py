"""Makes the tokenizers of the tiny Florence-2 and SmolVLM: words that are numbers, and the published marks.

    python shared/nets/tests/reference/words.py

Writes tests/onnx/{florence,smolvlm}/tokenizer.json beside this folder. Made with tokenizers 0.22.
"""

import pathlib

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

HERE = pathlib.Path(__file__).resolve().parent.parent / "onnx"


def words(size, marks):
    vocabulary = {f"w{n}": n for n in range(size)}
    for mark, place in marks.items():
        del vocabulary[f"w{place}"]
        vocabulary[mark] = place
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    return tokenizer


florence = words(160, {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<image>": 159})
florence.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
florence.save(str(HERE / "florence/tokenizer.json"))
smolvlm = words(180, {"<unk>": 0, "<|im_start|>": 1, "<image>": 170, "<end_of_utterance>": 171, "<fake_token_around_image>": 172, "<global-img>": 173,
                      **{f"<row_{n // 2 + 1}_col_{n % 2 + 1}>": 174 + n for n in range(4)}})
smolvlm.save(str(HERE / "smolvlm/tokenizer.json"))
