#!/usr/bin/env python3
"""What MoveNet finds in images, run by onnxruntime in Python, for the tests of the tool `rtmpose`.

    python shared/nets/tests/reference/movenet.py [movenet_single_pose_lightning_ptq.onnx]

Made with Python 3.11, OpenCV 4.12.0, rtmlib 0.0.16 (for the window), numpy 2.2.6, onnx 1.23.2 and
onnxruntime 1.31.1. Writes tools/rtmpose/tests/onnx/movenet.onnx, a tiny network with MoveNet's
shapes, and tools/rtmpose/tests/movenet.json: the key points that it finds in the images there, and,
where its file is given, those that the published network finds.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from rtmlib.tools.pose_estimation.pre_processings import bbox_xyxy2cs, top_down_affine

TOOL = Path(__file__).resolve().parents[4] / "tools/rtmpose/tests"
SIDE = 192


def tiny():
    random = np.random.default_rng(5)
    values = [numpy_helper.from_array(np.array([1, 2]), "axes"),
              numpy_helper.from_array(random.normal(0, 0.02, (3, 51)).astype(np.float32), "mix"),
              numpy_helper.from_array(random.normal(0, 1, 51).astype(np.float32), "shift"),
              numpy_helper.from_array(np.array([1, 1, 17, 3]), "shape")]
    nodes = [helper.make_node("Cast", ["image"], ["levels"], to=TensorProto.FLOAT),
             helper.make_node("ReduceMean", ["levels", "axes"], ["mean"], keepdims=0),
             helper.make_node("Gemm", ["mean", "mix", "shift"], ["forms"]),
             helper.make_node("Sigmoid", ["forms"], ["scores"]),
             helper.make_node("Reshape", ["scores", "shape"], ["points"])]
    graph = helper.make_graph(nodes, "movenet", [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, SIDE, SIDE, 3])],
                              [helper.make_tensor_value_info("points", TensorProto.FLOAT, [1, 1, 17, 3])], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, TOOL / "onnx/movenet.onnx")


def found(session, image, box):
    centre, scale = bbox_xyxy2cs(np.array(box), padding=1.25)
    crop, scale = top_down_affine((SIDE, SIDE), scale, centre, image)
    answer = session.run(None, {session.get_inputs()[0].name: crop[None]})[0][0, 0]
    places = answer[:, 1::-1] * scale + centre - scale / 2
    return [[round(float(x), 3), round(float(y), 3), round(float(score), 5)] for (x, y), score in zip(places, answer[:, 2])]


def main():
    tiny()
    made = []
    networks = {"tiny": TOOL / "onnx/movenet.onnx", **({"published": sys.argv[1]} if sys.argv[1:] else {})}
    for network, path in networks.items():
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for name in ("wide", "tall", "square"):
            image = cv2.cvtColor(cv2.imread(str(TOOL / f"images/{name}.png")), cv2.COLOR_BGR2RGB)
            height, width = image.shape[:2]
            for box in ([0, 0, width, height], [-10, 5.5, width / 2, height + 7]):
                made.append({"network": network, "image": name, "box": box, "keypoints": found(session, image, box)})
    (TOOL / "movenet.json").write_text("[\n" + ",\n".join(map(json.dumps, made)) + "\n]\n")


if __name__ == "__main__":
    main()
