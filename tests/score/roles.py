"""What networks of each role are measured by: each is given the truth of all that comes before it, so that no other network has a say."""

import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from figures import PCK, SAME, SMALLEST
from images import image, psnr, shown, ssim
from PIL import Image, ImageDraw, ImageFont
from sample import runs, spread
from score import cuts
from truth import is_plain, mask, records, seen
from words import PLACES

sys.path.append(str(Path(__file__).resolve().parents[2] / "models/small"))
from marks import landmarks_off, mouth_is_right
from sentences import facts

# Overlap from which a face is found: those who draw boxes of faces do not agree on chin and forehead.
FACE = 0.35
# Faces that are asked for: turned this far to the camera at least (cosine), and of so many pixels.
FACING, FACE_SIDE = 0.5, 40
# Pixels of a character that is asked for by name.
NAMED = 1500
# Shots through which characters are followed, and frames of each, a quarter of a second apart.
SHOTS, FOLLOWED = 8, 6
# COCO's value of a key point that is seen.
SEEN = 2
# Pixels of the steps that masks have before they are sharpened.
STEP = 6

# What captions call those in the film, and where they are: the small network its own words, others any.
SOMEONE = r"\b(man|men|woman|women|boy|boys|girl|girls|child|children|kid|kids|person|persons|people|character|characters|figure|figures|couple|family)\b"
PLACE_WORDS = {
    "beach": r"\b(beach|sand|shore|sea|ocean|seaside|coast)",
    "harbour": r"\b(harbou?r|dock|pier|boats?|ships?|port|quay|sea|water|ocean)",
    "kitchen": r"\b(kitchen|room|table|indoors?|interior|house|stove)",
    "piazza": r"\b(square|piazza|plaza|town|city|village|street|courtyard|buildings?|houses?)",
    "lane": r"\b(lane|alley|street|town|city|village|path|buildings?|houses?|stairs)",
}


def overlap(one, other):
    """Intersection over union of two boxes."""
    inner = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None).prod()
    return inner / max((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - inner, 1e-9)


def pairs(wanted, found, least):
    """The places of boxes that are the same, the best overlap first, each once, with the overlap."""
    ranked = sorted(((overlap(one, other), i, j) for i, one in enumerate(wanted) for j, other in enumerate(found)), reverse=True)
    used, others, chosen = set(), set(), []
    for fit, i, j in ranked:
        if fit >= least and i not in used and j not in others:
            used.add(i)
            others.add(j)
            chosen.append((fit, i, j))
    return chosen


def mean(values):
    """Their mean; none of nothing."""
    return float(np.mean(values)) if len(values) else None


def aside(vectors):
    """How far a network is off to one side, in hundredths: the mean of what it is off by. Errors to all sides cancel out."""
    across, down = 100 * np.mean(vectors, 0) if len(vectors) else (None, None)
    return {"across": across and float(across), "down": down and float(down)}


def centre(box):
    """The middle of a box."""
    return (box[:2] + box[2:]) / 2


def boxed(sample, whose=None):
    """The frames with the true boxes of their characters, or of those of them that `whose` gives."""
    for record in sample.frames:
        boxes = [[float(edge) for edge in one.box] for one in (whose or sample.large)(record["id"])]
        yield {**record, "boxes": [{"box": box, "score": 1.0, "label": "person", "who": place} for place, box in enumerate(boxes)]}


def words(run, sample):
    """Boxes of what words name: of all characters of the film."""
    asked = ["--words-only", "--words-model", run.network["name"], "--words", "a man. a woman. a boy. a girl."]
    return detect(run, sample, *asked)


def detect(run, sample, *flags):
    """Boxes of characters."""
    found, said, fits, off = 0, [], [], []
    wanted = sum(len(sample.large(record["id"])) for record in sample.frames)
    classes = ("--classes", "all") if run.animals else ()
    for record in run("char-detect", sample.frames, *flags, *classes):
        people, large = sample.people[record["id"]], sample.large(record["id"])
        boxes = [np.array(one["box"], float) for one in record["boxes"]]
        right = {j for _, _, j in pairs([one.box for one in people], boxes, SAME)}
        said += [place in right for place in range(len(boxes))]
        for fit, i, j in pairs([one.box for one in large], boxes, SAME):
            found += 1
            fits.append(fit)
            off.append((centre(boxes[j]) - centre(large[i].box)) / large[i].side)
    return {"found": found / wanted, "right": mean(said), "overlap": mean(fits), **aside(off)}


def segment(run, sample):
    """Masks, of the true boxes."""
    fits, off = [], []
    for record in run("sam-mask", list(boxed(sample)), "--out-dir", "masks"):
        said = {one["who"]: mask(one["mask"]) for one in record["masks"]}
        for place, one in enumerate(sample.large(record["id"])):
            own = said.get(place, np.zeros_like(one.mask))
            both, either = (own & one.mask).sum(), (own | one.mask).sum()
            fits.append(both / max(1, either))
            if both:
                middles = [np.argwhere(shape).mean(0)[::-1] for shape in (own, one.mask)]
                off.append((middles[0] - middles[1]) / one.side)
    return {"overlap": mean(fits), **aside(off)}


def track(run, sample):
    """Characters that are shown once, in the first of the frames of a shot, and followed through the others."""
    shots = {}
    for record in records(sample.work / "frames.jsonl"):
        line = run.truth[record["source"]["frame"]]
        if is_plain(line):
            shots.setdefault(line["shot_number"], []).append((record, line))
    large = lambda line: [(one, whole) for one, whole in seen(line) if whole.sum() >= SMALLEST]
    given, people = [], {}
    for shot in spread([frames[:FOLLOWED] for frames in shots.values() if len(frames) >= FOLLOWED and large(frames[0][1])], SHOTS):
        for place, (record, line) in enumerate(shot):
            people[record["id"]] = {one["name"]: whole for one, whole in large(line)}
            own = {key: record[key] for key in ("id", "image", "width", "height", "source")}
            own["source"]["shot"] = line["shot_number"]
            if place == 0:
                top = line["letterbox"][1]
                boxes = [(one["name"], one["box"]) for one, _ in large(line)]
                own["boxes"] = [{"box": [x0, y0 - top, x1, y1 - top], "score": 1.0, "label": "person", "who": name} for name, (x0, y0, x1, y1) in boxes]
            given.append(own)
    names, fits = {}, []
    for record in run("mask-track", given, "--method", "memory", "--out-dir", "tracked"):
        shot, said = record["source"]["shot"], {}
        for one in record["masks"]:
            name = names.setdefault((shot, one["track"]), one.get("who"))
            said[name] = mask(one["mask"])
        if "boxes" not in record:
            known = {name for (own, _), name in names.items() if own == shot}
            for name in known & set(people[record["id"]]):
                true, own = people[record["id"]][name], said.get(name)
                fits.append(0.0 if own is None else (own & true).sum() / max(1, (own | true).sum()))
    return {"found": mean([fit >= SAME for fit in fits]), "overlap": mean([fit for fit in fits if fit >= SAME])}


def matte(run, sample):
    """True masks in steps of some pixels, sharpened again."""
    coarse, agreed, fits = [], [], []
    for record in sample.frames:
        people = [one for one in sample.large(record["id"]) if steps(one.mask).any()]
        if people:
            masks = [{"mask": runs(steps(one.mask)), "score": 1.0, "who": sample.large(record["id"]).index(one)} for one in people]
            coarse.append({**record, "masks": masks})
    for record in run("matte", coarse, "--out-dir", "mattes"):
        for own in record["masks"]:
            true = sample.large(record["id"])[own["who"]].mask
            sharp = shown(run.folder / own["mask"])
            agreed.append("reach" in own["matte"])
            fits.append((sharp & true).sum() / max(1, (sharp | true).sum()))
    return {"overlap": mean(fits), "agreed": mean(agreed)}


def steps(mask):
    """A mask in squares of `STEP` pixels: what the middle of each is."""
    middles = mask[STEP // 2::STEP, STEP // 2::STEP]
    wide = np.kron(middles, np.ones((STEP, STEP), bool))
    made = np.zeros_like(mask)
    height, width = np.minimum(wide.shape, mask.shape)
    made[:height, :width] = wide[:height, :width]
    return made


def pose(run, sample):
    """Key points, in the true boxes; of animals, if the network knows those."""
    near, distances, off = [], [], []
    whose = sample.animals if run.animals else sample.large
    for record in run("rtmpose", list(boxed(sample, whose))):
        for one in record["boxes"]:
            person = whose(record["id"])[one["who"]]
            apart = (np.array(one["pose"]["keypoints"])[:17, :2] - person.keypoints[:, :2]) / person.side
            for vector, point in zip(apart, person.keypoints):
                if point[2] == SEEN:
                    distances.append(np.linalg.norm(vector))
                    near.append(distances[-1] < PCK)
                    off += [vector] if near[-1] else []
    return {"near": mean(near), "distance": 100 * mean(distances) if distances else None, **aside(off)}


def face(run, sample):
    """Boxes and landmarks of faces, in frames with the true boxes of characters, which say where a head may be."""
    found, said, fits, off, points = [], [], [], [], []
    told = {}
    for record in run("face-crop", list(boxed(sample)), "--out-dir", "faces", "--no-pose", "--min-side", "24", "--occlusion", "1", "--yaw", "90",
                      "--roll", "180", "--relative-sharpness", "0"):
        told.setdefault(record["parent"], []).append(record["face"])
    for frame in sample.frames:
        people = [one for one in sample.people[frame["id"]] if one.face]
        faces = told.get(frame["id"], [])
        boxes = [np.array(one["box"], float) for one in faces]
        matched = {i: (fit, j) for fit, i, j in pairs([one.face_box for one in people], boxes, FACE)}
        right = {j for _, j in matched.values()}
        said += [place in right for place in range(len(boxes))]
        for i, one in enumerate(people):
            size = one.face_box[2:] - one.face_box[:2]
            if one.face["facing"] >= FACING and min(size) >= FACE_SIDE:
                found.append(i in matched)
            if i in matched:
                fit, j = matched[i]
                fits.append(fit)
                off.append((centre(boxes[j]) - centre(one.face_box)) / max(size))
                if "landmarks" in faces[j]:
                    apart = np.linalg.norm(np.array(faces[j]["landmarks"]) - one.landmarks[:, :2], axis=1) / max(size)
                    points += list(apart[one.landmarks[:, 2] == SEEN])
    result = {"found": mean(found), "right": mean(said), "overlap": mean(fits), **aside(off)}
    return {**result, "landmarks": 100 * mean(points)} if points else result


def faced(sample):
    """The true faces that are asked for, and who shows each."""
    for frame in sample.frames:
        for place, one in enumerate(sample.people[frame["id"]]):
            if one.face and one.face["facing"] >= FACING and min(one.face_box[2:] - one.face_box[:2]) >= FACE_SIDE:
                box = [float(edge) for edge in one.face_box]
                window = [0, 0, frame["width"], frame["height"]]
                points = [[float(x), float(y)] for x, y, _ in one.landmarks]
                face = {"box": box, "box_in_crop": box, "window": window, "landmarks": points}
                yield {**frame, "id": f"{frame['id']}.f{place}", "face": face}, one


def landmark(run, sample):
    """Landmarks, in the true boxes of faces, of which five are known; and mouths that smile or frown."""
    faces = list(faced(sample))
    near, told = [], []
    for record, (_, one) in zip(run("face-landmarks", [face for face, _ in faces], "--threshold", "0", "--turned", "90"), faces):
        near += list(landmarks_off(record["features"], one.landmarks, max(one.face_box[2:] - one.face_box[:2])))
        right = mouth_is_right(record["features"], one.truth["emotion"], one.truth["intensity"])
        if right is not None:
            told.append(right)
    return {"landmarks": 100 * mean(near) if near else None, "mouths": mean(told)}


def emotion(run, sample):
    """Expressions, of the true faces."""
    faces, true = [], {}
    for face, one in faced(sample):
        true[face["id"]] = one.truth["emotion"]
        faces.append(face)
    right, sure = [], []
    for record in run("emotion-classify", faces, "--threshold", "0", "--margin", "0"):
        said = record["emotion"]
        right.append(said["label"] == true[record["id"]])
        sure.append(said["scores"].get(true[record["id"]], 0))
    return {"right": mean(right), "sure": mean(sure)}


def embed(run, sample):
    """Names of characters by references of other shots; places by words, if the network has any."""
    cropped, shots = [], sorted({line["shot"] for line in sample.lines.values()})
    for frame in sample.frames:
        people = [one for one in sample.people[frame["id"]] if one.mask.sum() >= NAMED]
        masks = [{"mask": runs(one.mask), "box": [int(edge) for edge in one.box], "area": int(one.mask.sum()), "score": 1.0, "who": one.name} for one in people]
        cropped.append({**frame, "masks": masks, "reference": shots.index(sample.lines[frame["id"]]["shot"]) % 2 == 0})
    flags = ["--min-area", "1", "--max-cut", "1", "--max-hidden", "1", "--max-inside", "1", "--min-laplacian-variance", "0", "--min-edges", "0"]
    crops = run("mask-crop", cropped, "--out-dir", "crops", *flags, network=False)
    vectors = run("clip-embed", crops, "--mask")
    references = [{**one, "character": one["instance"]["who"]} for one in vectors if one["reference"]]
    asked = [one for one in vectors if not one["reference"]]
    run.write("references", references)
    whatever = ("--max-gap", "0", "--min-cosine=-1", "--cosine-margin", "0", "--reference-quantile", "0")
    named = run("id-match", asked, "--references", "references.jsonl", *whatever, network=False)
    right = [one["identity"]["name"] == one["instance"]["who"] for one in named]
    lead = [one["identity"]["margin"] * (1 if well else -1) for one, well in zip(named, right)]
    result = {"names": mean(right), "lead": mean(lead)}
    if not run.has("text"):
        return result
    tagged = run("clip-embed", sample.frames, "--crops", "wide")
    tagged = run("clip-tag", tagged, "--labels", sample.film.resolve() / "labels/location.toml", "--threshold", "0", "--margin", "0", "--top", "9")
    places, sure = [], []
    for record in tagged:
        said, place = record["tags"]["location"], sample.lines[record["id"]]["place"]
        places.append(PLACES.get(said[0][0]) == place)
        sure.append(sum(score for label, score in said if PLACES.get(label) == place))
    return {**result, "places": mean(places), "sure": mean(sure)}


def inpaint(run, sample):
    """What was under holes in plates."""
    values, alike = [], []
    for record in run("lama-inpaint", sample.holes, "--out-dir", "filled", "--keep", "--tries", "1", "--max-invented", "1", "--dilate", "0", "--shadow", "0"):
        hole = shown(run.folder / record["inpaint"]["filled"]) if "filled" in record["inpaint"] else None
        true = image(run.folder / "plates" / f"{record['id']}.png")
        # A hole that was not filled is black.
        own = image(run.folder / record["image"]) if hole is not None else np.zeros_like(true)
        hole = shown(run.folder / "plates" / f"{record['id']}.hole.png") if hole is None else hole
        values.append(psnr(own, true, hole))
        alike.append(ssim(own, true, hole))
    return {"psnr": mean(values), "ssim": mean(alike)}


def shot(run, sample):
    """Changes of shot, of the whole film."""
    found = run.source("frame-extract", sample.film.resolve() / "film.mp4", "--fps", "1", "--method", "network", "--out-dir", "shots", images=len(run.truth))
    if not found:
        return {}
    right, false, wanted = cuts(run.folder / "shots", run.truth)
    shutil.rmtree(run.folder / "shots")
    return {"found": right / len(wanted), "right": right / max(1, right + false)}


# What is written on frames: a subtitle below, and a logo above on the right.
WRITTEN = [("Where did you put the lantern?", (0.5, 0.9), 0.05), ("Then we go home at once.", (0.5, 0.9), 0.05), ("EIN LICHT IM HAFEN", (0.5, 0.88), 0.06)]
LOGO = ("FILM TV", (0.9, 0.07), 0.06)


def written(run, sample):
    """The frames with text on them, and the boxes of its ink."""
    (run.folder / "written").mkdir(exist_ok=True)
    for number, frame in enumerate(sample.frames):
        shown = Image.open(run.folder / frame["image"]).convert("RGB")
        pen, boxes = ImageDraw.Draw(shown), []
        for text, (across, down), high in (WRITTEN[number % len(WRITTEN)], LOGO):
            font = ImageFont.load_default(high * shown.height)
            at = (across * shown.width, down * shown.height)
            pen.text(at, text, font=font, anchor="mm", fill=(250, 250, 250), stroke_width=2, stroke_fill=(20, 20, 20))
            boxes.append(pen.textbbox(at, text, font=font, anchor="mm"))
        path = f"written/{frame['id']}.png"
        shown.save(run.folder / path)
        yield {"id": frame["id"], "image": path, "boxes": boxes}


def text(run, sample):
    """Lines of text that are drawn on the frames."""
    given = list(written(run, sample))
    found = run("text-detect", [{"id": one["id"], "image": one["image"]} for one in given])
    fits, wanted, seen = [], 0, 0
    for one, record in zip(given, found):
        lines = [np.array(line["box"], float) for line in record["text"]["lines"]]
        boxes = [np.array(box, float) for box in one["boxes"]]
        fits += [fit for fit, _, _ in pairs(boxes, lines, SAME)]
        wanted, seen = wanted + len(boxes), seen + len(lines)
    return {"found": len(fits) / wanted, "right": len(fits) / max(1, seen), "overlap": mean(fits)}


def caption(run, sample):
    """Whether descriptions say that someone is there, of frames and of plates, and where it is; in the words of the small network, facts."""
    empty = [{**record, "image": f"plates/{record['id']}.png"} for record in sample.holes]
    who, where, stated = [], [], []
    for record in run("vlm-caption", [*sample.frames, *empty], "--task", "more-detailed"):
        said, line = record["caption"].lower(), sample.lines.get(record["id"])
        who.append(bool(re.search(SOMEONE, said)) == (line is not None))
        if line:
            where.append(bool(re.search(PLACE_WORDS[line["place"]], said)))
            true = {"place": line["place"], "time": line["light"]["time"], "weather": line["light"]["weather"]}
            for one in sample.people[record["id"]]:
                true |= {one.name: True, f"{one.name} action": one.truth["action"], f"{one.name} view": one.truth["view"],
                         f"{one.name} face": one.truth["emotion"]}
            stated += [true.get(key) == value for key, value in facts(said).items()]
    return {"who": mean(who), "places": mean(where), "facts": mean(stated)}


def tag(run, sample):
    """Whether tags say rightly that it is indoors or outdoors."""
    right = []
    for record in run("wd-tag", sample.frames, "--threshold", "0.05"):
        scores = Counter(dict(map(tuple, record["tags"].get("wd", []))))
        said = "indoor" if scores["indoors"] > scores["outdoors"] else "outdoor"
        right.append(said == sample.lines[record["id"]]["light"]["setting"])
    return {"right": mean(right)}


ASIDE = {"across": "off to the right, % of side", "down": "off downwards, % of side"}

# By role: how it is measured, and each measure in words, in the order of the table.
ROLES = {
    "detect": (detect, {"found": "characters found", "right": "boxes that are right", "overlap": "overlap of boxes", **ASIDE}),
    "words": (words, {"found": "characters found by words", "right": "boxes that are right", "overlap": "overlap of boxes", **ASIDE}),
    "segment": (segment, {"overlap": "overlap of masks", **ASIDE}),
    "track": (track, {"found": "characters found again", "overlap": "overlap of their masks"}),
    "matte": (matte, {"overlap": "overlap of sharpened masks", "agreed": "masks that the matte agrees with"}),
    "pose": (pose, {"near": "key points near, PCK@0.1", "distance": "key points off, % of side", **ASIDE}),
    "face": (face, {"found": "faces found", "right": "faces that are right", "overlap": "overlap of faces", **ASIDE,
                    "landmarks": "landmarks off, % of side"}),
    "landmark": (landmark, {"landmarks": "landmarks off, % of side", "mouths": "smiles and frowns right"}),
    "emotion": (emotion, {"right": "emotions right", "sure": "score of the true emotion"}),
    "embed": (embed, {"names": "names right", "lead": "lead of the true name, cosine", "places": "places right, by words", "sure": "score of the true place"}),
    "inpaint": (inpaint, {"psnr": "PSNR in holes, dB", "ssim": "SSIM in holes"}),
    "caption": (caption, {"who": "says whether someone is there", "places": "names the place", "facts": "stated facts that are true"}),
    "text": (text, {"found": "lines found", "right": "lines that are right", "overlap": "their mean overlap"}),
    "shot": (shot, {"found": "changes of shot found", "right": "changes that are right"}),
    "tag": (tag, {"right": "indoors or outdoors right"}),
}
