"""Landmarks as hysts' anime-face-detector finds them, by mmpose's own code.

    pip install numpy opencv-python-headless==4.12.0.88 onnx   # 5.0 interpolates otherwise
    pip download --no-deps mmpose==0.29.0 && unzip mmpose-0.29.0-*.whl
    python landmark.py MMPOSE

MMPOSE is the folder `mmpose` of the wheel: its files are read one by one, since the package itself asks for mmcv.
Writes expected/landmark.json, and onnx/landmark.onnx, a small graph with the network's ports.
"""

import importlib.util
import json
import sys
import types
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
SIDE, CELLS, POINTS = 256, 64, 28
SWAPPED = [(0, 4), (1, 3), (5, 10), (6, 9), (7, 8), (11, 19), (12, 18), (13, 17), (14, 22), (15, 21), (16, 20), (24, 26)]


def loaded(folder):
    """The reference's functions."""
    def file(name, path):
        spec = importlib.util.spec_from_file_location(name, folder / path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    for name in ("mmpose", "mmpose.core", "mmpose.core.evaluation"):
        sys.modules[name] = types.ModuleType(name)
    posts = file("mmpose.core.post_processing", "core/post_processing/post_transforms.py")
    sys.modules["mmpose.core"].post_processing = posts
    return posts, file("mmpose.core.evaluation.top_down_eval", "core/evaluation/top_down_eval.py"), file("transforms", "core/bbox/transforms.py")


def drawn(width, height):
    """The image of tests/landmark.rs."""
    y, x = np.mgrid[:height, :width]
    lattice = (x // 5 + y // 7) % 2 * 255
    return np.stack([(x * 7 + y * 13) % 256, (x * y + x // 3 * 40) % 256, lattice], -1).astype(np.uint8)


class Chance:
    """The numbers from 0 to 1 that tests/landmark.rs draws, too: of a linear congruential generator (Numerical Recipes)."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self):
        self.state = (self.state * 1664525 + 1013904223) % 2 ** 32
        return self.state / 2 ** 32


def bells(chance, edge):
    """Maps with two bells each, of another height and width, and noise; if `edge`, some at the edge, and the last one empty."""
    maps = np.zeros((POINTS, CELLS, CELLS))
    y, x = np.mgrid[:CELLS, :CELLS]
    for number, one in enumerate(maps):
        for least, more in ((0.2, 0.9), (0.0, 0.3)):
            height, column, row, spread = least + more * chance(), 63 * chance(), 63 * chance(), 1.2 + 1.8 * chance()
            if edge and number % 3 == 0:
                column = 0.2 if number % 2 else 62.8
            one += height * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * spread ** 2))
        one += 0.008 * np.array([chance() for _ in range(CELLS * CELLS)]).reshape(CELLS, CELLS) - 0.004
    if edge:
        maps[27] = -0.25
    return maps.astype(np.float32)


def graph(path):
    """Pooled planes through a mixture of them: heat maps that differ from face to face and from point to point."""
    random = np.random.default_rng(5)
    weights = random.normal(0, 0.3, (POINTS, 3, 3, 3)).astype(np.float32)
    nodes = [helper.make_node("AveragePool", ["input"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
             helper.make_node("Conv", ["small", "weights"], ["mixed"], pads=[1, 1, 1, 1]),
             helper.make_node("Sigmoid", ["mixed"], ["heatmaps"])]
    one = helper.make_graph(nodes, "landmark", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
                            [helper.make_tensor_value_info("heatmaps", TensorProto.FLOAT, ["batch", POINTS, CELLS, CELLS])],
                            [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(one, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main():
    posts, evaluation, transforms = loaded(Path(sys.argv[1]))
    cases = []
    for number, (box, edge) in enumerate([((40, 30, 140, 150), False), ((-20.5, 10.25, 61, 70), True), ((200, 80, 330.5, 170), False)]):
        chance = Chance(number)
        maps, mirrored = bells(chance, edge), bells(chance, edge)
        # detector.py, _update_pred_box.
        box = np.array(box, float)
        size = (box[2:] - box[:2] + 1) * 1.1
        left = (box[:2] + box[2:]) / 2 - size / 2
        grown = np.concatenate([left, left + size])[None]
        centre, scale = transforms.bbox_xywh2cs(transforms.bbox_xyxy2xywh(grown)[0], 1.0, 1.25)
        matrix = posts.get_affine_transform(centre, scale, 0, [SIDE, SIDE])
        given = cv2.warpAffine(drawn(320, 180), matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        given = (given / np.float32(255) - np.array([0.485, 0.456, 0.406], np.float32)) / np.array([0.229, 0.224, 0.225], np.float32)
        # topdown_heatmap_simple_head.py, inference_model, and top_down.py, forward_test.
        back = posts.flip_back(mirrored[None], SWAPPED)
        back[:, :, :, 1:] = back[:, :, :, :-1].copy()
        both = (maps[None] + back) / 2
        answers = {}
        for name, one in (("alone", maps[None]), ("both", both)):
            points, scores = evaluation.keypoints_from_heatmaps(one.copy(), centre[None], scale[None], post_process="unbiased", kernel=11)
            answers[name] = np.concatenate([points[0], scores[0]], 1).round(4).tolist()
        cases.append({"box": box.tolist(), "edge": edge, **answers,
                      "given": given.transpose(2, 0, 1).ravel()[::4999].astype(float).round(5).tolist()})
    lines = [json.dumps(case, separators=(",", ":")) for case in cases]
    (HERE.parent / "expected/landmark.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    graph(HERE.parent / "onnx/landmark.onnx")


if __name__ == "__main__":
    main()
