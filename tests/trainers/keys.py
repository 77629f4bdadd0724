"""Which settings each trainer reads: read out of the trainers' sources, from the definitions of their command lines
and configurations. No code of theirs is run, so that nothing they import has to be there."""

import ast
import glob
import json
import os
import re
import sys

import common

asked = json.loads(sys.argv[1])


def sources(trainer, *patterns):
    for pattern in patterns:
        found = sorted(glob.glob(os.path.join(asked[trainer], pattern)))
        if not found:
            raise ValueError(f"{trainer}: has no {pattern}")
        for path in found:
            with open(path, encoding="utf-8") as file:
                yield ast.parse(file.read())


def called(tree, name):
    """Calls of a function or method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name == getattr(node.func, "attr", getattr(node.func, "id", None)):
            yield node


def words(nodes):
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def options(trainer, *patterns):
    """The options of command lines."""
    found = {word for tree in sources(trainer, *patterns) for call in called(tree, "add_argument") for word in words(call.args)}
    return sorted(word[2:] for word in found if word.startswith("--"))


def classes(trainer, pattern, names, method, position):
    """The first words of the calls of a method in classes."""
    found = {}
    for tree in sources(trainer, pattern):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name in names:
                first = [call.args[position] for call in called(node, method) if len(call.args) > position]
                first = [one.elts[0] if isinstance(one, ast.Tuple) else one for one in first]
                found[node.name] = sorted(words(first))
    missing = set(names) - set(found)
    if missing:
        raise ValueError(f"{trainer}: {pattern}: has no class {sorted(missing)}")
    return found


def members(trainer, pattern):
    """The values of an enumeration."""
    found = set()
    for tree in sources(trainer, pattern):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                found |= words([node.value])
    return sorted(found)


def looked_up(trainer, *patterns):
    """Keys that are looked up in dictionaries: `config['key']`, `config.get('key')`, `config.pop('key')`."""
    found = set()
    for tree in sources(trainer, *patterns):
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript):
                found |= words([node.slice])
            if isinstance(node, ast.Compare):
                found |= words([node.left])
        for method in ("get", "pop", "setdefault"):
            found |= words(call.args[0] for call in called(tree, method) if call.args)
    return sorted(word for word in found if re.fullmatch(r"[a-z][a-z0-9_]*", word))


def sd_scripts():
    common_options = options("sd-scripts", "library/*.py", "train_network.py")
    scripts = ["train_network", "sdxl_train_network", "sd3_train_network", "flux_train_network", "lumina_train_network",
               "hunyuan_image_train_network", "anima_train_network"]
    return {"": common_options, **{name + ".py": options("sd-scripts", name + ".py") for name in scripts}}


def musubi():
    folder = "src/musubi_tuner/"
    found = {"": options("musubi-tuner", folder + "training/parser_common.py"),
             "cache_latents": options("musubi-tuner", folder + "cache_latents.py"),
             "cache_text_encoder_outputs": options("musubi-tuner", folder + "cache_text_encoder_outputs.py")}
    also = {"flux_2": folder + "flux_2/flux2_utils.py", "qwen_image": folder + "qwen_image/qwen_image_utils.py"}
    for name in ["flux_2", "qwen_image", "zimage", "krea2", "ideogram4"]:
        for part in ["train_network", "cache_latents", "cache_text_encoder_outputs"]:
            files = [folder + f"{name}_{part}.py", *([also[name]] if name in also else [])]
            found[f"{name}_{part}.py"] = options("musubi-tuner", *files)
    return found


def ai_toolkit():
    names = ["NetworkConfig", "SaveConfig", "TrainConfig", "ModelConfig", "SampleConfig", "ValidationConfig", "ValidationItem", "DatasetConfig"]
    found = classes("ai-toolkit", "toolkit/config_modules.py", names, "get", 0)
    process = set()
    for tree in sources("ai-toolkit", "jobs/process/Base*Process.py", "jobs/process/BaseProcess.py", "jobs/BaseJob.py"):
        process |= words(call.args[0] for call in called(tree, "get_conf") if call.args)
    archs = set()
    for tree in sources("ai-toolkit", "extensions_built_in/diffusion_models/*/*.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(getattr(target, "id", None) == "arch" for target in node.targets):
                archs |= words([node.value])
    return {**found, "process": sorted(process), "arch": sorted(archs)}


def one_trainer():
    folder = "modules/util/"
    found = classes("onetrainer", folder + "config/TrainConfig.py",
                    ["TrainConfig", "TrainModelPartConfig", "TrainOptimizerConfig", "QuantizationConfig"], "append", 0)
    found.update(classes("onetrainer", folder + "config/SampleConfig.py", ["SampleConfig"], "append", 0))
    for name in ["ModelType", "ModelFormat", "DataType", "TimeUnit", "TimestepDistribution", "TrainingMethod", "Optimizer",
                 "LearningRateScheduler", "AttentionMechanism"]:
        found[name] = members("onetrainer", folder + f"enum/{name}.py")
    return found


def simple_tuner():
    found, families = set(options("simpletuner", "simpletuner/helpers/configuration/cmd_args.py")), set()
    for tree in sources("simpletuner", "simpletuner/simpletuner_sdk/server/services/field_registry/sections/*.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "arg_name":
                found |= {word.lstrip("-") for word in words([node.value])}
    for tree in sources("simpletuner", "simpletuner/helpers/models/*/model.py"):
        families |= {word for call in called(tree, "register") for word in words(call.args)}
    flavours = {}
    for family in ["sd1x", "sdxl", "sd3", "flux", "flux2", "lumina2", "qwen_image", "z_image", "chroma", "hidream", "krea2", "anima", "ideogram"]:
        for tree in sources("simpletuner", f"simpletuner/helpers/models/{family}/model.py"):
            for node in ast.walk(tree):
                target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
                if getattr(target, "id", None) == "HUGGINGFACE_PATHS" and isinstance(node.value, ast.Dict):
                    flavours.setdefault("flavour " + family, set()).update(words(node.value.keys))
    return {"": sorted(found), "model_family": sorted(families), **{name: sorted(own) for name, own in flavours.items()}}


def diffusers():
    names = ["text_to_image/train_text_to_image_lora", "text_to_image/train_text_to_image_lora_sdxl"]
    names += ["dreambooth/train_dreambooth_lora_" + name
              for name in ["sd3", "flux", "flux2", "lumina2", "qwen_image", "z_image", "hidream", "krea2", "ideogram4"]]
    return {f"examples/{name}.py": options("diffusers", f"examples/{name}.py") for name in names}


found = {
    "sd-scripts": sd_scripts(),
    "ai-toolkit": ai_toolkit(),
    "musubi-tuner": musubi(),
    "diffusion-pipe": {"": looked_up("diffusion-pipe", "train.py", "models/*.py", "utils/*.py", "models/*/*.py")},
    "onetrainer": one_trainer(),
    "simpletuner": simple_tuner(),
    "diffusers": diffusers(),
}
common.finish({"commit": ", ".join(f"{name} {common.commit(path)}" for name, path in sorted(asked.items())), "keys": found})
