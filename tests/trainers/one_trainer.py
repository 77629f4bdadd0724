"""OneTrainer with mgds: the buckets of its own modules; and, with its own cache on disk, which of two captions is ever
seen."""

import os

import one_trainer_modules as own
from one_trainer_modules import OutputPipelineModule, TypeAnswer, asked, common, config, loader, pipeline, scaled

from mgds.pipelineModules.DiskCache import DiskCache


def concept(folder, **changes):
    made = own.ConceptConfig.default_values().from_dict({
        "__version": 2, "name": "x", "path": folder, "seed": 1, "enabled": True, "type": "STANDARD",
        "include_subdirectories": False, "image_variations": 1, "text_variations": 1, "balancing": 1.0,
        "balancing_strategy": "REPEATS", "loss_weight": 1.0,
        "image": {"enable_crop_jitter": False, "enable_resolution_override": False},
        "text": {"prompt_source": "sample", "enable_tag_shuffling": False, "tag_delimiter": ",", "keep_tags_count": 1},
        **changes})
    return made.to_dict()


def images(folder, named, resolution, quantization):
    config.resolution = str(resolution)
    modules = [*scaled(quantization), [OutputPipelineModule(["image", "image_path"])]]
    rows, made = {}, pipeline([concept(folder)], modules, str(resolution))
    made.start_next_epoch()
    for item in made:
        name = os.path.basename(item["image_path"])
        rows[name] = common.row_of(named[name], item["image"].permute(1, 2, 0).float().numpy() * 255)
    return [rows[name] for name in sorted(rows)]


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
               "commit": own.commit()})
