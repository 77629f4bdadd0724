#!/usr/bin/env python3
"""What transformers' SAM 2 and SAM say of three images, by way of its own processors.

    python sam.py        # rewrites ../onnx/sam/ and ../expected/sam/

Made with torch 2.15, torchvision 0.29, transformers 5.23, onnx 1.23, onnxruntime 1.31.1. The models
are random and tiny. They are exported with the names and shapes of the published files: channels
that a tiny model does not have are zeros on the way from encoder to decoder. Masks are stored as
COCO run lengths, thresholded at 0 after `post_process_masks`.
"""
import json
import pathlib

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from PIL import Image
from torch import nn
from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model, Sam2Processor, SamConfig, SamImageProcessor, SamModel, SamProcessor

HERE = pathlib.Path(__file__).resolve().parent.parent
ONNX, EXPECTED = HERE / "onnx" / "sam", HERE / "expected" / "sam"
HIDDEN = 32


def drawn(width, height, seed):
    """A few discs and a ramp, smooth enough that a level more or less does not matter."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    rgb = np.stack([x / width, y / height, 1 - x / width], -1) * 120 + 60
    for _ in range(5):
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.1, 0.4) * min(width, height)
        near = 1 / (1 + np.exp((np.hypot(x - cx, y - cy) - r) / 2))
        rgb += near[..., None] * (rng.uniform(0, 255, 3) - rgb)
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


IMAGES = {"wide": drawn(211, 90, 1), "tall": drawn(31, 160, 2), "large": drawn(1103, 301, 3)}


def prompts(width, height):
    """Each with points [x, y, label] and a box, or None."""
    w, h = width, height
    return [
        {"points": [], "box": [0.1 * w, 0.2 * h, 0.5 * w, 0.9 * h]},
        {"points": [], "box": [0.4 * w, 0.05 * h, 0.95 * w, 0.6 * h]},
        {"points": [[0.3 * w, 0.4 * h, 1]], "box": None},
        {"points": [[0.6 * w, 0.5 * h, 1]], "box": None},
        {"points": [[0.6 * w, 0.5 * h, 1], [0.1 * w, 0.9 * h, 0]], "box": None},
        {"points": [[0.3 * w, 0.6 * h, 0]], "box": [0.1 * w, 0.2 * h, 0.5 * w, 0.9 * h]},
    ]


def rle(mask):
    flat = mask.T.reshape(-1)
    ends = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    runs = np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()
    counts = ([0] if flat[0] else []) + runs
    text = ""
    for at, value in enumerate(counts):
        if at > 2:
            value -= counts[at - 2]
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != (-1 if group & 0x10 else 0)
            text += chr(48 + (group | (0x20 if more else 0)))
    return text


def widen(x, channels):
    return F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


class Encoder2(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        s0, s1, embed = self.model.get_image_embeddings(image)
        return widen(s0, 32), widen(s1, 64), widen(embed, 256)


class Decoder2(nn.Module):
    """Points, box corners as points 2 and 3; the point of no meaning is added here."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image_embed, s0, s1, coords, labels, mask_input, has_mask):
        m = self.model
        embed, s0, s1 = image_embed[:, :HIDDEN], s0[:, :HIDDEN // 8], s1[:, :HIDDEN // 4]
        sparse = m.prompt_encoder._embed_points(coords.unsqueeze(0), labels.unsqueeze(0).to(torch.int64), pad=True)
        none = m.prompt_encoder.no_mask_embed.weight.reshape(1, -1, 1, 1)
        dense = none.expand(1, HIDDEN, 64, 64) + 0 * (has_mask * mask_input).sum()
        position = m.get_image_wide_positional_embeddings()
        masks, iou, _, score = m.mask_decoder(
            image_embeddings=embed, image_positional_embeddings=position, sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense, multimask_output=True, high_resolution_features=[s0, s1])
        return masks[0].clamp(-32.0, 32.0), iou[0], score[0]


def sam2():
    torch.manual_seed(3)
    config = Sam2Config(
        vision_config=dict(
            backbone_config=dict(
                model_type="sam2_hiera_det_model", hidden_size=8, blocks_per_stage=[1, 1, 1, 1],
                embed_dim_per_stage=[8, 12, 16, 24], num_attention_heads_per_stage=[1, 1, 1, 1],
                global_attention_blocks=[], window_size_per_stage=[8, 4, 4, 4], mlp_ratio=2.0),
            backbone_channel_list=[24, 16, 12, 8], fpn_hidden_size=HIDDEN),
        prompt_encoder_config=dict(hidden_size=HIDDEN, mask_input_channels=4),
        mask_decoder_config=dict(hidden_size=HIDDEN, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16),
        initializer_range=0.3)
    return Sam2Model(config).eval()


def export(module, inputs, path, names, outputs, dynamic=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(module, inputs, path, input_names=names, output_names=outputs, opset_version=17,
                      dynamic_axes=dynamic, dynamo=False)
    slim(path)
    print(path.relative_to(HERE), path.stat().st_size)


def slim(path):
    """Short names and no remarks: most of a tiny model's file is text."""
    model = onnx.load(path)
    graph = model.graph
    del graph.value_info[:]
    ports = {port.name for port in [*graph.input, *graph.output]} | {""}
    short = {}
    name = lambda own: own if own in ports else short.setdefault(own, f"t{len(short)}")

    def shorten(graph):
        for node in graph.node:
            node.name = node.doc_string = ""
            del node.metadata_props[:]
            node.input[:] = [name(own) for own in node.input]
            node.output[:] = [name(own) for own in node.output]
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    shorten(attribute.g)
        for own in [*graph.initializer, *graph.output]:
            own.name = name(own.name)

    shorten(graph)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


POINTS = ["point_coords", "point_labels", "mask_input", "has_mask_input"]
AXES = {"point_coords": {0: "L", 1: "N"}, "point_labels": {0: "L", 1: "N"}, "mask_input": {0: "L"}, "has_mask_input": {0: "num_labels"}}


def export2(model):
    image = torch.zeros(1, 3, 1024, 1024)
    features = Encoder2(model)(image)
    names = ["high_res_feats_0", "high_res_feats_1", "image_embed"]
    export(Encoder2(model), (image,), ONNX / "sam2" / "encoder.onnx", ["image"], names)
    given = (features[2], features[0], features[1], torch.rand(2, 3, 2) * 1000, torch.ones(2, 3), torch.zeros(2, 1, 256, 256), torch.zeros(1))
    export(Decoder2(model), given, ONNX / "sam2" / "decoder.onnx", [names[2], *names[:2], *POINTS], ["masks", "iou_predictions"],
           {**AXES, "masks": {0: "L"}, "iou_predictions": {0: "L"}})


class Encoder1(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        return widen(self.model.get_image_embeddings(image), 256)


class Encoder1Raw(Encoder1):
    """Rows of red, green and blue that are scaled already: samexporter's `--use-preprocess`."""

    def forward(self, input_image):
        mean, deviation = (torch.tensor(three).reshape(3, 1, 1) for three in ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]))
        image = (input_image.permute(2, 0, 1) - mean) / deviation
        return super().forward(F.pad(image, (0, 1024 - image.shape[2], 0, 1024 - image.shape[1]))[None])


class Decoder1(nn.Module):
    """As segment-anything's `SamOnnxModel` with all four masks: boxes are points 2 and 3, and the
    point of no meaning comes from outside."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def points(self, coords, labels):
        prompt, labels = self.model.prompt_encoder, labels[..., None]
        embedded = prompt.shared_embedding((coords + 0.5)[None], (1024, 1024))[0]
        embedded = torch.where(labels == -1, prompt.not_a_point_embed.weight, embedded)
        for label, point in enumerate(prompt.point_embed):
            embedded = embedded + point.weight * (labels == label)
        return embedded[None]

    def forward(self, image_embeddings, coords, labels, mask_input, has_mask, orig_im_size):
        m = self.model
        dense = m.prompt_encoder.no_mask_embed.weight.reshape(1, -1, 1, 1) + 0 * (has_mask * mask_input).sum()
        given = dict(
            image_embeddings=image_embeddings[:, :HIDDEN], image_positional_embeddings=m.get_image_wide_positional_embeddings(),
            sparse_prompt_embeddings=self.points(coords, labels), dense_prompt_embeddings=dense.expand(1, HIDDEN, 64, 64))
        one, three = (m.mask_decoder(multimask_output=many, **given) for many in (False, True))
        low, iou = (torch.cat(pair, dim=2)[0] for pair in zip(one[:2], three[:2]))
        # The image's own size is not looked at here: nobody reads the masks of that size.
        return low + 0 * orig_im_size.sum(), iou, low


def sam1():
    torch.manual_seed(5)
    config = SamConfig(
        vision_config=dict(hidden_size=8, output_channels=HIDDEN, num_hidden_layers=2, num_attention_heads=2, mlp_dim=16,
                           window_size=8, global_attn_indexes=[], num_pos_feats=HIDDEN // 2, initializer_range=0.3),
        prompt_encoder_config=dict(hidden_size=HIDDEN, mask_input_channels=4),
        mask_decoder_config=dict(hidden_size=HIDDEN, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16),
        initializer_range=0.3)
    return SamModel(config).eval()


def export1(model):
    names = ["image_embeddings"]
    image = torch.zeros(1, 3, 1024, 1024)
    export(Encoder1(model), (image,), ONNX / "sam1" / "encoder.onnx", ["x"], names)
    export(Encoder1Raw(model), (torch.zeros(500, 1024, 3),), ONNX / "sam1raw_encoder.onnx", ["input_image"], names,
           {"input_image": {0: "height", 1: "width"}})
    given = (Encoder1(model)(image), torch.rand(1, 3, 2) * 1000, torch.ones(1, 3), torch.zeros(1, 1, 256, 256), torch.zeros(1), torch.ones(2))
    export(Decoder1(model), given, ONNX / "sam1" / "decoder.onnx", [*names, *POINTS, "orig_im_size"],
           ["masks", "iou_predictions", "low_res_masks"], {"point_coords": {1: "N"}, "point_labels": {1: "N"}})


def sized(source, target):
    """The same decoder with an eighth input, to whose size it scales its masks."""
    model = onnx.load(source)
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["low" if name == "masks" else name for name in node.output]
    graph.input.append(helper.make_tensor_value_info("orig_im_size", T.INT32, [2]))
    graph.initializer.append(numpy_helper.from_array(np.array([0, 1]), "first_two"))
    graph.initializer.append(numpy_helper.from_array(np.array([0]), "zero"))
    graph.initializer.append(numpy_helper.from_array(np.array([2]), "two"))
    graph.node.extend([
        helper.make_node("Shape", ["low"], ["low_shape"]),
        helper.make_node("Slice", ["low_shape", "zero", "two"], ["outer"]),
        helper.make_node("Cast", ["orig_im_size"], ["wide_size"], to=T.INT64),
        helper.make_node("Concat", ["outer", "wide_size"], ["full_shape"], axis=0),
        helper.make_node("Resize", ["low", "", "", "full_shape"], ["masks"], mode="linear", coordinate_transformation_mode="pytorch_half_pixel"),
    ])
    del graph.output[0]
    graph.output.insert(0, helper.make_tensor_value_info("masks", T.FLOAT, ["L", 3, "H", "W"]))
    onnx.save(model, target)


def by_boxes(source, target):
    """The ports of onnx-community's SAM 2.1 before the same decoder: boxes become points 2 and 3."""
    model = onnx.load(source)
    graph = model.graph
    
    def const(name, value):
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    rename = {"image_embed": "image_embeddings.2", "high_res_feats_0": "image_embeddings.0", "high_res_feats_1": "image_embeddings.1"}
    for node in graph.node:
        node.input[:] = [rename.get(name, name) for name in node.input]
    kept = [port for port in graph.input if port.name in rename]
    for port in kept:
        port.name = rename[port.name]
    del graph.input[:]
    graph.input.extend([
        helper.make_tensor_value_info("input_points", T.FLOAT, ["B", "P", "N", 2]),
        helper.make_tensor_value_info("input_labels", T.INT64, ["B", "Q", "N"]),
        helper.make_tensor_value_info("input_boxes", T.FLOAT, ["B", "boxes", 4]),
        *sorted(kept, key=lambda port: port.name)])
    one = const("one", np.array([1]))
    front = [
        helper.make_node("Shape", ["input_points"], ["points_shape"]),
        helper.make_node("Shape", ["input_labels"], ["labels_shape"]),
        helper.make_node("Shape", ["input_boxes"], ["boxes_shape"]),
        helper.make_node("Slice", ["labels_shape", one, const("b2", np.array([2]))], ["rows"]),
        helper.make_node("Slice", ["points_shape", const("b2b", np.array([2])), const("b3", np.array([3]))], ["count"]),
        helper.make_node("Slice", ["boxes_shape", const("b1", np.array([1])), const("b2c", np.array([2]))], ["boxes"]),
        helper.make_node("Min", ["boxes", const("b1d", np.array([1]))], ["is_box"]),
        helper.make_node("Mul", ["is_box", const("b2d", np.array([2]))], ["corners"]),
        helper.make_node("Concat", ["rows", "corners", const("b2e", np.array([2]))], ["corners_shape"], axis=0),
        helper.make_node("Reshape", ["input_boxes", "corners_shape"], ["box_points"], allowzero=1),
        helper.make_node("Concat", ["rows", "count", const("b2f", np.array([2]))], ["clicks_shape"], axis=0),
        helper.make_node("Reshape", ["input_points", "clicks_shape"], ["click_points"], allowzero=1),
        helper.make_node("Concat", ["click_points", "box_points"], ["point_coords"], axis=1),
        helper.make_node("Concat", ["rows", "is_box"], ["label_shape"], axis=0),
        helper.make_node("Expand", [const("f2", np.array([[2.0]], np.float32)), "label_shape"], ["twos"]),
        helper.make_node("Expand", [const("f3", np.array([[3.0]], np.float32)), "label_shape"], ["threes"]),
        helper.make_node("Concat", ["rows", "count"], ["click_label_shape"], axis=0),
        helper.make_node("Reshape", ["input_labels", "click_label_shape"], ["click_labels_whole"], allowzero=1),
        helper.make_node("Cast", ["click_labels_whole"], ["click_labels"], to=T.FLOAT),
        helper.make_node("Concat", ["click_labels", "twos", "threes"], ["point_labels"], axis=1),
        helper.make_node("Expand", [const("f0", np.zeros((1, 1, 1, 1), np.float32)), const("low_size", np.array([1, 1, 256, 256]))], ["mask_input"]),
        helper.make_node("Identity", [const("none", np.array([0.0], np.float32))], ["has_mask_input"]),
    ]
    back = [
        helper.make_node("Unsqueeze", ["masks", const("z", np.array([0]))], ["pred_masks"]),
        helper.make_node("Unsqueeze", ["iou_predictions", const("z2", np.array([0]))], ["iou_scores"]),
    ]
    nodes = front + list(graph.node) + back
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.output[:]
    graph.output.extend([
        helper.make_tensor_value_info("iou_scores", T.FLOAT, ["B", "P", 3]),
        helper.make_tensor_value_info("pred_masks", T.FLOAT, ["B", "P", 3, 256, 256])])
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, target)


def renamed_encoder(source, target):
    model = onnx.load(source)
    rename = {"image": "pixel_values", "high_res_feats_0": "image_embeddings.0", "high_res_feats_1": "image_embeddings.1", "image_embed": "image_embeddings.2"}
    for node in model.graph.node:
        node.input[:] = [rename.get(name, name) for name in node.input]
        node.output[:] = [rename.get(name, name) for name in node.output]
    for port in [*model.graph.input, *model.graph.output]:
        port.name = rename[port.name]
    onnx.save(model, target)


def answers(name, model, processor):
    found = {}
    for key, image in IMAGES.items():
        entry = {"prompts": []}
        for prompt in prompts(*image.size):
            points = [[[p[:2] for p in prompt["points"]]]] if prompt["points"] else None
            labels = [[[p[2] for p in prompt["points"]]]] if prompt["points"] else None
            boxes = [[prompt["box"]]] if prompt["box"] else None
            inputs = processor(images=image, input_points=points, input_labels=labels, input_boxes=boxes, return_tensors="pt")
            sizes = {k: inputs.pop(k) for k in ["original_sizes", "reshaped_input_sizes"] if k in inputs}
            for k in ["input_points", "input_boxes"]:
                if k in inputs:
                    inputs[k] = inputs[k].float()
            # `select_masks` of segment-anything: more than two points have one meaning.
            several = name != "sam1" or len(prompt["points"]) + (2 if prompt["box"] else 1) <= 2
            with torch.no_grad():
                out = model(**inputs, multimask_output=several)
            masks = processor.post_process_masks(out.pred_masks.clamp(-32, 32) if name != "sam1" else out.pred_masks, **sizes, binarize=True)[0]
            entry["prompts"].append({**prompt, "iou": [round(v, 5) for v in out.iou_scores[0, 0].tolist()],
                                     "best": rle(masks[0][int(out.iou_scores[0, 0].argmax())].numpy()),
                                     "areas": [round(mask.float().mean().item(), 3) for mask in masks[0]]})
        found[key] = entry
    EXPECTED.mkdir(parents=True, exist_ok=True)
    (EXPECTED / f"{name}.json").write_text(json.dumps(found) + "\n")
    print(name, (EXPECTED / f"{name}.json").stat().st_size, [p["areas"] for e in found.values() for p in e["prompts"]][:8])


if __name__ == "__main__":
    torch.set_num_threads(2)
    EXPECTED.mkdir(parents=True, exist_ok=True)
    for key, image in IMAGES.items():
        image.save(EXPECTED / f"{key}.png")
    model = sam1()
    answers("sam1", model, SamProcessor(SamImageProcessor()))
    export1(model)
    model = sam2()
    answers("sam2", model, Sam2Processor(Sam2ImageProcessor()))
    export2(model)
    sized(ONNX / "sam2" / "decoder.onnx", ONNX / "sam2sized_decoder.onnx")
    by_boxes(ONNX / "sam2" / "decoder.onnx", ONNX / "sam21" / "prompt_encoder_mask_decoder.onnx")
    renamed_encoder(ONNX / "sam2" / "encoder.onnx", ONNX / "sam21" / "vision_encoder.onnx")
