"""diffusion-pipe, on the data set that dataset-write writes for it: both configurations as its `train.py` reads
them, its own DirectoryDataset with buckets, captions, repeats and masks, and PreprocessMediaFile, up to the
tensors of images and masks. The networks and deepspeed are stand-ins."""

import os
import sys
from collections import Counter

import numpy as np
import toml

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("deepspeed", "comfy", "comfy_api", "peft", "torchaudio", "accelerate", "diffusers",
                "transformers", "optimum", "bitsandbytes", "safetensors", "utils.cache")
from models import base
from utils import dataset

dataset.is_main_process = lambda: True
dataset.NUM_PROC = 1
# What the network would make of the images is not asked: the images themselves stand for it.
dataset._map_and_cache = lambda metadata, *_, **__: metadata

view, named = common.data_set(asked.also, asked.work, "diffusion-pipe")


def rows(file):
    with open(os.path.join(view, file)) as opened:
        config = toml.load(opened)
    found = []
    for directory in config["directory"]:
        data = dataset.DirectoryDataset(directory, config, "model", round_to_multiple=16)
        data.cache_metadata(regenerate_cache=True)
        preprocess = base.PreprocessMediaFile(config, round_height=16, round_width=16)
        data.cache_latents(None, regenerate_cache=True)
        for bucket in data.get_size_bucket_datasets():
            captions = {}
            for entry in bucket.iteration_order:
                captions.setdefault(entry["image_spec"][1], []).append((entry["caption_number"], entry["caption"]))
            times = len(bucket) / len(bucket.iteration_order)
            for example in bucket.metadata_dataset:
                path = example["image_spec"][1]
                made = preprocess(example["image_spec"], example["mask_file"], bucket.size_bucket[-3:])[0]
                image = np.asarray(made[0].reshape(3, *made[0].shape[-2:]).permute(1, 2, 0)) * 255
                mask = None if made[2] is None else np.asarray(made[2], float).reshape(image.shape[:2])
                own = [caption for _, caption in sorted(captions[path])]
                name = os.path.basename(path)
                found.append(common.seen(name, named[name], own, times * len(own), image, mask))
    return sorted(found, key=lambda row: row["name"])


common.finish({"trainer": "diffusion-pipe", "commit": common.commit(asked.checkout), "train": rows("dataset.toml"),
               "validation": rows("validation.toml")})
