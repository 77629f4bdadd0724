"""A square with a fountain and a café; houses stand on three sides, open towards -y."""

from __future__ import annotations

import numpy as np
from mesh import box, ellipsoid, join, plate, revolve, turn_x

from places import Place, shutters, walls
from places.props import at, awning, chair, cypress, house, lamp_post, lantern, parasol, pine, pot, table, tube


def fountain():
    """Two basins, water, and a ball on top."""
    stone, water = "#dccfb8", "#6fc0cc"
    return join([
        revolve([(1.5, 0), (1.55, 0.45), (1.45, 0.5), (1.32, 0.46), (1.3, 0.3)], stone, 28),
        revolve([(1.32, 0.36), (0.001, 0.36)], water, 28, material="water"),
        revolve([(0.3, 0.3), (0.16, 0.6), (0.14, 1.1), (0.7, 1.3), (0.72, 1.38), (0.6, 1.36), (0.5, 1.28)],
                stone, 22),
        revolve([(0.62, 1.33), (0.001, 1.33)], water, 22, material="water"),
        revolve([(0.08, 1.3), (0.07, 1.8), (0.001, 1.8)], stone, 12),
        ellipsoid((0.18, 0.18, 0.18), "#d9b25a", (0, 0, 1.92), 10, 16, "gloss")])


def tower(wall):
    """A bell tower with a clock."""
    arch = [box((0.9, 0.3, 1.6), "#4a3a34", (0, -1.36, 9.0), 0.3)]
    return join([box((2.8, 2.8, 11), wall, (0, 0, 5.5), 0.06, "plaster"),
                 box((3.1, 3.1, 0.3), "#f2e6cf", (0, 0, 7.6), 0.05),
                 box((3.1, 3.1, 0.3), "#f2e6cf", (0, 0, 10.9), 0.05),
                 revolve([(2.1, 11.05), (0.3, 13.2), (0.001, 13.3)], "#c4603c", 4, material="roof"),
                 revolve([(0.001, 0.02), (0.7, 0.02), (0.75, -0.05)], "#fbf4e2", 24)
                 .moved(turn_x(90), (0, -1.42, 6.5)),
                 box((0.05, 0.04, 0.5), "#3a2a22", (0, -1.47, 6.7), 0.01),
                 box((0.36, 0.04, 0.05), "#3a2a22", (0.15, -1.47, 6.5), 0.01)] + arch)


def cafe(random, cloth):
    """Tables, chairs and a parasol."""
    parts = [at(table(), 0, 0), at(chair("#3d7f7a"), -0.75, 0.1, yaw=-90 + 180),
             at(chair("#3d7f7a"), 0.75, 0.1, yaw=-90), at(parasol(cloth, "#fbf4e2"), 0.1, 0.6)]
    parts += [at(table(), 2.2, 0.7), at(chair("#3d7f7a"), 2.2, 1.45)]
    parts.append(revolve([(0.05, 0.72), (0.06, 0.82), (0.05, 0.83)], "#ffffff", 10, (0.12, -0.1, 0)))
    return join(parts)


def build(random: np.random.Generator) -> Place:
    """The square."""
    tones, parts = walls(random, 7), [plate(60, 60, "#e2c9a0", material="cobble")]
    for index, (x, width, storeys) in enumerate(((-6.6, 5.2, 3), (-1.6, 4.8, 2), (3.2, 4.8, 3), (8.2, 5.0, 2))):
        parts.append(at(house(random, width, 5, storeys, tones[index], shutters(random)), x, 9))
    for index, (y, storeys) in enumerate(((5.6, 2), (0.6, 3))):
        parts.append(at(house(random, 4.9, 5, storeys, tones[4 + index], shutters(random)), -9.4, y, yaw=90))
    parts.append(at(house(random, 5.2, 5, 2, tones[6], shutters(random)), 11, 5.2, yaw=-90))
    stripes = ("#d9534a", "#2f8f7a", "#e0913a")[random.integers(3)]
    parts += [at(tower("#eed9b0"), 5.9, 15), at(fountain(), 2.6, 3.6), at(cafe(random, stripes), -4.6, 4.6),
              awning(4.4, stripes, "#fbf4e2").moved(offset=(-6.6, 8.9, 2.9)),
              at(lamp_post(), -1.6, 6.4), at(lamp_post(), 6.4, 1.8), at(cypress(random), 8.6, 7.6),
              at(cypress(random, 3.6), 9.6, 2.0), at(pine(random), -8.4, -3.0)]
    for x, y in ((-2.2, 8.4), (0.2, 8.4), (5.4, 8.4), (-8.8, 3.2), (-8.8, 2.5), (0.7, 8.5)):
        bloom = ("#e2455a", "#f2a03d", "#d65fb0")[random.integers(3)]
        parts.append(at(pot(random, random.uniform(0.2, 0.32), bloom), x, y))
    for x in np.linspace(-7.5, 8, 16):
        z = 4.4 + 0.012 * x ** 2 + 0.1 * np.sin(5 * x)
        parts.append(at(lantern(("#ff8f4a", "#ffc24a", "#ff6f61")[int(x * 7) % 3], 0.13), x, 6.2, z))
    line = [(x, 6.2, 4.6 + 0.012 * x ** 2) for x in np.linspace(-8, 8.5, 12)]
    parts.append(tube(line, 0.012, "#3a3430", 5))
    lamps = [((-1.6, 6.2, 3.0), 320, "#ffc27a", 0.15), ((6.4, 1.6, 3.0), 320, "#ffc27a", 0.15),
             ((-4.5, 3.4, 2.0), 90, "#ffd9a0", 0.2), ((1.5, 5.6, 4.2), 260, "#ff9f5a", 0.5)]
    return Place("piazza", {"set": join(parts)}, lamps)
