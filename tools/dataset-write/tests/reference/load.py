"""Load a written data set with the trainers' own packages, where they are there.

    python load.py OUT/dataset [--sd-scripts DIR] [--musubi-tuner DIR]

Wants `pip install datasets webdataset pillow toml voluptuous pyyaml`; the two folders are
checkouts of the trainers. Prints what each loader found and stops at the first that fails.
"""

import argparse
import glob
import importlib.util
import json
import os
import sys
import types

from PIL import Image


def diffusers(root):
    from datasets import load_dataset

    loaded = load_dataset("imagefolder", data_dir=f"{root}/diffusers")
    for split, rows in loaded.items():
        for row in rows:
            assert row["text"] and row["text"] == row["caption"], row
            assert row["image"].mode == "RGB", row["image"]
            assert list(row["image"].size) == row["image_size"], row
            assert row["image"].width == row["image"].height, "no square"
        print(f"datasets: {split}: {len(rows)} rows, columns {sorted(rows.column_names)}")


def shards(root):
    import webdataset

    for path in sorted(glob.glob(f"{root}/webdataset/*.tar")):
        samples = list(webdataset.WebDataset(path, shardshuffle=False).decode("pil"))
        for sample in samples:
            image = sample.get("jpg", sample.get("png"))
            assert image.mode == "RGB" and sample["txt"] and sample["json"]["caption"] == sample["txt"]
        print(f"webdataset: {os.path.basename(path)}: {len(samples)} samples")


def module(path, name, stubs):
    """One file of a trainer, without what it imports only to train."""
    for stub in stubs:
        package = types.ModuleType(stub)
        package.__path__ = []
        package.__getattr__ = lambda _: type("Stub", (), {})
        sys.modules.setdefault(stub, package)
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def sd_scripts(root, checkout):
    import toml

    stubs = ["library", "library.train_util", "torch", "diffusers", "transformers"]
    utils = types.ModuleType("library.utils")
    utils.setup_logging = lambda *a, **k: None
    sys.modules["library.utils"] = utils
    config = module(f"{checkout}/library/config_util.py", "library.config_util", stubs)
    for name, masked in (("dataset", False), ("masked", True)):
        path = f"{root}/kohya/{name}.toml"
        if os.path.exists(path):
            # The names and order of the sanitizer's switches: DreamBooth, fine-tuning, masks, dropout.
            config.ConfigSanitizer(True, True, masked, True).sanitize_user_config(toml.load(path))
            print(f"sd-scripts: {name}.toml: accepted")


def musubi(root, checkout):
    import toml

    folder = f"{checkout}/src/musubi_tuner/dataset"
    stubs = ["musubi_tuner", "musubi_tuner.dataset", "musubi_tuner.dataset.image_video_dataset"]
    config = module(f"{folder}/config_utils.py", "musubi_config", stubs)
    for name in ("dataset", "jsonl"):
        config.ConfigSanitizer().sanitize_user_config(toml.load(f"{root}/musubi/{name}.toml"))
        print(f"musubi-tuner: {name}.toml: accepted")
    media = module(f"{folder}/media_utils.py", "musubi_tuner.dataset.media_utils", ["cv2", "av"])
    sys.modules["musubi_tuner.dataset.media_utils"] = media
    sources = module(f"{folder}/datasources.py", "musubi_sources", [])
    for source in (
        sources.ImageDirectoryDatasource(f"{root}/musubi/train", ".txt"),
        sources.ImageJsonlDatasource(f"{root}/musubi/metadata.jsonl"),
    ):
        for index in range(len(source)):
            _, images, caption, _ = source.get_image_data(index)
            assert caption and images[0].mode == "RGB"
        print(f"musubi-tuner: {type(source).__name__}: {len(source)} images")


def pairs(root):
    """What every other view comes down to: images beside captions, and readable configurations."""
    import yaml

    with open(f"{root}/ai-toolkit/config.yaml") as file:
        dataset = yaml.safe_load(file)["config"]["process"][0]["datasets"][0]
    print(f"ai-toolkit: {len(os.listdir(dataset['folder_path'])) // 2} pairs in {dataset['folder_path']}")
    with open(f"{root}/onetrainer/concepts.json") as file:
        print(f"OneTrainer: {[concept['type'] for concept in json.load(file)]}")
    with open(f"{root}/simpletuner/multidatabackend.json") as file:
        print(f"SimpleTuner: {[backend['id'] for backend in json.load(file)]}")
    for mask in glob.glob(f"{root}/kohya/mask/*.png"):
        image = glob.glob(f"{root}/kohya/train/*/{os.path.basename(mask)[:-4]}.[jp]*")[0]
        assert Image.open(mask).size == Image.open(image).size and Image.open(mask).mode == "L"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("--sd-scripts")
    parser.add_argument("--musubi-tuner")
    arguments = parser.parse_args()
    diffusers(arguments.root)
    shards(arguments.root)
    pairs(arguments.root)
    if arguments.sd_scripts:
        sd_scripts(arguments.root, arguments.sd_scripts)
    if arguments.musubi_tuner:
        musubi(arguments.root, arguments.musubi_tuner)


if __name__ == "__main__":
    main()
