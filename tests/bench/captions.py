"""vlm-caption beside transformers: one Florence-2 with random weights, of the published size or tiny, in one run.

    pip install torch transformers onnx tokenizers pillow     # 2.15, 5.23, 1.23, 0.23 were used
    cargo build --release -p vlm-caption
    python tests/bench/captions.py target/bench/captions [--tiny] [--eight-bit] [--images 2,6] [--tokens 64] [--beams 1] [--threads 2]

Makes the network with the published names (0.9 GB, once) and small images, then runs both on the
fewer and on the more images. What the more take longer is the time of the difference, without
loading the network or importing anything; from that come tokens a second. Random weights write
random words, other ones where a resized pixel differs by a level, so each side's own tokens are counted;
that the same numbers give the same words is shown by the tests of `nets`. `--eight-bit` adds vlm-caption on the same
network with weights of 8 bits, quantized as those are that are published beside the full ones.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE.parent.parent / "target" / "release"
# Side of the image in pixels, words, the token that stands for the image.
SIZES = {False: (768, 51289, 51288), True: (64, 160, 159)}
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def network(tiny):
    """The script that makes the tiny network, with the sizes of `microsoft/Florence-2-base` if that is
    wanted; and the network, with random weights."""
    sys.path.insert(0, str(HERE.parent.parent / "shared/nets/tests/reference"))
    import florence
    import torch
    from transformers import BartConfig, Florence2Config, Florence2ForConditionalGeneration, Florence2VisionConfig

    if tiny:
        return florence, florence.tiny()
    side, words, image_token = SIZES[False]
    florence.SIDE, florence.WIDTH, florence.HEADS, florence.LAYERS = side, 768, 12, 6
    torch.manual_seed(3)
    vision = Florence2VisionConfig(depths=(1, 1, 9, 1), embed_dim=(128, 256, 512, 1024), num_heads=(4, 8, 16, 32),
                                   num_groups=(4, 8, 16, 32), window_size=12, projection_dim=768, max_position_embeddings=50)
    text = BartConfig(vocab_size=words, d_model=768, encoder_layers=6, decoder_layers=6, encoder_attention_heads=12,
                      decoder_attention_heads=12, encoder_ffn_dim=3072, decoder_ffn_dim=3072, max_position_embeddings=1024,
                      init_std=0.05, dropout=0.0)
    config = Florence2Config(text_config=text, vision_config=vision, image_token_id=image_token)
    return florence, Florence2ForConditionalGeneration(config).eval()


def make(work, tiny):
    """The network in both forms, a tokenizer, images."""
    _, size, image_token = SIZES[tiny]
    import numpy
    from PIL import Image
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

    florence, model = network(tiny)
    florence.export(model, work / "onnx")
    model.eval().save_pretrained(work / "torch")
    marks = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<image>": image_token}
    words = {f"w{n}": n for n in range(size)}
    for mark, place in marks.items():
        del words[f"w{place}"]
        words[mark] = place
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.save(str(work / "onnx/tokenizer.json"))
    (work / "images").mkdir()
    noise = numpy.random.default_rng(5)
    for number in range(48):
        small = noise.integers(0, 256, (9, 16, 3), numpy.uint8)
        Image.fromarray(small).resize((1280, 720), Image.Resampling.BICUBIC).save(work / f"images/{number:02}.png")
    (work / "whole").touch()


def quantize(work):
    """The network with weights of 8 bits, as the scripts of transformers.js write `…_quantized.onnx`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    (work / "onnx8").mkdir(exist_ok=True)
    for path in (work / "onnx").glob("*.onnx"):
        quantize_dynamic(path, work / "onnx8" / path.name, weight_type=QuantType.QUInt8, op_types_to_quantize=["MatMul", "Gather"],
                         extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True})
    (work / "onnx8/tokenizer.json").write_bytes((work / "onnx/tokenizer.json").read_bytes())


def reference(work, count, options):
    """The same job with transformers: one line of tokens an image."""
    import numpy
    import torch
    from PIL import Image
    from tokenizers import Tokenizer
    from transformers import Florence2ForConditionalGeneration

    side, _, image_token = SIZES[options.tiny]
    torch.set_num_threads(options.threads)
    model = Florence2ForConditionalGeneration.from_pretrained(work / "torch").eval()
    tokenizer = Tokenizer.from_file(str(work / "onnx/tokenizer.json"))
    prompt = tokenizer.encode("Describe in detail what is shown in the image.").ids
    ids = torch.tensor([[image_token] * ((side // 32) ** 2 + 1) + prompt])
    paths = sorted((work / "images").iterdir())[:count]
    for start in range(0, count, options.batch):
        pixels = []
        for path in paths[start : start + options.batch]:
            square = Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
            levels = (numpy.asarray(square, numpy.float32) / 255 - MEAN) / DEVIATION
            pixels.append(torch.from_numpy(levels.transpose(2, 0, 1).astype(numpy.float32)))
        several = ids.expand(len(pixels), -1)
        with torch.no_grad():
            out = model.generate(input_ids=several, attention_mask=torch.ones_like(several), pixel_values=torch.stack(pixels),
                                 num_beams=options.beams, max_new_tokens=options.tokens, no_repeat_ngram_size=3, do_sample=False,
                                 early_stopping=options.beams > 1, length_penalty=1.0, forced_bos_token_id=0, forced_eos_token_id=2,
                                 decoder_start_token_id=2, eos_token_id=2, bos_token_id=0, pad_token_id=1)
        for row in out.tolist():
            row = row[1:]
            row = row[: row.index(2) + 1] if 2 in row else row
            print(json.dumps({"tokens": len(row), "raw": " ".join(f"w{id}" for id in row if id > 2)}))


def measure(command, stdin=None):
    """Seconds, peak MiB and output of a run."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=stdin and open(stdin), stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, [json.loads(line) for line in out.splitlines()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--tiny", action="store_true", help="the network of the tests, which shows the work around it")
    parser.add_argument("--eight-bit", action="store_true", help="also run vlm-caption on the network with weights of 8 bits")
    parser.add_argument("--images", default="2,6")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    work = options.work.resolve()
    if options.part == "make":
        return make(work, options.tiny)
    if options.part == "quantize":
        return quantize(work)
    if options.part:
        return reference(work, int(options.part), options)
    work.mkdir(parents=True, exist_ok=True)
    flags = [f"--{name}={getattr(options, name)}" for name in ("tokens", "beams", "batch", "threads")]
    flags += ["--tiny"] * options.tiny
    itself = [sys.executable, __file__, str(work), *flags]
    if not (work / "whole").exists():
        subprocess.run([*itself, "--part=make"], check=True)
    if options.eight_bit and not (work / "onnx8/tokenizer.json").exists():
        subprocess.run([*itself, "--part=quantize"], check=True)
    counts = [int(count) for count in options.images.split(",")]
    for count in counts:
        images = sorted((work / "images").iterdir())[:count]
        records = [json.dumps({"id": path.stem, "image": str(path)}) for path in images]
        (work / f"{count}.jsonl").write_text("\n".join(records) + "\n")

    def ours(count, network="onnx"):
        command = [BIN / "vlm-caption", "-q", "--model", work / network, "--device", "cpu", "--no-cache",
                   "--task", "detailed", "--max-new-tokens", str(options.tokens), "--beams", str(options.beams),
                   "--batch", str(options.batch), "--threads", str(options.threads)]
        seconds, memory, records = measure([str(part) for part in command], work / f"{count}.jsonl")
        return seconds, memory, [record["captioner"] for record in records]

    sides = {"vlm-caption": ours, "transformers": lambda count: measure([*itself, f"--part={count}"])}
    if options.eight_bit:
        sides["vlm-caption, 8 bits"] = lambda count: ours(count, "onnx8")
    rates, memory = {}, {}
    for _ in range(options.rounds):
        for name, run in sides.items():
            few, more = run(counts[0]), run(counts[1])
            tokens = sum(one["tokens"] for one in more[2]) - sum(one["tokens"] for one in few[2])
            rates.setdefault(name, []).append(tokens / (more[0] - few[0]))
            memory[name] = max(memory.get(name, 0), few[1], more[1])
    print("| | tokens a second | ratio | peak MiB |\n|---|---|---|---|")
    for name in sides:
        ratio = statistics.median(own / other for own, other in zip(rates[name], rates["transformers"]))
        print(f"| {name} | {statistics.median(rates[name]):.1f} | {ratio:.2f} | {memory[name]:.0f} |")
    print(f"\nmemory: {memory['transformers'] / memory['vlm-caption']:.1f} times ours")


if __name__ == "__main__":
    main()
