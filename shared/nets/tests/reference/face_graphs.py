"""Tiny graphs with the names and shapes of the published face networks.

The detectors answer to one colour: a magenta square of the size of one of their windows is a face.
The networks of expressions weigh mean colours with fixed random numbers.

    python face_graphs.py OUT_DIR

Made with onnx 1.23, numpy 2.2.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MAGENTA = {"bgr": [1 / 510, -1 / 255, 1 / 510], "rgb": [1 / 510, -1 / 255, 1 / 510]}


class Graph:
    def __init__(self, name, shape, source="input"):
        self.nodes, self.constants, self.outputs, self.count = [], [], [], 0
        self.name, self.source = name, source
        self.inputs = [helper.make_tensor_value_info(source, TensorProto.FLOAT, shape)]

    def constant(self, value, kind=np.float32):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def op(self, kind, *inputs, out=None, **attributes):
        self.count += 1
        out = out or f"value_{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def output(self, name, shape):
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def magenta(self, scale=1.0, shift=0.0):
        """How magenta each pixel is, 0 to 1, of an input that is (level + shift) * scale."""
        weight = np.asarray(MAGENTA["rgb"], np.float32).reshape(1, 3, 1, 1) / scale
        bias = np.asarray([-weight.sum() * shift], np.float32)
        level = self.op("Conv", self.source, self.constant(weight), self.constant(bias), kernel_shape=[1, 1])
        return self.op("Clip", level, self.constant(0.0), self.constant(1.0))

    def blobs(self, magenta, window, stride):
        """1 where a square of `window` pixels lies in a cell's middle, and none around it."""
        def pool(size):
            pad = (size - stride) // 2
            return self.op("AveragePool", magenta, kernel_shape=[size] * 2, strides=[stride] * 2,
                           pads=[pad] * 4, count_include_pad=1)
        inner, outer = pool(window), pool(2 * window)
        # inner - 2 (4 outer - inner) / 3
        inner = self.op("Mul", inner, self.constant(5 / 3))
        outer = self.op("Mul", outer, self.constant(8 / 3))
        score = self.op("Sub", inner, outer)
        return self.op("Clip", score, self.constant(0.0), self.constant(1.0))

    def rows(self, value, columns):
        """[1, c, h, w] as [1, h * w * c / columns, columns]."""
        value = self.op("Transpose", value, perm=[0, 2, 3, 1])
        return self.op("Reshape", value, self.constant([1, -1, columns], np.int64))

    def fill(self, score, numbers, out=None):
        """As many rows of `numbers` as `score` [1, n, 1] has."""
        nothing = self.op("Mul", score, self.constant(np.zeros((1, 1, len(numbers)))))
        return self.op("Add", nothing, self.constant(np.asarray(numbers).reshape(1, 1, -1)), out=out)

    def save(self, folder, file):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8,
                                  producer_name="film2lora tests")
        onnx.checker.check_model(model)
        onnx.save(model, Path(folder) / file)


POINTS = [-0.25, -0.2, 0.25, -0.2, 0.0, 0.05, -0.2, 0.25, 0.2, 0.25]  # of the window, from its middle


def yunet(folder, file, shape):
    graph = Graph("yunet", shape)
    magenta = graph.magenta()
    for stride, window in [(8, 24), (16, 48), (32, 96)]:
        score = graph.rows(graph.blobs(magenta, window, stride), 1)
        if stride == 8:
            score = graph.op("Mul", score, graph.constant(0.0))
        size = np.log(window / stride)
        points = np.asarray(POINTS) * window / stride + 0.5
        for kind in ["cls", "obj"]:
            graph.op("Identity", score, out=f"{kind}_{stride}")
            graph.output(f"{kind}_{stride}", [1, "n", 1])
        graph.fill(score, [0.5, 0.5, size, size], out=f"bbox_{stride}")
        graph.output(f"bbox_{stride}", [1, "n", 4])
        graph.fill(score, points, out=f"kps_{stride}")
        graph.output(f"kps_{stride}", [1, "n", 10])
    graph.save(folder, file)


def retinaface(folder):
    graph = Graph("retinaface", [1, 3, 640, 640], source="input.1")
    # BGR less (104, 117, 123): the weights cancel 104 - 2 * 117 + 123 = -7.
    weight = np.asarray(MAGENTA["bgr"], np.float32).reshape(1, 3, 1, 1)
    bias = np.asarray([(104 + 123) / 510 - 117 / 255], np.float32)
    level = graph.op("Conv", "input.1", graph.constant(weight), graph.constant(bias), kernel_shape=[1, 1])
    magenta = graph.op("Clip", level, graph.constant(0.0), graph.constant(1.0))
    parts = []
    for stride, sizes in [(8, (16, 32)), (16, (64, 128)), (32, (256, 512))]:
        maps = [graph.blobs(magenta, size, stride) for size in sizes]
        parts.append(graph.rows(graph.op("Concat", *maps, axis=1), 1))
    face = graph.op("Concat", *parts, axis=1)
    none = graph.op("Sub", graph.constant(1.0), face)
    graph.fill(face, [0.0] * 4, out="586")
    graph.op("Concat", none, face, axis=2, out="585")
    graph.fill(face, 10.0 * np.asarray(POINTS), out="584")
    for name, columns in [("586", 4), ("585", 2), ("584", 10)]:
        graph.output(name, [1, 16800, columns])
    graph.save(folder, "retinaface_640.onnx")


def ultraface(folder):
    graph = Graph("ultraface", [1, 3, 240, 320])
    magenta = graph.magenta(scale=1 / 128, shift=-127.0)
    parts, boxes = [], []
    for stride, window in [(8, 40), (16, 64)]:
        parts.append(graph.rows(graph.blobs(magenta, window, stride), 1))
        x, y = np.meshgrid((np.arange(320 // stride) + 0.5) * stride, (np.arange(240 // stride) + 0.5) * stride)
        half = window / 2
        corners = np.stack([(x - half) / 320, (y - half) / 240, (x + half) / 320, (y + half) / 240], -1)
        boxes.append(corners.reshape(1, -1, 4))
    face = graph.op("Concat", *parts, axis=1)
    none = graph.op("Sub", graph.constant(1.0), face)
    graph.op("Concat", none, face, axis=2, out="scores")
    nothing = graph.op("Mul", face, graph.constant(np.zeros((1, 1, 4))))
    boxes = np.concatenate(boxes, axis=1)
    graph.op("Add", nothing, graph.constant(boxes), out="boxes")
    graph.output("scores", [1, boxes.shape[1], 2])
    graph.output("boxes", [1, boxes.shape[1], 4])
    graph.save(folder, "ultraface_320.onnx")


def scrfd(folder):
    graph = Graph("scrfd", [1, 3, "height", "width"], source="input.1")
    magenta = graph.magenta(scale=1 / 128, shift=-127.5)
    made = {1: [], 4: [], 10: []}
    for stride, window in [(8, 24), (16, 48), (32, 96)]:
        one = graph.blobs(magenta, window, stride)
        # Of the two anchors the first is never sure.
        two = graph.op("Concat", graph.op("Mul", one, graph.constant(0.25)), one, axis=1)
        score = graph.rows(two, 1)
        half = window / stride / 2
        # Anchors stand in their cells' corners.
        boxes = graph.fill(score, [half - 0.5, half - 0.5, half + 0.5, half + 0.5])
        points = graph.fill(score, np.asarray(POINTS) * window / stride + 0.5)
        for columns, value in [(1, score), (4, boxes), (10, points)]:
            flat = graph.op("Reshape", value, graph.constant([-1, columns], np.int64))
            made[columns].append(flat)
    number = 400
    for columns, values in made.items():
        for value in values:
            graph.op("Identity", value, out=str(number))
            graph.output(str(number), ["n", columns])
            number += 3
    graph.save(folder, "scrfd.onnx")


def yolo(folder):
    graph = Graph("yolo", [1, 3, 640, 640], source="images")
    magenta = graph.magenta(scale=1 / 255)
    parts, centres = [], []
    for stride, window in [(16, 48), (32, 96)]:
        parts.append(graph.rows(graph.blobs(magenta, window, stride), 1))
        x, y = np.meshgrid((np.arange(640 // stride) + 0.5) * stride, (np.arange(640 // stride) + 0.5) * stride)
        size = np.full_like(x, window)
        centres.append(np.stack([x, y, size, size], -1).reshape(-1, 4))
    face = graph.op("Transpose", graph.op("Concat", *parts, axis=1), perm=[0, 2, 1])
    centres = np.concatenate(centres).T[None]
    boxes = graph.op("Add", graph.op("Mul", face, graph.constant(np.zeros((1, 4, 1)))), graph.constant(centres))
    graph.op("Concat", boxes, face, axis=1, out="output0")
    graph.output("output0", [1, 5, centres.shape[2]])
    graph.save(folder, "yolo_face.onnx")


def centerface(folder):
    graph = Graph("centerface", [1, 3, "height", "width"], source="input.1")
    heat = graph.blobs(graph.magenta(), 48, 4)
    graph.op("Identity", heat, out="537")
    nothing = graph.op("Mul", heat, graph.constant(0.0))
    def planes(numbers, out):
        maps = [graph.op("Add", nothing, graph.constant(float(number))) for number in numbers]
        graph.op("Concat", *maps, axis=1, out=out)
    planes([np.log(12.0)] * 2, "538")
    planes([0.0] * 2, "539")
    points = np.asarray(POINTS).reshape(5, 2)[:, ::-1].ravel() + 0.5
    planes(points, "540")
    for name, channels in [("537", 1), ("538", 2), ("539", 2), ("540", 10)]:
        graph.output(name, [1, channels, "rows", "columns"])
    graph.save(folder, "centerface.onnx")


def feelings(folder, file, shape, source, out, columns, gain, batch=True, softmax=False):
    """Mean levels of a grid of 2 x 2 tiles of each channel, weighed into `columns`."""
    size = [("n" if batch else 1)] + shape
    graph = Graph("feelings", size, source=source)
    value, (channels, side) = source, (shape[0], shape[1])
    if shape[2] == 1:
        value, (channels, side) = graph.op("Transpose", source, perm=[0, 3, 1, 2]), (1, shape[0])
    half = side // 2
    value = graph.op("AveragePool", value, kernel_shape=[half] * 2, strides=[half] * 2)
    value = graph.op("Flatten", value)
    random = np.random.default_rng(columns + side)
    weight = random.normal(size=(channels * 4, columns)) * gain
    bias = random.normal(size=columns)
    if softmax:
        value = graph.op("Gemm", value, graph.constant(weight), graph.constant(bias))
        graph.op("Softmax", value, out=out, axis=1)
    else:
        graph.op("Gemm", value, graph.constant(weight), graph.constant(bias), out=out)
    graph.output(out, [size[0], columns])
    graph.save(folder, file)


def main(folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    yunet(folder, "yunet_dynamic.onnx", [1, 3, "height", "width"])
    yunet(folder, "yunet_640.onnx", [1, 3, 640, 640])
    retinaface(folder)
    ultraface(folder)
    scrfd(folder)
    yolo(folder)
    centerface(folder)
    feelings(folder, "enet_b0_8_tiny.onnx", [3, 224, 224], "input", "output", 8, 0.6)
    feelings(folder, "enet_b0_8_tiny_mtl.onnx", [3, 224, 224], "input", "output", 10, 0.6)
    feelings(folder, "enet_b2_7_tiny.onnx", [3, 260, 260], "input", "output", 7, 0.6)
    feelings(folder, "ferplus_tiny.onnx", [1, 64, 64], "Input3", "Plus692_Output_0", 8, 0.02, batch=False)
    feelings(folder, "fer_mobilefacenet_tiny.onnx", [3, 112, 112], "data", "label", 7, 1.5, batch=False)
    feelings(folder, "mini_xception_tiny.onnx", [64, 64, 1], "input", "predictions", 7, 1.5, softmax=True)


if __name__ == "__main__":
    main(sys.argv[1])
