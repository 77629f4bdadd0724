"""Images as arrays, and how alike two of them are."""

import numpy as np
from PIL import Image


def image(path, box=None):
    """An image as floats, red, green and blue; of a part where a box is given."""
    opened = Image.open(path).convert("RGB")
    return np.asarray(opened.crop(box) if box else opened, np.float64)


def shown(path):
    """A mask's image as truths."""
    return np.asarray(Image.open(path).convert("L")) > 127


def psnr(one, other, where):
    """Peak signal to noise in the pixels of a mask, dB."""
    if not where.any():
        return None
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one[where] - other[where]) ** 2)))


def ssim(one, other, where):
    """Mean structural similarity of luma in the pixels of a mask, windows of 7x7."""
    if not where.any():
        return None
    one, other = one @ [0.299, 0.587, 0.114], other @ [0.299, 0.587, 0.114]

    def mean(values):
        padded = np.pad(values, 3, mode="edge")
        total = np.cumsum(np.cumsum(np.pad(padded, ((1, 0), (1, 0))), 0), 1)
        return (total[7:, 7:] - total[:-7, 7:] - total[7:, :-7] + total[:-7, :-7]) / 49

    a, b = mean(one), mean(other)
    va, vb, both = mean(one * one) - a * a, mean(other * other) - b * b, mean(one * other) - a * b
    c, d = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean(((2 * a * b + c) * (2 * both + d) / ((a * a + b * b + c) * (va + vb + d)))[where]))
