"""Renders the film's drawings with their truth and plates, one file each, skipping what is there.

A drawing is written under another name and renamed, so a run that is stopped at any moment goes
on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace

import numpy as np
import truth
from acting import emotion_at, figures_at
from PIL import Image
from places import build
from stage import Camera, Stage
from staging import FILMS, Shot, View, shot_list, view_at

WIDTH, HEIGHT = 768, 320
BLUR_MOMENTS, BLUR_SHUTTER = 8, 0.36


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, help="folder for drawings, outside the repository")
    parser.add_argument("--film", choices=FILMS, default="lantern", help="which story")
    parser.add_argument("--seed", type=int, default=7, help="which film of the story lantern")
    parser.add_argument("--shots", nargs="*", help="only these shots")
    parser.add_argument("--samples", type=int, default=8, help="light paths per pixel")
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="only every n-th drawing of a shot")
    parser.add_argument("--no-truth", action="store_true", help="images only, for a quick look")
    return parser.parse_args()


def save(path: str, write) -> None:
    """Writes under another name, then renames."""
    folder, name = os.path.split(path)
    hidden = os.path.join(folder, f".{os.getpid()}.{name}")
    write(hidden)
    os.replace(hidden, path)


def light_the(stage: Stage, shot: Shot) -> None:
    """Light of a shot; `dim` below one turns lamps, moon and glow down for a dark scene."""
    def change(light):
        return replace(light, lamps=light.lamps * shot.dim, sun=light.sun * (0.3 + 0.7 * shot.dim),
                       sky=light.sky * (0.3 + 0.7 * shot.dim), glow=light.glow * (0.4 + 0.6 * shot.dim))
    stage.set_light(shot.time, shot.weather, shot.haze, change if shot.dim < 1.0 else None)


def aim(stage: Stage, view: View) -> None:
    """Puts the camera of the staging on the stage."""
    stage.set_camera(Camera(view.position, view.target, view.lens, view.focus, view.aperture))


def noise_seed(shot: Shot) -> int:
    """One noise pattern a shot, so that what stands still stays the same."""
    return sum(map(ord, shot.name)) % 1000


def blurred(stage: Stage, shot: Shot, drawing: int, cast: bool, samples: int) -> np.ndarray:
    """An image with motion blur: the mean light of several moments around the drawing."""
    light = 0.0
    for moment in np.linspace(-0.5, 0.5, BLUR_MOMENTS) * BLUR_SHUTTER:
        place = min(max(drawing + moment, 0.0), shot.drawings - 1.0)
        aim(stage, view_at(shot, shot.share(place)))
        if cast:
            stage.set_figures(figures_at(shot, place))
        take = stage.image if cast else stage.plate
        light = light + (take(noise_seed(shot), samples) / 255.0) ** 2.2
    return np.rint(255 * (light / BLUR_MOMENTS) ** (1 / 2.2)).astype(np.uint8)


def draw(stage: Stage, shot: Shot, drawing: int, cast: bool, samples: int) -> np.ndarray:
    """The image of a drawing, with or without the cast."""
    if shot.focus == "motion_blur":
        return blurred(stage, shot, drawing, cast, max(2, samples // 3))
    aim(stage, view_at(shot, shot.share(drawing)))
    extra = 2 if shot.focus == "out_of_focus" else 1
    return (stage.image if cast else stage.plate)(noise_seed(shot), samples * extra)


def record(stage: Stage, shot: Shot, drawing: int) -> dict:
    """The truth of a drawing; only while the stage is flat."""
    share, figures = shot.share(drawing), figures_at(shot, drawing)
    stage.set_figures(figures)
    aim(stage, view_at(shot, share))
    labels = {actor.name: (actor.action, *emotion_at(actor, share)) for actor in shot.cast}
    return {"shot": shot.name, "drawing": drawing, "width": stage.width, "height": stage.height,
            "characters": truth.packed(truth.characters(stage, figures, labels))}


def render_shot(stage: Stage, shot: Shot, options) -> None:
    """All drawings of a shot that are not on disk yet: first the images, then their truth."""
    folder = os.path.join(options.work, f"seed{options.seed}" if options.film == "lantern" else options.film)
    os.makedirs(folder, exist_ok=True)
    drawings = range(0, shot.drawings, options.every)
    images = [(drawing, cast) for drawing in drawings for cast in (True, False)
                if (cast or (drawing in shot.plates() and options.film == "lantern" and not options.no_truth))
                and not os.path.exists(file_of(folder, shot, drawing, ".png" if cast else "_plate.png"))]
    truths = [drawing for drawing in drawings
              if not options.no_truth and not os.path.exists(file_of(folder, shot, drawing, ".json"))]
    if images or truths:
        enter(stage, shot, options.seed)
    for drawing, cast in images:
        started = time.time()
        stage.set_figures(figures_at(shot, drawing))
        image = Image.fromarray(draw(stage, shot, drawing, cast, options.samples))
        save(file_of(folder, shot, drawing, ".png" if cast else "_plate.png"), image.save)
        print(f"{shot.name} {drawing + 1}/{shot.drawings} {time.time() - started:.1f} s", flush=True)
    if truths:
        with stage.flat():
            for drawing in truths:
                text = json.dumps(record(stage, shot, drawing), separators=(",", ":"))
                save(file_of(folder, shot, drawing, ".json"), lambda path: open(path, "w").write(text))


def file_of(folder: str, shot: Shot, drawing: int, ending: str) -> str:
    """Where one file of a drawing goes."""
    return os.path.join(folder, f"{shot.name}_{drawing:03d}{ending}")


def enter(stage: Stage, shot: Shot, seed: int) -> None:
    """Builds the shot's place if another stands there, and lights it."""
    if stage.set is None or stage.set.name != shot.place:
        stage.set_place(build(shot.place, seed))
    light_the(stage, shot)


def main() -> None:
    """Renders the film of a seed."""
    options = parse()
    height = round(options.width * HEIGHT / WIDTH)
    stage = Stage(options.width, height, options.samples, options.threads,
                  os.path.join(options.work, "scratch"))
    for shot in shot_list(options.seed, options.film):
        if not options.shots or shot.name in options.shots:
            render_shot(stage, shot, options)


if __name__ == "__main__":
    main()
