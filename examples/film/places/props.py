"""Things that places are furnished with. Each stands on z = 0 around its own origin."""

from __future__ import annotations

import numpy as np
from mesh import Shape, box, curve, ellipsoid, grid, join, linear, revolve, shape, tube, turn_z


def shade(colour, factor) -> np.ndarray:
    """A colour made lighter or darker."""
    return np.clip(linear(colour) * factor, 0, 1)


def at(shape: Shape, x, y, z=0.0, yaw=0.0) -> Shape:
    """A thing turned about z and put somewhere."""
    return shape.moved(turn_z(yaw), (x, y, z))


def window(width, height, shutters, lit) -> Shape:
    """A window on a wall that faces -y, its middle at the origin."""
    frame, parts = 0.06, []
    glass = "#ffc873" if lit else "#5f7f96"
    parts.append(box((width, 0.04, height), glass, (0, 0.0, 0), 0.0, "lit" if lit else "gloss"))
    for side in (-1, 1):
        parts.append(box((frame, 0.09, height + frame), "#f6efe0", (side * width / 2, -0.03, 0)))
        parts.append(box((width * 0.54, 0.05, height + 0.06), shutters,
                         (side * width * 0.79, -0.07, 0), 0.015))
        for row in np.linspace(-0.4, 0.4, 5):
            parts.append(box((width * 0.40, 0.02, 0.05), shade(shutters, 0.7),
                             (side * width * 0.79, -0.105, row * height), 0.005))
    parts += [box((0.04, 0.06, height), "#f6efe0", (0, -0.03, 0)),
              box((width, 0.06, 0.04), "#f6efe0", (0, -0.03, height * 0.12)),
              box((width + 0.2, 0.2, 0.07), "#eadcc2", (0, -0.06, -height / 2 - 0.03))]
    return join(parts)


def door(colour, height=2.1) -> Shape:
    """A round-topped door on a wall that faces -y."""
    arc = np.linspace(0, np.pi, 9)
    parts = [box((0.95, 0.1, height), colour, (0, 0, height / 2), 0.02, "plank"),
             box((0.36, 0.05, 0.7), shade(colour, 0.7), (-0.22, -0.05, 1.35), 0.02),
             box((0.36, 0.05, 0.7), shade(colour, 0.7), (0.22, -0.05, 1.35), 0.02),
             ellipsoid((0.05, 0.05, 0.05), "#e8c25a", (0.36, -0.1, 1.0), 6, 10, "gloss")]
    frame = np.stack([0.56 * np.cos(arc), 0 * arc - 0.02, height + 0.28 * np.sin(arc)], 1)
    path = np.concatenate([[[0.56, -0.02, 0]], frame, [[-0.56, -0.02, 0]]])
    parts.append(tube(path, 0.09, "#eadcc2", 8))
    return join(parts)


def roof(width, depth, rise, colour) -> Shape:
    """A gable roof of rounded tiles, its eaves at z = 0, its ridge along x."""
    across = np.linspace(-width / 2 - 0.3, width / 2 + 0.3, int(width * 10) + 8)
    ridge = 0.055 * np.abs(np.sin(across * np.pi / 0.28))
    parts = []
    for side in (-1, 1):
        share = np.linspace(0, 1, 3)[:, None]
        points = np.stack(np.broadcast_arrays(
            across[None], side * (1 - share) * (depth / 2 + 0.35), rise * share + ridge - 0.12), -1)
        parts.append(grid(points, colour, "roof"))
    for side in (-1, 1):
        points = np.array([[side * width / 2, -depth / 2, -0.1], [side * width / 2, depth / 2, -0.1],
                           [side * width / 2, 0, rise - 0.1]])
        parts.append(shape(points, [[0, 1, 2]], "#e9d8b8", "plaster", False))
    return join(parts)


def house(random, width, depth, storeys, wall, shutters, tiles="#c4603c", doors=True) -> Shape:
    """A town house whose front looks along -y and lies on y = 0."""
    height = 2.75 * storeys + 0.3
    parts = [box((width, depth, height), wall, (0, depth / 2, height / 2), 0.04, "plaster"),
             box((width + 0.04, 0.12, 0.5), shade(wall, 0.72), (0, 0, 0.25), 0.02, "plaster"),
             box((width + 0.16, 0.16, 0.14), "#f2e6cf", (0, 0, height - 0.12), 0.03),
             roof(width, depth, 1.0 + 0.1 * depth, tiles).moved(offset=(0, depth / 2, height + 0.1))]
    columns = max(2, int(width / 1.75))
    spots = (np.arange(columns) + 0.5) / columns * width - width / 2
    entry = random.integers(columns)
    for storey in range(storeys):
        for index, x in enumerate(spots):
            if storey == 0 and doors and index == entry:
                tone = ["#2f6b5e", "#8a3f2c", "#2c5f8a", "#6b4a2c"][random.integers(4)]
                parts.append(door(tone).moved(offset=(x, -0.02, 0)))
                continue
            lit = random.random() < 0.45
            z = 1.62 + 2.75 * storey
            parts.append(window(0.72, 1.2, shutters, lit).moved(offset=(x, 0.0, z)))
            if storey and random.random() < 0.4:
                parts.append(flower_box(random).moved(offset=(x, -0.22, z - 0.66)))
    return join(parts)


def flower_box(random) -> Shape:
    """A box of flowers that hangs below a window."""
    bloom = ["#e2455a", "#f2a03d", "#f4f0e6", "#d65fb0"][random.integers(4)]
    parts = [box((0.8, 0.2, 0.16), "#b5623c", (0, 0, 0), 0.03)]
    for _ in range(9):
        x, z = random.uniform(-0.36, 0.36), random.uniform(0.1, 0.22)
        colour, kind = (bloom, "matte") if random.random() < 0.6 else ("#4f8a3c", "leaf")
        parts.append(ellipsoid((0.09, 0.09, 0.08), colour, (x, random.uniform(-0.1, 0.05), z), 5, 7, kind))
    return join(parts)


def pot(random, size=0.3, bloom="#e2455a") -> Shape:
    """A terracotta pot with a round plant."""
    parts = [revolve([(0.001, 0), (size * 0.6, 0), (size * 0.85, size * 1.2), (size, size * 1.2),
                      (size, size * 1.45), (size * 0.8, size * 1.45), (0.001, size * 1.3)],
                     "#c2693f", 14)]
    for _ in range(10):
        way = random.normal(0, 0.5, 3)
        centre = np.array([0, 0, size * 2.0]) + way * size * (0.9, 0.9, 0.8)
        parts.append(ellipsoid((size * 0.5,) * 3, shade("#5d9a44", random.uniform(0.7, 1.2)), centre,
                               6, 8, "leaf"))
        parts.append(ellipsoid((size * 0.18,) * 3, bloom, centre + way * size * 0.6, 5, 7))
    return join(parts)


def lamp_post(height=3.2) -> Shape:
    """A street lamp; its light belongs at `height`."""
    parts = [revolve([(0.16, 0), (0.14, 0.25), (0.05, 0.4), (0.045, height - 0.3), (0.12, height - 0.2)],
                     "#2d3b3a", 10, material="gloss"),
             revolve([(0.10, height - 0.2), (0.17, height + 0.12), (0.001, height + 0.13)], "#ffd58a",
                     8, material="lit"),
             revolve([(0.22, height + 0.12), (0.05, height + 0.3), (0.001, height + 0.36)], "#2d3b3a",
                     10, material="gloss")]
    return join(parts)


def wall_lamp() -> Shape:
    """A lamp on a bracket, on a wall that faces -y; its light is 0.35 m out."""
    return join([tube([(0, 0, 0.2), (0, -0.2, 0.3), (0, -0.35, 0.15)], 0.025, "#2d3b3a", 8),
                 revolve([(0.07, -0.2), (0.11, 0.08), (0.001, 0.09)], "#ffd58a", 8, (0, -0.35, 0),
                         "lit"),
                 revolve([(0.14, 0.08), (0.03, 0.18), (0.001, 0.2)], "#2d3b3a", 8, (0, -0.35, 0))])


def table(top="#f4efe4", round_top=True, height=0.72, radius=0.42) -> Shape:
    """A small round table on one foot."""
    return join([revolve([(0.001, height - 0.05), (radius, height - 0.05), (radius + 0.02, height - 0.02),
                          (radius, height), (0.001, height)], top, 22, material="gloss"),
                 revolve([(0.2, 0), (0.18, 0.04), (0.035, 0.08), (0.035, height - 0.05)], "#3a4a48", 10)])


def chair(colour, seat=0.42) -> Shape:
    """A chair that looks along -y; made for sitting at `seat` metres."""
    parts = [box((0.42, 0.42, 0.05), colour, (0, 0, seat - 0.025), 0.02, "plank")]
    for x in (-0.18, 0.18):
        for y in (-0.18, 0.18):
            top = seat if y < 0 else seat + 0.46
            parts.append(tube([(x, y, 0), (x, y * (1.0 if y < 0 else 1.12), top)], 0.022, colour, 8))
    for z in (0.2, 0.38):
        parts.append(box((0.38, 0.03, 0.09), colour, (0, 0.2, seat + z), 0.015))
    return join(parts)


def parasol(first, second, radius=1.4, height=2.3) -> Shape:
    """A sunshade with coloured segments."""
    segments, share = 32, np.linspace(0, 1, 6)
    around = np.linspace(0, 2 * np.pi, segments + 1)
    scallop = 1 - 0.04 * np.abs(np.sin(around * 4))
    points = np.stack(np.broadcast_arrays(
        radius * share[:, None] * np.cos(around) * scallop, radius * share[:, None] * np.sin(around) * scallop,
        height - 0.55 * share[:, None] ** 1.8 + 0 * around), -1)
    stripe = ((np.arange(segments + 1) // 4) % 2)[None, :, None]
    colours = np.broadcast_to(linear(first) * (1 - stripe) + linear(second) * stripe, points.shape)
    rim = points[-1:] - (0, 0, 0.16)
    return join([grid(np.concatenate([points, rim]), np.concatenate([colours, colours[-1:]]), "cloth"),
                 tube([(0, 0, 0), (0, 0, height + 0.08)], 0.03, "#f2ead8", 8)])


def awning(width, first, second, reach=1.1) -> Shape:
    """A striped cloth that slopes down along -y from z = 0."""
    across = np.repeat(np.linspace(-width / 2, width / 2, int(width * 3) + 1), 2)[1:-1]
    stripe = (np.arange(len(across)) // 2 % 2)[None, :, None]
    share = np.array([0, 0.5, 1.0, 1.001])[:, None]
    points = np.stack(np.broadcast_arrays(
        across[None], -reach * share, -0.45 * share - 0.22 * (share > 1.0)), -1)
    colours = np.broadcast_to(linear(first) * (1 - stripe) + linear(second) * stripe, points.shape)
    return grid(points, colours, "cloth")


def pine(random, height=5.0) -> Shape:
    """An umbrella pine."""
    lean = random.uniform(-0.5, 0.5)
    trunk = curve([(0, 0, -0.2), (lean * 0.3, 0.1, height * 0.4), (lean, 0, height * 0.85)], 10)
    parts = [tube(trunk, np.linspace(0.2, 0.1, 10), "#7a4f33", 10)]
    for _ in range(9):
        centre = trunk[-1] + random.normal(0, 1, 3) * (0.9, 0.9, 0.18)
        size = random.uniform(0.7, 1.1)
        parts.append(ellipsoid((size, size, size * 0.45), shade("#4d8044", random.uniform(0.75, 1.15)),
                               centre, 8, 12, "leaf"))
    return join(parts)


def cypress(random, height=4.5) -> Shape:
    """A tall thin tree."""
    rows = [(0.001, 0.3), (0.45, 0.7), (0.55, height * 0.35), (0.42, height * 0.7), (0.001, height)]
    return join([revolve(curve(np.c_[rows, np.zeros(5)], 14)[:, :2], shade("#3f6b42", random.uniform(0.8, 1.1)),
                         12, material="leaf"), tube([(0, 0, 0), (0, 0, 0.6)], 0.09, "#6b4a2c", 8)])


def crate(colour="#b98a52", size=0.5) -> Shape:
    """A slatted wooden box."""
    parts = [box((size * 0.92, size * 0.92, size * 0.9), shade(colour, 0.55), (0, 0, size / 2), 0.01)]
    for row in (0.14, 0.5, 0.86):
        parts.append(box((size, size, size * 0.22), colour, (0, 0, size * row), 0.012, "plank"))
    return join(parts)


def barrel(colour="#8a5a34") -> Shape:
    """A barrel with two hoops."""
    parts = [revolve([(0.001, 0), (0.24, 0), (0.31, 0.4), (0.24, 0.8), (0.001, 0.8)], colour, 16, material="plank")]
    for z, radius in ((0.18, 0.285), (0.62, 0.285)):
        parts.append(revolve([(radius, z - 0.04), (radius + 0.02, z), (radius, z + 0.04)], "#4a4f52", 16))
    return join(parts)


def boat(hull, trim, mast=True) -> Shape:
    """A small fishing boat, bow along +x, waterline at z = 0."""
    along = np.linspace(-1, 1, 19)
    beam = 0.62 * (1 - np.clip(along, 0, 1) ** 2.4) * (1 - 0.25 * np.clip(-along, 0, 1) ** 2)
    sheer = 0.42 + 0.28 * along ** 2
    girth = np.linspace(-1, 1, 15)
    profile = np.sign(girth) * np.abs(girth) ** 0.75
    depth = np.abs(girth) ** 1.8
    points = np.stack(np.broadcast_arrays(
        1.55 * along[:, None], beam[:, None] * profile, -0.30 + (sheer[:, None] + 0.30) * depth), -1)
    rows = np.where(np.abs(girth) > 0.9, 1, 0)[None, :, None]
    colours = np.broadcast_to(linear(hull) * (1 - rows) + linear(trim) * rows, points.shape)
    inner = points * (0.95, 0.90, 1.0) + (0, 0, 0.05)
    edge = [np.stack([points[:, 0], points[:, -1]])[side] for side in (0, 1)]
    parts = [grid(points, colours, "gloss"), grid(inner, "#c99a62", "plank")]
    parts += [tube(line + (0, 0, 0.02), 0.045, trim, 8, "gloss") for line in edge]
    parts += [box((0.24, 1.0 * width, 0.05), "#d9b27a", (x, 0, 0.28), 0.015, "plank")
              for x, width in ((-0.8, 0.98), (0.1, 1.1))]
    if mast:
        parts.append(tube([(0.35, 0, -0.1), (0.35, 0, 2.5)], 0.04, "#a9744a", 8))
        parts.append(tube([(0.35, 0, 0.85), (-1.1, 0, 1.0)], 0.03, "#a9744a", 8))
        sail = curve([(0.3, 0, 0.98), (-0.4, 0.04, 1.05), (-1.05, 0, 1.1)], 10)
        parts.append(tube(sail, 0.09 + 0.02 * np.sin(np.arange(10) * 2.2), "#f2e7d0", 10, "cloth"))
    return join(parts)


def lantern(colour="#ffb347", size=0.14) -> Shape:
    """A paper lantern that glows."""
    rows = [(0.001, -1.0), (0.5, -0.95), (0.95, -0.5), (1.0, 0), (0.95, 0.5), (0.5, 0.95), (0.001, 1.0)]
    return join([revolve(np.array(rows) * size, colour, 14, material="paper"),
                 revolve([(0.4 * size, 0.92 * size), (0.4 * size, 1.15 * size), (0.001, 1.15 * size)],
                         "#8a3a2c", 10)])


def rock(random, size=0.6) -> Shape:
    """A boulder."""
    made = ellipsoid((size, size * 0.8, size * 0.6), shade("#a89680", random.uniform(0.75, 1.1)), (0, 0, 0), 9, 13)
    wobble = 1 + 0.16 * np.sin(made.points @ random.normal(0, 2.4 / size, (3, 3))).sum(axis=1) / 2
    made.points *= wobble[:, None]
    return made.moved(offset=(0, 0, size * 0.25))


def cloth(width, height, colour, stripe=None) -> Shape:
    """Washing that hangs from z = 0 in the xz plane, a little blown."""
    x = np.linspace(-width / 2, width / 2, 9)[None]
    z = -np.linspace(0, 1, 7)[:, None] * height
    points = np.stack(np.broadcast_arrays(x, 0.07 * np.sin(x * 7 + z * 3) * -z, z + 0.02 * np.cos(x * 9)), -1)
    rows = (np.arange(7) % 2)[:, None, None] if stripe else np.zeros((7, 1, 1))
    tone = linear(colour) * (1 - rows) + linear(stripe or colour) * rows
    return grid(points, np.broadcast_to(tone, points.shape), "cloth")


def headland(random, width=60.0, height=9.0, colour="#7f9a6a") -> Shape:
    """A far line of hills along x."""
    x = np.linspace(-width / 2, width / 2, 40)[None]
    y = np.linspace(-1, 1, 9)[:, None]
    waves = sum(np.sin(x * rate + random.uniform(0, 6)) * size
                for rate, size in ((0.11, 1.0), (0.27, 0.5), (0.6, 0.2)))
    z = height * (1 - y ** 2) * (0.55 + 0.25 * waves) * (1 - (2 * x / width) ** 4) - 0.5
    return grid(np.stack(np.broadcast_arrays(x, y * 8, z), -1), colour, "leaf")


def ball(colours=("#e2455a", "#f7f1e3", "#2f86c9"), size=0.16) -> Shape:
    """A beach ball."""
    made = ellipsoid((size,) * 3, "#ffffff", (0, 0, size), 10, 18, "gloss")
    columns = (np.arange(18) // 3) % len(colours)
    tones = np.array([linear(tone) for tone in colours])[columns]
    made.colours[:] = np.tile(tones, (11, 1))
    return made


def sea(width, depth, near, level, colour="#2f8fa8", deep="#1f6690") -> Shape:
    """Water from y = near outwards, with a slight swell and a shore that is lighter."""
    x = np.linspace(-width / 2, width / 2, 60)[None]
    y = near + depth * np.linspace(0, 1, 50)[:, None] ** 2
    z = level + 0.03 * np.sin(x * 0.9 + y * 0.7) + 0.03 * np.sin(y * 1.1 - x * 0.3)
    points = np.stack(np.broadcast_arrays(x, y, z), -1)
    share = np.clip((y - near) / 18, 0, 1)[..., None]
    colours = linear(colour) * (1 - share) + linear(deep) * share
    return grid(points, np.broadcast_to(colours, points.shape), "water")
