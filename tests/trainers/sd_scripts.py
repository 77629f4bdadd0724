"""kohya sd-scripts: its own parser, sanitizer, blueprint and data sets, up to the tensors of images
and masks. The tokenizer and the networks are stand-ins."""

import argparse
import os
import sys

import numpy as np

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("accelerate", "diffusers", "transformers", "huggingface_hub", "library.sd3_utils",
                "library.original_unet", "library.lpw_stable_diffusion", "library.deepspeed_utils",
                "library.sdxl_lpw_stable_diffusion", "library.custom_train_functions")
import torch
from PIL import Image

from library import config_util, strategy_base, train_util


class Tokens(strategy_base.TokenizeStrategy):
    def tokenize(self, text):
        return [torch.zeros((1, 4), dtype=torch.long)]


strategy_base.TokenizeStrategy.set_strategy(Tokens())


def dataset(text, masked=False):
    config = os.path.join(asked.work, "set.toml")
    with open(config, "w") as file:
        file.write(text)
    parser = argparse.ArgumentParser()
    config_util.add_config_arguments(parser)
    train_util.add_dataset_arguments(parser, True, True, True)
    train_util.add_training_arguments(parser, False)
    args = parser.parse_args(["--dataset_config", config])
    sanitizer = config_util.ConfigSanitizer(True, True, masked, True)
    blueprint = config_util.BlueprintGenerator(sanitizer).generate(config_util.load_user_config(config), args)
    made = config_util.generate_dataset_group_by_blueprint(blueprint.dataset_group)
    group = made[0] if isinstance(made, tuple) else made
    group.datasets[0].set_current_strategies()
    return group.datasets[0]


def head(settings):
    return ("[general]\ncaption_extension = \".txt\"\n[[datasets]]\nbatch_size = 1\nenable_bucket = true\n"
            + "".join(f"{key} = {value}\n" for key, value in settings.items()) + "[[datasets.subsets]]\n")


def pixels(tensor):
    return (tensor[0].permute(1, 2, 0).numpy() + 1) * 127.5


SETTINGS = [
    {"resolution": 1024, "min_bucket_reso": 512, "max_bucket_reso": 1536, "bucket_reso_steps": 64, "bucket_no_upscale": "true"},
    {"resolution": 1024, "min_bucket_reso": 256, "max_bucket_reso": 1024, "bucket_reso_steps": 64, "bucket_no_upscale": "false"},
    {"resolution": 512, "min_bucket_reso": 256, "max_bucket_reso": 768, "bucket_reso_steps": 64, "bucket_no_upscale": "true"},
]

images = os.path.join(asked.work, "images")
named = common.folder(images)
runs = []
for settings in SETTINGS:
    found = dataset(head(settings) + f"image_dir = \"{images}\"\n")
    base = getattr(found, "dreambooth_dataset_delegate", found)
    rows = {}
    for index in range(len(found)):
        example = found[index]
        place = base.buckets_indices[index]
        info = base.image_data[base.bucket_manager.buckets[place.bucket_index][place.batch_index]]
        name = os.path.basename(info.absolute_path)
        rows[name] = common.row_of(named[name], pixels(example["images"]))
    runs.append({"settings": {key: value if isinstance(value, int) else value == "true" for key, value in settings.items()},
                 "rows": [rows[name] for name in sorted(rows)]})

# Masks: an ellipse off the middle, as a person stands. How much of what should be trained on is not,
# and of what is should not be, as a share of the mask: the mask tensor against the same ellipse
# scaled and cut with its image.
MASKED = [(1920, 1080), (1920, 1038), (1920, 804), (1000, 760), (1280, 720), (640, 640), (1500, 1500),
          (960, 704), (1344, 768), (420, 900), (97, 161)]


def ellipse(x, y, width, height):
    return (((x - 0.3 * width) / (0.18 * width)) ** 2 + ((y - 0.55 * height) / (0.42 * height)) ** 2) <= 1


def masks(settings):
    images, folder = os.path.join(asked.work, "masked"), os.path.join(asked.work, "mask")
    os.makedirs(folder, exist_ok=True)
    os.makedirs(images, exist_ok=True)
    sizes = {}
    for number, (width, height) in enumerate(MASKED):
        stem = f"m{number:02}"
        common.image(os.path.join(images, stem + ".png"), width, height)
        open(os.path.join(images, stem + ".txt"), "w").write("trig boy")
        y, x = np.mgrid[0:height, 0:width] + 0.5
        Image.fromarray(ellipse(x, y, width, height).astype("uint8") * 255).save(os.path.join(folder, stem + ".png"))
        sizes[stem + ".png"] = (width, height)
    found = dataset(head(settings) + f"image_dir = \"{images}\"\nconditioning_data_dir = \"{folder}\"\n", True)
    base, wrong = found.dreambooth_dataset_delegate, []
    for index in range(len(found)):
        example = found[index]
        place = base.buckets_indices[index]
        info = base.image_data[base.bucket_manager.buckets[place.bucket_index][place.batch_index]]
        width, height = sizes[os.path.basename(info.absolute_path)]
        mask = (example["conditioning_images"][0, 0].numpy() + 1) / 2
        x0, y0, x1, y1 = common.kept(pixels(example["images"]), width, height)
        rows, columns = mask.shape
        y, x = np.mgrid[0:rows, 0:columns] + 0.5
        right = ellipse(x0 + x * (x1 - x0) / columns, y0 + y * (y1 - y0) / rows, width, height)
        wrong.append([width, height, columns, rows, round(float(np.abs(mask - right).sum() / right.sum()), 3)])
    return sorted(wrong)


common.finish({"trainer": "sd-scripts", "commit": common.commit(asked.checkout), "runs": runs,
               "masks": {"settings": runs[0]["settings"], "rows": masks(SETTINGS[0])}})
