#!/usr/bin/env python3
"""What MI-GAN's pipeline makes of waves with holes, for `migan.rs`: its own code round a tiny network.

    python shared/nets/tests/reference/migan.py MI-GAN/scripts/create_onnx_pipeline.py

Made with Python 3.11, torch 2.15, torchvision 0.29, onnx 1.23 and Picsart-AI-Research/MI-GAN at ca4df2e, whose
`MIGAN_Pipeline` is run and exported here; a convolution of random weights is in the place of its generator. Writes
tests/onnx/migan.onnx and tests/expected/migan.json.
"""

import importlib.util
import json
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import torch
from lama import drawn, mask_of, samples
from PIL import Image

TESTS = Path(__file__).resolve().parents[1]
CASES = {"odd": (333, 257, [[160, 120, 40, 70]]), "wide": (901, 97, [[450, 50, 120, 30]]), "border": (640, 480, [[0, 240, 50, 90], [60, 300, 20, 20]]),
         "small": (9, 8, [[4, 4, 2, 2]])}
SAMPLES = 200


class Tiny(torch.nn.Module):
    """Has the generator's ports: the mask less 0.5 and the masked image in, an image from -1 to 1 out."""

    def __init__(self, resolution):
        super().__init__()
        torch.manual_seed(3)
        self.wide = torch.nn.Conv2d(4, 3, 5, padding=16, dilation=8)

    def forward(self, given):
        return torch.tanh(self.wide(given) + given[:, 1:])


def resized(image, size, interpolation):
    """torchvision's resize of tensors as it was when the pipeline was published: without antialiasing."""
    mode = {"align_corners": False, "mode": "bilinear"} if interpolation == Image.BILINEAR else {"mode": "nearest"}
    found = torch.nn.functional.interpolate(image.to(torch.float32), size=tuple(size), **mode)
    return found.round().to(image.dtype) if image.dtype == torch.uint8 else found


def pipeline(path):
    """The reference's pipeline, whose weights are never loaded."""
    for name in ("lib", "lib.model_zoo", "lib.model_zoo.migan_inference"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["lib.model_zoo.migan_inference"].Generator = Tiny
    sys.modules.setdefault("tqdm", types.SimpleNamespace(tqdm=lambda found: found))
    spec = importlib.util.spec_from_file_location("reference", path)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    reference.torch.load = lambda _: Tiny(512).state_dict()
    reference.tvF.resize = resized
    return reference.MIGAN_Pipeline("", 512)


def main():
    warnings.filterwarnings("ignore")
    network = pipeline(sys.argv[1])
    made = []
    for name, (width, height, parts) in CASES.items():
        image, hole = drawn(width, height), mask_of(width, height, parts)
        tensors = torch.tensor(image.transpose(2, 0, 1)[None]), torch.tensor(np.where(hole, 0, 255).astype(np.uint8)[None, None])
        with torch.no_grad():
            result = network(*(tensor.clone() for tensor in tensors))[0].numpy().transpose(1, 2, 0)
        made.append({"name": name, "width": width, "height": height, "parts": parts,
                     "filled": [int(result.ravel()[at]) for at in samples(SAMPLES, result.size)]})
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
    (TESTS / "expected/migan.json").write_text(f"[\n{text}\n]\n")
    ones = torch.full((1, 1, 256, 256), 255, dtype=torch.uint8)
    ones[:, :, 10, 10] = 0
    ones[:, :, 20, 30] = 0
    torch.onnx.export(network, (torch.full((1, 3, 256, 256), 255, dtype=torch.uint8), ones), str(TESTS / "onnx/migan.onnx"), dynamo=False, opset_version=17,
                      input_names=["image", "mask"], output_names=["result"],
                      dynamic_axes={name: {0: "batch_size", 2: "height", 3: "width"} for name in ("image", "mask", "result")})


if __name__ == "__main__":
    main()
