"""A kitchen: back wall with a window towards +y, open towards -y where the camera stands."""

from __future__ import annotations

import numpy as np
from mesh import box, ellipsoid, join, plate, revolve

from places import Place
from places.props import at, chair, pot, shade, tube, window


def walls(colour, dado):
    """Floor, ceiling, beams, and three walls; the right wall has an opening for the sun."""
    parts = [plate(6.4, 9, "#d8a47c", (0, -1.5, 0), "tile"), box((6.4, 9, 0.2), "#f0e3c8", (0, -1.5, 2.95), 0.01),
             box((6.4, 0.2, 2.9), colour, (0, 2.6, 1.45), 0.01, "plaster"),
             box((0.2, 9, 2.9), colour, (-3.2, -1.5, 1.45), 0.01, "plaster"),
             box((0.2, 3.0, 2.9), colour, (3.2, 1.9 - 0.4 + 0.7, 1.45), 0.01, "plaster"),
             box((0.2, 3.6, 2.9), colour, (3.2, -3.9, 1.45), 0.01, "plaster"),
             box((0.2, 2.9, 1.0), colour, (3.2, -0.7, 0.5), 0.01, "plaster"),
             box((0.2, 2.9, 0.6), colour, (3.2, -0.7, 2.6), 0.01, "plaster"),
             box((0.24, 0.08, 1.3), "#f6efe0", (3.2, -0.7, 1.65), 0.01),
             box((6.3, 0.06, 0.95), dado, (0, 2.49, 0.475), 0.01, "tile")]
    parts += [box((6.3, 0.16, 0.2), "#8a5f3c", (0, y, 2.78), 0.02, "plank") for y in (-2.4, -0.8, 0.8, 2.2)]
    return join(parts)


def counter(colour):
    """Cupboards under the window with a worktop and a sink."""
    parts = [box((3.4, 0.6, 0.82), colour, (0.9, 2.2, 0.43), 0.02),
             box((3.5, 0.66, 0.06), "#f2e8d2", (0.9, 2.18, 0.87), 0.02)]
    for x in np.linspace(-0.55, 2.3, 5):
        parts.append(box((0.6, 0.03, 0.62), shade(colour, 1.25), (x, 1.89, 0.42), 0.015))
        parts.append(ellipsoid((0.03, 0.03, 0.03), "#e8c25a", (x + 0.22, 1.86, 0.6), 6, 8, "gloss"))
    spout = [(1.2, 2.38, 0.9), (1.2, 2.38, 1.2), (1.2, 2.2, 1.24), (1.2, 2.12, 1.12)]
    parts.append(tube(spout, 0.022, "#c9ced2", 8, "gloss"))
    return join(parts)


def stove(colour):
    """An enamel stove with two pans."""
    parts = [box((0.9, 0.64, 0.9), colour, (0, 0, 0.45), 0.05, "gloss"),
             box((0.92, 0.66, 0.05), "#3a3f42", (0, 0, 0.91), 0.01),
             box((0.62, 0.03, 0.4), "#2a2f32", (0, -0.33, 0.42), 0.03, "gloss")]
    for x in (-0.3, -0.1, 0.1, 0.3):
        parts.append(ellipsoid((0.035, 0.03, 0.035), "#f2e8d2", (x, -0.34, 0.76), 6, 10))
    for x, tone in ((-0.22, "#c2503c"), (0.22, "#c9ced2")):
        parts.append(revolve([(0.15, 0.94), (0.17, 1.14), (0.155, 1.14), (0.001, 1.08)], tone, 16, (x, 0, 0), "gloss"))
    return join(parts)


def shelf(random):
    """A board with jars, plates and bottles."""
    parts = [box((1.7, 0.26, 0.05), "#9a6a42", (0, 0, 0), 0.01, "plank")]
    for x in np.linspace(-0.7, 0.7, 8):
        tone = ("#d9534a", "#f2b632", "#4f8a6a", "#f7f1e3", "#7fb0c0")[random.integers(5)]
        height = random.uniform(0.16, 0.3)
        jar = [(0.07, 0.02), (0.085, height * 0.6), (0.05, height * 0.8), (0.055, height), (0.001, height)]
        parts.append(revolve(jar, tone, 12, (x, 0, 0), "gloss"))
    return join(parts)


def dining(random):
    """The table, what is on it, and four chairs."""
    parts = [box((1.9, 0.95, 0.06), "#b07a4a", (0, 0, 0.70), 0.02, "plank")]
    parts += [box((0.09, 0.09, 0.68), "#8f5f38", (x, y, 0.34), 0.02) for x in (-0.85, 0.85) for y in (-0.38, 0.38)]
    bowl = [(0.12, 0.73), (0.26, 0.86), (0.24, 0.86), (0.001, 0.78)]
    parts.append(revolve(bowl, "#3f8fc0", 20, (0.1, 0.05, 0), "gloss"))
    for x, y, tone in ((0.02, 0.05, "#f2a03d"), (0.17, 0.1, "#d9534a"),
                       (0.12, -0.03, "#e8c23a"), (0.08, 0.13, "#8ab04a")):
        parts.append(ellipsoid((0.075,) * 3, tone, (x, y, 0.87), 8, 12))
    for x, y in ((-0.55, -0.2), (0.62, -0.2), (-0.5, 0.28)):
        parts.append(revolve([(0.09, 0.735), (0.15, 0.75), (0.001, 0.745)], "#fbf4e2", 18, (x, y, 0), "gloss"))
    for x, y, yaw in ((-0.55, 0.78, 0), (0.55, 0.78, 0), (-1.3, 0.0, 90), (1.3, 0.0, -90)):
        parts.append(at(chair("#c98a4a", 0.44), x, y, 0, yaw))
    return join(parts)


def hanging_lamp():
    """A shade on a wire, its light at z = 1.85."""
    return join([tube([(0, 0, 2.05), (0, 0, 2.9)], 0.012, "#3a3430", 6),
                 revolve([(0.34, 1.86), (0.26, 1.98), (0.08, 2.08), (0.001, 2.1)], "#d9534a", 20, material="gloss"),
                 ellipsoid((0.08, 0.08, 0.09), "#ffe2a8", (0, 0, 1.92), 8, 12, "lit")])


def build(random: np.random.Generator) -> Place:
    """The room."""
    colour = ("#f0d29a", "#e9c0a0", "#cfdcc4", "#f2dcc0")[random.integers(4)]
    cupboards = ("#4f8f88", "#c2603f", "#5a7fa8")[random.integers(3)]
    dado = ("#7fb0b8", "#d98f6a", "#9ab88a")[random.integers(3)]
    parts = [walls(colour, dado), counter(cupboards), at(stove("#f2e8d2"), -2.6, 2.1)]
    parts += [shelf(random).moved(offset=(-1.2, 2.42, z)) for z in (1.65, 2.15)]
    parts += [at(dining(random), 0, 0.2), at(hanging_lamp(), 0, 0.2),
              window(1.3, 1.0, "#f6efe0", False).moved(offset=(1.2, 2.49, 1.72)),
              at(box((0.8, 0.7, 1.7), "#9cc9c0", (0, 0, 0.85), 0.08, "gloss"), -2.75, 0.6, 0, 90),
              at(pot(random, 0.12), 2.3, 2.2, 0.9), at(pot(random, 0.12, "#f2a03d"), -0.4, 2.2, 0.9),
              at(pot(random, 0.3), 2.7, -2.6)]
    for x in (-2.0, -1.85, -1.7, -2.2):
        parts.append(ellipsoid((0.07, 0.07, 0.1), "#e9e0cc" if x < -1.9 else "#c2402f", (x, 2.3, 2.45), 7, 10))
    lamps = [((0, 0.2, 1.75), 75, "#ffcf8f", 0.22), ((0.0, -3.6, 2.5), 50, "#ffdcb0", 0.8)]
    return Place("kitchen", {"set": join(parts)}, lamps, indoor=True)
