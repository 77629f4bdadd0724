"""Bodies drawn at random in every action, seen from every side, and what a detector makes of them.

A body stands at the origin, looks along +y, its left is -x, z is up; lengths are in heights of a
grown figure, angles in degrees. Proportions go from people to large-headed drawn children, limbs far
beyond what any one film shows. Nothing here knows of a film.
"""

import numpy as np

ACTIONS = ["standing", "walking", "running", "sitting", "jumping", "lying", "other"]
ANGLES = ["front", "three-quarter", "side", "back"]
OPPOSITE = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
DOWN = np.array([0.0, 0.0, -1.0])


def turn(axis, degrees):
    """A rotation about the x, y or z axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = [(1, 2), (2, 0), (0, 1)]["xyz".index(axis)]
    made = np.eye(3)
    made[first, first] = made[second, second] = c
    made[first, second], made[second, first] = -s, s
    return made


def any_arm(random):
    """(swing forward, out, bend of the elbow): hanging, or wherever arms go."""
    if random.random() < 0.5:
        return random.normal(4, 10), random.uniform(3, 22), random.uniform(3, 40)
    return random.uniform(-40, 160), random.uniform(0, 100), random.uniform(0, 140)


def limbs(random, action):
    """Arms and legs as (swing, out, bend), left and right, then pitch, bend and lean of the trunk."""
    uniform, normal = random.uniform, random.normal
    arms, pitch, bend, roll = [any_arm(random), any_arm(random)], 0.0, normal(3, 5), 0.0
    wave, lag = np.sin(phase := uniform(0, 2 * np.pi)), np.cos(phase)
    if action == "standing":
        legs = [(normal(0, 5), uniform(1, 11), abs(normal(3, 5))) for _ in range(2)]
    elif action in ("walking", "running"):
        runs = action == "running"
        reach, shift = (uniform(36, 60), uniform(5, 18)) if runs else (uniform(18, 34), uniform(-2, 5))
        knee, lift = (uniform(14, 30), uniform(60, 105)) if runs else (uniform(3, 12), uniform(25, 55))
        legs = [(shift + side * reach * wave, uniform(0, 6), knee + lift * max(0.0, side * lag)) for side in (1, -1)]
        swing, elbow = (uniform(30, 65), uniform(60, 110)) if runs else (uniform(5, 36), uniform(5, 40))
        counter = [(-side * swing * wave, uniform(4, 18), elbow) for side in (1, -1)]
        arms = [own if random.random() < 0.85 else other for own, other in zip(counter, arms)]
        pitch, bend = (uniform(2, 14), uniform(2, 14)) if runs else (0.0, uniform(-1, 9))
    elif action == "sitting":
        kind = random.integers(5)
        spread = uniform(1, 22)
        if kind <= 1:
            legs = [(uniform(64, 100), spread, uniform(50, 110)) for _ in range(2)]
        elif kind == 2:
            legs = [(uniform(100, 135), spread, uniform(60, 125)) for _ in range(2)]
        elif kind == 3:
            legs = [(uniform(80, 97), spread, uniform(0, 35)) for _ in range(2)]
        else:
            legs = [(uniform(70, 105), uniform(30, 60), uniform(95, 140)) for _ in range(2)]
        if random.random() < 0.6:
            arms = [(uniform(10, 80), uniform(0, 30), uniform(10, 100)) for _ in range(2)]
        pitch, bend = uniform(-14, 6), uniform(-5, 28)
    elif action == "jumping":
        kind = random.integers(4)
        up = uniform(80, 170)
        arms = [(up + normal(0, 12), uniform(5, 60), uniform(5, 50)) for _ in range(2)]
        legs = [(uniform(0, 60), uniform(2, 25), uniform(20, 110)) for _ in range(2)]
        if kind == 0:
            legs = [(normal(0, 8), uniform(12, 45), uniform(0, 25)) for _ in range(2)]
        elif kind == 1:
            knee = uniform(60, 112)
            legs = [(knee * uniform(0.5, 0.75), uniform(3, 14), knee * uniform(0.95, 1.15)) for _ in range(2)]
            arms = [(uniform(-60, -5), uniform(8, 30), uniform(5, 35)) for _ in range(2)]
            bend = uniform(12, 38)
        elif kind == 2:
            legs = [(uniform(30, 75), uniform(0, 15), uniform(0, 60)), (uniform(-70, -20), uniform(0, 15), uniform(0, 90))]
    elif action == "lying":
        kind = random.integers(3)
        legs = [(uniform(-6, 55), uniform(0, 18), uniform(0, 100)) for _ in range(2)]
        if kind == 0:
            pitch = normal(-90, 9)
        elif kind == 1:
            pitch, bend = normal(86, 7), uniform(-30, 5)
            legs = [(uniform(-12, 6), uniform(0, 14), uniform(0, 105)) for _ in range(2)]
            arms = [(uniform(60, 165), uniform(0, 60), uniform(0, 120)) for _ in range(2)]
        else:
            roll = random.choice((-1, 1)) * normal(88, 8)
            legs = [(uniform(-5, 80), uniform(0, 10), uniform(0, 110)) for _ in range(2)]
    else:
        kind = random.integers(6)
        legs = [(normal(0, 6), uniform(1, 14), abs(normal(4, 5))) for _ in range(2)]
        if kind == 0:
            legs = [(uniform(68, 100), uniform(0, 18), uniform(75, 110)), (uniform(-14, 12), uniform(0, 12), uniform(78, 118))]
        elif kind == 1:
            legs = [(uniform(-8, 22), uniform(0, 14), uniform(80, 140)) for _ in range(2)]
        elif kind == 2:
            pitch = uniform(66, 98)
            legs = [(uniform(60, 110), uniform(0, 14), uniform(60, 110)) for _ in range(2)]
            arms = [(uniform(65, 115), uniform(0, 18), uniform(0, 25)) for _ in range(2)]
        elif kind == 3:
            pitch, bend = uniform(15, 50), uniform(30, 65)
            legs = [(pitch + normal(0, 8), uniform(1, 14), abs(normal(8, 9))) for _ in range(2)]
            arms = [(uniform(20, 110), uniform(0, 25), uniform(0, 50)) for _ in range(2)]
        elif kind == 4:
            legs = [(uniform(88, 125), uniform(4, 30), uniform(112, 148)) for _ in range(2)]
            arms, bend = [(uniform(20, 95), uniform(0, 30), uniform(0, 80)) for _ in range(2)], uniform(8, 38)
        else:
            legs[0] = (uniform(60, 115), uniform(0, 40), uniform(0, 60))
        if kind == 5:
            legs = legs[::-1] if random.random() < 0.5 else legs
    if random.random() < 0.5:
        arms, legs = arms[::-1], legs[::-1]
    return arms, legs, pitch, bend, roll


def body(random, action):
    """17 joints in space, the chest's forward direction, and the head's centre."""
    uniform = random.uniform
    arms, legs, pitch, bend, roll = limbs(random, action)
    size = uniform(0.06, 0.17)
    trunk, thigh, shin = uniform(0.24, 0.34), uniform(0.16, 0.26), uniform(0.15, 0.25)
    upper, fore = uniform(0.12, 0.19), uniform(0.11, 0.17)
    shoulder, hip = uniform(0.07, 0.125), uniform(0.04, 0.085)
    hips = turn("y", roll) @ turn("x", -pitch)
    chest = hips @ turn("z", random.normal(0, 7)) @ turn("y", random.normal(0, 4)) @ turn("x", -bend)
    neck = hips @ turn("x", -bend * 0.4) @ (0, 0, trunk * 0.45) + chest @ (0, 0, trunk * 0.55)
    head = chest @ turn("z", random.normal(0, 20)) @ turn("x", random.normal(0, 11)) @ turn("y", random.normal(0, 6))
    if action == "lying" and pitch > 60:
        head = head @ turn("x", uniform(10, 60))
    middle = neck + head @ (0, 0, 0.03 + 0.8 * size)
    joints = [middle + head @ np.multiply(place, size) for place in
              ((0, 1.05, -0.1), (0.4, 0.87, 0.12), (-0.4, 0.87, 0.12), (0.98, -0.05, 0), (-0.98, -0.05, 0))]
    made = {}
    for side, name in ((1, 0), (-1, 1)):
        for frame, root, (swing, out, flex), lengths, first, sign in (
                (chest, neck + chest @ (side * shoulder, 0, -0.03), arms[name], (upper, fore), 5, 1),
                (hips, hips @ (side * hip, 0, 0), legs[name], (thigh, shin), 11, -1)):
            bone = frame @ turn("x", swing) @ turn("y", -out * side)
            knee = root + bone @ DOWN * lengths[0]
            twist = uniform(-20, 70) if first == 5 else uniform(-10, 10)
            end = knee + bone @ turn("z", side * twist) @ turn("x", sign * flex) @ DOWN * lengths[1]
            made.update({first + name: root, first + 2 + name: knee, first + 4 + name: end})
    joints += [made[at] for at in range(5, 17)]
    # So far +x was the left, which a body that looks along +y has at -x.
    other = np.array([-1.0, 1, 1])
    return np.array(joints) * other, (chest @ (0, 1.0, 0)) * other, middle * other


def seen_from(random, action):
    """(17 points [x, y, v] in an image of about 1000 pixels, the angle's name)."""
    joints, forward, middle = body(random, action)
    away, height = random.uniform(-180, 180), random.normal(6, 11)
    toward = turn("z", away) @ turn("x", np.clip(height, -25, 50)) @ (0, 1.0, 0)
    centre = joints.mean(axis=0) + random.normal(0, 0.05, 3)
    camera = centre + toward * random.uniform(1.2, 6)
    look = -toward
    right = np.cross(look, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, look)
    relative = joints - camera
    depth = np.maximum(relative @ look, 0.05)
    flat = np.stack([relative @ right, -(relative @ up)], axis=1) / depth[:, None]
    flat *= 1000 / max(np.ptp(flat, axis=0).max(), 1e-6)
    lean = np.radians(random.normal(0, 3))
    flat = flat @ np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    seen = np.full(17, 2)
    for at in range(5):
        outward = joints[at] - middle
        if outward @ (camera - joints[at]) < -0.1 * np.linalg.norm(outward):
            seen[at] = 1
    chest = (joints[5:7].mean(axis=0) + joints[11:13].mean(axis=0)) / 2
    for at in range(7, 17):
        # What lies behind the trunk, seen from the camera, is mostly hidden by it.
        behind = (chest - joints[at]) @ (camera - chest) > 0.04
        near = np.linalg.norm(np.cross(joints[at] - camera, chest - camera)) / np.linalg.norm(chest - camera) < 0.11
        if behind and near:
            seen[at] = 1
    to = camera - joints[5:7].mean(axis=0)
    if action != "lying":
        to, forward = to * (1, 1, 0), forward * (1, 1, 0)
    cosine = to @ forward / max(np.linalg.norm(to) * np.linalg.norm(forward), 1e-9)
    angle = ANGLES[int(np.searchsorted((25, 65, 115), np.degrees(np.arccos(np.clip(cosine, -1, 1)))))]
    return np.column_stack([flat, seen]), angle


def detected(random, points, whole=False):
    """Points [x, y, v] as a detector might give them, [x, y, score]; v: 0 outside, 1 hidden, 2 seen.

    Places are off by some per cent of the figure, twice that where hidden; hidden points are lost, or
    guessed with a low score; seen ones are lost now and then; figures are cut off and covered; and
    now and then left and right are taken for each other.
    """
    points = np.array(points, dtype=float)
    there = points[:, 2] > 0
    if there.sum() < 2:
        return np.zeros((17, 3))
    size = max(np.ptp(points[there, 0]), np.ptp(points[there, 1]), 1.0)
    off = random.uniform(0.004, 0.022) * size
    made = points.copy()
    made[:, :2] += random.normal(0, 1, (17, 2)) * np.where(points[:, 2] == 1, 2.0, 1.0)[:, None] * off
    score = np.where(points[:, 2] == 2, np.clip(random.normal(0.8, 0.13, 17), 0.1, 1), random.uniform(0.0, 0.75, 17))
    score[~there] = 0
    score[random.random(17) < 0.02] *= 0.3
    if not whole:
        if random.random() < 0.22:
            line = random.uniform(0.35, 1.0)
            low = points[there, 1].min() + line * np.ptp(points[there, 1])
            score[points[:, 1] > low] = random.uniform(0, 0.25)
        if random.random() < 0.08:
            line = points[there, 0].min() + random.uniform(0.1, 0.5) * np.ptp(points[there, 0])
            score[points[:, 0] < line] = random.uniform(0, 0.25)
    made[:, 2] = np.round(score, 3)
    for chance, pairs in ((0.02, range(1, 17, 2)), (0.05, (13, 15)), (0.02, (7, 9))):
        if random.random() < chance:
            for at in pairs:
                made[[at, at + 1]] = made[[at + 1, at]]
    made[made[:, 2] == 0] = 0
    return made


def mirrored(points):
    """The points of the mirrored image."""
    points = np.array(points)[OPPOSITE]
    points[:, 0] = np.where(points[:, 2] > 0, -points[:, 0], 0)
    return points
