#!/usr/bin/env python3
"""What SAM 3 is given, and what is made of its answer, for `sam3.rs`: tiny graphs with its ports.

    python shared/nets/tests/reference/sam3.py

Made with Python 3.11, transformers 5.24 (`Sam3ImageProcessor`), torch 2.15, onnx 1.23 and onnxruntime 1.31. Writes
tests/onnx/sam3, whose decoder takes what is bright for the first instance and what is dark for the second, with scores
that depend on the words and on the box, and tests/expected/sam3.json. The tokens are those of the tiny CLIP beside it.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from lama import drawn, samples
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from tokenizers import Tokenizer
from transformers.models.sam3.image_processing_sam3 import Sam3ImageProcessor

TESTS = Path(__file__).resolve().parents[1]
NETS = TESTS / "onnx/sam3"
SAMPLES = 150


def save(name, nodes, takes, gives, values):
    """A graph as a file."""
    graph = helper.make_graph([helper.make_node(kind, inputs, outputs, **more) for kind, inputs, outputs, more in nodes], name,
                              [helper.make_tensor_value_info(*port) for port in takes], [helper.make_tensor_value_info(*port) for port in gives],
                              [numpy_helper.from_array(np.array(value, dtype), known) for known, (dtype, value) in values.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, NETS / f"{name}.onnx")


def graphs():
    fpn = [(f"backbone_fpn_{level}", T.FLOAT, [1, 1, side, side]) for level, side in enumerate((252, 126, 63))]
    position = ("vision_pos_enc_2", T.FLOAT, [1, 1, 63, 63])
    save("sam3_image_encoder",
         [("Cast", ["image"], ["levels"], {"to": T.FLOAT}), ("ReduceMean", ["levels", "first"], ["gray"], {}), ("Unsqueeze", ["gray", "first"], ["one"], {}),
          *(("AveragePool", ["one"], [name], {"kernel_shape": [1008 // shape[-1]] * 2, "strides": [1008 // shape[-1]] * 2}) for name, _, shape in fpn),
          ("Sub", ["backbone_fpn_2", "backbone_fpn_2"], ["vision_pos_enc_2"], {})],
         [("image", T.UINT8, [3, 1008, 1008])], [*fpn, position], {"first": (np.int64, [0])})
    save("sam3_language_encoder",
         [("Equal", ["tokens", "zero"], ["text_attention_mask"], {}), ("Cast", ["tokens"], ["numbers"], {"to": T.FLOAT}),
          ("Transpose", ["numbers"], ["turned"], {"perm": [1, 0]}), ("Unsqueeze", ["turned", "last"], ["text_memory"], {})],
         [("tokens", T.INT64, [1, 32])], [("text_attention_mask", T.BOOL, [1, 32]), ("text_memory", T.FLOAT, [32, 1, 1])],
         {"zero": (np.int64, 0), "last": (np.int64, [2])})
    # The score of the first instance: of the words, weighted by their places; that of the second: of the box.
    save("sam3_decoder",
         [("Unsqueeze", ["original_height", "first"], ["h"], {}), ("Unsqueeze", ["original_width", "first"], ["w"], {}),
          ("Concat", ["ones", "h", "w"], ["size"], {"axis": 0}), ("Resize", ["backbone_fpn_0", "", "", "size"], ["large"], {"mode": "linear"}),
          ("Greater", ["large", "bright"], ["light"], {}), ("Less", ["large", "dark"], ["night"], {}),
          ("Concat", ["light", "night"], ["masks"], {"axis": 0}),
          ("Mul", ["language_features", "places"], ["weighted"], {}), ("ReduceSum", ["weighted", "all"], ["sum"], {"keepdims": 0}),
          ("Unsqueeze", ["sum", "first"], ["one"], {}), ("Sin", ["one"], ["sine"], {}), ("Abs", ["sine"], ["first_score"], {}),
          ("Cast", ["box_masks"], ["empty"], {"to": T.FLOAT}), ("Cast", ["box_labels"], ["positive"], {"to": T.FLOAT}),
          ("Mul", ["box_coords", "parts"], ["shares"], {}), ("ReduceSum", ["shares", "all"], ["share"], {"keepdims": 0}),
          ("ReduceSum", ["empty", "both"], ["none"], {"keepdims": 0}), ("ReduceSum", ["positive", "both"], ["some"], {"keepdims": 0}),
          ("Mul", ["none", "tenth"], ["less"], {}), ("Add", ["share", "less"], ["both_of_it"], {}), ("Mul", ["both_of_it", "some"], ["second"], {}),
          ("Unsqueeze", ["second", "first"], ["second_score"], {}), ("Concat", ["first_score", "second_score"], ["scores"], {"axis": 0}),
          ("ReduceMax", ["backbone_fpn_1", "four"], ["one_of"], {"keepdims": 0}), ("ReduceMax", ["backbone_fpn_2", "four"], ["two_of"], {"keepdims": 0}),
          ("ReduceMax", ["vision_pos_enc_2", "four"], ["three_of"], {"keepdims": 0}), ("Not", ["language_mask"], ["used"], {}),
          ("Cast", ["used"], ["used_of"], {"to": T.FLOAT}), ("ReduceSum", ["used_of", "both"], ["count"], {"keepdims": 0}),
          ("Sum", ["one_of", "two_of", "three_of", "count"], ["unused"], {}), ("Expand", ["unused", "boxes_shape"], ["boxes"], {})],
         [("original_height", T.INT64, []), ("original_width", T.INT64, []), *fpn, position, ("language_mask", T.BOOL, [1, 32]),
          ("language_features", T.FLOAT, [32, 1, 1]), ("box_coords", T.FLOAT, [1, "n", 4]), ("box_labels", T.INT64, [1, "n"]), ("box_masks", T.BOOL, [1, "n"])],
         [("boxes", T.FLOAT, [2, 4]), ("scores", T.FLOAT, ["found"]), ("masks", T.BOOL, ["found", 1, "rows", "columns"])],
         {"first": (np.int64, [0]), "ones": (np.int64, [1, 1]), "bright": (np.float32, 150), "dark": (np.float32, 60),
          "places": (np.float32, np.arange(1, 33).reshape(32, 1, 1) / 999), "all": (np.int64, [0, 1, 2]), "both": (np.int64, [0, 1]),
          "four": (np.int64, [0, 1, 2, 3]), "parts": (np.float32, [0.1, 0.2, 0.3, 0.4]), "tenth": (np.float32, 0.1), "boxes_shape": (np.int64, [2, 4])})
    shutil.copy(TESTS / "onnx/tiny-clip/tokenizer.json", NETS / "tokenizer.json")


def tokens(tokenizer, words):
    """CLIP's tokens of words, cut to 32, the last of them the end, and zeros behind them."""
    ids = tokenizer.encode(words.lower()).ids
    ids = ids if len(ids) <= 32 else ids[:31] + ids[-1:]
    return np.array([ids + [0] * (32 - len(ids))], np.int64)


def main():
    NETS.mkdir(exist_ok=True)
    graphs()
    sessions = {name: onnxruntime.InferenceSession(str(NETS / f"sam3_{name}.onnx"), providers=["CPUExecutionProvider"])
                for name in ("image_encoder", "language_encoder", "decoder")}
    tokenizer = Tokenizer.from_file(str(NETS / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    processor = Sam3ImageProcessor()
    made = []
    for width, height in [(320, 180), (97, 141)]:
        image = drawn(width, height)
        pixels = processor(images=image, return_tensors="np")["pixel_values"][0]
        levels = np.round((np.asarray(pixels) * 0.5 + 0.5) * 255).clip(0, 255).astype(np.uint8)
        features = dict(zip([port.name for port in sessions["image_encoder"].get_outputs()], sessions["image_encoder"].run(None, {"image": levels})))
        case = {"size": [width, height], "levels": [int(levels.ravel()[at]) for at in samples(SAMPLES, levels.size)], "asked": []}
        for words, box in [("a boy in a harbour", None), ("boy " * 60, None), ("visual", [20.0, 30.0, 80.0, 90.0])]:
            mask, memory = sessions["language_encoder"].run(None, {"tokens": tokens(tokenizer, words)})
            left, top, right, bottom = box or [0, 0, 0, 0]
            share = [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height]
            boxes, scores, masks = sessions["decoder"].run(None, {
                **features, "original_height": np.array(height), "original_width": np.array(width), "language_mask": mask, "language_features": memory,
                "box_coords": np.array([[share]], np.float32), "box_labels": np.array([[1]]), "box_masks": np.array([[box is None]])})
            found = sorted(zip(scores.tolist(), masks[:, 0]), key=lambda one: -one[0])
            case["asked"].append({"words": words, "like": box, "found": [[round(score, 5), int(own.sum())] for score, own in found]})
        made.append(case)
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
    (TESTS / "expected/sam3.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
