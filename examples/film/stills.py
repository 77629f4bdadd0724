"""Single random images with exact truth: the training set for small networks.

Place, light, camera, players, poses, faces, clothes and what stands in the way are all drawn at
random; the same seed gives the same images. Each still has its own random stream, so any range
of them can be made alone.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, replace

import finish
import numpy as np
import truth
from characters import CAST, Character, pose_figure
from creature import CREATURES, Creature, pose_creature
from creature import MOTIONS as STANCES
from faces import EMOTIONS, INTENSITIES, expression
from light import TIMES, WEATHERS
from mesh import join, turn_z
from PIL import Image
from places import NAMES, build, props
from poses import ACTIONS, MOTIONS
from render import save
from stage import Camera, Stage

STILLS_A_PLACE = 10
ROOM = {
    "piazza": ((-4.5, 0.8), (-4.0, 1.5), 180), "harbour": ((-2.5, 2.6), (-6.0, -0.8), 180),
    "beach": ((-2.6, 4.5), (-4.0, 0.2), 180), "kitchen": ((-1.5, 1.5), (-2.8, -1.0), 32),
    "lane": ((-0.8, 0.8), (-3.0, 4.5), 16),
}
FRAMINGS = {"face": (0.62, 1.0), "bust": (0.95, 1.5), "body": (1.7, 2.6), "wide": (3.0, 5.5)}


@dataclass(frozen=True)
class Player:
    """One character of a still and how it acts."""

    person: Character | Creature
    action: str
    emotion: str | None
    intensity: str | None
    pose: object
    position: np.ndarray
    yaw: float
    gaze: tuple


@dataclass(frozen=True)
class Plan:
    """Everything that was drawn for a still."""

    players: tuple
    camera: Camera
    time: str
    weather: str
    haze: float | None
    exposure: float
    dim: float
    focus: str
    framing: str
    extras: object


def colour(random) -> str:
    """Any colour that cloth is dyed in."""
    import colorsys
    rgb = colorsys.hsv_to_rgb(random.random(), random.uniform(0.25, 0.85), random.uniform(0.3, 0.98))
    return "#" + "".join(f"{int(255 * value):02x}" for value in rgb)


def dressed(random, person: Character) -> Character:
    """The person as in the film, or in other clothes, and now and then with other skin and hair."""
    if random.random() < 0.6:
        return person
    clothes = replace(person.clothes, top=colour(random), stripe=colour(random), bottom=colour(random),
                      shoes=colour(random))
    if person.clothes.skirt:
        clothes = replace(clothes, bottom=clothes.top)
    looks = person.looks
    if random.random() < 0.5:
        skin = ("#f1c9a5", "#e0a77c", "#c98a5e", "#9a6240", "#6e432c")[random.integers(5)]
        hair = ("#2a1d18", "#5a3a22", "#a8672a", "#d9b25a", "#b5452c", "#d8d4cc")[random.integers(6)]
        iris = ("#3f8f6a", "#7a4a1e", "#4a6f94", "#5a3a24")[random.integers(4)]
        looks = replace(looks, skin=skin, hair=hair, iris=iris, accent=colour(random))
    return replace(person, clothes=clothes, looks=looks)


def posed(random, action: str):
    """A pose of an action at a random moment, with the head turned; the seat's height if it has one."""
    manner = int(random.integers(6 if action == "sitting" else 5))
    pose = MOTIONS[action](random.random(), manner)
    loose = random.normal(0, 7, 4)
    seat = pose.seat
    if action == "sitting" and manner < 4:
        seat = random.uniform(0.3, 0.5)
    return replace(pose, seat=seat, head_yaw=pose.head_yaw + random.normal(0, 16),
                   head_pitch=pose.head_pitch + loose[0], head_roll=loose[1] * 0.7,
                   sway=pose.sway + loose[2] * 0.3, twist=pose.twist + loose[3] * 0.5), manner < 4


def players(random, place: str, toward: float) -> tuple[list, list]:
    """The players of a still, and the things they sit on. `toward` is the yaw that faces the camera."""
    count = int(random.choice(4, p=(0.08, 0.47, 0.30, 0.15)))
    names = random.permutation(list(CAST))[:count]
    (left, right), (near, far), _ = ROOM[place]
    middle = np.array([random.uniform(left, right), random.uniform(near, far)])
    made, seats = [], []
    for index, name in enumerate(names):
        action = ACTIONS[random.integers(len(ACTIONS))]
        pose, on_chair = posed(random, action)
        spread = random.uniform(0.45, 0.9) * index
        way = np.radians(random.uniform(0, 360))
        spot = middle + spread * np.array([np.cos(way), np.sin(way)])
        spot = np.clip(spot, (left - 0.3, near), (right + 0.3, far))
        yaw = toward + random.choice((0, 0, 45, -45, 45, 90, -90, 180)) + random.uniform(-22, 22)
        if action == "sitting" and on_chair:
            seats.append(props.at(props.chair(colour(random), pose.seat), *spot, 0, yaw))
        made.append(Player(dressed(random, CAST[name]), action, EMOTIONS[random.integers(5)],
                           INTENSITIES[random.integers(3)], pose, np.array([*spot, 0.0]), yaw,
                           tuple(random.normal(0, 7, 2))))
    return made, seats


def beast(random, place: str, toward: float, others: list) -> list:
    """The players of a still with a beast before them: alone, or with one or two of the others beside it."""
    (left, right), (near, far), _ = ROOM[place]
    others = others[:int(random.choice(3, p=(0.35, 0.45, 0.2)))]
    spot = np.array([random.uniform(left, right), random.uniform(near, far)])
    if others:
        way = np.radians(random.uniform(0, 360))
        spot = others[0].position[:2] + random.uniform(0.5, 1.1) * np.array([np.cos(way), np.sin(way)])
        spot = np.clip(spot, (left - 0.3, near), (right + 0.3, far))
    action = ACTIONS[random.integers(len(ACTIONS))]
    stance = STANCES[action](random.random(), int(random.integers(6)))
    stance = replace(stance, head_yaw=stance.head_yaw + random.normal(0, 18), head_pitch=stance.head_pitch + random.normal(0, 9),
                     neck=stance.neck + random.normal(0, 8), tail=stance.tail + random.normal(0, 10))
    one = CREATURES["bruma"]
    if random.random() < 0.25:
        coat = replace(one.coat, back=colour(random), spots=colour(random), crest=colour(random), collar=colour(random))
        one = replace(one, coat=coat, size=one.size * random.uniform(0.8, 1.15))
    yaw = toward + random.choice((0, 40, -40, 90, -90, 90, -90, 180)) + random.uniform(-25, 25)
    return [Player(one, action, None, None, stance, np.array([*spot, 0.0]), yaw, (0.0, 0.0)), *others]


def obstacle(random, camera, target):
    """Something between the camera and the first player, a little to the side."""
    things = (lambda: props.crate(colour(random), random.uniform(0.4, 0.7)), props.barrel,
              lambda: props.pot(random, random.uniform(0.2, 0.35)), lambda: props.lamp_post(2.6),
              lambda: props.table(colour(random)), lambda: props.chair(colour(random)),
              lambda: props.box((0.5, 0.5, random.uniform(0.4, 1.1)), colour(random), (0, 0, 0.4)))
    share = random.uniform(0.45, 0.75)
    spot = np.asarray(camera) * (1 - share) + np.asarray(target) * share
    side = np.array([target[1] - camera[1], camera[0] - target[0]])
    spot = spot[:2] + side / max(np.linalg.norm(side), 1e-6) * random.normal(0, 0.35)
    return props.at(things[random.integers(len(things))](), *spot, 0, random.uniform(0, 360))


def camera_for(random, place: str, actors: list, bearing: float, aspect: float, wanted: str | None = None):
    """A camera `bearing` degrees off the usual direction, framing the first player."""
    framing = list(FRAMINGS)[random.choice(4, p=(0.26, 0.24, 0.30, 0.20))]
    framing = wanted or framing
    height = random.uniform(*FRAMINGS[framing])
    if actors:
        figure = figures(actors)[next(iter(figures(actors)))]
        face, middle = figure.keypoints[:3 if figure.kind == "animal" else 5].mean(axis=0), figure.keypoints.mean(axis=0)
        target = face if framing in ("face", "bust") else middle
        target = target + random.normal(0, 0.08, 3) * height
    else:
        (left, right), (near, far), _ = ROOM[place]
        target, height = np.array([(left + right) / 2, far, random.uniform(0.8, 1.6)]), 4.0
    lens = random.uniform(28, 60)
    distance = np.clip(height * aspect * lens / 36, 0.9, 7.0 if place != "kitchen" else 3.6)
    lift = random.uniform(-8, 24)
    back = turn_z(bearing) @ np.array([0, -np.cos(np.radians(lift)), np.sin(np.radians(lift))])
    position = target + back * distance
    position[2] = max(position[2], 0.18)
    return Camera(tuple(position), tuple(target), lens, roll=random.normal(0, 1.5)), framing, distance


def portrait(random, actors: list, toward: float) -> list:
    """The first player alone, who stands or sits up and looks toward the camera, more or less."""
    for actor in actors[:1]:
        pose = replace(actor.pose, head_yaw=float(random.normal(0, 22)))
        return [replace(actor, pose=pose, yaw=toward + random.normal(0, 28))]
    return []


def plan(random, place: str, aspect: float, framing: str | None = None, beasts: float = 0.0) -> Plan:
    """Draws a still; of faces alone, if that is the `framing` asked for, and with a beast in a share `beasts` of them."""
    span = ROOM[place][2]
    bearing = random.uniform(-span, span)
    if place == "lane" and random.random() < 0.3:
        bearing += 180
    if random.random() < 0.6 and span > 90:
        bearing = random.uniform(-55, 55)
    actors, seats = players(random, place, bearing)
    if framing == "face":
        actors = portrait(random, actors, bearing)
    if beasts and random.random() < beasts:
        actors = beast(random, place, bearing, actors)
    camera, framing, distance = camera_for(random, place, actors, bearing, aspect, framing)
    draw = random.random()
    focus = "shallow" if draw < 0.15 else "out_of_focus" if draw < 0.22 else "sharp"
    if focus == "shallow":
        camera = replace(camera, focus=float(distance), aperture=random.uniform(1.0, 2.8))
    if focus == "out_of_focus":
        camera = replace(camera, focus=float(distance) * random.uniform(0.2, 0.4), aperture=random.uniform(0.8, 1.6))
    extras = list(seats)
    if actors and random.random() < 0.3 and framing != "face":
        extras.append(obstacle(random, camera.position, camera.target))
    time_of_day = TIMES[random.integers(5)]
    return Plan(tuple(actors), camera, time_of_day, WEATHERS[random.choice(3, p=(0.44, 0.30, 0.26))],
                random.uniform(0.02, 0.06) if random.random() < 0.08 else None, random.normal(0, 0.25),
                random.uniform(0.3, 0.6) if random.random() < 0.08 else 1.0, focus, framing,
                join(extras) if extras else None)


def figures(actors) -> dict:
    """Posed figures by name."""
    def posed_as(actor):
        if isinstance(actor.person, Creature):
            return pose_creature(actor.person, actor.pose, False, actor.position, actor.yaw)
        return pose_figure(actor.person, actor.pose, expression(actor.emotion, actor.intensity), actor.gaze, actor.position, actor.yaw)
    return {actor.person.name: posed_as(actor) for actor in actors}


def clear(stage: Stage, drawn: Plan, posed_figures: dict) -> bool:
    """Whether no wall stands between the camera and the first player."""
    if not posed_figures:
        return True
    place = next(iter(posed_figures.values())).middle
    distance = np.linalg.norm(place - np.asarray(drawn.camera.position))
    return stage.first_hit(place) > distance - 0.9 and stage.first_hit(place + (0, 0, 0.4)) > distance - 1.2


def still(stage: Stage, seed: int, number: int, framing: str | None = None, beasts: float = 0.0) -> tuple[np.ndarray, dict]:
    """The image and the record of one still; its place must be on the stage."""
    place = stage.set.name
    for attempt in range(12):
        random = np.random.default_rng([seed, number, attempt])
        drawn = plan(random, place, stage.width / stage.height, framing, beasts)
        posed_figures = figures(drawn.players)
        stage.set_extras(drawn.extras)
        stage.set_figures(posed_figures)
        stage.set_camera(drawn.camera)
        if clear(stage, drawn, posed_figures):
            break

    def change(light):
        return replace(light, azimuth=light.azimuth + random.normal(0, 25), exposure=light.exposure + drawn.exposure,
                       elevation=light.elevation * random.uniform(0.8, 1.15), lamps=light.lamps * drawn.dim,
                       sun=light.sun * (0.3 + 0.7 * drawn.dim), sky=light.sky * (0.3 + 0.7 * drawn.dim))
    stage.set_light(drawn.time, drawn.weather, drawn.haze, change)
    image = stage.image(number % 997)
    wet = drawn.weather == "rainy" and not stage.set.indoor
    image = finish.finish(image, (seed, number) if wet else None)
    labels = {actor.person.name: (actor.action, actor.emotion, actor.intensity) for actor in drawn.players}
    with stage.flat():
        found = truth.packed(truth.characters(stage, posed_figures, labels))
    for item in found:
        for key in ("mask", "whole"):
            item[key] = {"size": [stage.height, stage.width], "counts": item[key]}
    return image, {
        "width": stage.width, "height": stage.height, "place": place,
        "light": {"time": drawn.time, "weather": drawn.weather, "setting": "indoor" if stage.set.indoor else "outdoor",
                  "dark": drawn.dim < 1.0, "air": "hazy" if drawn.haze else "clear"},
        "focus": drawn.focus, "framing": drawn.framing, "characters": found}


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stills", type=int, required=True, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first still, to continue or to share work")
    parser.add_argument("--size", default="320x320", help="WxH in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--framing", choices=FRAMINGS, help="only this framing; for face, one character who looks this way")
    parser.add_argument("--beasts", type=float, default=0.0, metavar="SHARE", help="share of stills with a four-legged character")
    parser.add_argument("--samples", type=int, default=5, help="light paths per pixel")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Makes stills that are not there yet, then joins their records into truth.jsonl."""
    options = parse()
    width, height = map(int, options.size.split("x"))
    os.makedirs(options.out, exist_ok=True)
    stage = Stage(width, height, options.samples, options.threads, os.path.join(options.out, ".scratch"))
    numbers = range(options.first, options.first + options.stills)
    block = None
    for number in numbers:
        base = os.path.join(options.out, f"{number:06d}")
        if os.path.exists(base + ".json") and os.path.exists(base + ".jpg"):
            continue
        started = time.time()
        if block != number // STILLS_A_PLACE:
            block = number // STILLS_A_PLACE
            stage.set_place(build(NAMES[block % len(NAMES)], options.seed * 1000 + block))
        pixels, record = still(stage, options.seed, number, options.framing, options.beasts)
        image = Image.fromarray(pixels)
        save(base + ".jpg", lambda path: image.save(path, quality=95, subsampling=0))
        text = json.dumps({"image": f"{number:06d}.jpg", **record}, separators=(",", ":"))
        save(base + ".json", lambda path: open(path, "w").write(text))
        print(f"still {number} {time.time() - started:.1f} s", flush=True)
    with open(os.path.join(options.out, "truth.jsonl"), "w") as joined:
        for name in sorted(os.listdir(options.out)):
            if name.endswith(".json") and name[0] != ".":
                joined.write(open(os.path.join(options.out, name)).read() + "\n")


if __name__ == "__main__":
    main()
