"""The shot list: who does what, where, in which light, and how the camera sees it.

A shot is data. Times are frames at 24 a second, places are metres on the set's floor, a yaw of
0 looks along -y (at the usual camera) and 90 along +x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

FRAMES_PER_SECOND = 24


@dataclass(frozen=True)
class Actor:
    """One character in one shot; it moves from `start` to `end` and may change its face."""

    name: str
    action: str
    start: tuple
    end: tuple | None = None
    yaw: float = 0.0
    emotion: str = "neutral"
    intensity: str = "low"
    then: tuple | None = None
    manner: int = 0
    rate: float = 0.0
    phase: float = 0.0
    seat: float | None = None
    floor: float = 0.0
    head: tuple = (0.0, 0.0)
    gaze: tuple = (0.0, 0.0)


@dataclass(frozen=True)
class View:
    """A camera set-up: position, target, lens in mm, focus distance and f-number."""

    position: tuple
    target: tuple
    lens: float = 35.0
    focus: float = 5.0
    aperture: float = 0.0


@dataclass(frozen=True)
class Shot:
    """One shot. `hold` is frames a drawing; `join` is how it begins, `leave` how it ends."""

    name: str
    place: str
    time: str
    weather: str
    frames: int
    view: View
    cast: tuple
    to: View | None = None
    motion: str = "fixed"
    focus: str = "sharp"
    hold: int = 6
    haze: float | None = None
    dim: float = 1.0
    join: str = "cut"
    leave: str = "cut"
    flash: int | None = None
    returns: str | None = None

    @property
    def drawings(self) -> int:
        """How many different images the shot has."""
        return -(-self.frames // self.hold)

    def share(self, drawing: int) -> float:
        """How far through the shot a drawing is, 0 to 1."""
        return drawing / max(1, self.drawings - 1)

    def plates(self) -> tuple:
        """Drawings that are also made without the cast: one if the camera stands, else three."""
        middle = self.drawings // 2
        if self.motion == "fixed":
            return (middle,)
        first = 2 if self.join == "dissolve" else 1
        return (first, middle - 1, min(middle + 2, self.drawings - 1))

    @property
    def rains(self) -> bool:
        """Whether drops fall in the image."""
        return self.weather == "rainy" and self.place != "kitchen"


def story() -> list[Shot]:
    """The film as it is meant: a day and a night in a small town by the sea."""
    return [*first_morning(), *midday(), *shore(), *trouble(), *storm(), *reconciled()]


def first_morning() -> list[Shot]:
    """Harbour, early, in haze."""
    return [
        Shot("harbour_dawn", "harbour", "morning", "sunny", 72,
             View((-3.6, -6.6, 1.9), (0.2, 6, 1.1), 28), (
                 Actor("nilo", "walking", (-4.2, -0.9), (-1.2, -0.9), 90, "neutral", "low", rate=1.0),
                 Actor("oreste", "standing", (2.4, 0.5), yaw=150, emotion="neutral", intensity="medium",
                       manner=2, rate=0.3)),
             to=View((-2.2, -6.2, 1.8), (1.0, 6, 1.1), 28), motion="dolly", haze=0.038),
        Shot("nilo_walks", "harbour", "morning", "sunny", 60,
             View((-0.4, -4.0, 1.1), (-1.7, 0, 0.86), 40), (
                 Actor("nilo", "walking", (-1.9, -0.3), (0.9, -0.3), 66, "happy", "low", rate=1.05,
                       head=(-18, 0)),),
             to=View((-0.4, -4.0, 1.1), (0.8, 0, 0.86), 40), motion="pan", join="dissolve")]


def midday() -> list[Shot]:
    """The square at noon, and the lane."""
    square = View((0.3, -7.0, 1.6), (-0.3, 4, 1.25), 28)
    return [
        Shot("square_noon", "piazza", "noon", "sunny", 72, square, (
            Actor("pia", "running", (-4.2, -1.2), (2.4, -0.8), 88, "happy", "medium", rate=1.7),
            Actor("oreste", "standing", (-2.2, 3.0), yaw=12, emotion="happy", intensity="low",
                  manner=1, rate=0.6),
            Actor("nilo", "walking", (3.4, 1.0), (1.5, 0.2), -66, "neutral", "low", rate=0.9))),
        Shot("pia_gasps", "piazza", "noon", "sunny", 42,
             View((0.25, -2.25, 1.06), (0.05, 0, 0.99), 50, 2.05, 1.2), (
                 Actor("pia", "standing", (0, 0), yaw=14, emotion="surprised", intensity="low",
                       then=("surprised", "high"), manner=0, rate=0.5),), focus="shallow"),
        Shot("two_laugh", "piazza", "noon", "sunny", 42,
             View((-1.5, -2.4, 1.05), (-0.35, 0.3, 0.93), 42), (
                 Actor("nilo", "standing", (-0.6, 0.1), yaw=-44, emotion="happy", intensity="medium",
                       then=("happy", "high"), manner=2, rate=0.8, head=(10, -4)),
                 Actor("pia", "standing", (-0.15, 0.75), yaw=-14, emotion="happy", intensity="low",
                       rate=0.8))),
        Shot("lane_chase", "lane", "afternoon", "sunny", 60,
             View((0.0, -4.6, 1.25), (0, 6, 1.15), 30), (
                 Actor("nilo", "running", (-0.5, -1.6), (-0.3, 3.4), 180, "happy", "medium", rate=1.7),
                 Actor("pia", "running", (0.55, -2.2), (0.4, 2.4), 176, "happy", "high", rate=1.7,
                       phase=0.4)),
             to=View((0.0, -3.0, 1.2), (0, 6, 1.15), 30), motion="dolly", hold=5),
        Shot("lane_rest", "lane", "afternoon", "sunny", 48,
             View((-0.7, -2.3, 1.0), (0.45, 1.6, 0.86), 33), (
                 Actor("nilo", "sitting", (-0.2, 1.2), yaw=-20, emotion="happy", intensity="low",
                       manner=4, rate=0.6, head=(14, -6)),
                 Actor("oreste", "walking", (1.0, 4.6), (0.8, 2.6), -8, "angry", "low", rate=0.9)))]


def shore() -> list[Shot]:
    """The beach, from the afternoon into the evening."""
    return [
        Shot("beach_dash", "beach", "afternoon", "sunny", 36,
             View((0, -3.7, 1.0), (-2.5, 0.5, 0.78), 38), (
                 Actor("nilo", "running", (-2.5, 0.3), (2.6, 0.3), 90, "happy", "high", rate=1.8),
                 Actor("pia", "running", (-3.6, 0.9), (1.5, 0.9), 88, "happy", "high", rate=1.8,
                       phase=0.3)),
             to=View((0, -3.7, 1.0), (2.5, 0.5, 0.78), 38), motion="pan", focus="motion_blur", hold=4),
        Shot("beach_games", "beach", "afternoon", "sunny", 72,
             View((0.4, -4.8, 1.5), (0.2, 6, 0.75), 29), (
                 Actor("pia", "jumping", (-0.9, 0.0), yaw=16, emotion="happy", intensity="high",
                       rate=0.85),
                 Actor("nilo", "lying", (1.6, 1.5), yaw=14, emotion="happy", intensity="low"),
                 Actor("oreste", "walking", (-4.2, 2.2), (-2.6, 2.0), 72, "neutral", "medium", rate=0.8))),
        Shot("sand_talk", "beach", "afternoon", "sunny", 54,
             View((0.8, -1.7, 0.75), (1.0, 1.6, 0.5), 36), (
                 Actor("nilo", "lying", (1.75, 1.75), yaw=-24, emotion="neutral", intensity="low",
                       then=("happy", "low"), manner=1, rate=0.6),
                 Actor("pia", "sitting", (0.45, 1.5), yaw=22, emotion="sad", intensity="low",
                       manner=4, rate=0.4, head=(0, 8))),
             to=View((0.95, -1.2, 0.72), (1.0, 1.6, 0.5), 36), motion="dolly"),
        Shot("sunset", "beach", "evening", "sunny", 60,
             View((0.2, -2.6, 1.0), (0.15, 4, 0.62), 38), (
                 Actor("nilo", "sitting", (-0.35, 1.2), yaw=176, emotion="neutral", intensity="medium",
                       manner=4, rate=0.3),
                 Actor("pia", "sitting", (0.6, 1.25), yaw=-146, emotion="sad", intensity="medium",
                       manner=4, rate=0.3, head=(-30, 0))), join="dissolve")]


def trouble() -> list[Shot]:
    """A scolding in the kitchen at night."""
    return [
        Shot("scolding", "kitchen", "night", "cloudy", 60,
             View((0.1, -3.5, 1.32), (0.1, 0.8, 1.02), 33), (
                 Actor("oreste", "standing", (1.45, -0.5), yaw=-48, emotion="angry", intensity="high",
                       manner=2, rate=0.8, head=(-22, 10)),
                 Actor("nilo", "sitting", (-0.5, 0.9), yaw=14, emotion="sad", intensity="high", seat=0.44,
                       rate=0.5, head=(0, 8), gaze=(0, -8)),
                 Actor("pia", "standing", (-1.72, 0.75), yaw=46, emotion="surprised", intensity="medium",
                       manner=3, rate=0.4))),
        Shot("oreste_shouts", "kitchen", "night", "cloudy", 36,
             View((0.35, -2.0, 1.42), (1.42, -0.4, 1.5), 44), (
                 Actor("oreste", "standing", (1.45, -0.4), yaw=-58, emotion="angry", intensity="medium",
                       then=("angry", "high"), manner=3, rate=1.0, head=(12, 4)),)),
        Shot("nilo_cries", "kitchen", "night", "cloudy", 48,
             View((-0.3, -1.35, 1.08), (-0.45, 0.9, 0.98), 46, 2.15, 1.4), (
                 Actor("nilo", "sitting", (-0.5, 0.9), yaw=10, emotion="sad", intensity="medium",
                       then=("sad", "high"), seat=0.44, rate=0.5, head=(-6, 10), gaze=(0, -6)),),
             focus="shallow", leave="fade")]


def storm() -> list[Shot]:
    """Night, rain, and the grey day after."""
    return [
        Shot("dark_lane", "lane", "night", "rainy", 60,
             View((-0.3, -2.0, 1.1), (0.2, 4, 1.0), 34), (
                 Actor("pia", "walking", (0.35, 3.4), (0.2, 0.9), 5, "sad", "low", rate=0.9,
                       head=(0, 6)),),
             to=View((-0.3, -3.0, 1.1), (0.2, 4, 1.0), 34), motion="dolly", dim=0.30),
        Shot("lightning", "harbour", "night", "rainy", 48,
             View((0.5, -3.3, 1.25), (0.5, 3, 1.32), 34), (
                 Actor("oreste", "standing", (0.95, 0.2), yaw=-32, emotion="neutral", intensity="medium",
                       then=("surprised", "low"), rate=0.4),
                 Actor("nilo", "standing", (0.15, -0.2), yaw=150, emotion="surprised", intensity="medium",
                       manner=3, rate=0.4)), flash=20),
        Shot("far_lights", "piazza", "night", "sunny", 36,
             View((-0.2, -3.6, 1.1), (-0.4, 4, 1.6), 40, 0.55, 1.0), (
                 Actor("pia", "walking", (-1.5, 0.9), (0.4, 0.7), 84, "sad", "low", rate=0.9),),
             focus="out_of_focus"),
        Shot("wet_square", "piazza", "morning", "rainy", 48,
             View((-0.5, -3.0, 1.05), (-0.6, 1, 0.92), 38), (
                 Actor("pia", "standing", (-1.1, -0.2), yaw=22, emotion="neutral", intensity="high",
                       then=("sad", "medium"), rate=0.4, head=(0, 5)),
                 Actor("oreste", "walking", (2.5, 1.25), (0.8, 1.15), -88, "neutral", "high", rate=0.8))),
        Shot("quarrel", "lane", "morning", "cloudy", 48,
             View((0.05, -1.9, 1.0), (0.05, 0.6, 0.84), 34), (
                 Actor("pia", "standing", (-0.45, 0.6), yaw=78, emotion="angry", intensity="high", manner=2,
                       rate=0.9),
                 Actor("nilo", "standing", (0.5, 0.6), yaw=-80, emotion="angry", intensity="low", manner=3,
                       then=("angry", "medium"), rate=0.9))),
        Shot("grey_beach", "beach", "noon", "cloudy", 48,
             View((-0.5, -3.4, 1.0), (-0.3, 1, 0.85), 34), (
                 Actor("nilo", "jumping", (0.5, 0.2), yaw=-24, emotion="surprised", intensity="medium",
                       rate=0.8),
                 Actor("pia", "standing", (-0.9, 0.3), yaw=34, emotion="angry", intensity="medium", manner=2,
                       rate=0.4)))]


def reconciled() -> list[Shot]:
    """The next day ends well."""
    square = View((0.3, -7.0, 1.6), (-0.3, 4, 1.25), 28)
    return [
        Shot("grumbles", "harbour", "noon", "cloudy", 48,
             View((-3.5, -2.7, 1.1), (-4.15, 0.3, 0.98), 38), (
                 Actor("oreste", "sitting", (-4.6, 0.05), yaw=14, emotion="angry", intensity="low", seat=0.5,
                       manner=0, rate=0.3),
                 Actor("nilo", "standing", (-3.75, -0.25), yaw=-62, emotion="surprised", intensity="low",
                       manner=4, rate=0.5))),
        Shot("breakfast", "kitchen", "morning", "sunny", 60,
             View((0.5, -2.9, 1.25), (-0.15, 0.8, 0.98), 32), (
                 Actor("pia", "sitting", (0.5, 0.9), yaw=-14, emotion="happy", intensity="medium", manner=3,
                       seat=0.44, rate=0.6),
                 Actor("nilo", "sitting", (-0.55, 0.9), yaw=24, emotion="neutral", intensity="low",
                       then=("happy", "low"), seat=0.44, rate=0.5, head=(14, 0)),
                 Actor("oreste", "standing", (-2.25, 1.35), yaw=164, emotion="happy", intensity="low",
                       manner=4, rate=0.5)),
             to=View((-0.3, -2.5, 1.22), (-0.2, 0.8, 0.98), 32), motion="dolly"),
        Shot("square_again", "piazza", "noon", "sunny", 48, square, (
            Actor("oreste", "running", (3.2, -0.6), (-1.2, -1.0), -88, "surprised", "medium", rate=1.3),
            Actor("nilo", "sitting", (-3.85, 4.55), yaw=-80, emotion="happy", intensity="medium", seat=0.42,
                  manner=3, rate=0.5),
            Actor("pia", "jumping", (1.0, 1.6), yaw=-20, emotion="happy", intensity="high", rate=0.9)),
             returns="square_noon"),
        Shot("three_sit", "harbour", "evening", "sunny", 48,
             View((1.0, -1.9, 1.2), (1.05, 6, 0.62), 33), (
                 Actor("nilo", "sitting", (0.1, 1.72), yaw=180, emotion="happy", intensity="low", manner=1,
                       floor=0.1, seat=0.0),
                 Actor("pia", "sitting", (0.85, 1.72), yaw=-160, emotion="happy", intensity="medium",
                       floor=0.1, seat=0.0, head=(-24, 0)),
                 Actor("oreste", "sitting", (1.95, 1.68), yaw=172, emotion="happy", intensity="low", manner=1,
                       floor=0.1, seat=0.0)), hold=48),
        Shot("oreste_smiles", "harbour", "evening", "sunny", 42,
             View((2.75, 4.2, 1.05), (1.85, 1.7, 0.92), 40), (
                 Actor("oreste", "sitting", (1.95, 1.68), yaw=172, emotion="happy", intensity="medium",
                       then=("happy", "high"), manner=1, floor=0.1, seat=0.0, rate=0.5),
                 Actor("pia", "sitting", (0.75, 1.72), yaw=168, emotion="neutral", intensity="high",
                       floor=0.1, seat=0.0, rate=0.4))),
        Shot("finale", "piazza", "evening", "sunny", 72,
             View((0.1, -3.4, 1.1), (0.1, 2, 1.12), 32), (
                 Actor("nilo", "jumping", (-0.95, 0.0), yaw=14, emotion="happy", intensity="high", rate=0.9),
                 Actor("pia", "jumping", (0.05, -0.25), yaw=-6, emotion="happy", intensity="high", rate=0.9,
                       phase=0.45),
                 Actor("oreste", "standing", (1.15, 0.35), yaw=-20, emotion="happy", intensity="medium",
                       manner=1, rate=0.9)),
             to=View((0.1, -5.4, 1.4), (0.1, 2, 1.3), 32), motion="dolly", leave="fade")]


FILMS = ("lantern", "bruma")


def shot_list(seed: int, film: str = "lantern") -> list[Shot]:
    """The shots of a seed's film. Seed 7 is the story as written; others are restaged."""
    if film == "bruma":
        import bruma
        return bruma.story()
    shots = story()
    return shots if seed == 7 else restaged(shots, np.random.default_rng(seed))


TIMES_OF = {
    "piazza": ("morning", "noon", "evening", "night"), "harbour": ("morning", "noon", "evening", "night"),
    "beach": ("noon", "afternoon", "evening"), "lane": ("morning", "afternoon", "night"),
    "kitchen": ("morning", "night"),
}


def restaged(shots: list[Shot], random: np.random.Generator) -> list[Shot]:
    """Another film of the same scenes: other order, light, players, faces and distances."""
    from faces import EMOTIONS, INTENSITIES
    scenes, names = [], ["nilo", "pia"]
    for shot in shots:
        if shot.join == "dissolve" and scenes:
            scenes[-1].append(shot)
        else:
            scenes.append([shot])
    random.shuffle(names)
    swap = dict(zip(("nilo", "pia"), names))
    made = []
    for index in random.permutation(len(scenes)):
        for shot in scenes[index]:
            made.append(_restage(shot, random, swap, EMOTIONS, INTENSITIES))
    seen = {shot.name for shot in made}
    order = [shot.name for shot in made]
    return [replace(shot, returns=shot.returns if shot.returns in seen and
                    order.index(shot.returns) < order.index(shot.name) else None) for shot in made]


def _restage(shot: Shot, random, swap: dict, emotions, intensities) -> Shot:
    """One shot with other light, faces, players and a camera moved by a hand's breadth."""
    cast = []
    for actor in shot.cast:
        yaw = actor.yaw + random.normal(0, 8)
        face = (emotions[random.integers(5)], intensities[random.integers(3)])
        keep = random.random() < 0.4
        cast.append(replace(
            actor, name=swap.get(actor.name, actor.name), yaw=yaw,
            emotion=actor.emotion if keep else face[0], intensity=actor.intensity if keep else face[1],
            then=actor.then if keep else None, phase=random.random(),
            manner=actor.manner if actor.action in ("sitting", "lying") else int(random.integers(5))))
    shift = random.normal(0, 0.12, 3) * (1, 1, 0.4)
    views = [None if view is None else replace(view, position=tuple(np.add(view.position, shift)))
             for view in (shot.view, shot.to)]
    time = TIMES_OF[shot.place][random.integers(len(TIMES_OF[shot.place]))]
    weather = ("sunny", "sunny", "cloudy", "rainy")[random.integers(4)]
    dark = time == "night" and shot.dim < 1.0
    return replace(shot, cast=tuple(cast), view=views[0], to=views[1], time=time, weather=weather,
                   dim=shot.dim if dark else 1.0, flash=shot.flash if weather == "rainy" else None)


def view_at(shot: Shot, share: float) -> View:
    """The camera part of the way through a shot, easing in and out."""
    if shot.to is None:
        return shot.view
    ease = share if shot.focus == "motion_blur" else share * share * (3 - 2 * share)
    mix = lambda first, second: tuple(np.add(first, np.subtract(second, first) * ease))
    return View(mix(shot.view.position, shot.to.position), mix(shot.view.target, shot.to.target),
                shot.view.lens + (shot.to.lens - shot.view.lens) * ease, shot.view.focus, shot.view.aperture)
