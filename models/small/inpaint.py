"""Filling of holes: a graph with the contract of LaMa at 512 x 512.

    python inpaint.py --stills DIR --work DIR --out inpaint.onnx

What is in a hole is copied from elsewhere in the image, patch by patch, so that it looks like its surroundings: on grids of 32
and 64 places a side by comparing every patch with every other, then finer by comparing near ones (Wexler et al. 2007; Barnes et al.
2009). Nothing of that is learned. What is learned is how light and colours of such a copy are off. The inner side is half the
published one: there is little finer texture in these films.
"""

from __future__ import annotations

import argparse
import os

import cv2
import numpy as np
import torch
from blocks import Residual, conv, double, export, learn
from stills import Stills, mask_of, tinted, window
from torch import nn
from torch.nn import functional as f

SIDE, INNER = 512, 256
# Patches are as many pixels wide; every one is compared with every other on grids of these sides, so often, and with near ones on these.
PATCH, COARSE, FINE = 5, ((32, 5), (64, 4)), ((128, 2), (256, 1))
# How much of the trust in a pixel is left in the next one further inside the hole, on each grid, and the least.
TRUST, LEAST = {32: 0.75, 64: 0.85, 128: 0.9, 256: 0.9}, 0.05
# What it costs to copy from further up or down, and from further left or right, by the square of shares of the side.
UP, ACROSS = 0.02, 0.003
# Mean square by which a patch loses most of its say.
ALIKE = 0.03
# Colours are set right on a grid of this side.
GRID = 64
BATCH = 32


def places(like):
    """Row and column of every place of [1, 1, H, W], as [1, 2, H, W]; counted, as a constant would make the file large."""
    ones = like * 0 + 1
    return torch.cat([ones.cumsum(2), ones.cumsum(3)], 1) - 1


def around(x, side: int, fill: str = "replicate"):
    """Patches, a column each, of [1, C, side, side]."""
    half = PATCH // 2
    return f.unfold(f.pad(x, (half,) * 4, mode=fill), PATCH)[0]


def filled(kept, seen):
    """The colours around, smooth: means of what is seen at all sizes, the small ones before the large (Gortler et al. 1996)."""
    levels = [(kept, seen)]
    while levels[-1][0].shape[2] > 1:
        levels.append(tuple(f.avg_pool2d(x, 2) for x in levels[-1]))
    found = levels[-1][0] / levels[-1][1].clamp(1e-4)
    for colours, share in reversed(levels[:-1]):
        found = double(found)
        found = found + (colours / share.clamp(1e-4) - found) * (share * 4).clamp(0, 1)
    return found


class Patches:
    """An image on a grid, with what is known of it, and the rules of copying there."""

    def __init__(self, colours, known, side: int):
        self.colours, self.known, self.side, self.places = colours, known, side, places(known)
        trust = known
        for _ in range(side // 3):
            trust = torch.maximum(trust, f.max_pool2d(trust, 3, 1, 1) * TRUST[side])
        trust = around(trust.clamp(LEAST), side, "constant")
        # What each pixel of a patch counts in a mean square over its colours.
        self.weights = (trust / (3 * trust.sum(0))).repeat(3, 1)
        # A patch with an unknown pixel, or over the edge, is no source.
        self.closed = (1 - around(known, side, "constant").amin(0)) * 10

    def with_guess(self, guess):
        """The known colours, and the guess in the hole."""
        return self.colours * self.known + guess * (1 - self.known)

    def nearest(self, guess):
        """For each patch the number of the source that is most like it, of all, and the mean square between them."""
        patches, weights = around(guess, self.side), self.weights
        rows, columns = (self.places / self.side).reshape(2, 1, -1)
        far = UP * rows ** 2 + ACROSS * columns ** 2
        # A weighted sum of squares as one product of matrices: w(a - b)^2 = wa^2 - 2wab + wb^2, and the same of the way there.
        # What depends on our side alone does not choose, and is added behind.
        ours = torch.cat([-2 * weights * patches, weights, -2 * UP * rows, -2 * ACROSS * columns, torch.ones_like(rows)])
        theirs = torch.cat([patches, patches ** 2, rows, columns, far + self.closed])
        cost, source = (ours.T @ theirs).min(1)
        return source, (cost + (weights * patches ** 2).sum(0) + far[0]).clamp(0)

    def nearer(self, guess, source):
        """The same, of the sources there are, those of neighbours, and those one pixel beside."""
        patches = around(guess, self.side)
        maps, best = f.pad(self.maps(source), (2,) * 4, mode="replicate"), None
        neighbours = [(down, right, 0, 0) for down, right in ((0, 0), (0, 2), (0, -2), (2, 0), (-2, 0))]
        beside = [(0, 0, down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]
        for down, right, more_down, more_right in neighbours + beside:
            rows, columns = maps[0, :, 2 + down:2 + down + self.side, 2 + right:2 + right + self.side].reshape(2, -1)
            other = self.numbers(rows + (more_down - down), columns + (more_right - right))
            cost = (self.weights * (patches - patches[:, other]) ** 2).sum(0) + self.closed[other]
            if best is None:
                best, found = cost, other
            else:
                found, best = torch.where(cost < best, other, found), torch.minimum(cost, best)
        return found, best

    def maps(self, source):
        """Rows and columns of the sources, [1, 2, side, side]."""
        return torch.stack([source // self.side, source % self.side]).float().reshape(1, 2, self.side, self.side)

    def numbers(self, rows, columns):
        """Numbers of places, those beyond the edge moved onto it."""
        return (rows.clamp(0, self.side - 1) * self.side + columns.clamp(0, self.side - 1)).long()

    def agreed(self, guess, source, cost):
        """In the hole the mean of what all patches over a pixel say, those that fit before others."""
        rows, columns = around(self.maps(source), self.side).reshape(2, PATCH ** 2, -1)
        says = around(torch.exp(-cost / ALIKE).clamp(1e-6).reshape(1, 1, self.side, self.side), self.side)
        steps = torch.arange(PATCH ** 2)[:, None]
        said = self.numbers(rows - steps // PATCH + PATCH // 2, columns - steps % PATCH + PATCH // 2)
        colours = self.with_guess(guess).reshape(3, -1)[:, said.reshape(-1)].reshape(3, PATCH ** 2, -1)
        return self.with_guess(((colours * says).sum(1) / says.sum(0)).reshape(1, 3, self.side, self.side))

    def finer(self, source, cost, finer: Patches):
        """The same sources on a grid of twice the side."""
        offsets = f.interpolate(self.maps(source) - self.places, scale_factor=2.0, mode="nearest") * 2
        rows, columns = (offsets + finer.places).reshape(2, -1)
        cost = f.interpolate(cost.reshape(1, 1, self.side, self.side), scale_factor=2.0, mode="nearest").reshape(-1)
        return finer.numbers(rows, columns), cost


def copied(half, known):
    """An image at half the published side, 0 to 1, and a smooth guess at it, both [1, 3, 256, 256]; `known` is 0 in the hole."""
    smooth = filled(half * known, known)
    levels = {INNER: Patches(half, known, INNER)}
    colours, open_still = half, known
    for side in (128, 64, 32):
        share = f.avg_pool2d(open_still, 2)
        colours = f.avg_pool2d(colours * open_still, 2) / share.clamp(1e-3)
        open_still = (share > 0.5).float()
        levels[side] = Patches(colours, open_still, side)
    before = source = cost = None
    guess = levels[COARSE[0][0]].with_guess(f.avg_pool2d(smooth, INNER // COARSE[0][0]))
    for side, times in COARSE + FINE:
        level = levels[side]
        if before:
            source, cost = before.finer(source, cost, level)
            guess = level.agreed(double(guess), source, cost)
        for _ in range(times):
            source, cost = level.nearest(guess) if side in dict(COARSE) else level.nearer(guess, source)
            guess = level.agreed(guess, source, cost)
        before = level
    return guess, smooth


class Fill(nn.Module):
    """A copy, and the network that sets its colours right."""

    def __init__(self):
        super().__init__()
        self.enter = conv(8, 32)
        self.down = nn.ModuleList([conv(32, 48, 2), conv(48, 64, 2), conv(64, 96, 2)])
        self.own = nn.ModuleList([Residual(48), Residual(64)])
        self.deep = nn.Sequential(Residual(96), Residual(96))
        self.up = nn.ModuleList([conv(96, 64, size=1), conv(64, 48, size=1), conv(48, 32, size=1)])
        self.join = nn.ModuleList([Residual(64), Residual(48), Residual(32)])
        self.last = nn.Conv2d(32, 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def inner(self, guess, smooth, gap):
        """What to add to a copy, on the grid of colours; all come on that grid, `gap` as the share that is hole."""
        height = places(gap)[:, :1] * 2 / (GRID - 1) - 1
        first = self.enter(torch.cat([guess - 0.5, smooth - guess, gap, height], 1))
        second = self.own[0](self.down[0](first))
        third = self.own[1](self.down[1](second))
        x = self.deep(self.down[2](third))
        for up, join, other in zip(self.up, self.join, (third, second, first)):
            x = join(double(up(x)) + other)
        return self.last(x) * gap

    def forward(self, image, mask):
        """0 to 1 in, 0 to 255 out; what is not in the hole stays as it is."""
        seen = f.avg_pool2d(1 - mask, 2)
        half = f.avg_pool2d(image * (1 - mask), 2) / seen.clamp(1e-3)
        known = (seen > 0.999).to(image.dtype)
        guess, smooth = copied(half, known)
        more = self.inner(*(f.avg_pool2d(x, INNER // GRID) for x in (guess, smooth, 1 - known)))
        guess = guess + f.interpolate(more, scale_factor=float(INNER // GRID), mode="bilinear", align_corners=False)
        return (image * (1 - mask) + double(guess) * mask).clamp(0, 1) * 255


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask and what lies within `by` pixels of it."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0


def drawn(random, stills: Stills, index: int, people, train: bool):
    """A square of a still, the hole, and where the ground in the hole is known.

    Everyone in it is a hole, with nothing to learn from there; a figure of another still is a hole
    over ground that is known.
    """
    still, record = stills.images[index], stills.records[index]
    height, width = still.shape[:2]
    side = height * (random.uniform(0.5, 1.0) if train else 1.0)
    x, y = random.uniform(0, width - side), random.uniform(0, height - side)
    box, flip = (x, y, x + side, y + side), train and random.random() < 0.5
    image = window(still, box, (INNER, INNER), flip)
    own = np.zeros((height, width), bool)
    for figure in record["characters"]:
        own |= mask_of(figure["mask"])
    hidden = window(grown(own, 4).astype(np.uint8) * 255, box, (INNER, INNER), flip, fill=0) > 0
    hole = np.zeros((INNER, INNER), bool)
    for _ in range(random.integers(1, 3)):
        other = people[random.integers(len(people))]
        left, top, right, bottom = other.box.astype(int)
        shape = mask_of(other.truth["mask"])[top:bottom, left:right].astype(np.uint8) * 255
        scale = INNER * random.uniform(0.25, 0.85) / max(shape.shape)
        shape = cv2.resize(shape, (max(4, int(shape.shape[1] * scale)), max(4, int(shape.shape[0] * scale))))
        place = random.uniform(-0.15, 0.85, 2) * INNER
        shift = np.array([[1, 0, place[0]], [0, 1, place[1]]], np.float32)
        hole |= cv2.warpAffine(shape, shift, (INNER, INNER)) > 127
    hole = grown(hole, int(random.integers(1, 7)))
    image = tinted(random, image) if train else image
    return image, hole | hidden, hole & ~hidden


def example(image, hole, known):
    """What the network sees of a drawn square on the grid of colours, the right colours there, and what they count."""
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
    gap, known = (torch.from_numpy(part)[None, None].float() for part in (hole, known))
    guess, smooth = copied(pixels * (1 - gap), 1 - gap)
    share = f.avg_pool2d(known, INNER // GRID)
    # Only of what is known: the copy there, and what should be.
    off = f.avg_pool2d((pixels - guess) * known, INNER // GRID) / share.clamp(1e-3)
    guess, smooth, gap = (f.avg_pool2d(x, INNER // GRID) for x in (guess, smooth, gap))
    return torch.cat([guess, smooth, gap, off, share], 1)[0]


@torch.no_grad()
def examples(stills: Stills, train, people, count: int, file: str) -> torch.Tensor:
    """This many of them; goes on with those that `file` holds."""
    made = list(torch.load(file, weights_only=True)) if os.path.exists(file) else []
    for number in range(len(made), count):
        random = np.random.default_rng([3, number])
        made.append(example(*drawn(random, stills, train[random.integers(len(train))], people, True)))
        if (number + 1) % 100 == 0 or number + 1 == count:
            torch.save(torch.stack(made), file + ".new")
            os.replace(file + ".new", file)
            print(f"{number + 1} copies", flush=True)
    return torch.stack(made[:count])


def loss_of(network, batch):
    """How far colours are off after they were set right, where the ground is known."""
    guess, smooth, gap, off, share = batch.split((3, 3, 1, 3, 1), 1)
    found = network.inner(guess, smooth, gap).float()
    return ((found - off).abs() * share).sum() / share.sum() / 3


def judge(path: str, stills: Stills, indices, people) -> dict:
    """PSNR inside the hole, and that of a fill with the mean colour around it, and with the smooth guess."""
    import onnxruntime
    session = onnxruntime.InferenceSession(path)
    errors = {"psnr": [], "smooth": [], "mean colour": []}
    for index in indices:
        image, hole, known = drawn(np.random.default_rng([2, index]), stills, index, people, False)
        if known.sum() < 200:
            continue
        small = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        pixels = f.interpolate(small, scale_factor=2, mode="bilinear")
        mask = torch.from_numpy(hole)[None, None].float().repeat_interleave(2, 2).repeat_interleave(2, 3)
        found, = session.run(None, {"image": pixels.numpy(), "mask": mask.numpy()})
        where = torch.from_numpy(known).repeat_interleave(2, 0).repeat_interleave(2, 1).numpy()
        truth = pixels[0].numpy()[:, where] * 255
        open_still = 1 - mask[..., ::2, ::2]
        smooth = f.interpolate(filled(small * open_still, open_still), scale_factor=2, mode="bilinear")[0].numpy()[:, where] * 255
        around_it = pixels[0].numpy()[:, mask[0, 0].numpy() == 0].mean(1, keepdims=True) * 255
        for name, other in (("psnr", found[0][:, where]), ("smooth", smooth), ("mean colour", around_it)):
            errors[name].append(((other - truth) ** 2).mean())
    scores = {name: float(np.mean(10 * np.log10(255 ** 2 / np.maximum(one, 1e-3)))) for name, one in errors.items()}
    return {**scores, "holes": len(errors["psnr"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", required=True, nargs="+")
    parser.add_argument("--work", required=True, help="where copies and the state of training are kept")
    parser.add_argument("--out", default="inpaint.onnx")
    parser.add_argument("--copies", type=int, default=1500, help="number of holes to learn from, two seconds each")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=1e-3, help="largest step of learning")
    parser.add_argument("--begin", help="state of another round, to begin with its weights")
    options = parser.parse_args()
    stills = Stills(*options.stills)
    train, held = stills.split()
    people = stills.split([figure for figure in stills.figures if figure.truth["area"] >= 400])
    os.makedirs(options.work, exist_ok=True)
    made = examples(stills, train, people[0], options.copies, os.path.join(options.work, "copies.pt"))

    def batch_of(random, _):
        chosen = made[torch.from_numpy(random.integers(len(made), size=BATCH))]
        return chosen.flip(3) if random.random() < 0.5 else chosen

    network = Fill()
    learn(network, loss_of, batch_of, options.steps, options.rate, os.path.join(options.work, "inpaint.pt"), options.begin)
    export(network, (torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)), options.out, ["image", "mask"], ["output"])
    print(judge(options.out, stills, held, people[1]))


if __name__ == "__main__":
    main()
