"""What the sides of buckets are multiples of, by trainer and base model: read out of the trainers'
sources, where it is a constant."""

import ast
import json
import os
import re
import sys

import common

asked = json.loads(sys.argv[1])
at = lambda trainer, path: open(os.path.join(asked[trainer], path), encoding="utf-8").read()


def number(source, pattern):
    return int(re.search(pattern, source).group(1))


def ai_toolkit(path):
    """The value of `get_bucket_divisibility`, worked out with the scales that every one of them has."""
    source = at("ai-toolkit", "extensions_built_in/diffusion_models/" + path)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == "get_bucket_divisibility":
            value = ast.unparse(node.body[-1].value)
            scale = re.search(r"self\.vae_scale_factor = (\d+)", source)
            patch = re.search(r"self\.patch_size = (\d+)", source)
            names = {"self": type("Self", (), {"vae_scale_factor": int(scale.group(1)) if scale else 8,
                                               "patch_size": int(patch.group(1)) if patch else 2})}
            return eval(value, names)
    raise ValueError(path)


# Models of the older class have 2^(blocks - 1) of their VAE, doubled once, and for Flux and SD 3 again.
older = at("ai-toolkit", "toolkit/stable_diffusion_model.py")
assert re.search(r"2 \*\* \(len\(self.vae.config\['block_out_channels'\]\) - 1\)", older)
assert re.search(r"if self.is_flux or self.is_v3:\s+divisibility = divisibility \* 2\s+return divisibility \* 2", older)
blocks = 2 ** (4 - 1) * 2

pipe = number(at("diffusion-pipe", "models/base.py"), r"pixels_round_to_multiple = (\d+)")


def own(path):
    found = re.search(r"pixels_round_to_multiple = (\d+)", at("diffusion-pipe", path))
    return int(found.group(1)) if found else pipe


one = lambda name: number(at("onetrainer", f"modules/dataLoader/{name}BaseDataLoader.py"), r"aspect_bucketing_quantization=(\d+)")
buckets = at("musubi-tuner", "src/musubi_tuner/dataset/bucket.py")
musubi = lambda name: number(buckets, rf"RESOLUTION_STEPS_{name} = (\d+)")
registry = at("simpletuner", "simpletuner/simpletuner_sdk/server/services/field_registry/sections/advanced.py")
default = int(re.search(r'name="aspect_bucket_alignment".*?default_value=(\d+)', registry, re.S).group(1))


def simple(name):
    source = at("simpletuner", f"simpletuner/helpers/models/{name}/model.py")
    found = re.search(r'aspect_bucket_alignment(?:", None\))? != (\d+)', source)
    return int(found.group(1)) if found else default


wan = re.search(r"required_aspect_bucket_alignment = (\d+) if \"5b\" .* else (\d+)",
                at("simpletuner", "simpletuner/helpers/models/wan/model.py"))

found = {
    "ai-toolkit": {
        "sd15": blocks, "sdxl": blocks, "sd3": blocks * 2, "flux": blocks * 2, "flux-schnell": blocks * 2, "lumina": blocks,
        "flux2": ai_toolkit("flux2/flux2_model.py"), "qwen-image": ai_toolkit("qwen_image/qwen_image.py"),
        "z-image": ai_toolkit("z_image/z_image.py"), "chroma": ai_toolkit("chroma/chroma_model.py"),
        "hidream": ai_toolkit("hidream/hidream_model.py"), "krea2": ai_toolkit("krea2/krea2.py"),
        "ideogram": ai_toolkit("ideogram4/ideogram4.py"), "anima": ai_toolkit("anima/anima.py"),
        "wan": ai_toolkit("wan22/wan22_14b_model.py"), "wan-5b": ai_toolkit("wan22/wan22_5b_model.py")},
    "diffusion-pipe": {
        "sdxl": own("models/sdxl.py"), "sd3": own("models/sd3.py"), "flux": own("models/flux.py"), "flux2": own("models/flux2.py"),
        "lumina": own("models/lumina_2.py"), "qwen-image": own("models/qwen_image.py"), "z-image": own("models/z_image.py"),
        "chroma": own("models/chroma.py"), "hidream": own("models/hidream.py"), "krea2": own("models/krea2.py"),
        "ideogram": own("models/ideogram4.py"), "anima": own("models/cosmos_predict2.py"),
        "hunyuan-image": own("models/hunyuan_image.py"), "wan": pipe, "wan-5b": own("models/wan/wan.py")},
    "onetrainer": {
        "sd15": one("StableDiffusion"), "sdxl": one("StableDiffusionXL"), "sd3": one("StableDiffusion3"), "flux": one("Flux"),
        "flux2": one("Flux2"), "qwen-image": one("Qwen"), "z-image": one("ZImage"), "chroma": one("Chroma"),
        "hidream": one("HiDream"), "krea2": one("Krea2"), "ideogram": one("Ideogram"), "anima": one("Anima")},
    "musubi-tuner": {
        "flux": musubi("FLUX_KONTEXT"), "flux2": musubi("FLUX_2"), "qwen-image": musubi("QWEN_IMAGE"),
        "z-image": musubi("Z_IMAGE"), "krea2": musubi("KREA2"), "ideogram": musubi("IDEOGRAM4"), "wan": musubi("WAN")},
    "simpletuner": {
        "sd15": simple("sd1x"), "sdxl": simple("sdxl"), "sd3": simple("sd3"), "flux": simple("flux"), "flux2": simple("flux2"),
        "lumina": simple("lumina2"), "qwen-image": simple("qwen_image"), "z-image": simple("z_image"), "chroma": simple("chroma"),
        "hidream": simple("hidream"), "krea2": simple("krea2"), "ideogram": simple("ideogram"), "anima": simple("anima"),
        "wan": int(wan.group(2)), "wan-5b": int(wan.group(1))},
}
common.finish({"commit": ", ".join(f"{name} {common.commit(path)}" for name, path in sorted(asked.items())), "steps": found})
