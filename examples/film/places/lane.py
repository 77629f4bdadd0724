"""A narrow lane between tall houses, running along y, with steps and an arch."""

from __future__ import annotations

import numpy as np
from mesh import box, grid, join, plate

from places import Place, shutters, walls
from places.props import at, barrel, cloth, crate, cypress, house, pot, tube, wall_lamp


def steps():
    """Eight low steps that climb towards +y from y = 7."""
    return join([box((5.2, 0.8, 0.16), "#cdb894", (0, 7.4 + 0.7 * index, 0.08 + 0.16 * index), 0.02, "cobble")
                 for index in range(8)])


def arch(colour):
    """An arch across the lane."""
    angle = np.linspace(0, np.pi, 15)[:, None]
    ring = []
    for radius, y in ((1.35, -0.35), (2.6, -0.35), (2.6, 0.35), (1.35, 0.35), (1.35, -0.35)):
        squash = 1.0 if radius < 2 else 0.8
        rise = 2.6 + radius * squash * np.sin(angle)
        ring.append(np.concatenate([radius * np.cos(angle), np.full_like(angle, y), rise], 1))
    parts = [grid(np.stack(ring, 1), colour, "plaster")]
    parts += [box((1.25, 0.7, 2.6), colour, (x, 0, 1.3), 0.02, "plaster") for x in (-1.97, 1.97)]
    return join(parts)


def washing(random, y, z):
    """A line of clothes across the lane."""
    tones = ["#f7f1e3", "#e2455a", "#7fb0c0", "#f2b632", "#9ab88a", "#f7f1e3"]
    parts = [tube([(-2.1, y, z + 0.1), (0, y, z - 0.06), (2.1, y, z + 0.1)], 0.01, "#efe8d8", 5)]
    for x in np.linspace(-1.5, 1.5, 5):
        tone = tones[random.integers(len(tones))]
        stripe = "#f7f1e3" if random.random() < 0.4 else None
        parts.append(at(cloth(random.uniform(0.36, 0.6), random.uniform(0.5, 0.9), tone, stripe), x, y, z - 0.02))
    return join(parts)


def build(random: np.random.Generator) -> Place:
    """The lane."""
    tones = walls(random, 8)
    parts = [plate(6, 40, "#d6bd94", (0, 0, 0), "cobble"), steps(), at(arch("#e9cfa0"), 0, 7.6)]
    for index, y in enumerate((-7.5, -2.6, 2.3, 7.2, 12.1)):
        left = house(random, 4.85, 5, 2 + index % 2, tones[index % 8], shutters(random))
        right = house(random, 4.85, 5, 3 - index % 2, tones[(index + 3) % 8], shutters(random))
        parts += [at(left, -2.15, y, 0, 90), at(right, 2.15, y, 0, -90)]
    parts += [washing(random, 1.4, 3.6), washing(random, 4.6, 4.1), washing(random, -3.0, 3.9)]
    for x, y in ((-1.75, 0.4), (-1.7, 1.0), (1.75, 2.6), (1.7, 3.2), (-1.75, 5.4), (1.75, -1.4), (1.7, 6.2)):
        bloom = ("#e2455a", "#f2a03d", "#d65fb0", "#f4f0e6")[random.integers(4)]
        parts.append(at(pot(random, random.uniform(0.18, 0.3), bloom), x, y))
    parts += [at(barrel(), 1.65, 0.6), at(crate(), -1.6, 3.4), at(crate("#a9744a", 0.42), -1.62, 3.38, 0.5, 18),
              at(wall_lamp(), -2.1, 3.0, 2.5, 90), at(wall_lamp(), 2.1, -0.6, 2.5, -90), at(wall_lamp(), 0, 7.2, 3.1),
              at(cypress(random, 4), 0.8, 17), at(house(random, 6, 4, 3, tones[7], shutters(random)), 0, 19)]
    lamps = [((-1.7, 3.0, 2.35), 130, "#ffbf73", 0.12), ((1.7, -0.6, 2.35), 130, "#ffbf73", 0.12),
             ((0, 6.7, 2.95), 150, "#ffbf73", 0.12), ((0, 11.0, 3.5), 120, "#ffbf73", 0.2)]
    return Place("lane", {"set": join(parts)}, lamps, sun_turn=0.28)
