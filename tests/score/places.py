"""Scores of what the pipelines make of places: clusters, plates, fillings, and verdicts on these."""

from collections import Counter

import numpy as np
from figures import share
from images import image, shown, ssim
from truth import hidden, records

# A pixel differs if a channel does by more than this, of 255; and something is left of the characters
# if this share of what they hid was not filled, and differs from the true plate and not from the frame
# with them. A rim of compression and a soft shadow stay below it.
DIFFERS, LEFT = 48, 0.02
# The verdicts that say so; the others speak of the filling alone.
SHOWS = ("seam", "remnant")
# Those of images that were left as they were.
UNFILLED = ("invented", "too_large")


def pairs(counts):
    """Pairs within groups of these sizes."""
    counts = np.asarray(list(counts), float)
    return float((counts * (counts - 1) / 2).sum())


def adjusted_rand(one, other):
    """The adjusted Rand index of two groupings (Hubert and Arabie, 1985)."""
    both, first, second = pairs(Counter(zip(one, other)).values()), pairs(Counter(one).values()), pairs(Counter(other).values())
    every = pairs([len(one)])
    expected = first * second / max(every, 1.0)
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def clusters(out, truth):
    """Whether clusters of plates are places."""
    found = records(out / "background" / "places.jsonl")
    places = [truth[record["source"]["frame"]]["place"] for record in found]
    numbers = [record["cluster"]["id"] for record in found]
    return f"ARI {adjusted_rand(numbers, places):.3f}, {len(found)} plates, {len(set(numbers))} clusters of {len(set(places))} places"


def differs(one, other):
    """Where two images differ."""
    return np.abs(one - other).max(2) > DIFFERS


class Fillings:
    """Plates and fillings against the frames that were rendered without characters."""

    def __init__(self, film, out, truth):
        self.merged, self.filled = [], []
        self.verdicts = []
        for record in records(out / "background" / "plates.jsonl"):
            line = truth[record["source"]["frame"]]
            if line["plate"]:
                true = image(film / line["plate"], line["letterbox"])
                seen = hidden(line) & ~shown(out / record["mask"])
                self.measure(self.merged, image(out / record["image"]), true, seen)
        self.cropped, self.shown = [], []
        for record in records(out / "background" / "cropped.jsonl"):
            line = truth[record["source"]["frame"]]
            if line["plate"] and "ground" in record:
                self.crop(record, out, image(film / line["plate"], line["letterbox"]), line)
        for record in records(out / "background" / "filled.jsonl") + records(out / "background" / "filled.rejects.jsonl"):
            line = truth[record["source"]["frame"]]
            if not line["plate"] or "inpaint" not in record:
                continue
            true, found = image(film / line["plate"], line["letterbox"]), image(out / record["image"])
            people, hole = hidden(line), np.zeros(found.shape[:2], bool)
            if record["inpaint"].get("filled"):
                hole = shown(out / record["inpaint"]["filled"])
                if "rejected" not in record:
                    self.measure(self.filled, found, true, hole)
            if people.any() and record["inpaint"]["verdict"] not in UNFILLED:
                before = image(out / record["inpaint"]["original"])
                left = differs(found, true) & ~differs(found, before) & ~hole
                self.verdicts.append((record["inpaint"]["verdict"] in SHOWS, bool(left[people].mean() > LEFT)))

    def crop(self, record, out, true, line):
        """Adds the error of a crop, and whether something of the characters is left in it."""
        left, top, right, bottom = record["ground"]["crop"]
        true, people = true[top:bottom, left:right], hidden(line)[top:bottom, left:right]
        found = image(out / record["image"])
        before = image(out / record["inpaint"]["original"])[top:bottom, left:right]
        self.measure(self.cropped, found, true, np.ones(found.shape[:2], bool))
        left_over = people & differs(found, true) & ~differs(found, before)
        self.shown.append(bool(left_over.sum() > LEFT * people.size))

    def measure(self, rows, found, true, where):
        """Adds the error and likeness of one image inside a mask."""
        if where.sum() >= 50:
            rows.append((float(((found - true)[where] ** 2).mean()), int(where.sum()), ssim(found, true, where)))

    def text(self, rows):
        """PSNR over all pixels, and mean SSIM by images."""
        if not rows:
            return "none"
        pixels = sum(count for _, count, _ in rows)
        error = sum(error * count for error, count, _ in rows) / pixels
        return (f"PSNR {10 * np.log10(255**2 / max(error, 1e-9)):.1f} dB, SSIM {np.mean([alike for *_, alike in rows]):.3f}, "
                f"{len(rows)} plates, {pixels} pixels")

    def rows(self):
        """The table's rows."""
        yield "plate-merge, where the ground is seen", self.text(self.merged)
        yield "lama-inpaint, in the holes of the images that it keeps", self.text(self.filled)
        yield "plate-crop, what it crops", self.text(self.cropped)
        yield "crops that show part of a character", share(sum(self.shown), len(self.shown))
        caught = sum(said and left for said, left in self.verdicts)
        yield "verdict that a character remains: precision", share(caught, sum(said for said, _ in self.verdicts))
        yield "verdict that a character remains: recall", share(caught, sum(left for _, left in self.verdicts))


def rows(film, out, truth):
    """The table's rows."""
    yield "clusters of plates against places", clusters(out, truth)
    yield from Fillings(film, out, truth).rows()
