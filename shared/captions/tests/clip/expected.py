"""Writes expected.json: CLIP token ids as the Python tokenizers give them.

    pip install 'transformers<5' ftfy regex
    pip download --no-deps open_clip_torch && unzip open_clip_torch*.whl open_clip/tokenizer.py
    python expected.py bpe_simple_vocab_16e6.txt.gz open_clip/tokenizer.py > expected.json

Two implementations are asked, both with ftfy as the trainers install it:
transformers' CLIPTokenizer and open_clip's SimpleTokenizer. Where they differ
(open_clip also resolves HTML entities twice) transformers is taken, which is
what the trainers load; the texts that differ are named on standard error.
"""

import gzip
import importlib.util
import json
import sys
import tempfile
import types
from pathlib import Path

from transformers import CLIPTokenizer

TEXTS = [
    "",
    "lucap boy",
    "lucap boy, running, side view, in a harbour, at evening",
    "lucap boy, full body, three-quarter view, running, happy, striped shirt, piazza, evening, clear sky",
    "A boy runs along the harbour wall at dusk, seen from the side.",
    "portorosso, narrow street, morning, sunny, laundry, boats",
    "lt_goldenhour, golden hour, harbour",
    "run_pse, a woman in a red coat running on a beach",
    "it's the girl's, they're, we've, I'm, he'll, she'd, don't",
    "IT'S THE GIRL'S, THEY'RE WE'VE I'M HE'LL SHE'D DON'T",
    "rock'n'roll o'clock 'tis ma'am 'twas",
    "the boy’s “red” hat, ‘quoted’",
    "Portorosso café, naïve façade, Ærøskøbing, straße, STRASSE, Straße",
    "İstanbul ıspanak, ΑΣΟΣ ΟΔΟΣ, ΣΊΣΥΦΟΣ",
    "дом на холме, вечер",
    "夕方の港、少年が走る",
    "傍晚的港口，男孩在奔跑",
    "부산항의 저녁",
    "مرفأ في المساء",
    "बंदरगाह शाम",
    "ท่าเรือ ยามเย็น",
    "happy 😀 boy 🏃‍♂️ 👩‍👩‍👧 flag 🇮🇹 ❤️",
    "e\u0301clair cafe\u0301 n\u0303",
    "Å Å ﬁne ﬂow oﬃce ĳ Ǆ",
    "ｆｕｌｌ ｗｉｄｔｈ　ｓｐａｃｅ ！？ ﾊﾝｶｸ",
    "half-way up-to-date, e.g. 3.5 m, 10:30, 50%, #1",
    "12345 1,000 boats 2026-11-22 4k 8k 1080p",
    "²³ ½ Ⅷ ① ٣",
    "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
    "a!b?c;d:e/f\\g|h(i)[j]{k}<l>",
    "--- *** ___ ... ,,, ;;; ~~~ ^^^",
    "snake_case camelCase kebab-case __init__",
    "<start_of_text> is no token, nor is <end_of_text>!",
    "price: $5 or 5€ or £5 & more @home",
    "tabs\tand\nnewlines\r\nand   spaces\u00a0nbsp\u2003em\u200bzero",
    "   leading and trailing   ",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "xqzjvk wxyzzy lucasea prs_piazza qwertzuiop",
    "soft\u00adhyphen zero\u200djoiner \ufeffbom bell\u0007 del\u007f",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒻𝒶𝓃𝒸𝓎 𝟙𝟚𝟛",
    "Zalgo t̶e̶x̶t̶ H̷e̷",
    "http://example.org/a?b=c&d=e user@example.org",
    "3d animation, pixar style, masterpiece, best quality, 8k",
    "1girl, solo, brown hair, looking at viewer, outdoors, sky, cloud",
    "a photo of a cat " * 25,
    "Ω Ω K Å ſ Kelvin ﬅ",
    "…–—‹›«»„“”‟‚‛",
    "\u001b[31mred\u001b[0m text",
    "mixed: 港 harbour гавань λιμάνι 🚢, 3 boats’ sails",
]


def transformers_tokenizer(merges: Path) -> CLIPTokenizer:
    """CLIPTokenizer from OpenAI's merges file, by way of its own two files."""
    lines = gzip.open(merges, "rt", encoding="utf-8").read().split("\n")
    lines = lines[1 : 49152 - 256 - 2 + 1]
    visible = list(range(ord("!"), ord("~") + 1))
    visible += list(range(ord("¡"), ord("¬") + 1)) + list(range(ord("®"), ord("ÿ") + 1))
    units = [chr(b) for b in visible]
    units += [chr(256 + n) for n in range(256 - len(visible))]
    words = units + [u + "</w>" for u in units] + [line.replace(" ", "") for line in lines]
    words += ["<|startoftext|>", "<|endoftext|>"]
    folder = Path(tempfile.mkdtemp())
    vocabulary = {word: number for number, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(lines), encoding="utf-8")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    assert tokenizer.fix_text is not None, "ftfy is missing"
    return tokenizer


def open_clip_tokenizer(merges: Path, source: Path):
    """open_clip's SimpleTokenizer, without the torch that its module names."""
    torch = types.ModuleType("torch")
    torch.LongTensor = torch.Tensor = object
    sys.modules["torch"] = torch
    spec = importlib.util.spec_from_file_location("open_clip_tokenizer", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SimpleTokenizer(bpe_path=str(merges))


def main() -> None:
    merges, source = Path(sys.argv[1]), Path(sys.argv[2])
    first, second = transformers_tokenizer(merges), open_clip_tokenizer(merges, source)
    cases = []
    for text in TEXTS:
        ids = first(text, add_special_tokens=False)["input_ids"]
        other = second.encode(text)
        if ids != other:
            print(f"differs: {text!r}\n  {ids}\n  {other}", file=sys.stderr)
        cases.append({"text": text, "ids": ids})
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    sys.stdout.write(f"[\n{lines}\n]\n")


main()
