"""Everything that dataset-write writes for a base model, through the trainers' own parsers of command lines and
configurations, up to the point where weights are loaded: what they understood as model, learning rate, rank, steps and
number of samples. What they import besides is replaced by stand-ins."""

import glob
import importlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import types

import common

STAND_INS = ["accelerate", "diffusers", "transformers", "huggingface_hub", "peft", "bitsandbytes", "optimum", "torchao", "kornia",
             "albumentations", "av", "lpips", "controlnet_aux", "torchaudio", "timm", "sentencepiece", "datasets", "wandb",
             "torchvision", "safetensors", "einops", "ftfy", "easydict", "scenedetect", "requests_toolbelt", "fabric", "mgds", "cv2",
             "tensorboard", "torch.utils.tensorboard", "prodigyopt", "schedulefree", "PIL.ImageCms",
             "toolkit.control_generator", "toolkit.models", "toolkit.audio", "toolkit.stable_diffusion_model", "toolkit.prompt_utils",
             "toolkit.train_tools", "toolkit.metadata", "toolkit.accelerator", "toolkit.sampler", "toolkit.pipelines",
             "toolkit.dequantize", "toolkit.util.quantize"]
NUMBERS = {"STEPS": "77", "RANK": "8", "LEARNING_RATE": "0.5", "SEED": "9"}


def commands(view, checkout, work):
    """The words of the commands of a view's train.sh, with a made-up file for all weights."""
    weights = os.path.join(work, "weights")
    open(weights, "w").close()
    names = ["MODEL", "CLIP_L", "CLIP_G", "T5XXL", "AE", "GEMMA2", "TEXT_ENCODER", "BYT5", "VAE", "QWEN3", "FLUX"]
    own = {**os.environ, **NUMBERS, **dict.fromkeys(names, weights), "TRAINER": checkout, "OUTPUT": os.path.join(work, "output")}
    asked = ["sh", os.path.join(view, "train.sh")]
    done = subprocess.run(asked, env={**own, "DRY_RUN": "1"}, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    # The configurations that it completes are written by a run with a Python that does nothing.
    subprocess.run(asked, env={**own, "PYTHON": "true"}, check=True, stdout=subprocess.DEVNULL)
    return [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("#")]


def program(words, checkout):
    """The trainer's script in a command, below its checkout, and what it is given."""
    at = next(number for number, word in enumerate(words) if word.startswith(checkout + "/"))
    return words[at][len(checkout) + 1:], words[at + 1:]


def loaded(folder, path):
    sys.path[:0] = [folder, os.path.join(folder, os.path.dirname(path))]
    return importlib.import_module(os.path.basename(path)[:-3])


def understood(args, rank="network_dim", steps="max_train_steps"):
    return {"learning_rate": args.learning_rate, "rank": getattr(args, rank), "steps": getattr(args, steps), "seed": args.seed}


def sd_scripts(view, checkout, work):
    path, given = program(commands(view, checkout, work)[-1], checkout)
    module = loaded(checkout, path)
    from library import train_util
    parser = module.setup_parser()
    sys.argv = [path, *given]
    args = train_util.read_config_from_file(parser.parse_args(given), parser)
    with open(args.sample_prompts) as file:
        prompts = [train_util.line_to_prompt_dict(line) for line in file]
    return {**understood(args), "script": path, "module": args.network_module, "alpha": args.network_alpha, "samples": len(prompts),
            "prompt": prompts[0]["prompt"], "masked_loss": args.masked_loss, "validate_every_n_steps": args.validate_every_n_steps}


def musubi(view, checkout, work):
    source, found = os.path.join(checkout, "src"), {}
    for words in commands(view, checkout, work):
        path, given = program(words, checkout)
        sys.path[:0] = [source]
        module = importlib.import_module(path[len("src/"):-3].replace("/", "."))
        sys.argv = [path, *given]
        if not path.endswith("_train_network.py"):
            continue
        from musubi_tuner.training import parser_common
        parser = parser_common.setup_parser_common()
        own = [name for name in vars(module) if name.endswith("_setup_parser")]
        parser = getattr(module, own[0])(parser)
        args = parser_common.read_config_from_file(parser.parse_args(given), parser)
        found = {**understood(args), "script": path, "module": args.network_module, "alpha": args.network_alpha,
                 "timestep_sampling": args.timestep_sampling, "discrete_flow_shift": args.discrete_flow_shift}
    return found


def ai_toolkit(view, checkout, work):
    commands(view, checkout, work)
    sys.path[:0] = [checkout]
    from toolkit import config_modules as modules
    from toolkit.config import get_config
    process = get_config(os.path.join(work, "output", "config.yaml"))["config"]["process"][0]
    train, network = modules.TrainConfig(**process["train"]), modules.NetworkConfig(**process["network"])
    model, sample = modules.ModelConfig(**process["model"]), modules.SampleConfig(**process["sample"])
    data = [modules.DatasetConfig(**one) for one in modules.preprocess_dataset_raw_config(process["datasets"])]
    return {"learning_rate": train.lr, "rank": network.linear, "alpha": network.linear_alpha, "steps": train.steps, "arch": model.arch,
            "quantize": model.quantize, "noise_scheduler": train.noise_scheduler, "timestep_type": train.timestep_type,
            "samples": len(sample.samples), "validated": len(train.validation_config.validation_items), "repeats": [one.num_repeats for one in data]}


def one_trainer(view, checkout, work):
    words = commands(view, checkout, work)[-1]
    sys.path[:0] = [checkout]
    from modules.util.config.SampleConfig import SampleConfig
    from modules.util.config.TrainConfig import TrainConfig
    config = TrainConfig.default_values()
    with open(os.path.join(work, "output", "config.json")) as file:
        written = json.load(file)
    config.from_dict(written, migrate=True)
    for word in words:
        if word.startswith("--config-value="):
            key, _, value = word[len("--config-value="):].partition("=")
            config.from_dict({key: value}, migrate=False)
    with open(config.sample_definition_file_name) as file:
        samples = [SampleConfig.default_values(config.model_type).from_dict(one) for one in json.load(file)]
    # What it does not like takes the default, with a line on the terminal.
    astray = [key for key, value in written.items() if isinstance(value, (str, bool)) and str(getattr(config, key)) != str(value)
              and f"--config-value={key}=" not in " ".join(words)]
    return {"learning_rate": config.learning_rate, "rank": config.lora_rank, "alpha": config.lora_alpha, "epochs": config.epochs,
            "model_type": str(config.model_type), "optimizer": str(config.optimizer.optimizer), "validation": config.validation,
            "masked_training": config.masked_training, "samples": len(samples), "astray": astray}


def diffusers(view, checkout, work):
    import torch
    # A stand-in says yes when it is asked whether such a device is there.
    torch.npu = types.SimpleNamespace(config=types.SimpleNamespace())
    path, given = program(commands(view, checkout, work)[-1], checkout)
    module = loaded(checkout, path)
    sys.argv = [path, *given]
    args = module.parse_args() if "text_to_image" in path else module.parse_args(given)
    return {**understood(args, "rank"), "script": path, "alpha": getattr(args, "lora_alpha", None), "prompt": args.validation_prompt}


TRAINERS = {"kohya": ("sd-scripts", sd_scripts), "musubi": ("musubi-tuner", musubi), "ai-toolkit": ("ai-toolkit", ai_toolkit),
            "onetrainer": ("onetrainer", one_trainer), "diffusers-train": ("diffusers", diffusers)}


def views(word, folders, checkout):
    """The views of all base models, by their names, for one trainer: in a process of its own, as trainers have modules of the
    same names."""
    common.stand_in(*STAND_INS)
    found = {}
    for base, view in json.loads(folders).items():
        with tempfile.TemporaryDirectory() as work:
            found[base] = TRAINERS[word][1](view, checkout, work)
    print("\n" + json.dumps(found, sort_keys=True))


def main():
    asked = json.loads(sys.argv[1])
    bases = ["sd15", "sdxl", "illustrious", "sd3", "flux", "flux-schnell", "flux2", "lumina", "qwen-image", "z-image", "chroma", "hidream",
             "krea2", "ideogram", "anima", "hunyuan-image"]
    folders, found = {}, {}
    for base in bases:
        work = os.path.join(sys.argv[2], base)
        os.makedirs(work)
        view, _ = common.data_set(asked["dataset-write"], work, "kohya,musubi,ai-toolkit,onetrainer,diffusers", ["--base", base])
        for script in glob.glob(os.path.join(os.path.dirname(view), "*", "train.sh")):
            folder = os.path.dirname(script)
            folders.setdefault(os.path.basename(folder), {})[base] = folder
    for word, own in sorted(folders.items()):
        trainer, _ = TRAINERS[word]
        done = subprocess.run([sys.executable, __file__, "--views", word, json.dumps(own), asked[trainer]], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{word}: " + "\n".join(done.stderr.splitlines()[-8:]))
        found[trainer] = json.loads(done.stdout.splitlines()[-1])
    commits = [f"{name} {common.commit(path)}" for name, path in sorted(asked.items()) if name != "dataset-write"]
    common.finish({"commit": ", ".join(commits), "understood": found})


if __name__ == "__main__":
    if sys.argv[1] == "--views":
        views(*sys.argv[2:])
    else:
        main()
