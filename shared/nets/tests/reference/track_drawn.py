#!/usr/bin/env python3
"""Writes ../onnx/track_drawn/: a network with a memory that remembers a colour.

    python track_drawn.py

A box is answered with the box. What is followed is what has the mean colour of the masks that are
remembered; it is there if a pixel has. Made with torch 2.15, onnx 1.23.
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from sam import export
from torch import nn

ONNX = pathlib.Path(__file__).resolve().parent.parent / "onnx" / "track_drawn"
SIDE, CHANNELS = 128, 8
GRID, FINE = SIDE // 16, SIDE // 4
SLOTS, POINTERS = 7, 16
# Colours are the same within this distance, in deviations of the pixels.
SAME = 0.5


class VisionEncoder(nn.Module):
    def forward(self, pixel_values):
        fine = F.avg_pool2d(pixel_values, 4)
        coarse = F.pad(F.avg_pool2d(pixel_values, 16), (0, 0, 0, 0, 0, CHANNELS - 3))
        return fine, F.avg_pool2d(pixel_values, 8), coarse, coarse + 0, 0 * coarse


class MaskDecoder(nn.Module):
    def forward(self, feats0, feats1, feats2_cond, input_points, input_labels):
        colour = feats2_cond[:, :3].mean((2, 3), keepdim=True)
        alike = SAME - (feats0 - colour).abs().amax(1, keepdim=True)
        at = torch.arange(FINE, dtype=torch.float32) * 4 + 2
        first, last = input_points[0, 0, 0], input_points[0, 0, -1]
        across = torch.minimum(at - first[0], last[0] - at)
        down = torch.minimum(at - first[1], last[1] - at)
        box = torch.minimum(across[None, :], down[:, None])[None, None]
        followed = (input_labels[0, 0, 0] < 0).float()
        mask = 20 * (followed * alike + (1 - followed) * box / SIDE) + 0 * feats1.sum()
        there = (mask.amax() > 0).float().view(1, 1, 1) * 20 - 10
        high = F.interpolate(mask, (SIDE, SIDE), mode="bilinear", align_corners=False)
        return mask, high, 0.9 + 0 * mask[:, 0, 0, :1], there, 0 * feats2_cond[:, :, 0, 0].view(1, 1, CHANNELS)


class MemoryEncoder(nn.Module):
    """The mean colour of the cells that the mask fills, in each of the tokens."""

    def forward(self, feats2, high_res_mask, object_score_logits, binarize):
        filled = F.avg_pool2d((high_res_mask > 0).float(), 16) ** 4
        colour = (feats2 * filled).sum((2, 3)) / (filled.sum() + 1e-6)
        tokens = colour.view(1, 1, CHANNELS).expand(GRID * GRID, 1, CHANNELS)
        # Where it is not there, a colour that nothing has.
        gone = (object_score_logits < 0).float().view(1, 1, 1)
        return tokens * (1 - gone) + 99 * gone + 0 * binarize, 0 * tokens


class MemoryAttention(nn.Module):
    """The colour of the frames that were remembered with the object in them."""

    def forward(self, features, position, memory, memory_pos):
        frames = memory[:SLOTS * GRID * GRID]
        there = (frames[:, :, :1] < 50).float()
        colour = (frames * there).sum(0) / (there.sum() + 1e-6) + 0 * (features.sum() + position.sum() + memory_pos.sum())
        return colour.view(1, CHANNELS, 1, 1).expand(1, CHANNELS, GRID, GRID)


class PointerPosition(nn.Module):
    def forward(self, normalized_diffs):
        return normalized_diffs[:, None].expand(-1, CHANNELS) + 0


def main():
    image = torch.zeros(1, 3, SIDE, SIDE)
    maps = VisionEncoder()(image)
    export(VisionEncoder(), (image,), ONNX / "vision_encoder.onnx", ["pixel_values"],
           ["feats0", "feats1", "feats2", "feats2_no_mem", "vision_pos_embed"])
    export(MaskDecoder(), (*maps[:3], torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, dtype=torch.int32)), ONNX / "mask_decoder.onnx",
           ["feats0", "feats1", "feats2_cond", "input_points", "input_labels"],
           ["low_res_mask", "high_res_mask", "iou", "object_score_logits", "object_pointer"], {"input_points": {2: "N"}, "input_labels": {2: "N"}})
    export(MemoryEncoder(), (maps[2], torch.zeros(1, 1, SIDE, SIDE), torch.zeros(1, 1), torch.tensor(0.0)), ONNX / "memory_encoder.onnx",
           ["feats2", "high_res_mask", "object_score_logits", "binarize"], ["memory_tokens", "memory_pos"])
    rows = torch.zeros(GRID * GRID, 1, CHANNELS), torch.zeros(SLOTS * GRID * GRID + POINTERS, 1, CHANNELS)
    export(MemoryAttention(), (rows[0], rows[0], rows[1], rows[1]), ONNX / "memory_attention.onnx",
           ["current_vision_features", "current_vision_position_embeddings", "memory", "memory_pos"], ["conditioned_feats"])
    export(PointerPosition(), (torch.zeros(POINTERS),), ONNX / "pointer_tpos.onnx", ["normalized_diffs"], ["pointer_pos"], {"normalized_diffs": {0: "P"}})
    table = [[0.0] * CHANNELS] * SLOTS
    (ONNX / "constants.json").write_text(json.dumps({"image_size": SIDE, "num_maskmem": SLOTS, "memory_temporal_positional_encoding": table}) + "\n")


if __name__ == "__main__":
    main()
