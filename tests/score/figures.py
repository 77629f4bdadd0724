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


def share(right, total):
    """As text, a share with its counts; a share of nothing is none."""
    return f"{right / total:.3f} ({right}/{total})" if total else "none (0/0)"


class Figures:
    """The figures that were found in the frames of a run, each with whom it truly is."""

    # What a figure is that is none, or a part of one.
    NOBODY, PART = "nobody", "part"

    def __init__(self, out, truth):
        self.truth, self.others = {}, {}
        self.cast = {one["name"] for line in truth.values() for one in line["characters"]}
        self.overlaps, self.wanted, self.by_size = [], 0, defaultdict(list)
        self.extra = self.found = 0
        for record in records(out / "masked.jsonl"):
            line = truth[record["source"]["frame"]]
            if is_plain(line):
                self.frame(record, line)
        self.named = records(out / "named.jsonl")
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
        for other, (_one, true) in enumerate(people):
            if true.sum() >= SMALLEST:
                self.overlaps.append(best.get(other, 0.0))
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
        """The table's rows."""
        overlaps = np.array(self.overlaps)
        found = overlaps >= SAME
        yield f"figures of {SMALLEST} pixels and more, found", share(int(found.sum()), self.wanted)
        yield "masks that show no character", share(self.extra, self.found)
        yield "mask IoU of those found, mean and median", f"{overlaps[found].mean():.3f} {np.median(overlaps[found]):.3f}"
        yield from self.names()
        yield from self.points()
        yield from self.poses()
        yield from self.emotions()

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
            if true is None or "pose" not in record:
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

    def poses(self):
        """Accuracy of action and view, where they are answered."""
        for what, key in (("action", "action"), ("view", "angle")):
            rows = [(record["pose"][key], self.truth[record["id"]][what]) for record in self.posed
                    if record["id"] in self.truth and key in record.get("pose", {})]
            answered = [(said, so) for said, so in rows if said != "unknown"]
            right = sum(said == so for said, so in answered)
            yield f"{what}", f"{share(right, len(answered))} right, {share(len(answered), len(rows))} answered"

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
