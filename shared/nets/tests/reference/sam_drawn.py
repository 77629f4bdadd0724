#!/usr/bin/env python3
"""Draws graphs with the ports of Segment Anything whose answers can be worked out by hand.

    python sam_drawn.py          # rewrites ../onnx/sam/drawn2, drawn1 and drawn1raw

Made with onnx 1.23. The encoder keeps the image's colours at a quarter of the frame. The decoder
answers a box with that box, in the frame of 1024x1024, by the distance from its nearest side in
steps of four pixels; and a point with what has nearly the colour under it. Of its masks the first
is the best; the second is 8 pixels smaller on every side (or strict in its colour), the third as
much larger (or lax).
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent.parent / "onnx" / "sam"


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def const(self, values, kind=np.float32):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=kind), name))
        return name

    def add(self, op, *inputs, to=None, **attributes):
        self.count += 1
        name = to or f"v{self.count}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def save(self, path, inputs, outputs):
        info = [helper.make_tensor_value_info(*port) for port in inputs]
        out = [helper.make_tensor_value_info(*port) for port in outputs]
        graph = helper.make_graph(self.nodes, "drawn", info, out, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, HERE / path)


def pooled(g, image):
    """Colours at 256x256, and three planes of zeros after them up to 32."""
    small = g.add("AveragePool", image, kernel_shape=[4, 4], strides=[4, 4])
    return small


def widen(g, x, channels, to):
    pads = g.const([0, 0, 0, 0, 0, channels - 3, 0, 0], np.int64)
    return g.add("Pad", x, pads, to=to)


def encoder2():
    g = Graph()
    small = pooled(g, "image")
    widen(g, small, 32, "high_res_feats_0")
    half = g.add("AveragePool", small, kernel_shape=[2, 2], strides=[2, 2])
    widen(g, half, 64, "high_res_feats_1")
    quarter = g.add("AveragePool", half, kernel_shape=[2, 2], strides=[2, 2])
    widen(g, quarter, 256, "image_embed")
    g.save("drawn2/encoder.onnx", [("image", T.FLOAT, [1, 3, 1024, 1024])], [
        ("high_res_feats_0", T.FLOAT, [1, 32, 256, 256]),
        ("high_res_feats_1", T.FLOAT, [1, 64, 128, 128]),
        ("image_embed", T.FLOAT, [1, 256, 64, 64]),
    ])


def corner(g, coords, at):
    """Column vectors [L,1,1,1] of x and y of point number `at`."""
    one = g.add("Gather", coords, g.const([at], np.int64), axis=1)  # [L,1,2]
    x = g.add("Gather", one, g.const([0], np.int64), axis=2)  # [L,1,1]
    y = g.add("Gather", one, g.const([1], np.int64), axis=2)
    shape = g.const([-1, 1, 1, 1], np.int64)
    return g.add("Reshape", x, shape), g.add("Reshape", y, shape)


def box_masks(g, coords):
    x0, y0 = corner(g, coords, 0)
    x1, y1 = corner(g, coords, 1)
    middles = (np.arange(256) + 0.5) * 4
    gx, gy = g.const(middles.reshape(1, 1, 1, 256)), g.const(middles.reshape(1, 1, 256, 1))
    sides = [g.add("Sub", gx, x0), g.add("Sub", x1, gx), g.add("Sub", gy, y0), g.add("Sub", y1, gy)]
    return g.add("Div", g.add("Min", *sides), g.const(4.0))  # [L,1,256,256]


def colour_masks(g, coords, colours, side):
    """How much nearer than the tolerance a colour is to the one under the first point."""
    x, y = corner(g, coords, 0)
    cell = lambda v: g.add("Clip", g.add("Floor", g.add("Div", v, g.const(1024 / side))), g.const(0.0), g.const(side - 1.0))
    index = g.add("Add", g.add("Mul", cell(y), g.const(float(side))), cell(x))
    index = cast(g, index)
    three = g.add("Slice", colours, g.const([0], np.int64), g.const([3], np.int64), g.const([1], np.int64))
    flat = g.add("Reshape", three, g.const([3, side * side], np.int64))
    under = g.add("Transpose", g.add("Gather", flat, index, axis=1), perm=[1, 0])  # [L,3]
    under = g.add("Reshape", under, g.const([-1, 3, 1, 1], np.int64))
    far = g.add("ReduceMax", g.add("Abs", g.add("Sub", three, under)), axes=[1], keepdims=1)
    return g.add("Mul", g.add("Sub", g.const(0.3), far), g.const(20.0))  # [L,1,side,side]


def cast(g, index):
    flat = g.add("Reshape", index, g.const([-1], np.int64))
    g.count += 1
    name = f"v{g.count}"
    g.nodes.append(helper.make_node("Cast", [flat], [name], to=T.INT64))
    return name


def is_box(g, labels):
    first = g.add("Gather", labels, g.const([0], np.int64), axis=1)
    return g.add("Reshape", g.add("Equal", first, g.const(2.0)), g.const([-1, 1, 1, 1], np.int64))


def decoder2():
    g = Graph()
    # With one point only, the second corner is the first: Concat makes sure that there is one.
    coords = g.add("Concat", "point_coords", "point_coords", axis=1)
    boxes = g.add("Where", is_box(g, "point_labels"), box_masks(g, coords), colour_masks(g, coords, "high_res_feats_0", 256))
    given = g.add("Mul", "mask_input", "has_mask_input")
    one = g.add("Add", boxes, given)
    three = g.add("Add", one, g.const(np.array([0.0, -2.0, 2.0]).reshape(1, 3, 1, 1)))
    g.add("Clip", three, g.const(-32.0), g.const(32.0), to="masks")
    # Another score for every place, so that nothing hangs on the order of equals.
    x, y = corner(g, coords, 0)
    place = g.add("Add", g.add("Mul", x, g.const(1e-5)), g.add("Mul", y, g.const(2.3e-5)))
    place = g.add("Reshape", place, g.const([-1, 1], np.int64))
    g.add("Sub", g.const([[0.95, 0.85, 0.75]]), place, to="iou_predictions")
    g.save("drawn2/decoder.onnx", [
        ("image_embed", T.FLOAT, [1, 256, 64, 64]),
        ("high_res_feats_0", T.FLOAT, [1, 32, 256, 256]),
        ("high_res_feats_1", T.FLOAT, [1, 64, 128, 128]),
        ("point_coords", T.FLOAT, ["num_labels", "num_points", 2]),
        ("point_labels", T.FLOAT, ["num_labels", "num_points"]),
        ("mask_input", T.FLOAT, ["num_labels", 1, 256, 256]),
        ("has_mask_input", T.FLOAT, ["num_labels"]),
    ], [
        ("masks", T.FLOAT, ["num_labels", 3, 256, 256]),
        ("iou_predictions", T.FLOAT, ["num_labels", 3]),
    ])


def embed1(g, image):
    """Colours at 64x64, and zeros after them up to 256 planes."""
    small = g.add("AveragePool", image, kernel_shape=[16, 16], strides=[16, 16])
    widen(g, small, 256, "image_embeddings")


def encoder1(raw):
    g = Graph()
    if raw:
        planes = g.add("Unsqueeze", g.add("Transpose", "input_image", perm=[2, 0, 1]), g.const([0], np.int64))
        mean = g.const(np.array([123.675, 116.28, 103.53]).reshape(1, 3, 1, 1))
        deviation = g.const(np.array([58.395, 57.12, 57.375]).reshape(1, 3, 1, 1))
        normal = g.add("Div", g.add("Sub", planes, mean), deviation)
        missing = g.add("Sub", g.const([1, 3, 1024, 1024], np.int64), g.add("Shape", normal))
        embed1(g, g.add("Pad", normal, g.add("Concat", g.const([0] * 4, np.int64), missing, axis=0)))
        port = ("input_image", T.FLOAT, ["image_height", "image_width", 3])
    else:
        embed1(g, "x")
        port = ("x", T.FLOAT, [1, 3, 1024, 1024])
    g.save(f"drawn1{'raw' if raw else ''}/encoder.onnx", [port], [("image_embeddings", T.FLOAT, [1, 256, 64, 64])])


def decoder1(folder):
    """As SAM 1: four masks, of which the first, inside out, is not for one box or one point. Without
    a box the last point must be the one of no meaning, or all scores are 0."""
    g = Graph()
    coords = g.add("Concat", "point_coords", "point_coords", axis=1)
    coarse = colour_masks(g, coords, "image_embeddings", 64)
    scales = g.const([1.0, 1.0, 4.0, 4.0])
    fine = g.add("Resize", coarse, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
    boxed = is_box(g, "point_labels")
    one = g.add("Add", g.add("Where", boxed, box_masks(g, coords), fine), g.add("Mul", "mask_input", "has_mask_input"))
    rest = g.add("Add", one, g.const(np.array([0.0, -2.0, 2.0]).reshape(1, 3, 1, 1)))
    four = g.add("Concat", g.add("Neg", one), rest, axis=1)
    g.add("Identity", four, to="low_res_masks")
    size = g.add("Concat", g.const([1, 4], np.int64), cast(g, "orig_im_size"), axis=0)
    g.add("Resize", four, "", "", size, to="masks", mode="linear")
    last = g.add("Gather", "point_labels", g.const([-1], np.int64), axis=1)
    padded = g.add("Equal", last, g.const(-1.0))
    right = g.add("Or", padded, g.add("Reshape", boxed, g.const([-1, 1], np.int64)))
    g.add("Where", right, g.const([[0.99, 0.9, 0.8, 0.7]]), g.const([[0.0] * 4]), to="iou_predictions")
    g.save(f"{folder}/decoder.onnx", [
        ("image_embeddings", T.FLOAT, [1, 256, 64, 64]),
        ("point_coords", T.FLOAT, [1, "num_points", 2]),
        ("point_labels", T.FLOAT, [1, "num_points"]),
        ("mask_input", T.FLOAT, [1, 1, 256, 256]),
        ("has_mask_input", T.FLOAT, [1]),
        ("orig_im_size", T.FLOAT, [2]),
    ], [
        ("masks", T.FLOAT, [1, 4, "height", "width"]),
        ("iou_predictions", T.FLOAT, [1, 4]),
        ("low_res_masks", T.FLOAT, [1, 4, 256, 256]),
    ])


if __name__ == "__main__":
    encoder2()
    decoder2()
    for raw in [False, True]:
        encoder1(raw)
        decoder1("drawn1raw" if raw else "drawn1")
