"""OneTrainer with mgds: its own modules from the paths of the images to scale and crop, as its mixin
puts them together; and, with its own cache on disk, which of two captions is ever seen."""

import os
import sys

import common

asked = common.arguments(__doc__)
sys.path[:0] = [asked.checkout, os.path.join(asked.also, "src")]
common.stand_in("diffusers", "transformers", "accelerate", "huggingface_hub", "modules.model", "modules.modelSetup",
                "modules.util.multi_gpu_util", "cv2.cuda", "pooch", "open_clip",
                "mgds.pipelineModules.LoadVideo", "mgds.pipelineModules.DownloadHuggingfaceDatasets")
import torch

from modules.dataLoader.mixin import DataLoaderText2ImageMixin as mixin
from modules.util.config.ConceptConfig import ConceptConfig
from modules.util.config.TrainConfig import TrainConfig
from mgds.MGDS import MGDS
from mgds.OutputPipelineModule import OutputPipelineModule
from mgds.PipelineModule import PipelineModule, PipelineState
from mgds.pipelineModuleTypes.RandomAccessPipelineModule import RandomAccessPipelineModule
from mgds.pipelineModules.DiskCache import DiskCache
from mgds.pipelineModules.VariationSorting import VariationSorting


class Same(PipelineModule, RandomAccessPipelineModule):
    """Hands on what it is given: in the place of a module that reads videos or downloads."""

    def __init__(self, name="concept"):
        super().__init__()
        self.name = name

    def length(self):
        return self._get_previous_length(self.name)

    def get_inputs(self):
        return [self.name]

    def get_outputs(self):
        return [self.name]

    def get_item(self, variation, index, requested_name=None):
        return {self.name: self._get_previous_item(variation, self.name, index)}


mixin.DownloadHuggingfaceDatasets = lambda **_: Same()
mixin.LoadVideo = lambda **_: Same("image")


class Loader(mixin.DataLoaderText2ImageMixin):
    _preparation_modules = _cache_modules = _output_modules = _debug_modules = lambda *_: []


def concept(folder, **changes):
    made = ConceptConfig.default_values().from_dict({
        "__version": 2, "name": "x", "path": folder, "seed": 1, "enabled": True, "type": "STANDARD",
        "include_subdirectories": False, "image_variations": 1, "text_variations": 1, "balancing": 1.0,
        "balancing_strategy": "REPEATS", "loss_weight": 1.0,
        "image": {"enable_crop_jitter": False, "enable_resolution_override": False},
        "text": {"prompt_source": "sample", "enable_tag_shuffling": False, "tag_delimiter": ",", "keep_tags_count": 1},
        **changes})
    return made.to_dict()


def pipeline(concepts, modules, resolution="1024"):
    settings = {"target_resolution": resolution, "target_frames": "1"}
    return MGDS(torch.device("cpu"), concepts, settings, modules, batch_size=1, state=PipelineState(1))


loader, config = Loader(), TrainConfig.default_values()
config.masked_training = False


def images(folder, named, resolution, quantization):
    config.resolution = str(resolution)
    modules = [loader._enumerate_input_modules(config), loader._load_input_modules(config, TypeAnswer()),
               loader._mask_augmentation_modules(config), loader._aspect_bucketing_in(config, quantization),
               loader._crop_modules(config), [OutputPipelineModule(["image", "image_path"])]]
    rows, made = {}, pipeline([concept(folder)], modules, str(resolution))
    made.start_next_epoch()
    for item in made:
        name = os.path.basename(item["image_path"])
        rows[name] = common.row_of(named[name], item["image"].permute(1, 2, 0).float().numpy() * 255)
    return [rows[name] for name in sorted(rows)]


class TypeAnswer:
    def torch_dtype(self):
        return torch.float32


def frozen(folder, variations, epochs=8):
    """Of how many of the images one caption alone is seen in all epochs."""
    one = concept(folder, text_variations=variations)
    cache = DiskCache(cache_dir=os.path.join(asked.work, f"cache{variations}"), split_names=["prompt", "image_path"],
                      aggregate_names=[], variations_in_name="concept.text_variations",
                      balancing_in_name="concept.balancing", balancing_strategy_in_name="concept.balancing_strategy",
                      variations_group_in_name=["concept.path", "concept.seed", "concept.text"],
                      group_enabled_in_name="concept.enabled")
    modules = [loader._enumerate_input_modules(config), loader._load_input_modules(config, TypeAnswer()), [cache],
               [OutputPipelineModule(["prompt", "image_path"])]]
    made, seen = pipeline([one], modules), {}
    for _ in range(epochs):
        made.start_next_epoch()
        for item in made:
            seen.setdefault(item["image_path"], set()).add(item["prompt"])
    return [variations, len(seen), sum(len(all) == 1 for all in seen.values())]


folder = os.path.join(asked.work, "images")
named = common.folder(folder)
runs = [{"settings": {"resolution": resolution, "steps": steps}, "rows": images(folder, named, resolution, steps)}
        for resolution, steps in [(1024, 64), (512, 8), (768, 64)]]
two = os.path.join(asked.work, "two")
os.makedirs(two)
for number in range(200):
    common.image(os.path.join(two, f"t{number:03}.png"), 64, 64)
    with open(os.path.join(two, f"t{number:03}.txt"), "w") as file:
        file.write("trig, tags\nA sentence about trig.")
common.finish({"trainer": "onetrainer", "runs": runs, "frozen": [frozen(two, n) for n in (1, 2, 4, 8)],
               "commit": common.commit(asked.checkout) + "+" + common.commit(asked.also)})
