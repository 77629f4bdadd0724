"""By what a SigLIP checkpoint makes scores of cosines: the `scale` and `bias` that its entry in registry.toml needs.

    pip install numpy onnxruntime
    python logits.py model.onnx [SIDE]

SIDE is that of the images, where the graph takes any (default: 224).

`model.onnx` is the graph of images and texts together that is published beside the two single ones (and its
`model.onnx_data`). It is run on random images and tokens; each logit is scale * cosine + bias, which two pairs tell and
the others prove.
"""

import sys

import numpy as np
import onnxruntime

# Tokens of a text, and numbers below which there are tokens in every SigLIP's vocabulary.
CONTEXT, WORDS = 64, 1000
PAIRS = 3


def solved(logits, cosines):
    """The line through the points, and how far the farthest is off it."""
    (scale, bias), *_ = np.linalg.lstsq(np.stack([cosines, np.ones_like(cosines)], 1), logits, rcond=None)
    return float(scale), float(bias), float(np.abs(scale * cosines + bias - logits).max())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    shape = next(one.shape for one in session.get_inputs() if one.name == "pixel_values")
    side = shape[2] if isinstance(shape[2], int) else int(sys.argv[2]) if len(sys.argv) > 2 else 224
    random = np.random.default_rng(1)
    # Flat images of any colours, which lie farther apart than noise.
    images = np.broadcast_to(random.uniform(-1, 1, (PAIRS, 3, 1, 1)), (PAIRS, 3, side, side)).astype(np.float32)
    given = {"pixel_values": images, "input_ids": random.integers(5, WORDS, (PAIRS, CONTEXT))}
    given = {one.name: given[one.name] for one in session.get_inputs()}
    said = dict(zip([one.name for one in session.get_outputs()], session.run(None, given)))
    unit = [said[name] / np.linalg.norm(said[name], axis=-1, keepdims=True) for name in ("image_embeds", "text_embeds")]
    cosines = unit[0].astype(float) @ unit[1].astype(float).T
    scale, bias, off = solved(said["logits_per_image"].astype(float).ravel(), cosines.ravel())
    if off > 1e-2:
        sys.exit(f"{sys.argv[1]}: its logits are no line over the cosines: off by {off:.3f}")
    print(f"scale = {scale:.9g}\nbias = {bias:.9g}")


if __name__ == "__main__":
    main()
