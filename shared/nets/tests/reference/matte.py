"""What torch and Pillow make of images for BiRefNet, and of its answers, as the README of BiRefNet has it.

    pip install torch numpy pillow onnx
    python matte.py

Writes expected/matte.json, and onnx/matte/logits.onnx and shares.onnx, small graphs with the ports of BiRefNet and of
ToonOut: inside is what is redder than blue.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = Path(__file__).resolve().parent.parent
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
SIDE, SIZES = 64, [(150, 90), (64, 64), (37, 200), (20, 11)]


def drawn(width, height):
    """The image of tests/matte.rs."""
    y, x = np.mgrid[:height, :width]
    lattice = (x // 5 + y // 7) % 2 * 255
    return np.stack([(x * 7 + y * 13) % 256, (x * y + x // 3 * 40) % 256, lattice], -1).astype(np.uint8)


def answer(logits):
    """The numbers of tests/matte.rs: rings, as logits or as shares."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    waves = 9 * np.sin(np.hypot(x - 20, y - 31) / np.float32(5))
    return (waves if logits else (waves + 9) / 18).astype(np.float32)


def matte(numbers, logits, size):
    """`model(image)[-1].sigmoid()`, torchvision's `ToPILImage`, and back to the image's size."""
    shares = torch.from_numpy(numbers).sigmoid() if logits else torch.from_numpy(numbers)
    levels = shares.mul(255).byte().numpy()
    return np.asarray(Image.fromarray(levels).resize(size, Image.BILINEAR))


def graph(path, names, sigmoid):
    """Inside is what is redder than blue."""
    weights = np.array([4.0, 0.0, -4.0], np.float32).reshape(1, 3, 1, 1)
    last = "raw" if sigmoid else names[1]
    nodes = [helper.make_node("Conv", [names[0], "weights"], [last])]
    if sigmoid:
        nodes.append(helper.make_node("Sigmoid", ["raw"], [names[1]]))
    one = helper.make_graph(nodes, "matte", [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
                            [helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
                            [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(one, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main():
    made = []
    for size in SIZES:
        square = Image.fromarray(drawn(*size)).resize((SIDE, SIDE), Image.BILINEAR)
        given = (torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255 - MEAN[:, None, None]) / DEVIATION[:, None, None]
        mattes = {name: matte(answer(logits), logits, size).ravel()[::97].tolist() for name, logits in (("logits", True), ("shares", False))}
        made.append({"size": size, "given": [round(float(v), 5) for v in given.ravel()[::331]], **mattes})
    (HERE / "expected/matte.json").write_text("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in made) + "\n]\n")
    graph(HERE / "onnx/matte/logits.onnx", ("input_image", "output_image"), False)
    graph(HERE / "onnx/matte/shares.onnx", ("image", "mask"), True)


if __name__ == "__main__":
    main()
