"""SimpleTuner, on the data set that dataset-write writes for it: its own FactoryRegistry with the sampler, the
prompts, the samples of images and the tensors of masks. The model, the caches of latents and of embedded text
are stand-ins."""

import contextlib
import os
import sys
import types

import numpy as np

os.environ["SIMPLETUNER_SKIP_TORCH"] = "1"
import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("diffusers", "transformers", "accelerate", "huggingface_hub", "peft", "wandb", "optimum", "torchao",
                "boto3", "botocore", "webshart", "fastapi", "simpletuner.helpers.models", "simpletuner.helpers.webhooks",
                "simpletuner.helpers.caching", "simpletuner.helpers.distillation", "simpletuner.helpers.publishing")
from torchvision import transforms

from simpletuner.helpers.data_backend import factory
from simpletuner.helpers.image_manipulation.training_sample import TrainingSample
from simpletuner.helpers.prompts import PromptHandler
from simpletuner.helpers.training.collate import conditioning_pixels
from simpletuner.helpers.training.state_tracker import StateTracker


class Settings(types.SimpleNamespace):
    """The command line: what is not said is none."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None


class Model:
    """What the loader asks of a model before any network is run."""

    def get_transforms(self, *_, **__):
        return transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])

    def __getattr__(self, name):
        if name.isupper():
            return None
        if name.split("_")[0] in ("configure", "requires", "should", "supports", "uses"):
            return lambda *_, **__: False
        raise AttributeError(name)


view, named = common.data_set(asked.also, asked.work, "simpletuner", regularized=True)
settings = Settings(
    data_backend_config=os.path.join(view, "multidatabackend.json"), output_dir=os.path.join(asked.work, "output"),
    resolution=1024, resolution_type="pixel_area", model_family="sdxl", model_type="lora", model_flavour="",
    cache_dir=os.path.join(asked.work, "cache"), cache_dir_text=os.path.join(asked.work, "text"),
    train_batch_size=1, caption_strategy="textfile", skip_file_discovery="", gradient_accumulation_steps=1,
    aspect_bucket_alignment=64, aspect_bucket_rounding=2, aspect_bucket_worker_count=1, minimum_image_size=0,
    metadata_update_interval=3600, max_train_steps=100, write_batch_size=8, repeats=0, max_workers=1)
accelerator = types.SimpleNamespace(is_main_process=True, is_local_main_process=True, num_processes=1, process_index=0,
                                    device="cpu", wait_for_everyone=lambda: None,
                                    split_between_processes=lambda all, **_: contextlib.nullcontext(all))
StateTracker.set_args(settings)
StateTracker.set_accelerator(accelerator)
StateTracker.set_model(Model())
StateTracker.set_model_family("sdxl")
registry = factory.FactoryRegistry(settings, accelerator, [], [], Model())
registry.configure(registry.load_configuration())


def prepared(backend, path):
    """An image, scaled and cut as the cache of latents has it done."""
    sample = TrainingSample(image=backend["data_backend"].read_image(path), data_backend_id=backend["id"], image_path=path,
                            image_metadata=backend["metadata_backend"].get_metadata_by_filepath(path), model=Model())
    return np.asarray(sample.prepare().image, float)


def rows(backend, masks):
    files = [file for bucket in backend["metadata_backend"].aspect_ratio_bucket_indices.values() for file in bucket]
    paths = [os.path.join(backend["instance_data_dir"], os.path.basename(file)) for file in files]
    shown = len(backend["sampler"]) / len(paths)
    found = []
    for path in paths:
        captions = PromptHandler.magic_prompt(
            image_path=path, use_captions=True, caption_strategy=backend["config"]["caption_strategy"],
            prepend_instance_prompt=False, data_backend=backend["data_backend"], instance_prompt=None,
            sampler_backend_id=backend["id"])
        mask = None
        if masks:
            sample = masks["sampler"].get_conditioning_sample(path)
            known = backend["metadata_backend"].get_metadata_by_filepath(path)
            tensor = conditioning_pixels([sample.image_path(basename_only=False)], [path], [known], masks["id"], backend["id"])
            mask = tensor[0].mean(0).numpy() / 2 + 0.5
        name = os.path.basename(path)
        captions = captions if isinstance(captions, list) else [captions]
        found.append(common.seen(name, named[name], captions, shown, prepared(backend, path), mask))
    return sorted(found, key=lambda row: row["name"])


backends = registry.data_backends
regular = [name for name, one in backends.items() if getattr(one.get("sampler"), "is_regularisation_data", False)]
assert len(regular) == 1, regular
ids = {backend["dataset_type"]: name for name, backend in backends.items() if name not in regular}
linked = StateTracker.get_conditioning_mappings()
assert linked == [(ids["image"], ids["conditioning"])], linked
common.finish({"trainer": "simpletuner", "commit": common.commit(asked.checkout),
               "train": rows(backends[ids["image"]], backends[ids["conditioning"]]),
               "regularization": rows(backends[regular[0]], None), "validation": rows(backends[ids["eval"]], None)})
