"""COCO run lengths: masks as compressed strings, down the columns, background first."""

from __future__ import annotations

import numpy as np


def runs(mask: np.ndarray) -> np.ndarray:
    """Lengths of the runs of a mask, read down its columns, starting with background."""
    flat = np.asarray(mask, dtype=np.uint8).T.ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat]))) if flat.size else np.array([], int)
    return np.diff(np.concatenate([[0], edges, [flat.size]]))


def encode(mask: np.ndarray) -> str:
    """The compressed string of a mask."""
    counts, text = runs(mask).tolist(), []
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        more = True
        while more:
            digit = value & 31
            value >>= 5
            more = value != -1 if digit & 16 else value != 0
            text.append(chr(digit + (32 if more else 0) + 48))
    return "".join(text)


def decode(text: str, height: int, width: int) -> np.ndarray:
    """The mask of a compressed string, as (height, width) booleans."""
    counts, place = [], 0
    while place < len(text):
        value, shift, more = 0, 0, True
        while more:
            code = ord(text[place]) - 48
            value |= (code & 31) << shift
            more, place, shift = bool(code & 32), place + 1, shift + 5
        if code & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return flat.reshape(width, height).T
