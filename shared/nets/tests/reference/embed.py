"""What transformers makes of images and texts with CLIP, SigLIP 2, SigLIP and DINOv2.

Writes, beside this folder,

* expected/embed/pixels.json: pixel values of each image processor, sampled, of drawn images;
* onnx/tiny-clip, tiny-siglip2, tiny-dinov2: networks of the published architectures, names and
  shapes with few and random weights, and small tokenizers;
* expected/embed/vectors.json: ids, vectors and scores of these networks, run in PyTorch by
  transformers, not from the ONNX files.

    python embed.py bpe_simple_vocab_16e6.txt.gz

Made with torch 2.15, torchvision 0.29, transformers 5.23, tokenizers 0.23, pillow 13, numpy 2.2,
onnx 1.23. The file of merges is that of the repository openai/CLIP.
"""

import gzip
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image

HERE = Path(__file__).resolve().parent.parent
EXPECTED = HERE / "expected" / "embed"
ONNX = HERE / "onnx"

SIZES = [(224, 224), (256, 256), (224, 301), (340, 256), (640, 360), (361, 517), (1000, 31), (17, 900),
         (5, 3), (1, 1), (225, 224), (2400, 1350)]
TEXTS = ["a photo of a cat", "A  Street\tin the RAIN", "the sea, at night!", "it's 42 o'clock",
         " ".join(["lantern"] * 100)]
LABELS = {"street": ["a street", "a road in a town"], "sea": ["the sea"], "kitchen": ["a kitchen"]}
TEMPLATES = ["a photo of {}", "{} in a film"]


def drawn(width, height):
    """The image that embed.rs draws too: ramps, a checkerboard, rings."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    red = x * 255 // max(width - 1, 1)
    green = np.where((x // 9 + y // 7) % 2 == 0, 230, y * 200 // max(height - 1, 1))
    blue = (x * x + y * y) // 97 % 256
    return Image.fromarray(np.stack([red, green, blue], -1).astype(np.uint8), "RGB")


def processors():
    """The processors of Pillow, with the settings of the published repositories."""
    half = dict(image_mean=[0.5] * 3, image_std=[0.5] * 3)
    square = dict(size={"height": 224, "width": 224}, **half)
    return {
        "clip": transformers.CLIPImageProcessorPil(),
        "siglip2": transformers.SiglipImageProcessorPil(resample=2, **square),
        "siglip": transformers.SiglipImageProcessorPil(resample=3, **square),
        "dinov2": transformers.BitImageProcessorPil(
            size={"shortest_edge": 256}, crop_size={"height": 224, "width": 224}, resample=3,
            image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225], do_convert_rgb=True),
    }


def pixels(processor, image):
    return torch.tensor(np.asarray(processor(images=image, return_tensors="np")["pixel_values"]))


def sampled():
    out = []
    for name, processor in processors().items():
        for size in SIZES:
            values = pixels(processor, drawn(*size))[0].numpy()
            out.append({
                "family": name, "size": size,
                "mean": [round(float(c.mean()), 4) for c in values],
                "deviation": [round(float(c.std()), 4) for c in values],
                "every_32nd": [round(float(v), 4) for v in values[:, 16::32, 16::32].ravel()],
            })
    return out


def bytes_to_unicode():
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    more = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + n) for n in range(len(more))]


def clip_tokenizer(path, merges):
    """As the published tokenizer.json of CLIP, with the first this many merges only."""
    lines = gzip.open(path).read().decode().split("\n")[1:]
    pairs = [line.split() for line in lines[:merges]]
    letters = bytes_to_unicode()
    words = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in pairs]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    start, end = len(words) - 2, len(words) - 1
    special = [{"id": number, "content": words[number], "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True} for number in (start, end)]
    split = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": split}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
        "post_processor": {"type": "RobertaProcessing", "sep": [words[end], end], "cls": [words[start], start],
                           "trim_offsets": False, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": words[end], "continuing_subword_prefix": "",
                  "end_of_word_suffix": "</w>", "fuse_unk": False, "vocab": vocabulary,
                  "merges": [" ".join(pair) for pair in pairs]},
    }


def siglip_tokenizer():
    """As that of SigLIP 2: a BPE of Gemma's kind, lower case, the end token last; letters only."""
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "\u2581"] + [chr(c) for c in range(33, 127)]
    merges = ["t h", "th e", "a t", "i n", "e r", "s t", "\u2581 a", "\u2581 the", "o n", "st r"]
    words += [merge.replace(" ", "") for merge in merges]
    special = [{"id": number, "content": words[number], "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True} for number in range(4)]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<eos>", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}}},
        "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True,
                  "vocab": {word: number for number, word in enumerate(words)}, "merges": merges},
    }


def shaken(model, seed):
    """Weights large enough that images and texts lie apart."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                fan = math.prod(weight.shape[1:])
                spread = 0.5 if "embedding.weight" in name and "patch" not in name else 1.5 / math.sqrt(fan)
                weight.copy_(torch.randn(weight.shape, generator=generator) * spread)
    return model.eval()


class Named(torch.nn.Module):
    """A model that gives the outputs of these names only."""

    def __init__(self, model, given, names):
        super().__init__()
        self.model, self.given, self.names = model, given, names

    def forward(self, value):
        out = self.model(**{self.given: value})
        return tuple(out[name] for name in self.names)


def export(model, given, names, example, path, dynamic):
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {given: dynamic} | {name: {0: "batch_size"} for name in names}
    torch.onnx.export(Named(model, given, names), (example,), str(path), dynamo=False, opset_version=17,
                      input_names=[given], output_names=names, dynamic_axes=axes)


def unit(vector):
    return vector / vector.norm(dim=-1, keepdim=True)


def rounded(vector):
    return [round(float(number), 6) for number in vector]


def scores(image, labels, text_vector, scale, bias):
    """Zero-shot as in the CLIP paper's prompt ensembles: mean of unit vectors, unit again."""
    texts = []
    for prompts in labels.values():
        each = [text_vector(template.replace("{}", prompt)) for prompt in prompts for template in TEMPLATES]
        texts.append(unit(torch.stack(each).mean(0)))
    logits = scale * (torch.stack(texts) @ image) + bias
    return {"softmax": dict(zip(labels, rounded(logits.softmax(0)))), "sigmoid": dict(zip(labels, rounded(logits.sigmoid())))}


def clip(merges):
    folder = ONNX / "tiny-clip"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = clip_tokenizer(merges, 250)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    size = len(tokenizer["model"]["vocab"])
    few = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
    config = transformers.CLIPConfig(
        text_config=dict(vocab_size=size, max_position_embeddings=77, bos_token_id=size - 2,
                         eos_token_id=size - 1, pad_token_id=size - 1, projection_dim=24, **few),
        vision_config=dict(image_size=224, patch_size=16, projection_dim=24, **few), projection_dim=24)
    vision = shaken(transformers.CLIPVisionModelWithProjection(config.vision_config), 1)
    text = shaken(transformers.CLIPTextModelWithProjection(config.text_config), 2)
    export(vision, "pixel_values", ["image_embeds"], torch.randn(2, 3, 224, 224), folder / "vision_model.onnx",
           {0: "batch_size", 1: "num_channels", 2: "height", 3: "width"})
    export(text, "input_ids", ["text_embeds"], torch.tensor([[size - 2, 5, 6, size - 1]]), folder / "text_model.onnx",
           {0: "batch_size", 1: "sequence_length"})
    words = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    ids = lambda t: words(t, truncation=True, max_length=77)["input_ids"]
    text_vector = lambda t: unit(text(input_ids=torch.tensor([ids(t)])).text_embeds)[0]
    image_vector = lambda p: unit(vision(pixel_values=pixels(processors()["clip"], p)).image_embeds)[0]
    return "tiny-clip", ids, text_vector, image_vector, 100.0, 0.0


def siglip():
    folder = ONNX / "tiny-siglip2"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = siglip_tokenizer()
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    few = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
    config = transformers.SiglipConfig(
        text_config=dict(vocab_size=len(tokenizer["model"]["vocab"]), max_position_embeddings=64, projection_size=16, **few),
        vision_config=dict(image_size=224, patch_size=16, **few))
    vision = shaken(transformers.SiglipVisionModel(config.vision_config), 3)
    text = shaken(transformers.SiglipTextModel(config.text_config), 4)
    both = ["last_hidden_state", "pooler_output"]
    export(vision, "pixel_values", both, torch.randn(2, 3, 224, 224), folder / "vision_model.onnx",
           {0: "batch_size"})
    export(text, "input_ids", both, torch.ones(2, 64, dtype=torch.long), folder / "text_model.onnx",
           {0: "batch_size", 1: "sequence_length"})
    words = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>")
    ids = lambda t: words(t, truncation=True, max_length=64, padding="max_length")["input_ids"]
    text_vector = lambda t: unit(text(input_ids=torch.tensor([ids(t)])).pooler_output)[0]
    image_vector = lambda p: unit(vision(pixel_values=pixels(processors()["siglip2"], p)).pooler_output)[0]
    return "tiny-siglip2", ids, text_vector, image_vector, math.exp(4.724453449249268), -16.771724700927734


def dinov2():
    config = transformers.Dinov2Config(hidden_size=16, mlp_ratio=2, num_hidden_layers=2, num_attention_heads=2,
                                       image_size=224, patch_size=14)
    model = shaken(transformers.Dinov2Model(config), 5)
    # With a batch that is fixed, as in some exports.
    export(model, "pixel_values", ["last_hidden_state"], torch.randn(4, 3, 224, 224),
           ONNX / "tiny-dinov2" / "model.onnx", {})
    image_vector = lambda p: unit(model(pixel_values=pixels(processors()["dinov2"], p)).last_hidden_state[:, 0])[0]
    return "tiny-dinov2", None, None, image_vector, 0.0, 0.0


def answers(made):
    name, ids, text_vector, image_vector, scale, bias = made
    out = {"model": name, "images": [], "texts": [], "labels": LABELS, "templates": TEMPLATES}
    for size in SIZES:
        vector = image_vector(drawn(*size))
        image = {"size": size, "vector": rounded(vector)}
        if text_vector:
            image |= scores(vector, LABELS, text_vector, scale, bias)
        out["images"].append(image)
    for text in TEXTS if text_vector else []:
        out["texts"].append({"text": text, "ids": ids(text), "vector": rounded(text_vector(text))})
    return out


def main():
    EXPECTED.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)
    dump = lambda name, value: (EXPECTED / name).write_text("[\n" + ",\n".join(map(json.dumps, value)) + "\n]\n")
    with torch.no_grad():
        dump("pixels.json", sampled())
        dump("vectors.json", [answers(made) for made in (clip(sys.argv[1]), siglip(), dinov2())])


if __name__ == "__main__":
    main()
