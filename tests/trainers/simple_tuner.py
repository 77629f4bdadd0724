"""SimpleTuner: its own TrainingSample, which scales and cuts. The model and the state of a training are
stand-ins."""

import os
import sys
import types

import numpy as np

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("diffusers", "transformers", "accelerate", "huggingface_hub", "trainingsample", "peft", "wandb",
                "optimum", "torchao", "simpletuner.helpers.models", "simpletuner.helpers.webhooks",
                "simpletuner.helpers.training.state_tracker", "simpletuner.helpers.image_manipulation.batched_training_samples",
                "boto3", "botocore", "simpletuner.helpers.data_backend", "simpletuner.helpers.training.multi_process",
                "simpletuner.helpers.training.default_settings", "simpletuner.helpers.scheduled_sampling")
from PIL import Image

from simpletuner.helpers.image_manipulation import training_sample
from simpletuner.helpers.multiaspect import image as multiaspect


class State:
    """What the loader asks of the state of a training."""

    args = types.SimpleNamespace(aspect_bucket_alignment=64, aspect_bucket_rounding=2, model_family="sdxl")
    config = {}
    known = {}

    get_args = classmethod(lambda cls: cls.args)
    get_data_backend_config = classmethod(lambda cls, *_, **__: cls.config)
    get_webhook_handler = classmethod(lambda cls: None)
    get_model = classmethod(lambda cls: None)
    get_model_family = classmethod(lambda cls: "sdxl")

    @classmethod
    def get_resolution_by_aspect(cls, dataloader_resolution, aspect):
        return cls.known.get((dataloader_resolution, aspect))

    @classmethod
    def set_resolution_by_aspect(cls, dataloader_resolution, aspect, resolution):
        cls.known[(dataloader_resolution, aspect)] = resolution


for module in (training_sample, multiaspect):
    module.StateTracker = State
import simpletuner.helpers.image_manipulation.cropping as cropping

images = os.path.join(asked.work, "images")
named = common.folder(images)
runs = []
for resolution, steps in [(1024, 64), (1024, 16), (768, 64)]:
    State.args.aspect_bucket_alignment, State.known = steps, {}
    State.config = {"crop": False, "crop_style": "center", "crop_aspect": "square", "resolution": resolution * resolution / 1e6,
                    "resolution_type": "area", "pixel_resolution": resolution, "dataset_type": "image"}
    rows = {}
    for name in sorted(named):
        # The first image of an aspect decides for all of it; here each is the first.
        State.known.clear()
        picture = Image.open(os.path.join(images, name)).convert("RGB")
        sample = training_sample.TrainingSample(image=picture, data_backend_id="x", image_path=name, model=None,
                                                image_metadata={"original_size": picture.size})
        rows[name] = common.row_of(named[name], np.asarray(sample.prepare().image, float))
    runs.append({"settings": {"resolution": resolution, "steps": steps}, "rows": [rows[name] for name in sorted(rows)]})
common.finish({"trainer": "simpletuner", "commit": common.commit(asked.checkout), "runs": runs})
