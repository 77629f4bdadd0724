"""What lama.rs and lama-inpaint are held against: IOPaint's steps round LaMa, with Pillow, OpenCV
and NumPy, and tiny networks with LaMa's contract.

    python shared/nets/tests/reference/lama.py

writes tests/onnx/lama_*.onnx and tests/expected/lama/ of the crate `nets`, and tests/expected/ of
the tool `lama-inpaint`. Made with Python 3.12, numpy 2.2, pillow 13.0, opencv 4.12, onnx 1.23,
onnxruntime 1.31.1.
"""

from __future__ import annotations

import json
import os

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
NETS = os.path.join(HERE, "..", "onnx")
EXPECTED = os.path.join(HERE, "..", "expected", "lama")
TOOL = os.path.join(HERE, "..", "..", "..", "..", "tools", "lama-inpaint", "tests", "expected")
LEAST_SIDE, LEAST_MARGIN, MARGIN, GROWTH = 512, 128, 0.5, 1.5
LONGEST, MULTIPLE, SHORTEST = 1280, 8, 64

# -- networks ---------------------------------------------------------------------------------

LEVELS = 3


def network(side: int | None, white: float, more: float = 0.0) -> onnx.ModelProto:
    """Fills the hole by means of what is known about it, at full size, a half, a quarter, an eighth
    and over all: a blur that knows the mask. The rest comes back as it went in. The hole is brighter by
    `more` than it should be."""
    nodes, constants = [], []

    def add(kind, *inputs, **attributes):
        name = f"n{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(name, value):
        constants.append(onnx.numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    one, tiny, scales = constant("one", 1.0), constant("tiny", 1e-6), constant("scales", [1, 1, 2, 2])
    known = add("Sub", one, "mask")
    levels = [(add("Mul", "image", known), known)]
    for _ in range(LEVELS):
        halved = {"kernel_shape": [2, 2], "strides": [2, 2]}
        levels.append(tuple(add("AveragePool", value, **halved) for value in levels[-1]))
    filled = add("Div", add("ReduceMean", levels[0][0], axes=[2, 3], keepdims=1),
                 add("Max", add("ReduceMean", known, axes=[2, 3], keepdims=1), tiny))
    for number, (colour, weight) in enumerate(reversed(levels)):
        if number:
            filled = add("Resize", filled, "", scales, mode="linear",
                         coordinate_transformation_mode="half_pixel")
        # What a pixel lacks of being known comes from the level above.
        filled = add("Add", colour, add("Mul", filled, add("Sub", one, weight)))
    if more:
        filled = add("Add", filled, add("Mul", "mask", constant("more", more)))
    out = add("Mul", filled, constant("white", white))
    assert out == nodes[-1].output[0]
    nodes[-1].output[0] = "output"
    size = [side, side] if side else ["height", "width"]
    graph = helper.make_graph(
        nodes, "lama",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, *size]),
         helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, *size])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, *size])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def watcher(side: int) -> onnx.ModelProto:
    """A detector with openmmlab's names that finds one thing: the box round all that is dark."""
    floats = {"dark": 60.0, "none": 0.0, "all": float(side), "score": 0.9}
    columns = np.arange(side, dtype=np.float32)
    constants = [onnx.numpy_helper.from_array(np.float32(value), name) for name, value in floats.items()]
    for name, line in (("x", columns.reshape(1, 1, 1, -1)), ("y", columns.reshape(1, 1, -1, 1))):
        constants += [onnx.numpy_helper.from_array(line + 1, f"{name}_end"),
                      onnx.numpy_helper.from_array(side - line, f"{name}_left")]
    constants.append(onnx.numpy_helper.from_array(np.zeros((1, 1), np.int64), "zero"))
    constants.append(onnx.numpy_helper.from_array(np.array([1, 1, 1]), "one_row"))
    make = helper.make_node
    nodes = [make("ReduceMax", ["input"], ["brightest"], axes=[1], keepdims=1),
             make("Less", ["brightest", "dark"], ["is_dark"])]
    for name in ("x", "y"):
        for end in ("end", "left"):
            nodes += [make("Where", ["is_dark", f"{name}_{end}", "none"], [f"{name}_{end}s"]),
                      make("ReduceMax", [f"{name}_{end}s"], [f"{name}_{end}_most"], axes=[1, 2, 3], keepdims=0),
                      make("Reshape", [f"{name}_{end}_most", "one_row"], [f"{name}_{end}_row"])]
        nodes.append(make("Sub", ["all", f"{name}_left_row"], [f"{name}_begin_row"]))
    nodes += [make("Greater", ["x_end_row", "none"], ["found"]),
              make("Where", ["found", "score", "none"], ["sure"]),
              make("Concat", ["x_begin_row", "y_begin_row", "x_end_row", "y_end_row", "sure"], ["dets"], axis=2),
              make("Identity", ["zero"], ["labels"])]
    graph = helper.make_graph(
        nodes, "watcher", [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, 1, 5]),
         helper.make_tensor_value_info("labels", TensorProto.INT64, [1, 1])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


# -- IOPaint's steps ----------------------------------------------------------------------------

def boxes_of(mask: np.ndarray) -> list[list[int]]:
    """Boxes of a mask's regions, as IOPaint's boxes_from_mask, but of inner regions too."""
    contours, _ = cv2.findContours(mask.astype(np.uint8) * 255, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [[x, y, x + w, y + h] for x, y, w, h in map(cv2.boundingRect, contours)]


def side_of(box, width, height, context):
    longer = max(box[2] - box[0], box[3] - box[1])
    least, share = int(LEAST_MARGIN * context + .5), int(longer * MARGIN * context + .5)
    wanted = max(LEAST_SIDE, longer + 2 * max(least, share))
    return min(wanted, max(min(width, height), min(longer + 2 * least, max(width, height))))


def square_of(box, width, height, context):
    """IOPaint's _crop_box with one side for both directions: centred, then moved into the frame."""
    side, crop = side_of(box, width, height, context), [0, 0, 0, 0]
    for axis, length in ((0, width), (1, height)):
        own = min(side, length)
        begin = (box[axis] + box[axis + 2]) // 2 - side_half(own)
        begin = min(max(begin, 0), length - own)
        crop[axis], crop[axis + 2] = begin, begin + own
    return crop


def side_half(side):
    return side // 2


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def around(a, b):
    return [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]


def crops_of(mask, context=1.0):
    """(square, box) of every crop."""
    height, width = mask.shape
    boxes, merged = boxes_of(mask), True
    while merged:
        merged = False
        for i in range(len(boxes)):
            for j in range(i + 1, len(boxes)):
                a, b = boxes[i], boxes[j]
                sides = [side_of(box, width, height, context) for box in (a, b, around(a, b))]
                near = overlap(*(square_of(box, width, height, context) for box in (a, b)))
                if overlap(a, b) or near and sides[2] <= GROWTH * max(sides[:2]):
                    boxes = [box for k, box in enumerate(boxes) if k not in (i, j)] + [around(a, b)]
                    merged = True
                    break
            if merged:
                break
    boxes.sort(key=lambda box: (box[1], box[0]))
    return [(square_of(box, width, height, context), box) for box in boxes]


def pad(array, width, height):
    """np.pad, symmetric, to the right and downwards, as IOPaint's pad_img_to_modulo."""
    more = ((0, height - array.shape[0]), (0, width - array.shape[1])) + ((0, 0),) * (array.ndim - 2)
    return np.pad(array, more, mode="symmetric")


def resize(image, width, height):
    if (width, height) == (image.shape[1], image.shape[0]):
        return image
    shrinks = width < image.shape[1] or height < image.shape[0]
    how = Image.BILINEAR if shrinks else Image.BICUBIC
    return np.asarray(Image.fromarray(image).resize((width, height), how))


def sizes_of(layout, width, height):
    longer = max(width, height)
    if layout:
        return (longer, longer), (layout, layout), (layout, layout)
    scale = min(1.0, LONGEST / longer)
    small = (max(1, int(width * scale + .5)), max(1, int(height * scale + .5)))
    return (width, height), small, tuple(-(-max(side, SHORTEST) // MULTIPLE) * MULTIPLE for side in small)


def prepare(layout, crop, hole):
    height, width = hole.shape
    square, small, net = sizes_of(layout, width, height)
    image = pad(resize(pad(crop, *square), *small), *net)
    mask = Image.fromarray(pad(hole.astype(np.uint8) * 255, *square)).resize(small, Image.NEAREST)
    mask = pad(np.asarray(mask), *net) > 0
    return image.transpose(2, 0, 1)[None].astype(np.float32) / 255, mask[None, None].astype(np.float32)


def decode(layout, shape, output):
    height, width = shape
    square, small, _ = sizes_of(layout, width, height)
    if output.max() <= 1.5:
        output = output * 255
    image = np.floor(np.clip(output[0].transpose(1, 2, 0), 0, 255) + np.float32(.5)).astype(np.uint8)
    image = image[:small[1], :small[0]]
    if small != square:
        image = np.asarray(Image.fromarray(image).resize(square, Image.BICUBIC))
    return image[:height, :width]


def fill(session, layout, crop, hole):
    image, mask = prepare(layout, crop, hole)
    return decode(layout, hole.shape, session.run(None, {"image": image, "mask": mask})[0])


# -- the tool -------------------------------------------------------------------------------------

def grown(mask, radius):
    """Everything within `radius` of the mask, centre to centre."""
    if not mask.any():
        return mask.copy()
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance <= radius + 1e-3


def shrunk(mask, radius):
    """What is farther than `radius` from everything outside; beyond the border is inside."""
    return ~grown(~mask, radius)


def hole_of(mask, dilate=8.0, shadow=0.06):
    """The mask grown by its soft edge, and round the feet of each region by its shadow."""
    radius = int(np.ceil(dilate * min(mask.shape) / 1024))
    hole = grown(mask, radius)
    for left, top, right, bottom in boxes_of(mask):
        if bottom < mask.shape[0]:
            feet = np.zeros_like(mask)
            tenth = max(1, int(np.ceil((bottom - top) * 0.1)))
            feet[bottom - tenth:bottom, left:right] = mask[bottom - tenth:bottom, left:right]
            hole |= grown(feet, int(np.ceil(shadow * (bottom - top))))
    return hole, radius


def inpaint(session, layout, image, mask):
    """The whole tool's first try."""
    hole, radius = hole_of(mask)
    result, left = image.copy(), hole.copy()
    steps = min(3, radius // 2) + 1
    weight = np.zeros(mask.shape, int)
    for step in range(steps):
        weight += shrunk(hole, step)
    weight[mask] = steps
    for square, box in crops_of(hole):
        x0, y0, x1, y1 = square
        filled = fill(session, layout, result[y0:y1, x0:x1], left[y0:y1, x0:x1])
        own = np.zeros_like(hole)
        own[box[1]:box[3], box[0]:box[2]] = hole[box[1]:box[3], box[0]:box[2]]
        whole = result.copy()
        whole[y0:y1, x0:x1] = filled
        part = weight[..., None]
        mixed = (whole.astype(int) * part + image.astype(int) * (steps - part) + steps // 2) // steps
        result[own], left[own] = mixed[own], False
    return result, hole


# -- cases -----------------------------------------------------------------------------------------

def drawn(width, height):
    """Waves and squares, the same in the Rust tests."""
    y, x, c = np.ogrid[:height, :width, :3]

    def wave(at, half):
        return np.abs(at % (2 * half) - half) * 200 // half
    squares = (x // 8 + y // 8) % 2 * 12
    return ((wave(x + c * 20, 97) + wave(2 * y + c * 11, 61)) // 2 + squares).astype(np.uint8)


def mask_of(width, height, parts):
    """Ellipses, each of centre, half width and half height, in whole numbers."""
    y, x = np.ogrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for cx, cy, rx, ry in parts:
        mask |= ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2
    return mask


CASES = {
    "odd": (333, 257, [[160, 120, 40, 70]]),
    "tiny": (5, 7, [[2, 3, 1, 1]]),
    "speck": (1, 1, [[0, 0, 1, 1]]),
    "wide": (1901, 97, [[950, 50, 120, 30], [20, 20, 30, 25]]),
    "tall": (61, 1400, [[30, 700, 25, 200]]),
    "border": (640, 480, [[0, 240, 50, 90], [639, 470, 60, 60]]),
    "apart": (2200, 600, [[200, 300, 40, 60], [1900, 280, 50, 90], [2080, 300, 20, 60]]),
    "huge": (3000, 2000, [[1500, 1100, 420, 800]]),
}
SAMPLES = 160


def samples(count, total):
    """Places to look at, the same in the Rust tests."""
    return [(number * 7919 * 104729 + 31 * number) % total for number in range(count)]


def geometry():
    """Crops, and places of tensors and of filled crops, of every case and layout."""
    found = []
    for name, (width, height, parts) in CASES.items():
        image, mask = drawn(width, height), mask_of(width, height, parts)
        for context in (1.0, 2.0):
            crops = [{"square": square, "hole": box} for square, box in crops_of(mask, context)]
            case = {"name": name, "width": width, "height": height, "parts": parts,
                    "context": context, "crops": crops, "tensors": []}
            if context == 1.0:
                x0, y0, x1, y1 = crops[0]["square"]
                for layout in (512, None):
                    case["tensors"].append(tensors(layout, image[y0:y1, x0:x1], mask[y0:y1, x0:x1]))
            found.append(case)
    return found


def tensors(layout, crop, hole):
    image, mask = prepare(layout, crop, hole)
    path = os.path.join(NETS, "lama_512.onnx" if layout else "lama_dynamic.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    filled = fill(session, layout, crop, hole)
    levels = np.rint(image * 255).astype(int).ravel()
    bits = mask.astype(int).ravel()
    return {"layout": layout, "size": [image.shape[3], image.shape[2]],
            "hole": int(bits.sum()), "sum": int(levels.sum()),
            "image": [int(levels[at]) for at in samples(SAMPLES, levels.size)],
            "mask": [int(bits[at]) for at in samples(SAMPLES, bits.size)],
            "filled": [int(filled.ravel()[at]) for at in samples(SAMPLES, filled.size)]}


def whole():
    """Images through the whole tool."""
    os.makedirs(TOOL, exist_ok=True)
    for name in ("odd", "tiny", "border", "apart"):
        width, height, parts = CASES[name]
        for layout in (512, None):
            kind = "512" if layout else "dynamic"
            session = onnxruntime.InferenceSession(os.path.join(NETS, f"lama_{kind}.onnx"),
                                                   providers=["CPUExecutionProvider"])
            result, hole = inpaint(session, layout, drawn(width, height), mask_of(width, height, parts))
            Image.fromarray(result).save(os.path.join(TOOL, f"{name}_{kind}.png"), optimize=True)
            Image.fromarray(hole).save(os.path.join(TOOL, f"{name}_hole.png"), optimize=True)


def main():
    for folder in (NETS, EXPECTED):
        os.makedirs(folder, exist_ok=True)
    onnx.save(network(512, 255.0), os.path.join(NETS, "lama_512.onnx"))
    onnx.save(network(None, 1.0), os.path.join(NETS, "lama_dynamic.onnx"))
    onnx.save(network(None, 1.0, more=0.1), os.path.join(NETS, "lama_bright.onnx"))
    onnx.save(watcher(256), os.path.join(NETS, "lama_watcher.onnx"))
    with open(os.path.join(EXPECTED, "cases.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in geometry()) + "\n]\n")
    whole()


if __name__ == "__main__":
    main()
