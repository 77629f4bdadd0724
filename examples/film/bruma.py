"""The shot list of the second film: eight short shots with bruma, who is not a person, and the cast of the first."""

from __future__ import annotations

from staging import Actor, Shot, View


def story() -> list[Shot]:
    """Every action of a beast, each of its views, and someone of the cast beside it in all shots but the first."""
    return [*morning(), *midday(), *home()]


def morning() -> list[Shot]:
    """The harbour, early."""
    return [
        Shot("bruma_waits", "harbour", "morning", "sunny", 48,
             View((1.3, -3.0, 0.95), (1.75, 0.3, 0.52), 36), (
                 Actor("bruma", "sitting", (1.75, 0.1), yaw=48, rate=0.5),)),
        Shot("side_by_side", "harbour", "morning", "sunny", 48,
             View((-0.4, -4.0, 1.1), (-1.6, 0, 0.62), 36), (
                 Actor("bruma", "walking", (-1.6, -0.35), (1.1, -0.35), 88, rate=0.9),
                 Actor("nilo", "walking", (-2.4, 0.4), (0.3, 0.4), 80, "happy", "low", rate=1.0)),
             to=View((-0.4, -4.0, 1.1), (0.9, 0, 0.62), 36), motion="pan", hold=8)]


def midday() -> list[Shot]:
    """The square at noon, and the beach."""
    return [
        Shot("what_is_that", "piazza", "noon", "sunny", 48,
             View((0.0, -3.2, 1.0), (-0.05, 0.3, 0.62), 33), (
                 Actor("bruma", "standing", (0.45, 0.1), yaw=-58, manner=1, rate=0.6),
                 Actor("pia", "standing", (-0.8, 0.5), yaw=24, emotion="surprised", intensity="medium", manner=3,
                       rate=0.5, head=(16, 12))), hold=8),
        Shot("tide_race", "beach", "afternoon", "sunny", 48,
             View((0, -3.9, 1.0), (-2.0, 0.5, 0.6), 36), (
                 Actor("bruma", "running", (-2.2, 0.1), (2.4, 0.1), 90, rate=1.45),
                 Actor("nilo", "running", (-3.3, 0.9), (1.3, 0.9), 88, "happy", "high", rate=1.7)),
             to=View((0, -3.9, 1.0), (2.1, 0.5, 0.6), 36), motion="pan"),
        Shot("over_the_wave", "beach", "afternoon", "sunny", 48,
             View((0.2, -3.7, 1.0), (0.0, 0.4, 0.68), 33), (
                 Actor("bruma", "jumping", (0.55, 0.2), yaw=62, rate=1.1),
                 Actor("nilo", "standing", (-1.0, 0.6), yaw=30, emotion="happy", intensity="high", manner=1,
                       rate=0.8)))]


def home() -> list[Shot]:
    """The way home, the kitchen at night, and the square in the evening."""
    return [
        Shot("up_the_lane", "lane", "afternoon", "sunny", 48,
             View((0.0, -4.3, 1.15), (0, 4, 0.8), 34), (
                 Actor("bruma", "walking", (0.3, -1.5), (0.15, 0.9), 176, rate=0.9, manner=3),
                 Actor("nilo", "standing", (-0.45, 2.3), yaw=6, emotion="happy", intensity="medium", manner=1,
                       rate=0.7)), hold=8),
        Shot("by_the_oven", "kitchen", "night", "cloudy", 48,
             View((0.35, -2.8, 1.15), (-0.15, 0.4, 0.55), 32), (
                 Actor("bruma", "lying", (0.35, -0.35), yaw=-40, rate=0.4),
                 Actor("oreste", "standing", (-1.1, 0.9), yaw=26, emotion="happy", intensity="low", rate=0.4)), hold=8),
        Shot("bruma_smiles", "piazza", "evening", "sunny", 48,
             View((0.0, -2.8, 0.95), (0.0, 0.3, 0.56), 32), (
                 Actor("bruma", "standing", (0.5, -0.1), yaw=-6, manner=4, rate=0.7),
                 Actor("nilo", "sitting", (-0.45, 0.15), yaw=14, emotion="happy", intensity="medium", manner=4,
                       rate=0.5)), hold=8)]
