#!/usr/bin/env python3
"""Makes the tiny Grounding DINO in ../onnx/grounding_dino/ and what transformers finds with it, ../expected/grounding_dino.json.

    python grounding_dino.py        # in this folder

Made with torch 2.15, transformers 5.24, onnx 1.23, onnxruntime 1.32.0, numpy 2.4. The network has random weights and
finds nothing real: what counts is that every pixel and token that goes in, and every number that comes out, is treated
as the reference treats it.

* tiny/model.onnx, tiny/vocab.txt: a random GroundingDinoForObjectDetection, exported with the names of the published
  files. torch.isin, cummax and cummin have no ONNX form; the mask and the positions of the text are computed by sums
  instead, and are compared with those of transformers first.
* Expected are the network's boxes by GroundingDinoImageProcessor, squashed to the input as the published graphs want it,
  in pixels by post_process_grounded_object_detection, and for each phrase the best score of its tokens, without the
  full stop, by torch.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers.models.grounding_dino.modeling_grounding_dino as module
from transformers import (
    BertTokenizer,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
)

HERE = Path(__file__).resolve().parent
ONNX = HERE.parent / "onnx" / "grounding_dino" / "tiny"
EXPECTED = HERE.parent / "expected" / "grounding_dino.json"

SIDE = 96
QUERIES = 12
SIZES = [(333, 207), (96, 96), (20, 300), (854, 480)]
PROMPTS = [["a boy", "a sea monster", "a cat"], ["creature", "animal"], ["a Sea, monster's cat", "boys", "an überraschung"]]
SPECIAL = [101, 102, 1012, 1029]

# Words of the small vocabulary and their places, which are those of BERT where the code knows them.
WORDS = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1005: "'", 1010: ",", 1012: ".", 1029: "?", 1030: "a", 1031: "boy",
         1032: "sea", 1033: "monster", 1034: "cat", 1035: "creature", 1036: "animal", 1037: "##s", 1038: "s", 1039: "mon", 1040: "an",
         1041: "uber", 1042: "##ra", 1043: "##sch", 1044: "##ung"}


def asked(phrases):
    """Phrases as one prompt."""
    return "".join(f"{phrase}. " for phrase in phrases).strip()


def drawn(width, height):
    """The image of this size that the Rust test draws as well; red, green, blue."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    across, down = x * 251 // width, y * 241 // height
    red = (across + 2 * down) % 256
    green = (across * down // 64) % 256
    blue = ((across // 16) ^ (down // 16)) * 16 % 256
    return np.stack([red, green, blue], 2).astype(np.uint8)


def masks(input_ids, special_tokens):
    """What generate_masks_with_special_tokens_and_transfer_map gives, by sums: tokens with the same number of specials before
    them are a block, with the special that ends it; that of [SEP] at the end is none."""
    special = (input_ids.unsqueeze(-1) == special_tokens.view(1, 1, -1)).any(-1).long()
    before = torch.cumsum(special, 1) - special
    length = input_ids.shape[1]
    same = before.unsqueeze(2) == before.unsqueeze(1)
    inner = ((before > 0) & (before < before[:, -1:]))
    place = torch.arange(length, device=input_ids.device)
    mask = (same & inner.unsqueeze(1)) | (place.view(1, -1, 1) == place.view(1, 1, -1))
    earlier = place.view(1, 1, -1) < place.view(1, -1, 1)
    positions = (same & earlier).long().sum(-1)
    return mask, torch.where(inner, positions, torch.zeros_like(positions))


def network():
    torch.manual_seed(3)
    config = GroundingDinoConfig(
        backbone_config={"model_type": "swin", "image_size": SIDE, "embed_dim": 4, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 3,
                         "out_indices": [2, 3, 4]},
        text_config={"model_type": "bert", "vocab_size": 1045, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                     "intermediate_size": 16, "max_position_embeddings": 32},
        num_queries=QUERIES, encoder_layers=1, encoder_ffn_dim=16, encoder_attention_heads=4, decoder_layers=2, decoder_ffn_dim=16,
        decoder_attention_heads=4, d_model=32, num_feature_levels=4, disable_custom_kernels=True)
    model = GroundingDinoForObjectDetection(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.mul_(4 if "embeddings" in name else 1.6)
        # Logits of a few units, so that no score is 0 or 1.
        for layer in model.model.encoder.layers:
            layer.text_enhancer_layer.layer_norm_after.weight.mul_(0.2)
        for layer in model.model.decoder.bbox_embed or []:
            layer.layers[-1].weight.normal_(0, 0.3)
    return model


class Published(torch.nn.Module):
    """The ports of the published files."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values, input_ids, token_type_ids, attention_mask, pixel_mask):
        out = self.model(pixel_values=pixel_values, input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask, pixel_mask=pixel_mask)
        return out.logits, out.pred_boxes


def simplified(path):
    """Doubles, which tracing brings in and no GridSample takes, become floats, and what is constant is computed."""
    graph = onnx.load(path)
    tensors = list(graph.graph.initializer)
    for node in graph.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == onnx.TensorProto.DOUBLE:
                attribute.i = onnx.TensorProto.FLOAT
            tensors += [attribute.t] if attribute.HasField("t") else []
    for tensor in tensors:
        if tensor.data_type == onnx.TensorProto.DOUBLE:
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    del graph.graph.value_info[:]
    onnx.save(graph, path)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(str(path), options)


def spans(ids):
    """The places of the tokens of each phrase, without what ends it."""
    found, own = [], []
    for place, token in enumerate(ids):
        if token in SPECIAL:
            if own:
                found.append(own)
            own = []
        else:
            own.append(place)
    return found


def main():
    warnings.filterwarnings("ignore")
    ONNX.mkdir(parents=True, exist_ok=True)
    lines = [WORDS.get(place, f"[unused{place}]") for place in range(1045)]
    (ONNX / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer = BertTokenizer(vocab={word: place for place, word in enumerate(lines)}, do_lower_case=True)
    reference = module.generate_masks_with_special_tokens_and_transfer_map
    for phrases in PROMPTS:
        prompt = asked(phrases)
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        for own, theirs in zip(masks(ids, torch.tensor(SPECIAL)), reference(ids, torch.tensor(SPECIAL)), strict=True):
            assert torch.equal(own, theirs), prompt
    model = network()
    size = {"height": SIDE, "width": SIDE}
    processor = GroundingDinoProcessor(GroundingDinoImageProcessor(size=size), tokenizer)

    module.generate_masks_with_special_tokens_and_transfer_map = masks
    text = tokenizer(asked(PROMPTS[0]), return_tensors="pt")
    names = ["pixel_values", "input_ids", "token_type_ids", "attention_mask", "pixel_mask"]
    example = (torch.rand(1, 3, SIDE, SIDE), text.input_ids, text.token_type_ids, text.attention_mask, torch.ones(1, SIDE, SIDE, dtype=torch.long))
    tokens = {name: {1: "tokens"} for name in names[1:4]}
    torch.onnx.export(Published(model).eval(), example, ONNX / "model.onnx", input_names=names, output_names=["logits", "pred_boxes"],
                      dynamic_axes=tokens, opset_version=17, dynamo=False)
    module.generate_masks_with_special_tokens_and_transfer_map = reference

    simplified(ONNX / "model.onnx")
    session = onnxruntime.InferenceSession(str(ONNX / "model.onnx"))
    cases = []
    for width, height in SIZES:
        for phrases in PROMPTS:
            prompt = asked(phrases)
            inputs = processor(images=drawn(width, height), text=prompt, return_tensors="pt")
            assert inputs.pixel_values.shape[-2:] == (SIDE, SIDE)
            with torch.no_grad():
                out = model(**inputs)
            found = session.run(None, {name: inputs[name].numpy() for name in names})
            finite = np.isfinite(out.logits.numpy())
            assert np.abs(found[0][finite] - out.logits.numpy()[finite]).max() < 1e-3, "logits of the export"
            assert np.abs(found[1] - out.pred_boxes.numpy()).max() < 1e-4, "boxes of the export"
            boxes = processor.post_process_grounded_object_detection(out, inputs.input_ids, threshold=0, target_sizes=[(height, width)])[0]["boxes"]
            ids = inputs.input_ids[0].tolist()
            chance = out.logits[0].sigmoid()
            scores = torch.stack([chance[:, own].max(1).values for own in spans(ids)], 1)
            rows = [[round(float(number), 4) for number in (*box, *row)] for box, row in zip(boxes, scores, strict=True)]
            cases.append({"size": [width, height], "phrases": phrases, "rows": rows})
    body = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    EXPECTED.write_text(f"[\n{body}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
