#!/usr/bin/env python3
"""What transformers' SAM 2 with memory says of twelve frames and two objects, forward and backward.

    python track.py      # rewrites ../onnx/track/ and ../expected/track.json, track.png

Made with torch 2.15, transformers 5.24, onnx 1.23, onnxruntime 1.31.1. The model is random and tiny. It
is exported as five graphs with the names of the published files (square-zero-labs/sam2.1-tiny-video-onnx).
Those take a fixed number of memories, so that free places repeat the newest memory; the reference is made
to do the same to its own lists, and to keep memories in full precision, and is otherwise untouched. What
the repetition and the half precision change is printed.
"""
import json
import pathlib

import numpy as np
import torch
from PIL import Image
from sam import export, rle
from torch import nn
from transformers import Sam2VideoConfig, Sam2VideoModel
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession, Sam2VideoRoPEAttention, get_1d_sine_pe

HERE = pathlib.Path(__file__).resolve().parent.parent
ONNX, EXPECTED = HERE / "onnx" / "track", HERE / "expected"
SIDE, HIDDEN, MEMORY = 128, 32, 8
GRID = SIDE // 16
SLOTS, POINTERS = 7, 16
FRAMES, WIDTH, HEIGHT = 12, 90, 60
MEAN, DEVIATION = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
# The frame that each object is given on, and its box.
SEEDS = [(3, [20.0, 15.0, 45.0, 50.0]), (5, [50.0, 10.0, 85.0, 40.0])]


def frames():
    """Two discs that cross on a ramp, with edges soft enough that a level more or less does not matter."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    for at in range(FRAMES):
        rgb = np.stack([x / WIDTH, y / HEIGHT, 1 - x / WIDTH], -1) * 120 + 60
        for cx, cy, r, colour in [(20 + 4 * at, 32, 12, (230, 60, 40)), (72 - 3 * at, 24 + at, 10, (30, 200, 90))]:
            near = 1 / (1 + np.exp((np.hypot(x - cx, y - cy) - r) / 2))
            rgb += near[..., None] * (np.array(colour) - rgb)
        yield Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


def pixels(image):
    scaled = np.asarray(image.resize((SIDE, SIDE), Image.BILINEAR), np.float32) / 255
    return torch.from_numpy((scaled - np.float32(MEAN)) / np.float32(DEVIATION)).permute(2, 0, 1)


def model(kind, seed=20):
    torch.manual_seed(seed)
    config = Sam2VideoConfig(
        vision_config=dict(
            model_type="sam2_vision_model",
            backbone_config=dict(
                model_type="sam2_hiera_det_model", hidden_size=8, image_size=[SIDE, SIDE], blocks_per_stage=[1, 1, 1, 1],
                embed_dim_per_stage=[8, 12, 16, 24], num_attention_heads_per_stage=[1, 1, 1, 1], global_attention_blocks=[],
                window_size_per_stage=[8, 4, 4, 4], mlp_ratio=2.0, window_positional_embedding_background_size=[7, 7]),
            backbone_channel_list=[24, 16, 12, 8], fpn_hidden_size=HIDDEN, backbone_feature_sizes=[[4 * GRID] * 2, [2 * GRID] * 2, [GRID] * 2]),
        prompt_encoder_config=dict(hidden_size=HIDDEN, mask_input_channels=4, image_size=SIDE),
        mask_decoder_config=dict(hidden_size=HIDDEN, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=16),
        image_size=SIDE, memory_attention_hidden_size=HIDDEN, memory_attention_num_layers=1, memory_attention_feed_forward_hidden_size=48,
        memory_attention_rope_feat_sizes=[GRID, GRID], memory_encoder_hidden_size=HIDDEN, memory_encoder_output_channels=MEMORY,
        mask_downsampler_embed_dim=HIDDEN, mask_downsampler_stride=4, memory_fuser_num_layers=1, memory_fuser_embed_dim=HIDDEN,
        memory_fuser_intermediate_dim=32,
        memory_fuser_layer_scale_init_value=0.3, num_maskmem=SLOTS, max_object_pointers_in_encoder=POINTERS, initializer_range=0.3)
    own = kind(config).eval()
    for layer in own.memory_attention.layers:
        # It is written for memories of 64 channels.
        layer.cross_attn_image = Sam2VideoRoPEAttention(config, kv_in_dim=MEMORY, rope_k_repeat=True)
    for parameter in own.parameters():
        if parameter.abs().max() == 0 and parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.5)
        if parameter.dim() == 2 and parameter.shape[1] == MEMORY:
            nn.init.normal_(parameter, std=0.5)
    # So that objects are there where they are prompted, and not in all frames that follow.
    last = own.mask_decoder.pred_obj_score_head.proj_out
    last.weight.data.mul_(-10)
    last.bias.data.mul_(-10).sub_(1.5)
    return own.eval()


class VisionEncoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        found = self.model.get_image_features(pixel_values, return_dict=True)
        maps = [one.permute(1, 2, 0).view(1, -1, *size) for one, size in zip(found.fpn_hidden_states, self.model.backbone_feature_sizes)]
        none = self.model.no_memory_embedding.view(1, -1, 1, 1)
        position = found.fpn_position_encoding[-1].permute(1, 2, 0).view(1, -1, GRID, GRID)
        return maps[0], maps[1], maps[2], maps[2] + none, position


class MaskDecoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, feats0, feats1, feats2_cond, input_points, input_labels):
        both = [self.model._single_frame_forward(
            input_points=input_points, input_labels=input_labels.to(torch.int64), multimask_output=many,
            image_embeddings=[feats0, feats1, feats2_cond]) for many in (True, False)]
        few = (input_labels >= 0).sum() <= 1
        best = both[0].iou_scores.max(dim=-1).values, both[1].iou_scores[..., 0]
        low, high, pointer = (torch.where(few, *(getattr(one, name) for one in both))
                              for name in ("pred_masks", "high_res_masks", "object_pointer"))
        iou = torch.where(few, *best)
        return low[None] if low.dim() == 3 else low, high[None] if high.dim() == 3 else high, iou, both[0].object_score_logits, pointer


class MemoryEncoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, feats2, high_res_mask, object_score_logits, binarize):
        m = self.model
        mask = torch.where(binarize > 0.5, (high_res_mask > 0).float(), torch.sigmoid(high_res_mask))
        mask = mask * m.config.sigmoid_scale_for_mem_enc + m.config.sigmoid_bias_for_mem_enc
        features, position = m.memory_encoder(feats2, mask)
        appears = (object_score_logits > 0).float()
        features = features + (1 - appears[..., None]) * m.occlusion_spatial_embedding_parameter[..., None, None]
        return features.flatten(2).permute(2, 0, 1), position.flatten(2).permute(2, 0, 1)


class MemoryAttention(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, features, position, memory, memory_pos):
        found = self.model.memory_attention(
            current_vision_features=features, current_vision_position_embeddings=position, memory=memory,
            memory_posision_embeddings=memory_pos, num_object_pointer_tokens=POINTERS * HIDDEN // MEMORY)
        return found.squeeze(1).transpose(1, 2).reshape(1, HIDDEN, GRID, GRID)


class PointerPosition(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, normalized_diffs):
        return self.model.temporal_positional_encoding_projection_layer(get_1d_sine_pe(normalized_diffs, dim=HIDDEN))


class Precise(Sam2VideoModel):
    """Memories in full precision."""

    def _encode_new_memory(self, current_vision_feats, pred_masks_high_res, object_score_logits, is_mask_from_pts):
        count = pred_masks_high_res.shape[0]
        feats = current_vision_feats.permute(1, 2, 0).view(count, HIDDEN, GRID, GRID)
        return MemoryEncoder(self)(feats, pred_masks_high_res, object_score_logits.view(count, 1), torch.tensor(float(is_mask_from_pts)))


class Repeating(Precise):
    """A fixed number of memories and pointers: the free places repeat the newest."""

    def _gather_memory_frame_outputs(self, *given, **more):
        found = [pair for pair in super()._gather_memory_frame_outputs(*given, **more) if pair[1] is not None]
        given = [pair for pair in found if pair[0] == 0]
        newest = sorted((pair for pair in found if pair[0] > 0), key=lambda pair: pair[0])
        kept = (given[:SLOTS] + newest)[:SLOTS]
        return kept + [newest[0] if newest else given[-1]] * (SLOTS - len(kept))

    def _get_object_pointers(self, *given, **more):
        offsets, tokens, most = super()._get_object_pointers(*given, **more)
        order = sorted(range(len(offsets)), key=lambda at: offsets[at])[:POINTERS]
        order += [order[0]] * (POINTERS - len(order))
        return [offsets[at] for at in order], [tokens[at] for at in order], most


def graphs(own):
    image = torch.zeros(1, 3, SIDE, SIDE)
    with torch.no_grad():
        maps = VisionEncoder(own)(image)
        names = ["feats0", "feats1", "feats2", "feats2_no_mem", "vision_pos_embed"]
        export(VisionEncoder(own), (image,), ONNX / "vision_encoder.onnx", ["pixel_values"], names)
        points = torch.rand(1, 1, 3, 2) * SIDE, torch.ones(1, 1, 3, dtype=torch.int32)
        export(MaskDecoder(own), (*maps[:2], maps[3], *points), ONNX / "mask_decoder.onnx",
               ["feats0", "feats1", "feats2_cond", "input_points", "input_labels"],
               ["low_res_mask", "high_res_mask", "iou", "object_score_logits", "object_pointer"],
               {"input_points": {2: "N"}, "input_labels": {2: "N"}})
        mask = torch.zeros(1, 1, SIDE, SIDE), torch.zeros(1, 1), torch.tensor(0.0)
        export(MemoryEncoder(own), (maps[2], *mask), ONNX / "memory_encoder.onnx",
               ["feats2", "high_res_mask", "object_score_logits", "binarize"], ["memory_tokens", "memory_pos"])
        count = SLOTS * GRID * GRID + POINTERS * HIDDEN // MEMORY
        flat = torch.zeros(GRID * GRID, 1, HIDDEN), torch.zeros(count, 1, MEMORY)
        export(MemoryAttention(own), (flat[0], flat[0], flat[1], flat[1]), ONNX / "memory_attention.onnx",
               ["current_vision_features", "current_vision_position_embeddings", "memory", "memory_pos"], ["conditioned_feats"])
        export(PointerPosition(own), (torch.zeros(POINTERS),), ONNX / "pointer_tpos.onnx", ["normalized_diffs"], ["pointer_pos"])
    rows = own.memory_temporal_positional_encoding.detach().reshape(SLOTS, MEMORY)
    constants = {"image_size": SIDE, "num_maskmem": SLOTS, "memory_temporal_positional_encoding": rows.tolist()}
    (ONNX / "constants.json").write_text(json.dumps(constants) + "\n")


def tracked(own, video):
    """Masks of both objects, each from its seed to the end, and back from it to the beginning."""
    answers = []
    for seed, box in SEEDS:
        lines = {}
        for reverse in (False, True):
            session = Sam2VideoInferenceSession(video=video, video_height=HEIGHT, video_width=WIDTH, dtype=torch.float32)
            index = session.obj_id_to_idx(1)
            corners = torch.tensor(box).view(1, 1, 2, 2) * torch.tensor([SIDE / WIDTH, SIDE / HEIGHT])
            session.add_point_inputs(index, seed, {"point_coords": corners, "point_labels": torch.tensor([[[2, 3]]], dtype=torch.int32)})
            session.obj_with_new_inputs.append(1)
            own(inference_session=session, frame_idx=seed)
            for found in own.propagate_in_video_iterator(session, start_frame_idx=seed, reverse=reverse):
                coarse = found.pred_masks.float().view(1, 1, 4 * GRID, 4 * GRID)
                large = nn.functional.interpolate(coarse, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
                lines[found.frame_idx] = (large[0, 0] > 0).numpy(), float(found.object_score_logits.view(-1)[0])
        answers.append(lines)
    return answers


def overlap(first, second):
    pairs = [(a[at][0], b[at][0]) for a, b in zip(first, second) for at in a]
    return min((one & two).sum() / max(1, (one | two).sum()) if (one | two).any() else 1.0 for one, two in pairs)


def main():
    drawn = list(frames())
    sheet = Image.new("RGB", (WIDTH, HEIGHT * FRAMES))
    for at, image in enumerate(drawn):
        sheet.paste(image, (0, HEIGHT * at))
    EXPECTED.mkdir(exist_ok=True)
    sheet.save(EXPECTED / "track.png", optimize=True)
    video = torch.stack([pixels(image) for image in drawn])
    own = model(Repeating)
    graphs(own)
    kinds = {}
    for kind in (Sam2VideoModel, Precise, Repeating):
        one = model(kind)
        one.load_state_dict(own.state_dict())
        kinds[kind] = tracked(one, video)
    print("least IoU by repetition", overlap(kinds[Precise], kinds[Repeating]), "by half precision", overlap(kinds[Precise], kinds[Sam2VideoModel]))
    objects = []
    for (seed, box), lines in zip(SEEDS, kinds[Repeating]):
        answers = [{"counts": rle(lines[at][0]), "score": round(lines[at][1], 5)} for at in range(FRAMES)]
        print(seed, [(int(lines[at][0].sum()), round(lines[at][1], 2)) for at in range(FRAMES)])
        objects.append({"seed": seed, "box": box, "frames": answers})
    (EXPECTED / "track.json").write_text(json.dumps({"width": WIDTH, "height": HEIGHT, "objects": objects}, indent=1) + "\n")


if __name__ == "__main__":
    main()
