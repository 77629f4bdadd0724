"""OneTrainer with mgds: what of it is imported, and its modules from the paths of the images to scale and crop, as its
mixin puts them together."""

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
from modules.util.enum.ConceptType import ConceptType
from mgds.MGDS import MGDS
from mgds.OutputPipelineModule import OutputPipelineModule
from mgds.PipelineModule import PipelineModule, PipelineState
from mgds.pipelineModuleTypes.RandomAccessPipelineModule import RandomAccessPipelineModule
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


class TypeAnswer:
    def torch_dtype(self):
        return torch.float32


def pipeline(concepts, modules, resolution="1024"):
    settings = {"target_resolution": resolution, "target_frames": "1"}
    return MGDS(torch.device("cpu"), concepts, settings, modules, batch_size=1, state=PipelineState(1))


def commit():
    return common.commit(asked.checkout) + "+" + common.commit(asked.also)


loader, config = Loader(), TrainConfig.default_values()
config.masked_training = False


def scaled(quantization):
    """The modules up to scaled and cropped images."""
    return [loader._enumerate_input_modules(config), loader._load_input_modules(config, TypeAnswer()),
            loader._mask_augmentation_modules(config), loader._aspect_bucketing_in(config, quantization),
            loader._crop_modules(config)]


def epochs(concepts, count, resolution="512", quantization=64):
    """What epochs of masked training have, with the balance of concepts, where nothing is cached."""
    config.masked_training, config.resolution = True, resolution
    balanced = VariationSorting(names=["image", "mask", "prompt", "image_path", "concept"], balancing_in_name="concept.balancing",
                                balancing_strategy_in_name="concept.balancing_strategy",
                                variations_group_in_name=["concept.path", "concept.seed", "concept.include_subdirectories", "concept.text"],
                                group_enabled_in_name="concept.enabled")
    modules = [*scaled(quantization), [balanced], [OutputPipelineModule(["image", "mask", "prompt", "image_path", "concept"])]]
    made = pipeline(concepts, modules, resolution)
    for _ in range(count):
        made.start_next_epoch()
        yield list(made)
