"""hysts' anime-face-detector as ONNX, for face-landmarks: it is not published in that form.

    pip install torch onnx
    python landmarks.py mmpose_anime-face_hrnetv2.pth anime-face.onnx

The weights are those of https://github.com/hysts/anime-face-detector/releases/tag/v0.0.1 (code MIT; what they learned from is
not published). The network is HRNetV2-W18 (Wang et al. 2020) with the head of `configs/mmpose/hrnetv2.py` there, and is
written here with the names that the file has for its weights, so that neither mmcv nor mmpose is needed. It takes `input`,
[N, 3, 256, 256], and gives `heatmaps`, [N, 28, 64, 64].
"""

import sys

import torch
from torch import nn
from torch.nn import functional as f

# Channels of the branches at strides 4, 8, 16 and 32; how many modules each of the stages 2 to 4 has; points.
WIDTHS, MODULES, POINTS = (18, 36, 72, 144), (1, 4, 3), 28


def joined(before, after, size=3, stride=1, last=True):
    """Convolution, normalisation and, unless it is added to something, activation."""
    made = [nn.Conv2d(before, after, size, stride, size // 2, bias=False), nn.BatchNorm2d(after)]
    return nn.Sequential(*made, nn.ReLU()) if last else nn.Sequential(*made)


class Block(nn.Module):
    """Two convolutions of 3 x 3, or one of them between two of 1 x 1, beside a straight way."""

    def __init__(self, before, after, narrow=None):
        super().__init__()
        steps = [(before, after, 3), (after, after, 3)]
        if narrow:
            steps = [(before, narrow, 1), (narrow, narrow, 3), (narrow, after, 1)]
        self.steps = range(1, len(steps) + 1)
        for number, (into, out, size) in zip(self.steps, steps):
            self.add_module(f"conv{number}", nn.Conv2d(into, out, size, padding=size // 2, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(out))
        if before != after:
            self.downsample = joined(before, after, 1, last=False)

    def forward(self, x):
        y = x
        for number in self.steps:
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
            y = f.relu(y) if number < len(self.steps) else y
        return f.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Module(nn.Module):
    """Branches of several sizes, which then tell each other what they found."""

    def __init__(self, widths):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(Block(width, width) for _ in range(4))) for width in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self.way(widths, place, other) for other in range(len(widths))) for place in range(len(widths)))

    @staticmethod
    def way(widths, place, other):
        """From one branch to another: up at once, down in steps."""
        if other == place:
            return nn.Identity()
        if other > place:
            up = nn.Upsample(scale_factor=2 ** (other - place), mode="bilinear", align_corners=False)
            return nn.Sequential(*joined(widths[other], widths[place], 1, last=False), up)
        steps = [joined(widths[other], widths[other], stride=2) for _ in range(place - other - 1)]
        return nn.Sequential(*steps, joined(widths[other], widths[place], stride=2, last=False))

    def forward(self, levels):
        levels = [branch(level) for branch, level in zip(self.branches, levels)]
        return [f.relu(sum(way(level) for way, level in zip(ways, levels))) for ways in self.fuse_layers]


class Backbone(nn.Module):
    """HRNetV2."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Block(64, 256, 64), *(Block(256, 256, 64) for _ in range(3)))
        first = [joined(256, WIDTHS[0]), nn.Sequential(joined(256, WIDTHS[1], stride=2))]
        self.transition1 = nn.ModuleList(first)
        for stage, modules in enumerate(MODULES, 2):
            self.add_module(f"stage{stage}", nn.Sequential(*(Module(WIDTHS[:stage]) for _ in range(modules))))
            if stage > 2:
                one_more = nn.Sequential(joined(WIDTHS[stage - 2], WIDTHS[stage - 1], stride=2))
                self.add_module(f"transition{stage - 1}", nn.ModuleList([*(nn.Identity() for _ in range(stage - 1)), one_more]))

    def forward(self, x):
        x = f.relu(self.bn2(self.conv2(f.relu(self.bn1(self.conv1(x))))))
        x = self.layer1(x)
        levels = [way(x) for way in self.transition1]
        levels = self.stage2(levels)
        levels = self.stage3([*levels, self.transition2[-1](levels[-1])])
        return self.stage4([*levels, self.transition3[-1](levels[-1])])


class Head(nn.Module):
    """All branches at the size of the first, and heat maps of them."""

    def __init__(self):
        super().__init__()
        width = sum(WIDTHS)
        self.final_layer = nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, POINTS, 1))

    def forward(self, levels):
        size = levels[0].shape[2:]
        return self.final_layer(torch.cat([f.interpolate(level, size, mode="bilinear", align_corners=False) for level in levels], 1))


class Landmarks(nn.Module):
    """The network, with the names of the published file."""

    def __init__(self):
        super().__init__()
        self.backbone, self.keypoint_head = Backbone(), Head()

    def forward(self, x):
        return self.keypoint_head(self.backbone(x))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    weights = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
    network = Landmarks().eval()
    network.load_state_dict(weights.get("state_dict", weights))
    loose = {name: {0: "batch"} for name in ("input", "heatmaps")}
    torch.onnx.export(network, (torch.zeros(1, 3, 256, 256),), sys.argv[2], input_names=["input"], output_names=["heatmaps"],
                      dynamic_axes=loose, opset_version=17, dynamo=False)


if __name__ == "__main__":
    main()
