"""A sandy bay; the sea is towards +y."""

from __future__ import annotations

import numpy as np
from mesh import box, grid, join, linear, revolve

from places import Place
from places.props import at, ball, boat, headland, lantern, parasol, pine, rock, roof, sea, shade, tube


def sand():
    """Dunes that fall to the water; flat where people act."""
    x = np.linspace(-26, 26, 70)[None]
    y = np.linspace(-24, 12, 60)[:, None]
    dune = 0.5 * np.clip((-y - 6) / 8, 0, 1) * (1 + 0.5 * np.sin(x * 0.5))
    z = dune - 0.055 * np.clip(y - 4.5, 0, None) + 0.0 * x
    points = np.stack(np.broadcast_arrays(x, y, z), -1)
    damp = np.clip((y - 5.0) / 1.2, 0, 1)[..., None] * np.ones((60, 70, 1))
    return grid(points, linear("#edd09a") * (1 - damp) + linear("#b58f5f") * damp, "sand")


def foam():
    """Two white lines where waves run out."""
    x = np.linspace(-24, 24, 80)
    parts = []
    for base, width in ((6.35, 0.14), (8.4, 0.10)):
        y = base + 0.22 * np.sin(x * 0.8 + base) + 0.12 * np.sin(x * 2.1)
        z = np.full_like(x, -0.055)
        parts.append(tube(np.stack([x, y, z], 1), width, "#fbfdfb", 8, reference=(0, 0, 1)))
    return join(parts)


def towel(first, second):
    """A striped towel 0.8 by 1.7 m."""
    y = np.linspace(-0.85, 0.85, 18)[:, None]
    x = np.linspace(-0.4, 0.4, 4)[None]
    rows = (np.arange(18) // 2 % 2)[:, None, None]
    points = np.stack(np.broadcast_arrays(x, y, 0.02 + 0.008 * np.sin(y * 9)), -1)
    return grid(points, np.broadcast_to(linear(first) * (1 - rows) + linear(second) * rows, points.shape), "cloth")


def hut(colour):
    """A bathing hut with stripes."""
    parts = [box((1.5, 1.5, 2.0), "#f7f1e3", (0, 0.75, 1.1), 0.02, "plank")]
    for x in np.linspace(-0.6, 0.6, 5):
        parts.append(box((0.15, 0.03, 2.0), colour, (x, -0.02, 1.1), 0.01))
    parts += [box((0.6, 0.05, 1.6), shade(colour, 0.75), (0, -0.04, 0.9), 0.02),
              roof(1.5, 1.5, 0.7, colour).moved(offset=(0, 0.75, 2.15))]
    return join(parts)


def castle():
    """A sand castle."""
    parts = [box((0.7, 0.7, 0.16), "#d9b77c", (0, 0, 0.08), 0.05, "sand")]
    for x in (-0.28, 0.28):
        for y in (-0.28, 0.28):
            parts.append(revolve([(0.13, 0), (0.11, 0.34), (0.14, 0.36), (0.14, 0.42), (0.001, 0.42)], "#e2c083", 12,
                                 (x, y, 0), "sand"))
    parts.append(box((0.01, 0.14, 0.09), "#e2455a", (0, 0.06, 0.62), 0.002))
    parts.append(tube([(0, 0, 0.1), (0, 0, 0.66)], 0.008, "#7a5638", 6))
    return join(parts)


def build(random: np.random.Generator) -> Place:
    """The bay."""
    cloths = [("#e2455a", "#fbf4e2"), ("#2f86c9", "#fbf4e2"), ("#f2b632", "#e0564a")]
    order = random.permutation(3)
    parts = [sand(), foam(), at(headland(random, 90, 11), -30, 64), at(headland(random, 60, 7, "#8aa07a"), 40, 75)]
    for place, (x, y) in zip(order, ((2.6, 2.2), (-4.6, 3.0), (7.6, 3.4))):
        parts += [at(parasol(*cloths[place]), x, y), at(towel(*cloths[place]), x - 1.0, y - 0.4, 0, 4)]
    for index, tone in enumerate(("#3f8fc0", "#d9534a", "#e8b23a", "#3f9a7a")):
        parts.append(at(hut(tone), 10.5, -3.6 + 2.3 * index, 0, -90))
    for x, y, size in ((-8.2, 5.6, 1.2), (-9.6, 4.2, 1.6), (-7.2, 6.8, 0.7),
                       (-10, 7, 1.5), (9.2, 7.2, 0.9), (-6.6, 5.9, 0.4)):
        parts.append(at(rock(random, size), x, y, 0, random.uniform(0, 360)))
    parts += [at(pine(random, 5.5), -8.6, 0.4), at(pine(random, 4.4), -10.4, -2.6), at(pine(random, 5), 12.5, 4.5),
              at(boat("#3f8fc0", "#f7f1e3", False), -3.2, 5.6, 0.22, 30), at(ball(), 0.6, 0.6), at(castle(), -1.4, 3.4),
              at(boat("#f7f1e3", "#d9534a"), 5.5, 16, -0.1, 160)]
    parts += [at(lantern("#ffb347", 0.12), x, y, 0.13) for x, y in ((-0.9, 2.7), (0.9, 2.9), (3.4, 1.4))]
    lamps = [((-0.9, 2.6, 0.5), 40, "#ffb15a", 0.12), ((0.9, 2.8, 0.5), 40, "#ffb15a", 0.12),
             ((3.4, 1.4, 0.6), 40, "#ffb15a", 0.12), ((9.4, 0.5, 2.6), 160, "#ffc27a", 0.2)]
    return Place("beach", {"set": join(parts), "sea": sea(160, 150, 5.7, -0.08, "#4fc0bd", "#2276a6")}, lamps)
