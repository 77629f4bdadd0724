#!/usr/bin/env python3
"""Makes the tiny detectors in ../onnx/ and what the references find with them, ../expected/detect/.

    python detect.py        # in this folder

Made with numpy 2.2, opencv-python 4.12, onnx 1.23, onnxruntime 1.31.1, rtmlib 0.0.16, torch 2.15,
transformers 5.23. The networks have random weights and find nothing real: what counts is that every
pixel that goes in and every number that comes out is treated as the reference treats it.

* yolox.onnx: rows of a grid, for rtmlib's YOLOX; two classes; any number of images at once.
* yolox_suppressed.onnx: `dets` and `labels` as openmmlab's exports have them, for rtmlib's YOLOX and
  RTMDet; one image at once.
* other.onnx: no detector.
* rtdetr.onnx, dfine.onnx: tiny random RTDetrForObjectDetection and DFineForObjectDetection, exported
  with the names of the published files, for RTDetrImageProcessor.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from rtmlib.tools.object_detection import yolox as yolox_module
from rtmlib.tools.object_detection.rtmdet import RTMDet
from rtmlib.tools.object_detection.yolox import YOLOX

HERE = Path(__file__).resolve().parent
ONNX = HERE.parent / "onnx"
EXPECTED = HERE.parent / "expected" / "detect"

SIDE = 64
STRIDES = (8, 16, 32)
CLASSES = 2

# Width and height: odd, extreme, tiny, huge, and just the input's. On a side that shrinks to
# nothing, as 1x1000 does, rtmlib fails; Pillow does not.
SIZES = [(7, 5), (20, 1000), (1000, 20), (333, 207), (64, 64), (854, 480), (3840, 2160)]
THREADS = [(1, 1000), (1000, 1)]


def drawn(width, height):
    """The image of this size that the Rust test draws as well; red, green, blue."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    across, down = x * 251 // width, y * 241 // height
    red = (across + 2 * down) % 256
    green = (across * down // 64) % 256
    blue = ((across // 16) ^ (down // 16)) * 16 % 256
    return np.stack([red, green, blue], 2).astype(np.uint8)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def grid_nodes(rng):
    """Nodes that turn `input` into `raw`: a row of 5 + CLASSES numbers for each cell."""
    nodes, constants, parts = [], [], []
    for stride in STRIDES:
        tag = str(stride)
        # Something that depends on colours at a finer scale than the cell's.
        weight = rng.normal(0, 1, (5 + CLASSES, 3 * 4, 1, 1)).astype(np.float32) / 60
        bias = np.array([0, 0, 0.8, 0.8, 0.5, -0.3, 0.2], np.float32)
        constants += [constant("w" + tag, weight), constant("b" + tag, bias)]
        half = stride // 2
        nodes += [
            helper.make_node("AveragePool", ["centred"], ["p" + tag], kernel_shape=[half] * 2, strides=[half] * 2),
            helper.make_node("SpaceToDepth", ["p" + tag], ["d" + tag], blocksize=2),
            helper.make_node("Conv", ["d" + tag, "w" + tag, "b" + tag], ["c" + tag]),
            helper.make_node("Reshape", ["c" + tag, "rows"], ["f" + tag]),
            helper.make_node("Transpose", ["f" + tag], ["t" + tag], perm=[0, 2, 1]),
        ]
        parts.append("t" + tag)
    constants += [constant("middle", np.float32(114)), constant("rows", np.array([0, 5 + CLASSES, -1]))]
    before = [helper.make_node("Sub", ["input_", "middle"], ["centred"])]
    after = [
        helper.make_node("Concat", parts, ["all"], axis=1),
        helper.make_node("Split", ["all", "split"], ["box", "scores"], axis=2),
        helper.make_node("Sigmoid", ["scores"], ["sure"]),
        helper.make_node("Concat", ["box", "sure"], ["raw"], axis=2),
    ]
    constants.append(constant("split", np.array([4, 1 + CLASSES])))
    return before + nodes + after, constants


def save(name, nodes, constants, inputs, outputs):
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, ONNX / f"{name}.onnx")


def yolox(rng):
    nodes, constants = grid_nodes(rng)
    nodes.insert(0, helper.make_node("Identity", ["images"], ["input_"]))
    nodes.append(helper.make_node("Identity", ["raw"], ["output"]))
    save(
        "yolox", nodes, constants,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", cells(), 5 + CLASSES])],
    )


def other():
    """A graph that detects nothing."""
    save(
        "other", [helper.make_node("Identity", ["x"], ["y"])], [],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
    )


def cells():
    return sum((SIDE // stride) ** 2 for stride in STRIDES)


def suppressed(rng, name, levels):
    """The same grid, decoded inside, by descending score. `levels` turns the input back to 0..255."""
    nodes, constants = grid_nodes(rng)
    mean, deviation = levels
    constants += [
        constant("mean", np.float32(mean).reshape(1, 3, 1, 1)),
        constant("deviation", np.float32(deviation).reshape(1, 3, 1, 1)),
        constant("corner", np.float32([(i, j) for s in STRIDES for j in range(SIDE // s) for i in range(SIDE // s)])[None]),
        constant("stride", np.float32([s for s in STRIDES for _ in range((SIDE // s) ** 2)])[None, :, None]),
        constant("pairs", np.array([2, 2])),
        constant("there_class", np.array([1, CLASSES])),
        constant("half", np.float32(0.5)),
        constant("all_cells", np.array([cells()])),
        constant("last", np.array([2])),
    ]
    make = helper.make_node
    nodes = [make("Mul", ["input", "deviation"], ["wide"]), make("Add", ["wide", "mean"], ["input_"])] + nodes + [
        make("Split", ["box", "pairs"], ["xy", "wh"], axis=2),
        make("Add", ["xy", "corner"], ["xy1"]), make("Mul", ["xy1", "stride"], ["centre"]),
        make("Exp", ["wh"], ["wh1"]), make("Mul", ["wh1", "stride"], ["size"]), make("Mul", ["size", "half"], ["halves"]),
        make("Sub", ["centre", "halves"], ["low"]), make("Add", ["centre", "halves"], ["high"]),
        make("Split", ["sure", "there_class"], ["there", "classes"], axis=2),
        make("Mul", ["there", "classes"], ["score"]),
        make("ReduceMax", ["score"], ["best"], axes=[2], keepdims=1),
        make("ArgMax", ["score"], ["label"], axis=2, keepdims=1),
        make("TopK", ["best", "all_cells"], ["top", "place"], axis=1),
        make("Concat", ["low", "high", "best"], ["rows_all"], axis=2),
        make("Squeeze", ["place", "last"], ["flat"]),
        make("Squeeze", ["flat", "first"], ["flat1"]),
        make("Gather", ["rows_all", "flat1"], ["dets"], axis=1),
        make("Gather", ["label", "flat1"], ["label1"], axis=1),
        make("Squeeze", ["label1", "last"], ["labels"]),
    ]
    constants.append(constant("first", np.array([0])))
    save(
        name, nodes, constants,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, cells(), 5]),
         helper.make_tensor_value_info("labels", TensorProto.INT64, [1, cells()])],
    )


def transformer(name):
    """A tiny random RT-DETR or D-FINE, and its file."""
    from transformers import DFineConfig, DFineForObjectDetection, HGNetV2Config, RTDetrConfig, RTDetrForObjectDetection, RTDetrResNetConfig

    torch.manual_seed(5)
    common = dict(
        d_model=8, encoder_hidden_dim=8, encoder_in_channels=[8, 8, 8], encoder_ffn_dim=16,
        encoder_attention_heads=2, decoder_ffn_dim=16, decoder_attention_heads=2, decoder_layers=2,
        decoder_in_channels=[8, 8, 8], num_queries=336, num_labels=3, num_denoising=0,
        learn_initial_query=False, anchor_image_size=None, decoder_n_points=2, hidden_expansion=1.0,
    )
    if name == "rtdetr":
        backbone = RTDetrResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1],
                                      layer_type="basic", out_features=["stage2", "stage3", "stage4"])
        model = RTDetrForObjectDetection(RTDetrConfig(backbone_config=backbone, **common))
    else:
        backbone = HGNetV2Config(
            num_channels=3, embedding_size=8, depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 8, 8],
            stem_channels=[3, 4, 8], stage_in_channels=[8, 8, 8, 8], stage_mid_channels=[4, 4, 4, 4],
            stage_out_channels=[8, 8, 8, 8], stage_num_blocks=[1, 1, 1, 1],
            stage_downsample=[False, True, True, True], stage_light_block=[False, False, True, True],
            stage_kernel_size=[3, 3, 5, 5], stage_numb_of_layers=[1, 1, 1, 1],
            out_features=["stage2", "stage3", "stage4"])
        common["decoder_n_points"] = [2, 2, 2]
        model = DFineForObjectDetection(DFineConfig(backbone_config=backbone, **common))
    model.eval()
    # Random weights answer all alike: wider ones tell images and queries apart.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.0)
    class Named(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, pixel_values):
            answer = self.inner(pixel_values=pixel_values)
            return answer.logits, answer.pred_boxes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Named().eval(), (torch.rand(2, 3, SIDE * 2, SIDE * 2),), ONNX / f"{name}.onnx", dynamo=False,
            input_names=["pixel_values"], output_names=["logits", "pred_boxes"], opset_version=17,
            dynamic_axes={"pixel_values": {0: "batch"}, "logits": {0: "batch"}, "pred_boxes": {0: "batch"}})
    small(ONNX / f"{name}.onnx")
    return model


def small(path):
    """Folds constants and drops what no runtime reads, or the file would be ten times as large."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(path, options)
    model = onnx.load(path)
    names = {}
    ports = {port.name for port in [*model.graph.input, *model.graph.output]}
    short = lambda name: name if name in ports or not name else names.setdefault(name, f"v{len(names)}")
    for node in model.graph.node:
        node.doc_string, node.name = "", ""
        del node.metadata_props[:]
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]
    for tensor in model.graph.initializer:
        tensor.name = short(tensor.name)
    del model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def recorded(module, run):
    """What `run` answers, and the scores that rtmlib works out but does not give."""
    kept, own = [], module.multiclass_nms

    def record(*arguments, **named):
        answer = own(*arguments, **named)
        kept.append(answer[0])
        return answer

    module.multiclass_nms = record
    try:
        run()
    finally:
        module.multiclass_nms = own
    return kept[0]


def rounded(rows):
    rows = [[round(float(number), 4) for number in row] for row in rows]
    return sorted(rows, key=lambda row: -row[4])


def with_rtmlib():
    found = {"yolox": {}, "yolox_suppressed": {}, "rtmdet_suppressed": {}}
    grid = YOLOX(str(ONNX / "yolox.onnx"), (SIDE, SIDE), det_mode="multiclass", nms_thr=0.65, score_thr=0.3)
    inside = YOLOX(str(ONNX / "yolox_suppressed.onnx"), (SIDE, SIDE))
    normal = RTMDet(str(ONNX / "rtmdet_suppressed.onnx"), (SIDE, SIDE), score_thr=0.3)
    for width, height in SIZES:
        name, image = f"{width}x{height}", drawn(width, height)[:, :, ::-1].copy()
        rows = recorded(yolox_module, lambda: grid(image))
        found["yolox"][name] = rounded([] if rows is None else rows)
        for key, tool in [("yolox_suppressed", inside), ("rtmdet_suppressed", normal)]:
            boxes = tool(image)
            dets, _ = tool.session.run(None, {"input": blob(tool.preprocess(image)[0])})
            scores = dets[0, :, 4][dets[0, :, 4] > 0.3]
            assert len(scores) == len(boxes)
            found[key][name] = rounded([*box, score] for box, score in zip(boxes, scores))
    return found


def blob(image):
    return np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)[None]


def with_transformers(name, model):
    from transformers import RTDetrImageProcessor

    size = {"height": SIDE * 2, "width": SIDE * 2}
    processor = RTDetrImageProcessor(size=size)
    session = onnxruntime.InferenceSession(ONNX / f"{name}.onnx")
    found = {}
    for width, height in SIZES + THREADS:
        pixels = processor(Image.fromarray(drawn(width, height)), return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            answer = model(pixel_values=pixels)
        logits, boxes = session.run(["logits", "pred_boxes"], {"pixel_values": pixels.numpy()})
        # Queries of nearly the same score change places with the last bit: they are compared sorted.
        for ours, theirs in [(logits, answer.logits), (boxes, answer.pred_boxes)]:
            off = np.abs(np.sort(ours, axis=1) - np.sort(theirs.numpy(), axis=1)).max()
            assert off < 1e-3, "the file answers as the model does"
        (result,) = processor.post_process_object_detection(answer, threshold=0.3, target_sizes=[(height, width)])
        rows = zip(result["boxes"].tolist(), result["scores"].tolist(), result["labels"].tolist())
        found[f"{width}x{height}"] = rounded([*box, score, label] for box, score, label in rows)
    return found




def inside(size, rows):
    """How many of the boxes show something of the image."""
    width, height = map(int, size.split("x"))
    return sum(x0 < width and y0 < height and x1 > 0 and y1 > 0 and x1 > x0 and y1 > y0 for x0, y0, x1, y1, *_ in rows)


def main():
    ONNX.mkdir(exist_ok=True)
    EXPECTED.mkdir(parents=True, exist_ok=True)
    other()
    yolox(np.random.default_rng(1))
    suppressed(np.random.default_rng(2), "yolox_suppressed", ([0] * 3, [1] * 3))
    suppressed(np.random.default_rng(3), "rtmdet_suppressed", ((103.53, 116.28, 123.675), (57.375, 57.12, 58.395)))
    found = with_rtmlib()
    for name in ["rtdetr", "dfine"]:
        found[name] = with_transformers(name, transformer(name))
    for name, images in found.items():
        lines = []
        for size, rows in images.items():
            some = rows[:: max(1, len(rows) // 20)]
            lines.append(f' "{size}": {{"count": {inside(size, rows)}, "rows": {json.dumps(some)}}}')
        text = ",\n".join(lines)
        (EXPECTED / f"{name}.json").write_text("{\n" + text + "\n}\n")
        print(name, {size: len(rows) for size, rows in images.items()})


if __name__ == "__main__":
    main()
