"""The five places of the film. Each is built from code, in colours that the seed chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Place:
    """A set: its parts, its lamps (position, watts, colour, radius), whether it has a roof.

    `sun_turn` scales the sun's azimuth, for places that would otherwise lie in shade all day.
    """

    name: str
    shapes: dict
    lamps: list
    indoor: bool = False
    sun_turn: float = 1.0


WALLS = ("#e9a36f", "#e8c27a", "#d97f63", "#f0d9a8", "#dba0a0", "#b9cfc0", "#e5b58c", "#c9d6df")
SHUTTERS = ("#2f7a66", "#3d6f9c", "#5a8a4f", "#8a4a3c", "#3f7f8f")


def walls(random: np.random.Generator, count: int) -> list[str]:
    """Different wall colours for neighbouring houses."""
    return [WALLS[index] for index in random.permutation(len(WALLS))[:count]]


def shutters(random: np.random.Generator) -> str:
    """One shutter colour."""
    return SHUTTERS[random.integers(len(SHUTTERS))]


def build(name: str, seed: int) -> Place:
    """The place of a name, in the colours of a seed."""
    from places import beach, harbour, kitchen, lane, piazza
    builders = {"piazza": piazza, "harbour": harbour, "beach": beach, "kitchen": kitchen, "lane": lane}
    offset = sorted(builders).index(name)
    return builders[name].build(np.random.default_rng([seed, offset]))


NAMES = ("piazza", "harbour", "beach", "kitchen", "lane")
