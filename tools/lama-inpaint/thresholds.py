"""The figures behind lama-inpaint's limits: fillings that are perfect, soft or wrong, measured as
`src/measure.rs` does.

    python thresholds.py --film examples/film --stills DIR [--clip FILM]...

Perfect is the image that was there before: of the sample film its plates, of stills and clips
the image itself with a hole where no character is. DIR is what `examples/film/stills.py` wrote.
Needs numpy, opencv-python-headless.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import random
import sys

import cv2
import numpy as np

QUANTILES = (50, 75, 90)


def grown(mask, radius):
    if not mask.any():
        return mask.copy()
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius + 1e-3


def shrunk(mask, radius):
    return ~grown(~mask, radius)


def luma(image):
    r, g, b = (image[..., c].astype(np.int64) for c in range(3))
    return ((19595 * r + 38470 * g + 7471 * b + 32768) >> 16).astype(float)


def steps(image, area, half):
    """The difference of the mean colours inside and outside `area`, in a window at each pixel of
    its edge."""
    def window(values):
        return cv2.boxFilter(values, -1, (2 * half + 1,) * 2, normalize=False, borderType=cv2.BORDER_CONSTANT)
    inside, outside = area.astype(float), (~area).astype(float)
    counts = window(inside), window(outside)
    edge = area & ~shrunk(area, 1) & (counts[0] > .5) & (counts[1] > .5)
    total = 0
    for channel in range(3):
        level = image[..., channel].astype(float)
        means = [window(level * part)[edge] / count[edge] for part, count in zip((inside, outside), counts)]
        total = total + abs(means[0] - means[1]) / 3
    return total


def measure(image, hole):
    unit = max(4, int(np.ceil(min(hole.shape) / 80)))
    y = luma(image)
    padded = np.pad(y, 1, mode="edge")
    detail = abs(4 * y - padded[:-2, 1:-1] - padded[2:, 1:-1] - padded[1:-1, :-2] - padded[1:-1, 2:])
    ones = np.ones_like(detail)
    sums = [cv2.boxFilter(v, -1, (9, 9), normalize=False, borderType=cv2.BORDER_CONSTANT) for v in (detail, ones)]
    mean = sums[0] / sums[1]
    inner, ring = shrunk(hole, 4), grown(hole, 4 * unit) & ~grown(hole, 4)
    inner = inner if inner.sum() >= 20 else hole
    if not ring.any():
        return None
    quiet = np.sort(mean[ring])[int(ring.sum() // 4)]
    own, others = steps(image, hole, unit // 2 + 1), [steps(image, grown(hole, n * unit), unit // 2 + 1) for n in (2, 3, 4)]
    others = np.concatenate(others)
    if not own.size or not others.size:
        return None
    found = {f"seam{q}": (np.percentile(own, q) + 1) / (np.percentile(others, q) + 1) for q in QUANTILES}
    found["flat"] = float((mean[inner] < quiet / 2).mean()) if quiet >= 1 else 0.0
    return found


def hole_of(mask, dilate=8, shadow=.06):
    hole = grown(mask, int(np.ceil(dilate * min(mask.shape) / 1024)))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for x, top, w, h, _ in boxes[1:]:
        if top + h < mask.shape[0]:
            feet = np.zeros_like(mask)
            rows = slice(top + h - max(1, int(np.ceil(h * .1))), top + h)
            feet[rows, x:x + w] = mask[rows, x:x + w]
            hole |= grown(feet, int(np.ceil(shadow * h)))
    return hole


def laid(image, filling, hole):
    result = image.copy()
    result[hole] = filling[hole]
    return result


def cases(seen, true, mask):
    """(kind, image, hole): `seen` is the frame, `true` what is behind the characters."""
    hole = hole_of(mask)
    ring = grown(hole, 8) & ~hole
    yield "itself", true, hole
    if seen is not true:
        yield "plate", laid(seen, true, hole), hole
    for sigma in (.7, 1., 2., 4.):
        yield f"blur {sigma:g}", laid(true, cv2.GaussianBlur(true, (0, 0), sigma), hole), hole
    yield "one colour", laid(true, np.full_like(true, true[ring].mean(0).astype(np.uint8)), hole), hole
    for name, how in (("telea", cv2.INPAINT_TELEA), ("navier-stokes", cv2.INPAINT_NS)):
        yield name, cv2.inpaint(true, hole.astype(np.uint8) * 255, 3, how), hole
    for levels in (6, 12):
        yield f"{levels} brighter", laid(true, np.clip(true.astype(int) + levels, 0, 255).astype(np.uint8), hole), hole
    if seen is true:
        return
    small = shrunk(mask, 2)
    if small.sum() > 100:
        yield "rim left", laid(seen, true, small), small
    rows = np.flatnonzero(mask.any(1))
    part = mask.copy()
    part[int(rows[0] + .7 * (rows[-1] - rows[0])):] = False
    if part.sum() > 100:
        yield "legs left", laid(seen, true, part), part


def of_film(folder):
    """Frames of the sample film that have a plate: what is seen, what is behind, the mask."""
    sys.path.insert(0, folder)
    import rle
    wanted = {}
    with open(os.path.join(folder, "truth.jsonl")) as file:
        for line in file:
            record = json.loads(line)
            if record["plate"] and record["characters"] and record["transition"] == "none":
                wanted.setdefault((record["plate"], record["drawing"]), record)
    wanted = {record["frame"]: record for record in list(wanted.values())[::4]}
    film, frame = cv2.VideoCapture(os.path.join(folder, "film.mp4")), 0
    while film.grab():
        frame += 1
        if frame not in wanted:
            continue
        record, seen = wanted[frame], film.retrieve()[1][..., ::-1]
        plate = cv2.imread(os.path.join(folder, record["plate"]))[..., ::-1]
        left, top, right, bottom = record["letterbox"]
        mask = np.zeros(seen.shape[:2], bool)
        for character in record["characters"]:
            mask |= rle.decode(character["mask"]["counts"], *character["mask"]["size"])
        cut = slice(top, bottom), slice(left, right)
        plate = plate[cut] if plate.shape == seen.shape else plate
        if 200 < mask[cut].sum() < .35 * mask[cut].size:
            yield np.ascontiguousarray(seen[cut]), np.ascontiguousarray(plate), mask[cut]


def shapes_of(folder, most):
    """Stills with what their characters cover."""
    import rle
    paths = sorted(glob.glob(os.path.join(folder, "[0-9]*.json")))
    random.Random(3).shuffle(paths)
    for path in paths[:most]:
        with open(path) as file:
            record = json.load(file)
        mask = np.zeros((record["height"], record["width"]), bool)
        for character in record["characters"]:
            if character.get("mask"):
                mask |= rle.decode(character["mask"]["counts"], *character["mask"]["size"])
        yield os.path.join(folder, record["image"]), mask


def moved(shapes, taken, choose):
    """The shape of someone, where nobody is."""
    for _ in range(6):
        shape = cv2.resize(choose.choice(shapes).astype(np.uint8), taken.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        shape = np.roll(shape, (choose.randrange(-60, 60), choose.randrange(-100, 100)), (0, 1))
        if shape.sum() > 1000 and not (grown(shape, 20) & taken).any():
            return shape
    return None


def of_stills(folder, most):
    known, choose = list(shapes_of(folder, 4 * most)), random.Random(5)
    shapes = [mask for _, mask in known if 1500 < mask.sum() < .25 * mask.size]
    for path, mask in known[:most]:
        image, shape = cv2.imread(path), moved(shapes, mask, choose)
        if image is not None and shape is not None:
            image = np.ascontiguousarray(image[..., ::-1])
            yield image, image, shape


def of_clip(path, folder, most):
    choose = random.Random(7)
    shapes = [mask for _, mask in shapes_of(folder, 200) if 1500 < mask.sum() < .25 * mask.size]
    film = cv2.VideoCapture(path)
    count = int(film.get(cv2.CAP_PROP_FRAME_COUNT)) or 700
    number = 0
    while film.grab():
        number += 1
        if number % max(1, count // most):
            continue
        image = np.ascontiguousarray(film.retrieve()[1][..., ::-1])
        shape = moved(shapes, np.zeros(image.shape[:2], bool), choose)
        if luma(image).std() > 20 and shape is not None:
            yield image, image, shape


def table(name, rows):
    print(f"\n{name}\n\n| filling | images | seam 50 | seam 75 | seam 90 | flat |\n|---|---|---|---|---|---|", flush=True)
    for kind in dict.fromkeys(kind for kind, _ in rows):
        found = [figures for own, figures in rows if own == kind]
        cells = [" ".join(f"{np.percentile([f[key] for f in found], q):.2f}" for q in (2, 10, 50, 90, 98))
                 for key in (*(f"seam{q}" for q in QUANTILES), "flat")]
        print(f"| {kind} | {len(found)} | {' | '.join(cells)} |", flush=True)


def shadows(triples):
    """How much of what changes outside the mask when the characters go lies in the hole."""
    for dilate, shadow in ((0, 0), (8, 0), (8, .03), (8, .06), (8, .1), (16, .06)):
        covered, sizes = [], []
        for seen, true, mask in triples:
            changed = (abs(seen.astype(int) - true).mean(2) > 12) & ~mask & grown(mask, 40)
            hole = hole_of(mask, dilate, shadow)
            covered.append((changed & hole).sum() / max(1, changed.sum()))
            sizes.append(hole.sum() / mask.sum())
        print(f"dilate {dilate} shadow {shadow}: covers {np.mean(covered):.2f}, hole {np.mean(sizes):.2f} of the mask", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", required=True)
    parser.add_argument("--stills", required=True)
    parser.add_argument("--clip", action="append", default=[])
    parser.add_argument("--most", type=int, default=45)
    args = parser.parse_args()
    film = list(of_film(args.film))
    shadows(film)
    sources = [("the sample film", film), ("stills", of_stills(args.stills, args.most))]
    sources += [(os.path.basename(path), of_clip(path, args.stills, args.most // 2)) for path in args.clip]
    for name, source in sources:
        found = [(kind, measure(image, hole)) for triple in source for kind, image, hole in cases(*triple)]
        table(name, [(kind, figures) for kind, figures in found if figures])


if __name__ == "__main__":
    main()
