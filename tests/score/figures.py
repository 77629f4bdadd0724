"""Scores of what the pipelines say of figures: masks, names, key points, poses, faces."""

from collections import Counter, defaultdict

import numpy as np
from truth import is_plain, mask, records, seen

# Pixels that have to be seen of a figure before it counts as one to be found: a figure of 40 lines.
SMALLEST = 600
# Overlap, intersection over union, from which a mask is that of a figure.
SAME = 0.5
# Distance from the true place, in longer sides of the figure's box, within which a key point is right.
PCK = 0.1
# How far key points of AP-10K may be off in a share of the animal's size: mmpose, configs/_base_/datasets/ap10k.py.
SIGMAS = np.array([.025, .025, .026, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089])
# Whose the figures are that truth says nothing of.
PERSON = "person"


def share(right, total):
    """As text, a share with its counts; a share of nothing is none."""
    return f"{right / total:.3f} ({right}/{total})" if total else "none (0/0)"


def has_skeleton(record, true):
    """Whether the key points of a record are those that the truth has."""
    return record.get("pose", {}).get("skeleton", "coco17") == true.get("skeleton", "coco17")


def similarity(record, true):
    """Object key point similarity (OKS, COCO's) of a figure cut out of a frame, over the points that the image shows or hides."""
    left, top = record["instance"]["crop"][:2]
    found = np.array(record["pose"]["keypoints"])[:, :2] + (left, top + true["top"])
    points = np.array(true["keypoints"], float)
    known = points[:, 2] > 0
    away = ((found - points[:, :2]) ** 2).sum(1)
    return float(np.exp(-away / (2 * true["area"] * (2 * SIGMAS) ** 2))[known].mean()) if known.any() else 0.0


class Figures:
    """The figures that were found in the frames of a run, each with whom it truly is."""

    # What a figure is that is none, or a part of one.
    NOBODY, PART = "nobody", "part"

    def __init__(self, out, truth):
        self.truth, self.others = {}, {}
        self.cast = {one["name"] for line in truth.values() for one in line["characters"]}
        self.overlaps, self.wanted, self.by_size, self.wanted_animals = [], 0, defaultdict(list), []
        self.extra = self.found = 0
        self.named = records(out / "named.jsonl")
        # With TRACK=yes the instances are of the masks that were followed.
        tracked = any("track" in record.get("instance", {}) for record in self.named)
        for record in records(out / ("tracked.jsonl" if tracked else "masked.jsonl")):
            line = truth[record["source"]["frame"]]
            if is_plain(line):
                self.frame(record, line)
        self.posed = records(out / "posed.jsonl")
        self.classified = records(out / "emotions.jsonl")

    def frame(self, record, line):
        """Pairs the masks of a frame with its characters, the best overlap first."""
        top, people = line["letterbox"][1], seen(line)
        large = [pair for pair in people if pair[1].sum() >= SMALLEST]
        masks = [mask(one["mask"]) for one in record["masks"]]
        pairs = []
        for index, found in enumerate(masks):
            for other, (_, true) in enumerate(people):
                both = (found & true).sum()
                if both:
                    pairs.append((both / (found | true).sum(), index, other))
        taken, used = {}, set()
        for overlap, index, other in sorted(pairs, reverse=True):
            if index not in taken and other not in used:
                taken[index] = (overlap, other)
                used.add(other)
        best = {other: overlap for overlap, other in taken.values()}
        for other, (one, true) in enumerate(people):
            if true.sum() >= SMALLEST:
                self.overlaps.append(best.get(other, 0.0))
                if one.get("kind", PERSON) != PERSON:
                    self.wanted_animals.append(best.get(other, 0.0))
        self.wanted += len(large)
        self.found += len(masks)
        for index in range(len(masks)):
            overlap, other = taken.get(index, (0.0, None))
            if overlap >= SAME:
                self.truth[f"{record['id']}.i{index}"] = people[other][0] | {"top": top}
                continue
            # A second mask of someone, as of an arm, is a part as far as it lies on people.
            on_people = max(((masks[index] & true).sum() for _, true in people), default=0) / max(1, masks[index].sum())
            self.others[f"{record['id']}.i{index}"] = self.PART if on_people >= SAME else self.NOBODY
            self.extra += overlap < 0.1

    def of(self, record):
        """Whom a record shows: someone's truth, a part, nobody; none where it is of no figure, or not scored."""
        for name in (record["id"], record.get("parent"), record["id"].rpartition(".f")[0]):
            if name in self.truth or name in self.others:
                return self.truth.get(name) or self.others[name]
        return None

    def rows(self):
        """The table's rows, and those of animals, where the film has any."""
        overlaps = np.array(self.overlaps)
        found = overlaps >= SAME
        yield f"figures of {SMALLEST} pixels and more, found", share(int(found.sum()), self.wanted)
        yield "masks that show no character", share(self.extra, self.found)
        yield "mask IoU of those found, mean and median", f"{overlaps[found].mean():.3f} {np.median(overlaps[found]):.3f}"
        yield from self.names()
        yield from self.points()
        yield from self.poses()
        yield from self.emotions()
        yield from self.animals()

    def animals(self):
        """How many of the animals are found, named and posed, and how well."""
        if not self.wanted_animals:
            return
        own = {name: true for name, true in self.truth.items() if true.get("kind", PERSON) != PERSON}
        yield f"animals of {SMALLEST} pixels and more, found", share(sum(overlap >= SAME for overlap in self.wanted_animals), len(self.wanted_animals))
        fits = [overlap for overlap in self.wanted_animals if overlap >= SAME]
        yield "mask IoU of animals, mean", f"{np.mean(fits):.3f}" if fits else "none"
        named = [(record["identity"]["name"], own[record["id"]]["name"]) for record in self.named if record["id"] in own]
        yield "animals: right names", share(sum(name == true for name, true in named), len(named))
        posed = [record for record in self.posed if record["id"] in own]
        yield "animals posed by the network for animals", share(sum(has_skeleton(record, own[record["id"]]) for record in posed), len(posed))
        similar = [similarity(record, own[record["id"]]) for record in posed if has_skeleton(record, own[record["id"]])]
        good = share(sum(one > 0.5 for one in similar), len(similar))
        yield "key points of animals: mean OKS, share above 0.5", f"{np.mean(similar):.3f} {good}" if similar else "none"
        yield from self.poses(own)

    def names(self):
        """Precision and recall of the names that id-match gives."""
        said = [(record["identity"]["name"], self.truth[record["id"]]["name"])
                for record in self.named if record["id"] in self.truth]
        known = [(name, true) for name, true in said if name != "unknown"]
        if any(name.startswith("cluster_") for name, _ in known):
            # A cluster stands for whom it holds most of.
            most = {name: Counter(t for n, t in known if n == name).most_common(1)[0][0] for name, _ in known}
            known = [(most[name], true) for name, true in known]
        right = sum(name == true for name, true in known)
        yield "names: precision", share(right, len(known))
        yield "names: recall", share(right, len(said))

    def points(self):
        """Share of key points near their true places (PCK)."""
        hits, total = Counter(), Counter()
        for record in self.posed:
            true = self.truth.get(record["id"])
            if true is None or "pose" not in record or not has_skeleton(record, true):
                continue
            left, top = record["instance"]["crop"][:2]
            x0, y0, x1, y1 = true["box"]
            side = max(x1 - x0, y1 - y0)
            for (x, y, _), (tx, ty, v) in zip(record["pose"]["keypoints"], true["keypoints"]):
                if v == 0:
                    continue
                near = np.hypot(x + left - tx, y + top + true["top"] - ty) < PCK * side
                hits[v] += bool(near)
                total[v] += 1
        yield "key points that are seen: PCK@0.1", share(hits[2], total[2])
        yield "key points that are hidden: PCK@0.1", share(hits[1], total[1])

    def poses(self, of=None):
        """Accuracy of action and view, where they are answered; of everyone, or of these animals."""
        known, whose = (self.truth, "") if of is None else (of, " of animals")
        for what, key in (("action", "action"), ("view", "angle")):
            rows = [(record["pose"][key], known[record["id"]][what]) for record in self.posed
                    if record["id"] in known and key in record.get("pose", {})]
            answered = [(said, so) for said, so in rows if said != "unknown"]
            right = sum(said == so for said, so in answered)
            yield f"{what}{whose}", f"{share(right, len(answered))} right, {share(len(answered), len(rows))} answered"

    def emotions(self):
        """Accuracy of emotion and intensity, on faces that are turned to the camera."""
        rows = []
        for record in self.classified:
            true = self.truth.get(record["parent"])
            if true is not None and true["face"] is not None:
                rows.append((record["emotion"], true))
        answered = [(said, true) for said, true in rows if said["label"] != "unknown"]
        right = [(said, true) for said, true in answered if said["label"] == true["emotion"]]
        yield "emotion", f"{share(len(right), len(answered))} right, {share(len(answered), len(rows))} answered"
        strong = sum(said["intensity"] == true["intensity"] for said, true in right)
        yield "intensity, where the emotion is right", share(strong, len(right))
        confused = Counter(f"{true['emotion']} for {said['label']}" for said, true in answered
                           if said["label"] != true["emotion"])
        yield "taken for another character", ", ".join(f"{name} {count}" for name, count in confused.most_common(4)) or "none"
