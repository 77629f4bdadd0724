"""`make teach` of names, of what to keep and of a threshold: a person labels by keys, and what is made next goes by that."""

import itertools
import json
import random
import subprocess
import unittest
from collections import Counter

from served import BIN, ROOT, Served, lines, png

DATASETS = ["MINIMUM=1", "DESCRIBE=no", "DATASET_FLAGS=--resolution 512 --views kohya --validation 0"]
# The sharper half of few frames of the sample film, without references: its three characters are in five groups.
GROUPS = ["SETTINGS=examples/film/film.mk", "CAST=", "EXTRACT_FLAGS=--fps 0.5", "BLUR_FLAGS=--sharpness 1x", "CAST_CLUSTER_FLAGS=--k 5"]
# So few labels, of which one is wrong, prove no more.
GROUPS += ["TEACH_FLAGS=--precision 0.85"]
# How many of the instances get labels.
LABELLED = 16
# Drawn frames, which no filter but that of sharpness is made for.
DRAWN = ["SETTINGS=", "NETWORKS=none", "DEDUP_FLAGS=--max-distance 0 --across 0"]
PLAIN = "--min-side 1 --contrast 1 --flat 1 --letters 0"

# Drawn shots, and the frames of each.
SHOTS, EACH = 16, 4
# What is sharp enough for a person, in pixels; the tool drops what is below about 47.
SHARP = 60


def number_of(name):
    """The number of a drawn frame."""
    return int(name.rpartition("_")[2])


def is_gray(name):
    """Whether a drawn frame is gray: those of every third shot are."""
    return number_of(name) // EACH % 3 == 0


def drawing(name):
    """What colour a drawn frame has at a column and a row: a checkerboard, with edges that are up to twelve pixels wide."""
    number, chance = number_of(name), random.Random(name)
    shot, wide = number // EACH, 1 + number * 5 % 12

    def waves(length):
        """Light and dark in turn along a side, as 1 and -1."""
        edges = list(itertools.accumulate(chance.randrange(15, 40) for _ in range(12)))
        return [1 - 2 * sum(min(max((at - edge) / wide + 0.5, 0), 1) * (-1) ** turn for turn, edge in enumerate(edges)) for at in range(length)]

    across, down = waves(160), waves(96)

    def colour(x, y):
        value = round(110 + 2 * shot + 70 * across[x] * down[y])
        return (value, value, value) if is_gray(name) else (value, value * (3 + shot % 5) // 9, 255 - value)

    return colour


class Teach(Served):
    def settings(self, *more):
        return ["make", "--no-print-directory", "NICE=0", f"OUT={self.folder}/out", f"BIN={BIN}", *more]

    def make(self, *asked, fails=False):
        """What `make` says."""
        command = self.settings(*asked)
        ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        self.assertEqual(ran.returncode != 0, fails, ran.stdout)
        return ran.stdout

    def teach(self, name, *more):
        """Opens the page of `make teach`, with images to label."""
        process = self.serve(self.settings("teach", f"PIPELINE={name}", *more), folder=ROOT)
        self.browser.wait("document.querySelector('#image').naturalWidth > 0")
        return process

    def done(self, process):
        """Presses Done; what is said after it."""
        self.calm()
        self.browser.click("#done")
        self.browser.wait("document.body.innerText.includes('You can close this page')")
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, said)
        return said

    def out(self, path):
        return lines(self.folder / "out" / path)

    def here(self):
        """The image that the page is at, once it has come to it."""
        return self.browser.run("document.querySelector('#name').textContent.split(' (')[0].trim()")

    def group_by(self, pointer):
        self.browser.run(f"document.querySelector('#group').value = '{pointer}'; document.querySelector('#group').onchange()")

    def name_group(self, group, name):
        """Names all images of a group, with Shift+L."""
        self.browser.click(f"#grid h3[data-group='{group}']")
        self.browser.key("l", shift=True)
        self.browser.wait("document.querySelector('#name-dialog').open")
        self.browser.type(name)
        self.browser.key("Enter")
        self.browser.wait(f"!document.querySelector('#name-dialog').open && !document.querySelector(\"#grid h3[data-group='{group}']\")")


class Names(Teach):
    def test_groups_get_names_and_the_sets_of_characters_follow(self):
        self.make("character", *GROUPS, *DATASETS)
        groups = {one["id"]: one["identity"]["name"] for one in self.out("named.jsonl")}
        self.assertEqual(len(set(groups.values())), 5, groups)
        process = self.teach("character", *GROUPS, f"TEACH_ASK={LABELLED}")
        self.group_by("/identity/name")
        self.browser.wait("document.querySelectorAll('#grid h3').length === 5")
        self.shot("teach_groups")
        names = {"cluster_0": "luca", "cluster_1": "luca/striped shirt", "cluster_2": "giulia", "cluster_3": "giulia", "cluster_4": "luca"}
        for group, name in names.items():
            self.name_group(group, name)
        self.browser.wait("document.querySelectorAll('#grid h3').length === 3")
        self.shot("teach_names")
        # One image is in the wrong group.
        self.browser.click("#grid h3[data-group=giulia]")
        wrong = self.here()
        self.keys("l")
        self.browser.wait("document.querySelector('#name-dialog').open")
        self.browser.type("luca")
        self.browser.key("Enter")
        self.browser.wait("document.querySelectorAll('#facts tr.mine').length === 1")
        # One is no character.
        self.assertIn("no character", self.browser.run("document.querySelector('#decisions').textContent"))
        self.browser.click("#grid h3[data-group='luca/striped shirt']")
        gone = self.here()
        self.keys("d")
        self.browser.wait("document.querySelector('#counts').innerText.includes('1 dropped')")
        said = self.done(process)
        self.assertIn(f"`/identity/name`: {LABELLED - 1} labels of", said)
        # All sets go by the names from now on: one for each character, and none for the groups.
        said = self.make("character", *GROUPS, *DATASETS, "REGULARIZATION=yes")
        self.assertIn("make: character-luca ", said)
        self.assertIn("make: character-giulia ", said)
        self.assertNotIn("cluster_", said.partition("make: data set")[2])
        known = {one["id"]: one["identity"]["name"] for one in self.out("known.jsonl")}
        self.assertLessEqual(set(known), set(groups) - {gone})
        self.assertGreater(len(known), 0.8 * len(groups), "what looks like him stays")
        for manifest in ["posed", "character/luca/reviewed", "character/luca/dataset", "character/giulia/dataset"]:
            self.assertNotIn(gone, {one["id"] for one in self.out(f"{manifest}.jsonl")})
        decided = {one["id"]: one for one in self.out("review/character.jsonl")}
        self.assertEqual((len(decided), decided[gone]["decision"]), (LABELLED, "drop"))
        labelled = {name: one["set"]["/identity/name"] for name, one in decided.items() if name != gone}
        self.assertEqual(labelled[wrong], "luca")
        self.assertEqual({one: known[one] for one in labelled}, labelled, "what a person said is so")
        others = [known[one] == names[groups[one]] for one in known if one not in labelled]
        self.assertGreater(sum(others), 0.7 * len(others), "and those that look like them follow")
        for character in ["luca", "giulia"]:
            members = [one["identity"]["name"] for one in self.out(f"character/{character}/dataset.jsonl")]
            self.assertGreater(len(members), 3)
            self.assertEqual({one.partition("/")[0] for one in members}, {character})
        luca = {one["id"] for one in self.out("character/luca/reviewed.jsonl")}
        self.assertTrue(any(known[one] == "luca/striped shirt" for one in luca), "his outfits are him")
        self.assertEqual({one["identity"]["name"] for one in self.out("character/luca/regular.jsonl")}, {"giulia"}, "and no other character")
        self.assertIn(wrong, luca | {one["id"] for one in self.out("character/luca/sharp.rejects.jsonl")})
        self.make("character", *GROUPS, *DATASETS, "REGULARIZATION=yes", "CHARACTER=luca/striped shirt")
        outfit = self.out("character/luca_striped_shirt/dataset.jsonl")
        self.assertEqual({one["identity"]["name"] for one in outfit}, {"luca/striped shirt"})
        # What is asked for next has no label yet.
        process = self.teach("character", *GROUPS, f"TEACH_ASK={LABELLED}")
        asked = self.browser.run("[...document.querySelectorAll('#grid img')].map(one => one.alt)")
        self.assertEqual(len(asked), len(groups) - LABELLED)
        self.assertFalse(set(asked) & set(decided))
        self.group_by("/identity/name")
        guesses = self.browser.run("[...document.querySelectorAll('#grid h3')].map(one => one.dataset.group)")
        self.shot("teach_guesses")
        self.assertFalse([one for one in guesses if one.startswith("cluster_")], "groups are no names")
        self.assertTrue({"luca", "giulia"} & set(guesses), guesses)
        self.done(process)


class Frames(Teach):
    def draw(self):
        """Frames with stripes, and settings that read them."""
        for number in range(SHOTS * EACH):
            name = f"f_{number:03}"
            png(self.folder / f"frames/{name}.png", 160, 96, drawing(name))

    def settings(self, *more):
        return super().settings(f"FRAMES={self.folder}/frames", *more)

    def decide(self, keeps):
        """Keeps or drops each image of the page by what `keeps` says of its name."""
        total = self.shown()
        decided = Counter()
        for number in range(total):
            key = "k" if keeps(self.here()) else "d"
            self.keys(key)
            decided[key] += 1
            self.browser.wait(f"document.querySelector('#counts').innerText.includes('{total - number - 1} of {total} undecided')")
        return decided

    def test_what_is_dropped_takes_what_is_like_it_along(self):
        self.draw()
        style = ["style", *DRAWN, *DATASETS, f"BLUR_FLAGS={PLAIN} --sharpness 1"]
        self.make(*style)
        before = {one["id"] for one in self.out("style/reviewed.jsonl")}
        self.assertEqual(len(before), SHOTS * EACH)
        # A person wants no gray images, but for the first of those that are asked for.
        process = self.teach("style", *DRAWN, "TEACH_ASK=24")
        asked = self.browser.run("[...document.querySelectorAll('#grid img')].map(one => one.alt)")
        wanted = next(one for one in asked if is_gray(one))
        decided = self.decide(lambda one: not is_gray(one) or one == wanted)
        self.assertGreater(min(decided.values()), 5, decided)
        self.shot("teach_style")
        self.assertIn("`/review/decision`: 24 labels of", self.done(process))
        self.make(*style)
        after = {one["id"] for one in self.out("style/reviewed.jsonl")}
        self.assertEqual({one for one in after if is_gray(one)}, {wanted}, "what a person keeps stays, and the others go, labelled or not")
        self.assertEqual({one for one in after if not is_gray(one)}, {one for one in before if not is_gray(one)})
        self.assertLessEqual({one["id"] for one in self.out("style/dataset.jsonl")}, after)
        # Left out, what was taught drops none that was not labelled.
        self.make(*style, "TAUGHT=no")
        dropped = {one for one in asked if is_gray(one)} - {wanted}
        self.assertEqual({one["id"] for one in self.out("style/reviewed.jsonl")}, before - dropped)

    def test_a_threshold_is_that_of_the_labels(self):
        self.draw()
        blur = f"BLUR_FLAGS={PLAIN}"
        self.make("frames", *DRAWN, blur)
        kept = {one["id"] for one in self.out("sharp.jsonl")}
        sharpness = {one["id"]: one["quality"]["sharpness"] for one in self.out("sharp.jsonl") + self.out("sharp.rejects.jsonl")}
        # A person finds more of them blurred than the tool does.
        process = self.teach("blur", *DRAWN, blur, "TEACH_ASK=30")
        decided = self.decide(lambda one: sharpness[one] >= SHARP)
        self.assertGreater(min(decided.values()), 5, decided)
        self.shot("teach_blur")
        said = self.done(process)
        found = json.loads((self.folder / "out/thresholds/blur.json").read_text(encoding="utf-8"))
        self.assertIn(f"make: blur: --sharpness={found['threshold']:.10g}:", said)
        self.assertLess(abs(found["threshold"] - SHARP), 8)
        self.make("frames", *DRAWN, blur)
        settings = (self.folder / "out/.settings/sharp").read_text(encoding="utf-8")
        self.assertIn(f"--sharpness={found['threshold']:.10g} {PLAIN}", settings)
        after = {one["id"] for one in self.out("sharp.jsonl")}
        self.assertEqual(after, {one for one in kept if sharpness[one] >= found["threshold"]})
        self.assertLess(len(after), len(kept))
        gone = [one["rejected"]["reason"] for one in self.out("sharp.rejects.jsonl")]
        self.assertTrue(all(f"below {found['threshold']:.0f}" in one for one in gone), gone)
        # Left out, it is as before.
        self.make("frames", *DRAWN, blur, "TAUGHT=no")
        self.assertEqual({one["id"] for one in self.out("sharp.jsonl")}, kept)


if __name__ == "__main__":
    unittest.main()
