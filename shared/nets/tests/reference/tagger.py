"""A tagger with the shapes of WD14 v3 and eleven tags, and what the models' demonstration makes of it.

Writes, beside this folder, onnx/tiny-tagger (model.onnx, selected_tags.csv) and
expected/tagger/tags.json: the probabilities of drawn images. The network is a logistic regression
on the mean blue, green and red of the upper and the lower half.

    python tagger.py

Made with onnx 1.23, onnxruntime 1.31.1, pillow 13, numpy 2.2.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from embed import drawn
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = Path(__file__).resolve().parent.parent
FOLDER = HERE / "onnx" / "tiny-tagger"
TAGS = [("general", 9), ("sensitive", 9), ("questionable", 9), ("explicit", 9), ("1girl", 0), ("long_hair", 0),
        ("^_^", 0), ("sky_(weather)", 0), ('quote_"a,_b"', 0), ("hatsune_miku", 4), ("alice_(wonderland)", 4)]
SIZES = [(448, 448), (640, 360), (361, 517), (5, 3), (1000, 31)]


def prepared(image):
    """The demonstration's prepare_image."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(image, ((side - image.size[0]) // 2, (side - image.size[1]) // 2))
    if side != 448:
        square = square.resize((448, 448), Image.BICUBIC)
    return np.asarray(square, dtype=np.float32)[None, :, :, ::-1]


def network():
    random = np.random.default_rng(3)
    constants = {
        "half": np.array([0, 2, 224, 448, 3]), "flat": np.array([0, 6]),
        "weights": (random.normal(size=(6, len(TAGS))) / 40).astype(np.float32),
        "bias": random.normal(size=len(TAGS)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Reshape", ["input", "half"], ["halves"]),
        helper.make_node("ReduceMean", ["halves"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Reshape", ["means", "flat"], ["features"]),
        helper.make_node("MatMul", ["features", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes, "tagger", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch_size", 448, 448, 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", len(TAGS)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    FOLDER.mkdir(parents=True, exist_ok=True)
    onnx.save(model, FOLDER / "model.onnx")


def main():
    network()
    rows = ["tag_id,name,category,count"]
    for number, (name, category) in enumerate(TAGS):
        quoted = '"' + name.replace('"', '""') + '"' if '"' in name or "," in name else name
        rows.append(f"{number},{quoted},{category},{100 - number}")
    (FOLDER / "selected_tags.csv").write_text("\n".join(rows) + "\n")
    session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
    found = []
    for size in SIZES:
        probabilities = session.run(None, {"input": prepared(drawn(*size))})[0][0]
        found.append({"size": size, "probabilities": [round(float(p), 6) for p in probabilities]})
    out = HERE / "expected" / "tagger" / "tags.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n")


if __name__ == "__main__":
    main()
