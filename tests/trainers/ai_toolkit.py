"""ai-toolkit: its own DatasetConfig, AiToolkitDataset and FileItemDTO, up to the tensors of images. The
model is one that answers how its buckets step, and nothing else."""

import os
import sys
import types

import common

asked = common.arguments(__doc__)
sys.path.insert(0, asked.checkout)
common.stand_in("diffusers", "transformers", "accelerate", "huggingface_hub", "albumentations", "av", "lpips",
                "controlnet_aux", "toolkit.control_generator", "toolkit.models", "toolkit.audio", "torchaudio",
                "toolkit.stable_diffusion_model", "toolkit.prompt_utils", "toolkit.train_tools", "toolkit.metadata",
                "toolkit.accelerator", "optimum", "torchao", "peft", "kornia", "toolkit.sampler",
                "toolkit.pipelines", "toolkit.dequantize", "toolkit.util.quantize")
from toolkit.config_modules import DatasetConfig
from toolkit.data_loader import AiToolkitDataset


class Model:
    """What the loader asks of a model before any network is run."""

    def __init__(self, steps):
        self.steps = steps
        self.model_config = types.SimpleNamespace(latent_space_version="sd1", arch="sd1", is_pixart_sigma=False)
        self.vae = self.unet = types.SimpleNamespace()

    def get_bucket_divisibility(self):
        return self.steps

    def get_frame_count_snapper(self):
        return lambda frames: frames

    def __getattr__(self, name):
        return False


images = os.path.join(asked.work, "images")
named = common.folder(images)
runs = []
for resolution, steps in [(1024, 16), (1024, 32), (768, 16)]:
    config = DatasetConfig(folder_path=images, caption_ext="txt", resolution=resolution)
    data = AiToolkitDataset(config, batch_size=1, sd=Model(steps))
    rows = {}
    for item in data.file_list:
        item.load_and_process_image(data.transform)
        pixels = (item.tensor.permute(1, 2, 0).float().numpy() + 1) * 127.5
        name = os.path.basename(item.path)
        rows[name] = common.row_of(named[name], pixels)
        item.tensor = None
    runs.append({"settings": {"resolution": resolution, "steps": steps}, "rows": [rows[name] for name in sorted(rows)]})
common.finish({"trainer": "ai-toolkit", "commit": common.commit(asked.checkout), "runs": runs})
