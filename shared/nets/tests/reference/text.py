#!/usr/bin/env python3
"""What PaddleOCR's steps round its text detector make of images and maps, for `text.rs`.

    python shared/nets/tests/reference/text.py [FILM]

Made with Python 3.11, numpy 2.4, OpenCV 5.0, onnx 1.23, onnxruntime 1.31 and rapidocr 3.10.0, whose `DBPostProcess`
is PaddleOCR's. Writes tests/onnx/text, a tiny graph with the detector's ports, and tests/expected/text: `cases.json`,
and the maps as images. With FILM, the sample film, the map `subtitled` is made anew: of a frame with a subtitle, a
logo and a sign drawn on it, by the PP-OCRv6 in the rapidocr package.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import rapidocr
from onnx import TensorProto, helper, numpy_helper
from rapidocr.ch_ppocr_det.utils import DBPostProcess

TESTS = Path(__file__).resolve().parents[1]
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def tiny():
    """A graph that takes what is bright for text: the mean of 5x5 pixels of all channels, through a sigmoid."""
    kernel = np.full((1, 3, 5, 5), 1 / 75, np.float32)
    nodes = [helper.make_node("Conv", ["x", "kernel", "shift"], ["mean"], pads=[2, 2, 2, 2]),
             helper.make_node("Mul", ["mean", "slope"], ["steep"]),
             helper.make_node("Sigmoid", ["steep"], ["fetch_name_0"])]
    values = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(np.array([-0.6], np.float32), "shift"),
              numpy_helper.from_array(np.array(4, np.float32), "slope")]
    graph = helper.make_graph(nodes, "text", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
                              [helper.make_tensor_value_info("fetch_name_0", TensorProto.FLOAT, ["n", 1, "h", "w"])], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, TESTS / "onnx/text/bright.onnx")


def prepared(image, longest):
    """PaddleOCR's DetResizeForTest (`max`), NormalizeImage and ToCHWImage of an image in blue, green, red."""
    height, width = image.shape[:2]
    ratio = longest / max(height, width) if max(height, width) > longest else 1.0
    rows, columns = (max(int(round(int(side * ratio) / 32) * 32), 32) for side in (height, width))
    small = cv2.resize(image, (columns, rows))
    return ((small.astype(np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)


def decoded(scores, width, height, threshold):
    """The boxes and scores of a map, from top to bottom."""
    boxes, found = DBPostProcess(0.3, threshold, 1000, 1.5, "fast", False)(scores[None, None], (height, width))
    upright = [[*box.min(0), *box.max(0)] for box in boxes]
    return sorted([[*(float(edge) for edge in box), round(float(score), 4)] for box, score in zip(upright, found)], key=lambda one: one[1::-1])


def drawn(width, height):
    """Bright lines of blocks on a dark ground, the same in the Rust test."""
    y, x = np.ogrid[:height, :width]
    image = np.zeros((height, width, 3), np.uint8) + np.array([40, 60, 30], np.uint8) + ((x + y) % 16)[..., None].astype(np.uint8)
    for left, top, wide, high in [(width // 4, height * 7 // 8, width // 2, height // 20), (width * 7 // 8, height // 16, width // 10, height // 12),
                                  (3, height // 3, width // 8, height // 9)]:
        inside = (x >= left) & (x < left + wide) & (y >= top) & (y < top + high)
        image[inside] = [250, 245, 255]
    return image


def shapes():
    """A map of turned bars, a ring, specks, and what the border cuts."""
    scores = np.zeros((224, 320), np.uint8)
    bars = [((60, 40), (80, 16), 0), ((200, 60), (90, 14), 25), ((250, 150), (60, 20), -40), ((40, 150), (18, 90), 5),
            ((316, 20), (40, 12), 0), ((150, 222), (60, 14), 0), ((120, 100), (40, 4), 12), ((20, 10), (4, 3), 0)]
    for number, bar in enumerate(bars):
        cv2.fillPoly(scores, [np.round(cv2.boxPoints(bar)).astype(np.int32)], 250 - 9 * number)
    cv2.ellipse(scores, (140, 160), (34, 22), 0, 0, 360, 230, 9)
    scores[5:9, 100:140] = 120
    return cv2.GaussianBlur(scores, (3, 3), 0)


def subtitled(film):
    """The map of a frame with text drawn on it, by the detector in the rapidocr package."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "frame.png")
        subprocess.run([os.environ.get("FFMPEG", "ffmpeg"), "-v", "error", "-ss", "20", "-i", film, "-frames:v", "1", path], check=True)
        image = cv2.imread(path)
    for text, at, size in [("Where did you put", (240, 330), 0.9), ("the lantern?", (290, 362), 0.9), ("LOGO", (660, 90), 0.8)]:
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 5, cv2.LINE_AA)
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 2, cv2.LINE_AA)
    sign = np.zeros_like(image)
    cv2.putText(sign, "PANE", (40, 250), cv2.FONT_HERSHEY_SIMPLEX, 1, (60, 40, 200), 3, cv2.LINE_AA)
    turned = cv2.warpAffine(sign, cv2.getRotationMatrix2D((80, 240), 18, 1), sign.shape[1::-1])
    image = np.where(turned.any(2, keepdims=True), turned, image)
    session = onnxruntime.InferenceSession(str(Path(rapidocr.__file__).parent / "models/PP-OCRv6_det_small.onnx"), providers=["CPUExecutionProvider"])
    scores = session.run(None, {session.get_inputs()[0].name: prepared(image, 960)})[0][0, 0]
    return np.round(scores * 255).astype(np.uint8)


def main():
    for folder in ("onnx/text", "expected/text"):
        (TESTS / folder).mkdir(exist_ok=True)
    tiny()
    expected = TESTS / "expected/text"
    cv2.imwrite(str(expected / "shapes.png"), shapes())
    if sys.argv[1:]:
        cv2.imwrite(str(expected / "subtitled.png"), subtitled(sys.argv[1]))
    maps = []
    for name, size in [("shapes", (320, 224)), ("shapes", (511, 300)), ("subtitled", (768, 432))]:
        scores = cv2.imread(str(expected / f"{name}.png"), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
        maps.append({"map": name, "size": size, "lines": decoded(scores, *size, 0.6)})
    session = onnxruntime.InferenceSession(str(TESTS / "onnx/text/bright.onnx"), providers=["CPUExecutionProvider"])
    images = []
    for size in [(640, 360), (1333, 517), (90, 70)]:
        numbers = prepared(drawn(*size), 960)
        scores = session.run(None, {"x": numbers})[0][0, 0]
        places = [place * 7919 % numbers.size for place in range(40)]
        images.append({"size": size, "input": list(numbers.shape[:1:-1]), "places": places,
                       "numbers": [round(float(numbers.ravel()[place]), 4) for place in places], "lines": decoded(scores, *size, 0.6)})
    text = json.dumps({"maps": maps, "images": images}, separators=(",", ":")).replace('{"map"', '\n{"map"').replace('{"size"', '\n{"size"')
    (expected / "cases.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
