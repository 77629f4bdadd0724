#!/usr/bin/env python3
"""What rtmlib makes of images and boxes, for the tests of `nets` and of the tool `rtmpose`.

    python shared/nets/tests/reference/pose.py          # in the root of the repository

Made with Python 3.11, rtmlib 0.0.16, OpenCV 4.12.0, numpy 2.2.6, onnx 1.23.2 and
onnxruntime 1.31.1. It uses rtmlib's own functions, unchanged: `bbox_xyxy2cs`, `get_warp_matrix`,
`top_down_affine`, `get_simcc_maximum`, and its class `RTMPose` for the whole way.

Writes, under shared/nets/tests/expected/pose/:
  crops.json, crop_NN.png     of each image and box: window, matrix, every fifth pixel of the
                              crop, and some of the numbers that the network is given
  simcc.json                  of made-up scores: the points and scores
and under tools/rtmpose/tests/:
  onnx/*.onnx                 tiny networks with the names and shapes of the published ones; their
                              answers follow the brightness and colours of the image
  images/*.png                smooth images of odd sizes
  expected.json               of each network, image and box: the key points and scores

The images of the crops are drawn by a formula that the test knows as well, with hard edges all
over, which is the worst that can happen to an interpolation.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from rtmlib.tools.pose_estimation.pre_processings import bbox_xyxy2cs, get_warp_matrix, top_down_affine
from rtmlib.tools.pose_estimation.rtmpose import RTMPose

ROOT = Path(__file__).resolve().parents[4]
EXPECTED = ROOT / "shared/nets/tests/expected/pose"
TOOL = ROOT / "tools/rtmpose/tests"

BODY, LARGE, ANIMAL = (192, 256), (288, 384), (256, 256)
CROPS = [
    ((64, 48), [10, 8, 40, 44], BODY),
    ((64, 48), [0, 0, 64, 48], BODY),
    ((64, 48), [0, 0, 64, 48], LARGE),
    ((131, 97), [30.25, 11.5, 77.75, 90.125], BODY),
    ((131, 97), [30.25, 11.5, 77.75, 90.125], LARGE),
    ((131, 97), [-40, -30, 60, 50], BODY),
    ((131, 97), [100, 60, 260, 330], BODY),
    ((131, 97), [500, 500, 600, 700], BODY),
    ((131, 97), [60, 10, 60, 90], BODY),
    ((131, 97), [20, 40, 120, 40], BODY),
    ((131, 97), [64, 48, 64.5, 48.25], BODY),
    ((7, 400), [0, 0, 7, 400], BODY),
    ((400, 7), [0, 0, 400, 7], BODY),
    ((1, 1), [0, 0, 1, 1], BODY),
    ((1500, 1100), [100, 50, 1400, 1080], BODY),
    ((1500, 1100), [-2000, -2000, 4000, 5000], BODY),
    ((1500, 1100), [1201.7, 33.3, 1333.3, 401.9], LARGE),
    ((131, 97), [30.25, 11.5, 77.75, 90.125], ANIMAL),
]


def drawn(width, height):
    """The image of the test `pose.rs`."""
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    return np.stack([(x * 7 + y * 13) % 256, (x * y + x // 3 * 40) % 256, (x // 5 + y // 7) % 2 * 255 + 0 * x], axis=-1).astype(np.uint8)


def crops():
    made = []
    mean, deviation = np.array((123.675, 116.28, 103.53)), np.array((58.395, 57.12, 57.375))
    for number, (size, box, shape) in enumerate(CROPS):
        image = drawn(*size)
        centre, scale = bbox_xyxy2cs(np.array(box), padding=1.25)
        crop, scale = top_down_affine(shape, scale, centre, image)
        matrix = get_warp_matrix(centre, scale, 0, output_size=shape)
        given = ((crop - mean) / deviation).transpose(2, 0, 1).ravel()
        cv2.imwrite(str(EXPECTED / f"crop_{number:02d}.png"), crop[::5, ::5, ::-1])
        made.append({"image": size, "box": box, "input": shape, "centre": centre.tolist(), "size": scale.tolist(),
                     "matrix": matrix.tolist(), "given": given[::9973].round(5).tolist()})
    (EXPECTED / "crops.json").write_text(json.dumps(made, indent=0) + "\n")


def scores(case, points, length, seed):
    """Made-up scores with ties, and none above 0 for every seventh point."""
    k, i = np.arange(points)[:, None], np.arange(length)[None, :]
    made = ((k * 31 + i * (17 + seed) + case * 7) % 101) / 128 - 0.25
    return np.where(k % 7 == 6, -made - 1, made).astype(np.float32)


def simcc():
    made = []
    for case, (points, shape, box) in enumerate([(17, BODY, [30.25, 11.5, 77.75, 90.125]), (26, LARGE, [-40, -30, 60, 50]),
                                                 (133, BODY, [100, 50, 1400, 1080]), (17, BODY, [0, 0, 7, 400]),
                                                 (17, ANIMAL, [-200, 433.3, 933.3, 801.9])]):
        columns, rows = (scores(case, points, 2 * side, seed) for seed, side in enumerate(shape))
        centre, scale = bbox_xyxy2cs(np.array(box), padding=1.25)
        _, scale = top_down_affine(shape, scale, centre, drawn(8, 8))
        pose = RTMPose.__new__(RTMPose)
        pose.model_input_size = shape
        found, values = pose.postprocess([columns[None], rows[None]], centre, scale)
        made.append({"points": points, "input": shape, "box": box, "keypoints": found[0].tolist(), "scores": values[0].astype(float).tolist()})
    (EXPECTED / "simcc.json").write_text(json.dumps(made, indent=0) + "\n")


def network(points, shape, batch="N", seed=0):
    """Means over the rows (or columns), each point another mixture of colours, then twice as fine."""
    random = np.random.default_rng([seed, points])
    width, height = shape
    nodes, values = [], []
    for name, axis in (("simcc_x", 2), ("simcc_y", 3)):
        mix = random.normal(0, 0.5, (points, 3, 9)) * np.hanning(11)[1:-1]
        mix[:, :, :] += random.normal(0, 0.05, mix.shape)
        fine = 0.6 + 0.1 * random.random((points, 1, 2))
        values += [numpy_helper.from_array(mix.astype(np.float32), name + "_mix"),
                   numpy_helper.from_array((0.1 * random.normal(0, 1, points)).astype(np.float32), name + "_shift"),
                   numpy_helper.from_array(fine.astype(np.float32), name + "_fine"),
                   numpy_helper.from_array(np.array([axis]), name + "_axis")]
        nodes += [helper.make_node("ReduceMean", ["input", name + "_axis"], [name + "_mean"], keepdims=0),
                  helper.make_node("Conv", [name + "_mean", name + "_mix", name + "_shift"], [name + "_mixed"], pads=[4, 4]),
                  helper.make_node("ConvTranspose", [name + "_mixed", name + "_fine"], [name], strides=[2], group=points)]
    graph = helper.make_graph(
        nodes, "pose", [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, height, width])],
        [helper.make_tensor_value_info("simcc_x", TensorProto.FLOAT, [batch, points, 2 * width]),
         helper.make_tensor_value_info("simcc_y", TensorProto.FLOAT, [batch, points, 2 * height])], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def smooth(width, height, seed):
    """Soft blobs of colour, so that a level more or less moves no highest score."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    image = np.zeros((height, width, 3))
    for _ in range(7):
        spot, radius = random.random(2) * (width, height) / max(width, height), random.uniform(0.08, 0.3)
        image += np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / radius**2)[..., None] * random.uniform(0, 200, 3)
    return np.clip(image, 0, 255).astype(np.uint8)


NETWORKS = {"body17": (17, BODY, "N"), "body17_one": (17, BODY, 1), "halpe26": (26, LARGE, "N"), "whole133": (133, BODY, "N"),
            "hand21": (21, (256, 256), "N"), "animal17": (17, ANIMAL, "N")}
IMAGES = {"wide": (160, 90, [[5, 5, 60, 85], [70.5, 20.25, 155, 88]]), "tall": (67, 211, [[0, 0, 67, 211]]),
            "square": (100, 100, [[-30, 40, 60, 160], [48, 48, 52, 53]]), "tiny": (9, 7, [])}


def whole():
    (TOOL / "onnx").mkdir(parents=True, exist_ok=True)
    (TOOL / "images").mkdir(exist_ok=True)
    for name, (points, shape, batch) in NETWORKS.items():
        onnx.save(network(points, shape, batch), TOOL / f"onnx/{name}.onnx")
    made = []
    for seed, (name, (width, height, boxes)) in enumerate(IMAGES.items()):
        image = smooth(width, height, seed)
        cv2.imwrite(str(TOOL / f"images/{name}.png"), image[..., ::-1])
        for network_name in ("body17", "halpe26", "whole133", "animal17"):
            pose = RTMPose(str(TOOL / f"onnx/{network_name}.onnx"), NETWORKS[network_name][1])
            for channels, given in (("rgb", image), ("bgr", np.ascontiguousarray(image[..., ::-1]))):
                found, values = pose(given, boxes)
                kept = 17 if network_name == "whole133" else None
                made.append({"network": network_name, "image": name, "channels": channels, "boxes": boxes,
                             "poses": [[[round(float(x), 3), round(float(y), 3), round(float(score), 5)] for (x, y), score in zip(of[:kept], own)]
                                       for of, own in zip(found, values)]})
    (TOOL / "expected.json").write_text("[\n" + ",\n".join(map(json.dumps, made)) + "\n]\n")


if __name__ == "__main__":
    EXPECTED.mkdir(parents=True, exist_ok=True)
    crops()
    simcc()
    whole()
