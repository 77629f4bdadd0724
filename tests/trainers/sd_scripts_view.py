"""kohya sd-scripts, on the data set that dataset-write writes for it: its own parser, sanitizer, blueprint and data sets,
from `masked.toml` with its data sets for validation and regularization, up to the tensors of images and masks. The tokenizer and the networks
are stand-ins."""

import argparse
import os
import sys
from collections import Counter

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("accelerate", "diffusers", "transformers", "huggingface_hub", "library.sd3_utils",
                "library.original_unet", "library.lpw_stable_diffusion", "library.deepspeed_utils",
                "library.sdxl_lpw_stable_diffusion", "library.custom_train_functions")
import torch

from library import config_util, strategy_base, train_util


class Tokens(strategy_base.TokenizeStrategy):
    def tokenize(self, text):
        return [torch.zeros((1, 4), dtype=torch.long)]


strategy_base.TokenizeStrategy.set_strategy(Tokens())
view, named = common.data_set(asked.also, asked.work, "kohya", regularized=True)

parser = argparse.ArgumentParser()
config_util.add_config_arguments(parser)
train_util.add_dataset_arguments(parser, True, True, True)
train_util.add_training_arguments(parser, False)
config = os.path.join(view, "masked.toml")
args = parser.parse_args(["--dataset_config", config])
sanitizer = config_util.ConfigSanitizer(True, True, True, True)
blueprint = config_util.BlueprintGenerator(sanitizer).generate(config_util.load_user_config(config), args)
train, validation = config_util.generate_dataset_group_by_blueprint(blueprint.dataset_group)


# How often an image is asked for, as one of its captions is drawn each time.
DRAWS = 20


def rows(group):
    group.set_current_strategies()
    shown, found, captions = Counter(), {}, {}
    for data in group.datasets:
        base = getattr(data, "dreambooth_dataset_delegate", data)
        for index in range(len(data)):
            drawn = [data[index] for _ in range(DRAWS)]
            example = drawn[0]
            place = base.buckets_indices[index]
            info = base.image_data[base.bucket_manager.buckets[place.bucket_index][place.batch_index]]
            name = os.path.basename(info.absolute_path)
            shown[name] += 1
            image = (example["images"][0].permute(1, 2, 0).numpy() + 1) * 127.5
            mask = (example["conditioning_images"][0, 0].numpy() + 1) / 2 if "conditioning_images" in example else None
            found[name] = (image, mask)
            captions.setdefault(name, set()).update(caption for one in drawn for caption in one["captions"])
    return [common.seen(name, named[name], captions[name], float(shown[name]), *found[name]) for name in sorted(found)]


# Beside masks, regularization images are a data set of their own among those to train on.
trained = rows(train)
common.finish({"trainer": "sd-scripts", "commit": common.commit(asked.checkout), "train": [row for row in trained if row["name"].startswith("p_")],
               "regularization": [row for row in trained if not row["name"].startswith("p_")], "validation": rows(validation)})
