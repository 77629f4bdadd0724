#!/usr/bin/env python3
"""Makes small detectors by words that know colours, in ../onnx/grounding_dino/coloured/ and frozen/, with Grounding DINO's ports.

    python grounding_coloured.py        # in this folder

Made with onnx 1.23. A dragon is what is red, a boy what is green, a cat what is blue: each has one box, around all of its
pixels. `creature` fits red and blue, `person` green, a little less surely. frozen/ knows only the phrase before the first
full stop, which it looks for with NonZero, as the graphs do that were traced with a prompt of one phrase.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ONNX = Path(__file__).resolve().parent.parent / "onnx" / "grounding_dino"
SIDE = 64
COLUMNS = 256
MEAN, DEVIATION = 255 * np.float32([0.485, 0.456, 0.406]), 255 * np.float32([0.229, 0.224, 0.225])

# How surely each word is what is red, green, blue; logits are ten times that, less six.
FITS = {"dragon": (0.8, 0, 0), "boy": (0, 0.8, 0), "cat": (0, 0, 0.8), "creature": (0.75, 0, 0.75), "person": (0, 0.7, 0), "animal": (0.55, 0, 0.6)}
SPECIAL = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, ".": 1012, "a": 1037, "the": 1038, "red": 1039, "green": 1040}
VOCABULARY = SPECIAL | {word: 1041 + place for place, word in enumerate(FITS)}


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def graph(frozen):
    make = helper.make_node
    table = np.zeros((1041 + len(FITS), 3), np.float32)
    for word, fits in FITS.items():
        table[VOCABULARY[word]] = fits
    place = np.arange(SIDE, dtype=np.float32)
    others = np.float32([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    constants = [
        constant("mean", MEAN.reshape(1, 3, 1, 1)), constant("deviation", DEVIATION.reshape(1, 3, 1, 1)), constant("table", table),
        constant("bright", np.float32(150)), constant("dark", np.float32(100)), constant("others", others.reshape(3, 3, 1, 1) / 2),
        constant("behind", place + 1), constant("before", SIDE - place), constant("side", np.float32(SIDE)), constant("half", np.float32(0.5)),
        constant("ten", np.float32(10)), constant("six", np.float32(6)), constant("none", np.float32(-np.inf)), constant("columns", np.array([COLUMNS])),
        constant("zeros", np.zeros(5, np.int64)), constant("last", np.array([2])), constant("stop", np.array(1012)), constant("one", np.array([1])),
        constant("zero", np.array([0])), constant("far", np.array(1 << 20)), constant("unit", np.array(1)),
    ]
    nodes = [
        make("Mul", ["pixel_values", "deviation"], ["wide"]), make("Add", ["wide", "mean"], ["levels"]),
        # A pixel is of a colour that is bright where the mean of the other two is dark.
        make("Greater", ["levels", "bright"], ["is_bright"]), make("Conv", ["levels", "others"], ["rest"]), make("Less", ["rest", "dark"], ["is_dark"]),
        make("And", ["is_bright", "is_dark"], ["is"]), make("Cast", ["is"], ["mask"], to=TensorProto.FLOAT),
        make("ReduceMax", ["mask"], ["across"], axes=[2], keepdims=0), make("ReduceMax", ["mask"], ["down"], axes=[3], keepdims=0),
        make("ReduceMax", ["across"], ["there"], axes=[2], keepdims=1),
    ]
    for name, line in [("x", "across"), ("y", "down")]:
        nodes += [
            make("Mul", [line, "behind"], [name + "_b"]), make("ReduceMax", [name + "_b"], [name + "1"], axes=[2], keepdims=1),
            make("Mul", [line, "before"], [name + "_a"]), make("ReduceMax", [name + "_a"], [name + "_r"], axes=[2], keepdims=1),
            make("Sub", ["side", name + "_r"], [name + "0"]), make("Add", [name + "0", name + "1"], [name + "_s"]),
            make("Mul", [name + "_s", "half"], [name + "_m"]), make("Div", [name + "_m", "side"], [name + "_middle"]),
            make("Sub", [name + "1", name + "0"], [name + "_w"]), make("Div", [name + "_w", "side"], [name + "_size"]),
        ]
    nodes += [
        make("Concat", ["x_middle", "y_middle", "x_size", "y_size"], ["pred_boxes"], axis=2),
        make("Gather", ["table", "input_ids"], ["by_token"]), make("Transpose", ["by_token"], ["by_query"], perm=[0, 2, 1]),
        make("Mul", ["by_query", "there"], ["fits"]), make("Mul", ["fits", "ten"], ["tens"]), make("Sub", ["tens", "six"], ["known"]),
        make("Shape", ["input_ids"], ["shape"]), make("Gather", ["shape", "one"], ["tokens"]), make("Sub", ["columns", "tokens"], ["missing"]),
        make("Concat", ["zeros", "missing"], ["pads"], axis=0), make("Pad", ["seen", "pads", "none"], ["logits"]),
    ]
    if frozen:
        nodes[-1:-1] = [
            make("Equal", ["input_ids", "stop"], ["stops"]), make("NonZero", ["stops"], ["places"]),
            make("Gather", ["places", "unit"], ["ends"], axis=0), make("Gather", ["ends", "zero"], ["end"]),
            make("CumSum", ["ones", "unit"], ["counted"]), make("LessOrEqual", ["counted", "end"], ["early"]),
            make("Cast", ["early"], ["weight"], to=TensorProto.FLOAT), make("Unsqueeze", ["weight", "one"], ["weights"]),
            make("Add", ["known", "six"], ["raised"]), make("Mul", ["raised", "weights"], ["weighed"]), make("Sub", ["weighed", "six"], ["seen"]),
        ]
        place = [node.output[0] for node in nodes].index("counted")
        nodes.insert(place, make("Mul", ["attention_mask", "unit"], ["ones"]))
    else:
        nodes[-1:-1] = [make("Identity", ["known"], ["seen"])]
    used = {name for node in nodes for name in node.input}
    constants = [one for one in constants if one.name in used]
    text = [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "tokens"]) for name in ["input_ids", "token_type_ids", "attention_mask"]]
    inputs = [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, [1, 3, SIDE, SIDE]), *text,
              helper.make_tensor_value_info("pixel_mask", TensorProto.INT64, [1, SIDE, SIDE])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, COLUMNS]),
               helper.make_tensor_value_info("pred_boxes", TensorProto.FLOAT, [1, 3, 4])]
    whole = helper.make_graph(nodes, "coloured", inputs, outputs, constants)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main():
    # A sparse vocabulary, as tokenizers write it.
    tokenizer = {
        "version": "1.0", "added_tokens": [], "post_processor": None, "decoder": None, "truncation": None, "padding": None,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": VOCABULARY},
    }
    for name in ["coloured", "frozen"]:
        folder = ONNX / name
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(graph(name == "frozen"), folder / "model.onnx")
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
