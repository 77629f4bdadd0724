"""diffusion-pipe: its own DirectoryDataset with its buckets of aspect and size, and PreprocessMediaFile,
up to the tensors of images. The networks and deepspeed are stand-ins."""

import os
import sys

import numpy as np

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("deepspeed", "comfy", "comfy_api", "peft", "torchaudio", "accelerate", "diffusers",
                "transformers", "optimum", "bitsandbytes", "safetensors", "utils.cache")
from models import base
from utils import dataset

dataset.is_main_process = lambda: True
dataset.NUM_PROC = 1
# What the network would make of the images is not asked.
dataset.SizeBucketDataset.cache_latents = lambda *_, **__: None


def head(resolution, least, most, count):
    return {"resolutions": [resolution], "enable_ar_bucket": True, "min_ar": least, "max_ar": most,
            "num_ar_buckets": count, "frame_buckets": [1]}


images = os.path.join(asked.work, "images")
named = common.folder(images)
runs = []
for steps, resolution, least, most, count in [(16, 1024, 0.4, 2.5, 13), (32, 1024, 0.4, 2.5, 13), (16, 768, 0.5, 2.0, 7)]:
    config = head(resolution, least, most, count)
    directory = {"path": images}
    data = dataset.DirectoryDataset(directory, config, f"m{steps}x{resolution}", round_to_multiple=steps)
    data.cache_metadata(regenerate_cache=True)
    data.cache_latents(None, regenerate_cache=True)
    preprocess = base.PreprocessMediaFile(config, round_height=steps, round_width=steps)
    rows = {}
    for bucket in data.get_size_bucket_datasets():
        size = bucket.size_bucket[-3:]
        for example in bucket.metadata_dataset:
            made = preprocess(example["image_spec"], None, size)[0][0]
            name = os.path.basename(example["image_spec"][1])
            pixels = np.asarray(made.reshape(3, *made.shape[-2:]).permute(1, 2, 0)) * 255
            rows[name] = common.row_of(named[name], pixels)
    runs.append({"settings": {"resolution": resolution, "steps": steps, "min_ar": least, "max_ar": most,
                              "num_ar_buckets": count}, "rows": [rows[name] for name in sorted(rows)]})
common.finish({"trainer": "diffusion-pipe", "commit": common.commit(asked.checkout), "runs": runs})
