"""musubi-tuner: its own sanitizer, blueprint and ImageDataset, up to the images that the VAE is given."""

import argparse
import os
import sys

import numpy as np

import common

asked = common.arguments(__doc__)
sys.path.insert(0, os.path.join(asked.checkout, "src"))
common.stand_in("accelerate", "diffusers", "transformers", "huggingface_hub", "av", "easydict", "ftfy")
from musubi_tuner.dataset import config_utils

images = os.path.join(asked.work, "images")
named = common.folder(images)
runs = []
for architecture, steps, resolution, no_upscale in [("qwen_image", 16, 1024, True), ("z_image", 16, 1024, False),
                                                    ("hidream_o1", 32, 1024, True), ("flux_2_dev", 16, 768, True)]:
    config = os.path.join(asked.work, "set.toml")
    with open(config, "w") as file:
        file.write(f"""[general]
resolution = [{resolution}, {resolution}]
caption_extension = ".txt"
batch_size = 1
enable_bucket = true
bucket_no_upscale = {str(no_upscale).lower()}
[[datasets]]
image_directory = "{images}"
cache_directory = "{asked.work}/cache"
num_repeats = 1
""")
    generator = config_utils.BlueprintGenerator(config_utils.ConfigSanitizer())
    names = __import__("musubi_tuner.dataset.architectures", fromlist=["x"])
    known = getattr(names, "ARCHITECTURE_" + architecture.upper())
    blueprint = generator.generate(config_utils.load_user_config(config), argparse.Namespace(), architecture=known)
    group = config_utils.generate_dataset_group_by_blueprint(blueprint.dataset_group)
    rows = {}
    for _, batch in group.datasets[0].retrieve_latent_cache_batches(2):
        for item in batch:
            name = os.path.basename(item.item_key)
            name = name if name in named else name + ".png"
            rows[name] = common.row_of(named[name], np.asarray(item.content)[:, :, :3])
    runs.append({"settings": {"architecture": architecture, "resolution": resolution, "steps": steps,
                              "bucket_no_upscale": no_upscale},
                 "rows": [rows[name] for name in sorted(rows)]})
common.finish({"trainer": "musubi-tuner", "commit": common.commit(asked.checkout), "runs": runs})
