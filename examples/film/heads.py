"""Heads: skull, eyes, lids, brows, nose, mouth, ears and hair, all around one smooth surface.

Places on a face are given as two angles: longitude from the middle of the face towards the
figure's left, and latitude up from the middle of the skull. Lengths are in head radii until
the head is scaled, so one model serves the children and the adult.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from faces import Face
from mesh import Shape, curve, ellipsoid, grid, join, linear, revolve, tube, turn_x, turn_y, turn_z, unit

EYE_LONGITUDE, EYE_LATITUDE, EYE_RADIUS = 23.0, 3.0, 0.30


@dataclass(frozen=True)
class Looks:
    """What makes one head different from another; colours are sRGB."""

    skin: str
    hair: str
    iris: str
    style: str
    nose: float = 1.0
    brow: float = 1.0
    jaw: float = 1.0
    accent: str = "#d94f3d"


def surface(longitude, latitude, jaw=1.0, drop=0.0, lift=1.0) -> np.ndarray:
    """A point of the skull; `drop` lengthens the chin, `lift` scales away from the centre."""
    lon, lat = np.broadcast_arrays(np.radians(longitude), np.radians(latitude))
    degrees = np.degrees(lat)
    cheek = 1.0 + 0.10 * jaw * np.exp(-((degrees + 24) / 26) ** 2)
    taper = 1.0 - 0.10 * np.clip((-degrees - 45) / 45, 0, 1)
    x = 1.02 * np.sin(lon) * np.cos(lat) * cheek * taper
    y = -0.94 * np.cos(lon) * np.cos(lat) * (1.0 + 0.03 * np.exp(-((degrees + 30) / 24) ** 2))
    z = 0.98 * np.sin(lat) * (1.0 + drop * np.clip(-degrees / 60, 0, 1))
    return np.stack([x, y, z], axis=-1) * lift


def skull(looks: Looks, face: Face) -> Shape:
    """The skin of the head, blushing at the cheeks."""
    latitude = np.linspace(-90, 90, 31)[:, None]
    longitude = np.linspace(-180, 180, 44, endpoint=False)[None, :]
    points = surface(longitude, latitude, looks.jaw, chin(face))
    skin, warm = linear(looks.skin), linear(looks.skin) * (1.0, 0.55, 0.48)
    blush = np.zeros(points.shape[:2])
    for side in (-1, 1):
        blush += np.exp(-((longitude - side * 36) / 15) ** 2 - ((latitude + 19) / 11) ** 2)
    blush = (np.clip(blush, 0, 1) * min(1.0, 0.75 * face.blush))[..., None]
    return grid(points, skin * (1 - blush) + warm * blush, "skin", closed=True)


def chin(face: Face) -> float:
    """How much an open mouth lengthens the lower face."""
    return 0.10 * face.mouth_open


def eye_frame(side: int):
    """Centre of an eye and the matrix that turns it to look out of the face."""
    centre = surface(side * EYE_LONGITUDE, EYE_LATITUDE) * (0.86, 0.84, 1.0)
    return centre, turn_z(side * 11)


def eye(looks: Looks, face: Face, side: int, gaze) -> Shape:
    """Eyeball with iris, pupil and highlight, and both lids."""
    centre, frame = eye_frame(side)
    look = frame @ turn_z(gaze[0] - side * 8) @ turn_x(-gaze[1])
    iris, pupil = 42.0, 22.0 * face.pupil
    stops = [0, pupil * 0.5, pupil, pupil + 1, iris - 5, iris - 4, iris, iris + 2, 60, 80, 100, 140, 180]
    ring = linear(looks.iris)
    colours = [linear("#0d0a0c")] * 3 + [ring * 0.75, ring * 1.3, ring * 0.35, ring * 0.35]
    colours += [linear("#fbf8f2")] * (len(stops) - len(colours))
    polar = np.radians(np.array(stops, dtype=float))[:, None]
    around = np.linspace(0, 2 * np.pi, 28, endpoint=False)[None, :]
    points = np.stack(np.broadcast_arrays(
        np.sin(polar) * np.cos(around), -np.cos(polar), np.sin(polar) * np.sin(around)), -1)
    colour = np.broadcast_to(np.array(colours)[:, None], points.shape)
    ball = grid(points * EYE_RADIUS, colour, "gloss", closed=True).moved(look)
    shine = ellipsoid((0.055, 0.02, 0.055), "#ffffff", (0, 0, 0), 6, 10, "glow")
    spot = look @ np.array([0.09, -0.278, 0.12])
    parts = [ball] + lids(looks, face, side, frame)
    if face.upper_lid < 0.6:
        parts.append(shine.moved(look, spot))
    return join(parts).moved(offset=centre)


def lids(looks: Looks, face: Face, side: int, frame) -> list[Shape]:
    """Upper and lower lid as shells around the eyeball, the upper one with a dark rim."""
    skin = linear(looks.skin)
    tilt = turn_y(side * face.brow_tilt * 0.55)
    upper_edge = 78 - 96 * face.upper_lid
    lower_edge = -74 + 84 * face.lower_lid
    across = np.linspace(0, np.pi, 18)[None, :]
    made = []
    for edge, back in ((upper_edge, 165.0), (lower_edge, -165.0)):
        sweep = np.radians(np.linspace(edge, back, 12))[:, None]
        points = np.stack(np.broadcast_arrays(
            np.cos(across), -np.sin(across) * np.cos(sweep), np.sin(across) * np.sin(sweep)), -1)
        made.append(grid(points * EYE_RADIUS * 1.07, skin * (0.93, 0.82, 0.78), "skin")
                    .moved(frame @ tilt))
    rim_angle = np.radians(upper_edge)
    arc = np.linspace(0.08 * np.pi, 0.92 * np.pi, 15)
    rim = np.stack([np.cos(arc), -np.sin(arc) * np.cos(rim_angle),
                    np.sin(arc) * np.sin(rim_angle)], -1) * EYE_RADIUS * 1.08
    thickness = 0.017 + 0.012 * np.sin(arc)
    made.append(tube(rim, thickness, "#2a1a18", 8).moved(frame @ tilt))
    return made


def brow(looks: Looks, face: Face, side: int) -> Shape:
    """A thick tapered brow that slides over the forehead."""
    share = np.linspace(-1, 1, 9)
    longitude = side * (EYE_LONGITUDE + 14 * share + 1)
    latitude = 27 + face.brow_lift - face.brow_tilt * 0.42 * share - 3.0 * share ** 2
    points = surface(longitude, latitude, looks.jaw, lift=1.035)
    radius = looks.brow * 0.052 * (1.0 - 0.45 * np.abs(share + 0.15) ** 1.6)
    colour = linear(looks.hair) * 0.75
    return tube(points, radius, np.broadcast_to(colour, (9, 3)), 10, "cloth")


def mouth_lines(face: Face):
    """Longitudes and the latitudes of upper and lower lip."""
    share = np.linspace(-1, 1, 21)
    middle = -36.0 + 0.5 * face.smile * (2 * share ** 2 - 1)
    if face.smile > 0:
        middle = middle - 1.5 * face.mouth_open
    bulge = np.sqrt(np.clip(1 - share ** 2, 0, 1))
    top = middle + face.mouth_open * 4.5 * bulge ** (1.0 if face.smile <= 0 else 2.0)
    bottom = middle - face.mouth_open * 12.0 * bulge
    if face.teeth >= 1.0:
        top, bottom = middle + 7.0 * face.mouth_open * bulge ** 0.6, middle - 7.0 * face.mouth_open * bulge ** 0.6
    return face.mouth_width * share, top, bottom


def mouth(looks: Looks, face: Face) -> list[Shape]:
    """Lips as lines on the skin, and between them dark, teeth and tongue."""
    longitude, top, bottom = mouth_lines(face)
    drop = chin(face)
    lip = linear(looks.skin) * (0.62, 0.30, 0.28)
    made = []
    for line in (top, bottom):
        points = surface(longitude, line, looks.jaw, drop, 1.008)
        radius = 0.020 + 0.012 * np.cos(np.linspace(-np.pi / 2, np.pi / 2, len(line)))
        made.append(tube(points, radius, np.broadcast_to(lip, (len(line), 3)), 8, "skin"))
    if face.mouth_open < 0.05:
        return made[:1]
    share = np.linspace(0, 1, 9)[:, None]
    latitude = top[None, :] * (1 - share) + bottom[None, :] * share
    points = surface(np.broadcast_to(longitude, latitude.shape), latitude, looks.jaw, drop, 1.006)
    colour = np.broadcast_to(linear("#4a1014"), points.shape).copy()
    if face.teeth:
        rows = 3 if face.teeth < 1.0 else 9
        colour[:rows, 2:-2] = linear("#f6f1e6")
    if face.teeth >= 1.0:
        colour[4] = linear("#8a5a50")
    else:
        colour[6:, 5:-5] = linear("#d9605e")
    made.append(grid(points, colour, "gloss"))
    return made


def nose(looks: Looks) -> Shape:
    """A round button."""
    size = 0.115 * looks.nose
    colour = linear(looks.skin) * (1.0, 0.80, 0.75)
    return ellipsoid((size * 1.05, size, size * 0.9), colour, nose_centre(looks), 10, 16, "skin")


def nose_centre(looks: Looks) -> np.ndarray:
    """Middle of the nose's ball."""
    return surface(0, -14, looks.jaw) * (1, 1.03, 1)


def ear(looks: Looks, side: int) -> Shape:
    """A flattened ball at the side of the head, with a warmer hollow."""
    outer = ellipsoid((0.07, 0.17, 0.22), looks.skin, (0, 0, 0), 10, 14, "skin")
    hollow = ellipsoid((0.04, 0.10, 0.14), linear(looks.skin) * (0.9, 0.55, 0.5), (side * 0.05, -0.03, 0),
                       8, 12, "skin")
    return join([outer, hollow]).moved(turn_z(side * 22), ear_centre(side))


def ear_centre(side: int) -> np.ndarray:
    """Middle of an ear."""
    return np.array([side * 1.06, 0.02, -0.08])


def shell(colour, hairline, thickness=1.07, lumps=0.02) -> Shape:
    """Hair as a cap from the crown down to a hairline latitude given per longitude."""
    longitude = np.linspace(-180, 180, 48, endpoint=False)
    edge = np.array([hairline(value) for value in longitude])
    share = np.linspace(0, 1, 14)[:, None]
    latitude = 90 * (1 - share) + edge[None, :] * share
    lift = thickness + lumps * np.sin(np.radians(longitude * 9))[None, :] * share
    points = surface(np.broadcast_to(longitude, latitude.shape), latitude, lift=1.0) * lift[..., None]
    rim = surface(longitude, edge - 2)[None] * 0.97
    shade = linear(colour) * (0.85 + 0.3 * (np.sin(np.radians(longitude * 9)) > 0))[None, :, None]
    colours = np.broadcast_to(shade, (15, 48, 3))
    return grid(np.concatenate([points, rim]), colours, "cloth", closed=True)


def clump(longitude, latitude, direction, length, radius, colour, droop=0.35) -> Shape:
    """A tapering lock that leaves the scalp and falls."""
    root = surface(longitude, latitude, lift=0.99)
    out = unit(root)
    along = unit(np.asarray(direction, float))
    path = [root, root + (0.55 * out + 0.6 * along) * length * 0.4,
            root + (0.5 * out + 1.0 * along) * length * 0.8 + (0, 0, -droop * length * 0.3),
            root + (0.2 * out + 1.3 * along) * length + (0, 0, -droop * length)]
    share = np.linspace(0, 1, 9)
    return tube(curve(path, 9), radius * (1 - share ** 1.6) + 0.008, colour, 9, "cloth")


def tousled(looks: Looks) -> list[Shape]:
    """A boy's short hair: a cap and locks that stand up."""
    def hairline(longitude):
        front = np.cos(np.radians(longitude))
        return 40 * front + 2 if front > 0 else 2 + 34 * front
    made = [shell(looks.hair, hairline, 1.06)]
    random = np.random.default_rng(11)
    for _ in range(34):
        longitude, latitude = random.uniform(-180, 180), random.uniform(30, 84)
        if abs(longitude) < 70 and latitude < 46:
            latitude = 50
        swirl = surface(longitude + 70, latitude - 6) - surface(longitude, latitude)
        made.append(clump(longitude, latitude, swirl + random.normal(0, 0.15, 3),
                          random.uniform(0.34, 0.5), random.uniform(0.12, 0.17), looks.hair, 0.1))
    for longitude in (-38, -22, -6, 12, 28, 42):
        made.append(clump(longitude, 52, (0.5, -0.5, -0.15), 0.36, 0.13, looks.hair, 0.35))
    return made


def pigtails(looks: Looks) -> list[Shape]:
    """A girl's hair: a fringe, a full cap and two tied tails."""
    def hairline(longitude):
        front = np.cos(np.radians(longitude))
        return 30 * front + 4 if front > 0.2 else -30 + 170 * max(front, 0)
    made = [shell(looks.hair, hairline, 1.09, 0.025)]
    for longitude in (-52, -36, -20, -5, 10, 25, 40, 54):
        made.append(clump(longitude, 56, (0.12 * np.sign(longitude), -0.5, -0.75), 0.42, 0.15,
                          looks.hair, 0.5))
    for side in (-1, 1):
        base = np.array([side * 1.0, 0.42, 0.42])
        path = curve([base, base + (side * 0.28, 0.06, 0.10), base + (side * 0.48, 0.10, -0.22),
                      base + (side * 0.46, 0.10, -0.62)], 12)
        share = np.linspace(0, 1, 12)
        made.append(tube(path, 0.10 + 0.16 * np.sin(np.pi * share ** 0.8), looks.hair, 12, "cloth"))
        made.append(ellipsoid((0.10, 0.14, 0.14), looks.accent, base + (side * 0.07, 0.0, 0.02), 8,
                              12, "gloss"))
    return made


def capped(looks: Looks) -> list[Shape]:
    """A man's wool cap over grey hair, and a moustache."""
    def hairline(longitude):
        return 26 if abs(longitude) < 66 else -22
    made = [shell(looks.hair, hairline, 1.05, 0.03)]
    rows = [(1.04, 0.26), (1.14, 0.28), (1.16, 0.36), (1.15, 0.44), (1.08, 0.47), (1.07, 0.66),
            (0.86, 0.98), (0.52, 1.20), (0.2, 1.27), (0.001, 1.28)]
    cap = revolve(rows, looks.accent, 36, material="cloth").scaled((0.99, 0.97, 1.0))
    made += [cap.moved(turn_x(-14), (0, 0.06, 0.06)),
             ellipsoid((0.13, 0.13, 0.11), looks.accent, (0, 0.42, 1.27), 8, 12, "cloth")]
    for side in (-1, 1):
        share = np.linspace(0, 1, 11)
        points = surface(side * (1 + 27 * share), -25 - 5 * share + 5 * share ** 3,
                         looks.jaw, lift=1.06)
        made.append(tube(points, 0.115 * (1 - share ** 2) + 0.02, looks.hair, 12, "cloth"))
    return made


STYLES = {"tousled": tousled, "pigtails": pigtails, "capped": capped}


def head(looks: Looks, face: Face, gaze) -> Shape:
    """The whole head in head radii, centred on the skull."""
    parts = [skull(looks, face), nose(looks)] + mouth(looks, face) + STYLES[looks.style](looks)
    for side in (-1, 1):
        parts += [eye(looks, face, side, gaze), brow(looks, face, side), ear(looks, side)]
    return join(parts)


def landmarks(looks: Looks, face: Face) -> dict:
    """Named places of the face in head radii: eyes, nose, ears and corners of the mouth."""
    longitude, top, bottom = mouth_lines(face)
    corners = surface(longitude[[0, -1]], (top + bottom)[[0, -1]] / 2, looks.jaw, chin(face), 1.02)
    places = {"nose": nose_centre(looks) + (0, -0.115 * looks.nose, 0),
              "right_mouth": corners[0], "left_mouth": corners[1]}
    for name, side in (("left", 1), ("right", -1)):
        centre, frame = eye_frame(side)
        places[f"{name}_eye"] = centre + frame @ np.array([0, -EYE_RADIUS * 1.05, 0])
        places[f"{name}_ear"] = ear_centre(side) + (side * 0.07, 0, 0)
    return places


def marks(looks: Looks, face: Face) -> np.ndarray:
    """The 28 points of hysts' anime-face-detector in head radii, in its order; left is the figure's right, as images show it."""
    drop = chin(face)
    temples = [surface(lon, 0, looks.jaw) for lon in (-75, 75)]
    jaws = [surface(lon, -48, looks.jaw, drop) for lon in (-58, 58)]
    made = [temples[0], jaws[0], surface(0, -74, looks.jaw, drop), jaws[1], temples[1]]
    for side, shares in ((-1, (1, 0, -1)), (1, (-1, 0, 1))):
        share = np.array(shares, float)
        latitude = 27 + face.brow_lift - face.brow_tilt * 0.42 * share - 3.0 * share ** 2
        made += list(surface(side * (EYE_LONGITUDE + 14 * share + 1), latitude, looks.jaw, lift=1.07))
    for side in (-1, 1):
        centre, frame = eye_frame(side)
        turned = frame @ turn_y(side * face.brow_tilt * 0.55)
        upper, lower = np.radians(78 - 96 * face.upper_lid), np.radians(-74 + 84 * face.lower_lid)

        def rim(around, edge):
            at = np.array([np.cos(around), -np.sin(around) * np.cos(edge), np.sin(around) * np.sin(edge)])
            return centre + turned @ (at * EYE_RADIUS * 1.08)
        # Around the eye, 0 is at the figure's left.
        left, right = ((rim(share * np.pi, upper) + rim(share * np.pi, lower)) / 2 for share in (0.12, 0.88))
        top, low = rim(np.pi / 2, upper), [rim(share * np.pi, lower) for share in (0.7, 0.5, 0.3)]
        made += [right, top, left, *low]
    longitude, top, bottom = mouth_lines(face)
    corners = surface(longitude[[0, -1]], (top + bottom)[[0, -1]] / 2, looks.jaw, drop, 1.02)
    lips = [surface(0, line[10], looks.jaw, drop, 1.02) for line in (top, bottom)]
    made += [nose_centre(looks) + (0, -0.115 * looks.nose, 0), corners[0], lips[0], corners[1], lips[1]]
    return np.array(made)


def outline(looks: Looks, face: Face) -> np.ndarray:
    """Points of the skin that a face box goes around: forehead to chin, ear to ear."""
    longitude, latitude = np.meshgrid(np.linspace(-80, 80, 17), np.linspace(-72, 48, 13))
    return surface(longitude, latitude, looks.jaw, chin(face)).reshape(-1, 3)
