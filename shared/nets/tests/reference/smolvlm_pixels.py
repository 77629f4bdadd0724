"""What transformers' image processor makes of images for SmolVLM: tiles, their order, their pixels.

    python shared/nets/tests/reference/smolvlm_pixels.py

Writes tests/expected/smolvlm/pixels.json beside this folder. Made with transformers 5.23 and
Pillow 11.3, by the processor that resizes with Pillow, as the published configuration asks for
(Lanczos; longest edge four tiles; mean and deviation 0.5). Pillow 13 takes rows before columns where
that is less work, which gives up to eleven levels else beside edges as hard as these. Tiles are 16 pixels here, so that many fit
into a small file; of each there are the sum of its levels (0 to 255) and every eleventh of them.
"""

import json
import pathlib

import numpy as np
from PIL import Image
from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

HERE = pathlib.Path(__file__).resolve().parent.parent
SIDE = 16
SIZES = [
    (64, 64), (16, 16), (17, 16), (1, 1), (2, 1), (63, 65), (97, 31), (31, 97), (255, 256), (640, 360), (361, 151),
    (15, 120), (120, 15), (1, 300), (300, 1), (2600, 3), (3, 2600),
]


def drawn(width, height):
    """Edges and slopes from whole numbers, the same in any language."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * x + 3 * y * y + 17 * c * (x + y)) // 4 % 256).astype(np.uint8)


def main():
    processor = SmolVLMImageProcessorPil(
        size={"longest_edge": 4 * SIDE}, max_image_size={"longest_edge": SIDE}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    cases = []
    for width, height in SIZES:
        for split in [True, False]:
            image = Image.fromarray(drawn(width, height))
            out = processor([image], do_image_splitting=split, return_row_col_info=True, return_tensors="np")
            tiles = out["pixel_values"][0]
            assert out["pixel_attention_mask"].all() and tiles.shape[1:] == (3, SIDE, SIDE)
            levels = np.rint((tiles * 0.5 + 0.5) * 255).astype(int).reshape(len(tiles), -1)
            cases.append({
                "size": [width, height],
                "split": split,
                "grid": [int(out["rows"][0][0]), int(out["cols"][0][0])],
                "sums": [int(tile.sum()) for tile in levels],
                "levels": ["".join(f"{level:02x}" for level in tile[::11]) for tile in levels],
            })
    text = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "expected/smolvlm/pixels.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
