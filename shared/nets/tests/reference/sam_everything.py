#!/usr/bin/env python3
"""What SAM 2's own automatic generator finds with the drawn graphs of sam_drawn.py.

    git clone https://github.com/facebookresearch/sam2 DIR     # 2b90b9f
    PYTHONPATH=DIR python sam_everything.py                    # rewrites ../expected/sam/everything.json

Made with torch 2.15, torchvision 0.29, opencv 4.12, onnxruntime 1.31.1. The generator and `amg.py`
run unchanged; in place of the predictor stands one that asks the ONNX graphs, with the transforms of
`SAM2Transforms`: a stretched, antialiased image, and bilinear masks.
"""
import json
import pathlib
import sys
import types

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).resolve().parent.parent
for name, members in {"sam2.modeling.sam2_base": ["SAM2Base"], "sam2.sam2_image_predictor": ["SAM2ImagePredictor"]}.items():
    module = types.ModuleType(name)
    for member in members:
        setattr(module, member, type(member, (), {}))
    sys.modules[name] = module
sys.modules.setdefault("sam2.modeling", types.ModuleType("sam2.modeling"))
sys.modules.setdefault("sam2", types.ModuleType("sam2")).__path__ = [str(pathlib.Path(p) / "sam2") for p in sys.path]

from sam import rle  # noqa: E402
from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator  # noqa: E402
from sam2.utils.amg import build_all_layer_point_grids, coco_encode_rle  # noqa: E402,F401

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Predictor:
    device = "cpu"

    def __init__(self):
        open_graph = lambda part: onnxruntime.InferenceSession(HERE / "onnx" / "sam" / "drawn2" / f"{part}.onnx")
        self.encoder, self.decoder = open_graph("encoder"), open_graph("decoder")
        self._transforms = self

    def transform_coords(self, coords, normalize, orig_hw):
        h, w = orig_hw
        return torch.stack([coords[..., 0] / w, coords[..., 1] / h], -1) * 1024

    def set_image(self, image):
        self.size = image.shape[:2]
        resized = TF.resize(TF.to_tensor(image), [1024, 1024], antialias=True)
        resized = TF.normalize(resized, MEAN, STD)[None].numpy()
        names = [out.name for out in self.encoder.get_outputs()]
        self.features = dict(zip(names, self.encoder.run(None, {"image": resized})))

    def reset_predictor(self):
        pass

    def _predict(self, points, labels, multimask_output, return_logits):
        count = len(points)
        masks, iou = self.decoder.run(["masks", "iou_predictions"], {
            **self.features, "point_coords": points.numpy().astype(np.float32), "point_labels": labels.numpy().astype(np.float32),
            "mask_input": np.zeros((count, 1, 256, 256), np.float32), "has_mask_input": np.zeros(1, np.float32)})
        low = torch.from_numpy(masks)
        return F.interpolate(low, self.size, mode="bilinear", align_corners=False), torch.from_numpy(iou), low


def scene():
    image = Image.new("RGB", (290, 170), (128, 128, 128))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 100, 100), fill=(220, 40, 40))
    draw.ellipse((50, 50, 72, 72), fill=(240, 220, 60))
    draw.rectangle((150, 60, 270, 150), fill=(40, 60, 230))
    draw.ellipse((180, 80, 186, 86), fill=(128, 128, 128))
    draw.ellipse((0, 130, 60, 190), fill=(60, 200, 90))
    for at in range(5):
        draw.ellipse((110 + 9 * at, 10 + 5 * at, 114 + 9 * at, 14 + 5 * at), fill=(220, 40, 40))
    return image


CASES = {
    "whole": dict(points_per_side=9),
    "crops": dict(points_per_side=8, crop_n_layers=1, crop_n_points_downscale_factor=2),
    "tidy": dict(points_per_side=9, min_mask_region_area=60),
    "strict": dict(points_per_side=12, pred_iou_thresh=0.93, stability_score_thresh=0.985),
}

if __name__ == "__main__":
    image = scene()
    image.save(HERE / "expected" / "sam" / "everything.png")
    found = {}
    for name, settings in CASES.items():
        generator = SAM2AutomaticMaskGenerator.__new__(SAM2AutomaticMaskGenerator)
        plain = dict(points_per_batch=64, pred_iou_thresh=0.8, stability_score_thresh=0.95, stability_score_offset=1.0,
                     mask_threshold=0.0, box_nms_thresh=0.7, crop_n_layers=0, crop_nms_thresh=0.7, crop_overlap_ratio=512 / 1500,
                     crop_n_points_downscale_factor=1, min_mask_region_area=0, output_mode="uncompressed_rle", use_m2m=False,
                     multimask_output=True)
        generator.__dict__.update({**plain, **settings})
        generator.predictor = Predictor()
        generator.point_grids = build_all_layer_point_grids(
            settings["points_per_side"], generator.crop_n_layers, generator.crop_n_points_downscale_factor)
        with torch.no_grad():
            data = generator._generate_masks(np.array(image))
        if generator.min_mask_region_area:
            # SAM 1 tidies here; SAM 2 has the function and leaves it to its predictor.
            for key in ["boxes", "points", "iou_preds", "stability_score", "crop_boxes", "low_res_masks"]:
                data[key] = torch.as_tensor(data[key])
            data = generator.postprocess_small_regions(data, generator.min_mask_region_area, 0.7)
            data.to_numpy()
        masks = []
        for at, own in enumerate(data["rles"]):
            flat = np.repeat(np.arange(len(own["counts"])) % 2, own["counts"]).astype(bool)
            h, w = own["size"]
            masks.append({"counts": rle(flat.reshape(w, h).T), "iou": round(float(data["iou_preds"][at]), 5),
                          "stability": round(float(data["stability_score"][at]), 5),
                          "point": [round(float(v), 3) for v in data["points"][at]],
                          "crop": [int(v) for v in data["crop_boxes"][at]]})
        found[name] = {"settings": settings, "masks": masks}
        print(name, len(masks), [m["crop"] for m in masks][:12])
    (HERE / "expected" / "sam" / "everything.json").write_text(json.dumps(found) + "\n")
