"""Writes the small networks that are here into models/registry.toml, with their sizes and checksums.

    python register.py

Run it whenever one was trained anew. What the registry says of other models stays as it is.
"""

from __future__ import annotations

import hashlib
import os

HERE = os.path.dirname(os.path.abspath(__file__))
REGISTRY = os.path.join(HERE, "..", "registry.toml")
BEGINNING = "# Small networks of our own, for the sample film: small/README.md. register.py writes what follows.\n"
# Family, and each part's file; the role is the last word of the name.
NETWORKS = {
    "detect": ("yolox", {"model": "detect.onnx"}),
    "segment": ("sam2", {"encoder": "encoder.onnx", "decoder": "decoder.onnx"}),
    "inpaint": ("lama", {"model": "inpaint.onnx"}),
    "embed": ("clip", {"vision": "vision.onnx", "text": "text.onnx", "tokenizer": "tokenizer.json"}),
    "pose": ("simcc", {"model": "pose.onnx"}),
    "face": ("yunet", {"model": "face.onnx"}),
    "landmark": ("anime_face", {"model": "landmark.onnx"}),
    "emotion": ("hsemotion", {"model": "emotion_8.onnx"}),
    "creature-detect": ("yolox", {"model": "detect.onnx"}),
    "creature-pose": ("simcc", {"model": "pose.onnx"}),
    "caption": ("florence", {part: f"{part}.onnx" for part in ("vision_encoder", "embed_tokens", "encoder_model", "decoder_model_merged")}
                | {"tokenizer": "tokenizer.json"}),
}
# What the registry says of a network besides, so that its tool needs no flags.
PARAMETERS = {
    "emotion": 'classes = ["angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprised"]\n',
    "face": "threshold = 0.4\n",
    "creature-detect": 'labels = ["person", "animal"]\n',
    "creature-pose": 'skeleton = "ap10k17"\n',
}


# The scripts that have not the name of the role.
SCRIPTS = {"creature-pose": "animals"}


def entry(network: str) -> str:
    """The registry's entry of one network."""
    family, parts = NETWORKS[network]
    role = network.rpartition("-")[2]
    script = SCRIPTS.get(network, role)
    data = "frames of the sample film with beasts drawn into them" if role != network else "stills of the sample film's generator"
    text = (f'\n[[model]]\nname = "small-{network}"\nrole = "{role}"\nfamily = "{family}"\nfolder = "small/{network}"\n'
            f'licence = "MIT OR Apache-2.0"\ndata = "{data}"\nreference = "models/small/{script}.py"\n')
    if network in PARAMETERS:
        text += f"[model.parameters]\n{PARAMETERS[network]}"
    for part, name in parts.items():
        with open(os.path.join(HERE, network, name), "rb") as file:
            content = file.read()
        text += "[[model.file]]\n" + (f'part = "{part}"\n' if part != "model" else "")
        text += f'path = "{name}"\nbytes = {len(content)}\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
    return text


def main() -> None:
    with open(REGISTRY) as file:
        others = file.read().split(BEGINNING)[0].rstrip("\n") + "\n\n"
    there = [role for role, (_, parts) in NETWORKS.items() if all(os.path.exists(os.path.join(HERE, role, name)) for name in parts.values())]
    with open(REGISTRY, "w") as file:
        file.write(others + BEGINNING + "".join(entry(role) for role in there))
    print("registered:", *(f"small-{role}" for role in there))


if __name__ == "__main__":
    main()
