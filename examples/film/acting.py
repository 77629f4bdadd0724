"""From a shot and a moment to posed figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from characters import CAST, Figure, pose_figure
from creature import CREATURES, pose_creature
from creature import MOTIONS as STANCES
from faces import blink, expression
from poses import MOTIONS
from staging import FRAMES_PER_SECOND, Actor, Shot


def emotion_at(actor: Actor, share: float) -> tuple:
    """Emotion and intensity part of the way through a shot; a change comes at 45 %. A beast has none."""
    if actor.name in CREATURES:
        return None, None
    return actor.then if actor.then and share >= 0.45 else (actor.emotion, actor.intensity)


def figure_at(actor: Actor, share: float, seconds: float) -> Figure:
    """An actor's figure `seconds` into a shot."""
    phase = actor.phase + actor.rate * seconds
    if actor.action in ("walking", "running", "jumping"):
        phase %= 1.0
    blinking = actor.rate > 0 and (seconds * 1.0 + 0.37 * len(actor.name)) % 2.4 < 0.2
    place = (*np.add(actor.start, np.subtract(actor.end or actor.start, actor.start) * share), actor.floor)
    if actor.name in CREATURES:
        stance = STANCES[actor.action](phase, actor.manner)
        stance = replace(stance, head_yaw=stance.head_yaw + actor.head[0], head_pitch=stance.head_pitch + actor.head[1])
        return pose_creature(CREATURES[actor.name], stance, blinking, place, actor.yaw)
    person = CAST[actor.name]
    pose = MOTIONS[actor.action](phase, actor.manner)
    if actor.seat is not None:
        pose = replace(pose, seat=actor.seat)
    pose = replace(pose, head_yaw=pose.head_yaw + actor.head[0], head_pitch=pose.head_pitch + actor.head[1])
    face = expression(*emotion_at(actor, share))
    if blinking and face.upper_lid > 0.1:
        face = blink(face, 0.8)
    return pose_figure(person, pose, face, actor.gaze, place, actor.yaw)


def figures_at(shot: Shot, drawing: float) -> dict:
    """All figures of a drawing by name; a fractional drawing is a moment between two."""
    share = min(1.0, drawing / max(1, shot.drawings - 1))
    seconds = drawing * shot.hold / FRAMES_PER_SECOND
    return {actor.name: figure_at(actor, share, seconds) for actor in shot.cast}
