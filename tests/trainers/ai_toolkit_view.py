"""ai-toolkit, on the data set that dataset-write writes for it: the data sets of `config.yaml` as its job takes them
apart, its own DatasetConfig, AiToolkitDataset and FileItemDTO, up to the tensors of images and masks, and captions as
they are given to the text encoder."""

import os
import sys
import types

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("diffusers", "transformers", "accelerate", "huggingface_hub", "albumentations", "av", "lpips",
                "controlnet_aux", "toolkit.control_generator", "toolkit.models", "toolkit.audio", "torchaudio",
                "toolkit.stable_diffusion_model", "toolkit.train_tools", "toolkit.metadata",
                "toolkit.accelerator", "optimum", "torchao", "peft", "kornia", "toolkit.sampler",
                "toolkit.pipelines", "toolkit.dequantize", "toolkit.util.quantize")
import yaml

from toolkit.config_modules import DatasetConfig, preprocess_dataset_raw_config
from toolkit.data_loader import AiToolkitDataset
from toolkit.prompt_utils import inject_trigger_into_prompt


class Model:
    """What the loader asks of a model before any network is run: Stable Diffusion XL."""

    def __init__(self):
        self.model_config = types.SimpleNamespace(latent_space_version="sdxl", arch="sdxl", is_pixart_sigma=False)
        self.vae = self.unet = types.SimpleNamespace()

    def get_bucket_divisibility(self):
        return 16

    def get_frame_count_snapper(self):
        return lambda frames: frames

    def __getattr__(self, name):
        return False


view, named = common.data_set(asked.also, asked.work, "ai-toolkit", regularized=True)
with open(os.path.join(view, "config.yaml"), encoding="utf-8") as file:
    process = yaml.safe_load(file)["config"]["process"][0]
trigger = process["trigger_word"]
found = {False: [], True: []}
for settings in preprocess_dataset_raw_config(process["datasets"]):
    # What jobs/process/BaseSDTrainProcess.py makes of each entry, but for caches of what networks make.
    config = DatasetConfig(**{**settings, "cache_latents_to_disk": False})
    config.trigger_word = config.trigger_word or trigger
    data = AiToolkitDataset(config, batch_size=1, sd=Model())
    # An image that is repeated is there so many times.
    times = {}
    for item in data.file_list:
        times[item.path] = times.get(item.path, 0) + 1
    for path in sorted(times):
        item = next(one for one in data.file_list if one.path == path)
        item.load_caption(data.caption_dict)
        caption = inject_trigger_into_prompt(item.get_caption(), trigger, add_if_not_present=not item.is_reg)
        item.load_and_process_image(data.transform)
        pixels = (item.tensor.permute(1, 2, 0).float().numpy() + 1) * 127.5
        mask = None if item.mask_tensor is None else item.mask_tensor[0].numpy()
        name = os.path.basename(path)
        # Weights begin at that of what is not to be learned.
        mask = None if mask is None else (mask - config.mask_min_value) / (1 - config.mask_min_value)
        found[item.is_reg].append(common.seen(name, named[name], [caption], float(times[path]), pixels, mask))
common.finish({"trainer": "ai-toolkit", "commit": common.commit(asked.checkout), "train": found[False], "regularization": found[True]})
