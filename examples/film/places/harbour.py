"""A quay with boats and a jetty; land is towards -y, the sea towards +y."""

from __future__ import annotations

import numpy as np
from mesh import box, ellipsoid, join, revolve

from places import Place, shutters, walls
from places.props import at, barrel, boat, crate, headland, house, lamp_post, lantern, pot, sea, tube


def lighthouse():
    """A striped tower for the far headland."""
    parts = []
    for index in range(5):
        low, high = 1.2 - 0.12 * index, 1.2 - 0.12 * (index + 1)
        colour = "#d9534a" if index % 2 else "#f7f1e3"
        parts.append(revolve([(low, index * 1.6), (high, index * 1.6 + 1.6)], colour, 18))
    parts += [revolve([(0.8, 8), (0.8, 8.2)], "#3a4a48", 18),
              revolve([(0.42, 8.1), (0.42, 9.0)], "#ffe9a8", 14, material="lit"),
              revolve([(0.6, 9.0), (0.001, 9.7)], "#d9534a", 14)]
    return join(parts)


def jetty():
    """Planks on posts, 1.7 m wide, from y = 2 to y = 9.5; its top is level with the quay."""
    parts = [box((1.7, 7.6, 0.12), "#b58a5c", (0, 5.8, -0.06), 0.01, "plank")]
    for y in np.arange(2.6, 9.6, 1.7):
        for x in (-0.85, 0.85):
            parts.append(tube([(x, y, -1.6), (x, y, 0.28)], 0.1, "#7a5638", 10))
    return join(parts)


def bollard():
    """A mooring post."""
    return revolve([(0.16, 0), (0.13, 0.1), (0.12, 0.34), (0.19, 0.42), (0.17, 0.5), (0.001, 0.53)], "#38464c",
                   14, material="gloss")


def nets(random):
    """A heap of net with floats."""
    parts = [ellipsoid((0.6, 0.45, 0.22), "#4f8f88", (0, 0, 0.08), 8, 14, "cloth")]
    for _ in range(9):
        x, y = random.uniform(-0.5, 0.5), random.uniform(-0.35, 0.35)
        parts.append(ellipsoid((0.07, 0.07, 0.07), "#f2a03d", (x, y, 0.3 - 0.3 * (x * x + y * y)), 6, 9, "gloss"))
    return join(parts)


def build(random: np.random.Generator) -> Place:
    """The harbour."""
    tones = walls(random, 6)
    parts = [box((44, 30, 1.6), "#d8c4a0", (0, -13, -0.8), 0.05, "cobble"),
             box((44, 0.5, 0.12), "#ece0c8", (0, 1.8, 0.04), 0.03, "plaster")]
    for index, (y, storeys) in enumerate(((-0.6, 2), (-5.6, 3))):
        parts.append(at(house(random, 4.9, 5, storeys, tones[index], shutters(random)), -9, y, yaw=90))
    for index, x in enumerate((-6.4, -1.4, 3.6, 8.6)):
        parts.append(at(house(random, 4.9, 5, 2 + index % 2, tones[2 + index % 4], shutters(random)), x, -11, yaw=180))
    hulls = [("#3f8fc0", "#f7f1e3"), ("#d9534a", "#f7f1e3"), ("#f2b632", "#2f6b5e"), ("#f7f1e3", "#3f8fc0")]
    order = random.permutation(4)
    berths = ((-3.0, 4.2, 8, True), (1.2, 6.6, 172, True), (7.2, 4.6, 24, False), (-6.2, 9.5, -30, True))
    for place, (x, y, yaw, mast) in zip(order, berths):
        parts.append(at(boat(*hulls[place], mast), x, y, -0.62, yaw))
    parts += [at(jetty(), 4.2, 0), at(headland(random, 90, 10), -18, 70),
              at(headland(random, 50, 6, "#8aa07a"), 38, 60), at(lighthouse(), 24, 52, 1.5)]
    for x in (-6, -2, 1.8, 8):
        parts.append(at(bollard(), x, 1.5))
    for x, y, z in ((-4.6, 0.2, 0), (-4.0, 0.35, 0), (-4.0, 0.35, 0.5), (7.4, 0.4, 0)):
        parts.append(at(crate(), x, y, z, random.uniform(-20, 20)))
    parts += [at(barrel(), -5.4, 0.3), at(barrel("#5f7f6a"), 8.2, 0.2), at(nets(random), 0.2, 0.7),
              at(lamp_post(), -3.0, 1.2), at(lamp_post(), 6.2, 1.1), at(pot(random, 0.3), -8.4, 2.2)]
    glow = ("#ff8f4a", "#ffc24a", "#ff6f61")
    parts += [at(lantern(glow[index % 3], 0.12), 3.3 + 1.8 * (index % 2), 2.6 + 1.7 * (index // 2), 0.42)
              for index in range(8)]
    lamps = [((-3.0, 1.0, 3.0), 340, "#ffc27a", 0.15), ((6.2, 0.9, 3.0), 340, "#ffc27a", 0.15),
             ((4.2, 5.0, 0.9), 60, "#ff9f5a", 0.3), ((4.2, 8.4, 0.9), 60, "#ff9f5a", 0.3)]
    return Place("harbour", {"set": join(parts), "sea": sea(160, 140, 2.0, -0.7)}, lamps)
