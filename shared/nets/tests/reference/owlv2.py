#!/usr/bin/env python3
"""Makes the tiny OWLv2 in ../onnx/owlv2/ and what transformers finds with it, ../expected/owlv2.json.

    python owlv2.py        # in this folder

Made with torch 2.15, transformers 5.24, onnx 1.23, onnxruntime 1.32.0, numpy 2.4, scipy 1.17. The network has random weights and
finds nothing real: what counts is that every pixel and token that goes in, and every number that comes out, is treated as the
reference treats it.

* model.onnx: a random Owlv2ForObjectDetection, exported with the names of the published files; tokenizer.json: CLIP's with a
  few merges, that of ../onnx/tiny-clip.
* Expected are the boxes and the score of each phrase by Owlv2Processor and post_process_object_detection; and, in
  owlv2_guided.json, those of each box by class_predictor as image_guided_detection calls it, for the patch of an example that is
  chosen as scenic's owl_vit/notebooks/inference.py chooses it.
"""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from grounding_dino import drawn
from transformers import Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessorPil, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
ONNX = HERE.parent / "onnx" / "owlv2"
EXPECTED = HERE.parent / "expected"

SIDE, PATCH = 64, 16
# Sizes that need no filter: the reference shrinks by a Gaussian and linear interpolation, we by Pillow's bilinear filter, which on
# frames differ by 2 levels at most, but on the edges of small drawn images by more.
SIZES = [(64, 64), (64, 41), (31, 64), (64, 7)]
PROMPTS = [["a boy", "a sea monster", "a cat"], ["creature"]]
NAMES = ["input_ids", "pixel_values", "attention_mask"]


class Published(torch.nn.Module):
    """The ports of the published files."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, pixel_values, attention_mask):
        out = self.model(input_ids=input_ids, pixel_values=pixel_values, attention_mask=attention_mask)
        return out.logits, out.pred_boxes, out.text_embeds, out.image_embeds


def network(size):
    torch.manual_seed(5)
    few = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Owlv2Config(
        text_config={"vocab_size": size, "max_position_embeddings": 16, **few, "eos_token_id": size - 1, "bos_token_id": size - 2, "pad_token_id": 0},
        vision_config={"image_size": SIDE, "patch_size": PATCH, **few}, projection_dim=16)
    model = Owlv2ForObjectDetection(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "token_embedding" in name:
                weight.mul_(40)
            elif weight.ndim > 1 and "class_head.logit" not in name:
                weight.mul_(8 if "vision" in name else 0.2 if "box_head" in name else 3)
            elif "weight" in name and "class_head.logit" in name:
                weight.mul_(0.2)
            elif "bias" in name:
                weight.normal_(0, 0.3)
        # Logits of a few units, so that no score is 0 or 1.
        model.class_head.logit_scale.bias.fill_(2)
    return model


def overlap(one, other):
    """Intersection over union of two boxes."""
    low, high = torch.maximum(one[:2], other[:2]), torch.minimum(one[2:], other[2:])
    inner = (high - low).clamp(min=0).prod()
    return inner / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - inner)


def guided(model, processor, text):
    """Boxes by example: the first image is the example, what its middle shows."""
    def seen(width, height):
        pixels = processor(images=drawn(width, height), return_tensors="pt").pixel_values
        out = model(input_ids=text.input_ids, pixel_values=pixels, attention_mask=text.attention_mask)
        boxes = processor.post_process_object_detection(out, threshold=-1, target_sizes=torch.tensor([[height, width]]))[0]["boxes"]
        return out.image_embeds.flatten(1, 2), boxes

    cases = []
    for example, area in [((64, 40), (9, 4, 40, 30)), ((64, 64), (0, 0, 64, 64))]:
        features, boxes = seen(*example)
        classes = model.class_predictor(features)[1]
        unit = classes[0] / classes[0].norm(dim=1, keepdim=True)
        overlaps = torch.stack([overlap(box, torch.tensor(area, dtype=torch.float32)) for box in boxes])
        near = (overlaps >= 0.8 * overlaps.max()).nonzero()[:, 0]
        patch = near[(unit[near] @ unit.mean(0)).argmin()]
        for width, height in SIZES:
            features, boxes = seen(width, height)
            logits = model.class_predictor(features, classes[:, patch : patch + 1])[0][0, :, 0]
            rows = [[round(float(number), 4) for number in (*box, score)] for box, score in zip(boxes, logits.sigmoid(), strict=True)]
            cases.append({"example": example, "area": area, "size": [width, height], "rows": rows})
    return cases


def written(name, cases):
    body = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (EXPECTED / name).write_text(f"[\n{body}\n]\n", encoding="utf-8")


def main():
    warnings.filterwarnings("ignore")
    ONNX.mkdir(parents=True, exist_ok=True)
    shutil.copy(ONNX.parent / "tiny-clip" / "tokenizer.json", ONNX / "tokenizer.json")
    # As the published tokenizer does: up to 16 tokens, filled with number 0, which the mask leaves out.
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(ONNX / "tokenizer.json"), pad_token="!", eos_token="<|endoftext|>", bos_token="<|startoftext|>")
    assert tokenizer.pad_token_id == 0
    model = network(len(tokenizer))
    processor = Owlv2ImageProcessorPil(size={"height": SIDE, "width": SIDE})

    def asked(prompt):
        return tokenizer([text.lower() for text in prompt], padding="max_length", max_length=16, truncation=True, return_tensors="pt")

    text = asked(PROMPTS[0])
    example = (text.input_ids, torch.rand(1, 3, SIDE, SIDE), text.attention_mask)
    phrases = {name: {0: "phrases", 1: "tokens"} for name in ["input_ids", "attention_mask"]}
    torch.onnx.export(Published(model).eval(), example, ONNX / "model.onnx", input_names=NAMES,
                      output_names=["logits", "pred_boxes", "text_embeds", "image_embeds"],
                      dynamic_axes={**phrases, "logits": {2: "phrases"}, "text_embeds": {1: "phrases"}}, opset_version=17, dynamo=False)
    session = onnxruntime.InferenceSession(str(ONNX / "model.onnx"))
    cases = []
    for width, height in SIZES:
        pixels = processor(images=drawn(width, height), return_tensors="pt").pixel_values
        for prompt in PROMPTS:
            text = asked(prompt)
            inputs = {"input_ids": text.input_ids, "pixel_values": pixels, "attention_mask": text.attention_mask}
            with torch.no_grad():
                out = model(**inputs)
            found = session.run(None, {name: inputs[name].numpy() for name in NAMES})
            assert np.abs(found[0] - out.logits.numpy()).max() < 1e-3, "logits of the export"
            found = processor.post_process_object_detection(out, threshold=-1, target_sizes=torch.tensor([[height, width]]))[0]
            scores = out.logits[0].sigmoid()
            assert torch.allclose(found["scores"], scores.max(1).values)
            rows = [[round(float(number), 4) for number in (*box, *row)] for box, row in zip(found["boxes"], scores, strict=True)]
            cases.append({"size": [width, height], "phrases": prompt, "rows": rows})
    written("owlv2.json", cases)
    with torch.no_grad():
        written("owlv2_guided.json", guided(model, processor, asked(PROMPTS[1])))


if __name__ == "__main__":
    main()
