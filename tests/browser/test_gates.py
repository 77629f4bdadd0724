"""The gates of `make … GATES=yes`: it stops, a person decides by keys, it goes on, and the exported files follow.

A data set of expressions stops for its emotions, one of backgrounds for its places, and both for their captions.
"""

import subprocess
import unittest

from served import BIN, ROOT, Served, lines

# The sample film, its small networks, and few images, so that a person is done soon.
SETTINGS = ["SETTINGS=examples/film/film.mk", "EXTRACT_FLAGS=--fps 1", "DESCRIBE=no", "MINIMUM=1", "GATES=yes"]
SETTINGS += ["DATASET_FLAGS=--resolution 512 --views kohya --validation 0"]


class Gates(Served):
    def make(self, *asked):
        """What `make` exits with and says."""
        command = ["make", "--no-print-directory", *asked, *SETTINGS, f"OUT={self.folder}/out", f"BIN={BIN}"]
        ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        return ran.returncode, ran.stdout

    def review(self, name):
        command = ["make", "--no-print-directory", "review", f"PIPELINE={name}", *SETTINGS, f"OUT={self.folder}/out", f"BIN={BIN}"]
        process = self.serve(command, folder=ROOT)
        self.browser.wait("document.querySelector('#image').naturalWidth > 0")
        return process

    def left(self):
        """How many images the page says are left to decide."""
        return self.browser.run("Number(/[0-9]+/.exec(document.querySelector('#done').innerText)?.[0] ?? 0)")

    def done(self, process):
        self.browser.wait("document.querySelector('#done').innerText === 'Done'")
        self.browser.click("#done")
        self.browser.wait("document.body.innerText.includes('You can close this page')")
        process.wait(timeout=60)

    def stops(self, code, said, name, what):
        self.assertNotEqual(code, 0)
        self.assertIn(f"make: {name}: its {what} are not reviewed: make review PIPELINE={name}", said)

    def exported(self, name):
        """The names of the images of a data set, and the captions beside them, by id."""
        records = lines(self.folder / "out" / name / "dataset.jsonl")
        folder = self.folder / "out" / name
        images = {one["id"]: self.folder / "out" / one["dataset"]["file"] for one in records}
        found = {}
        for one, image in images.items():
            self.assertTrue(image.is_file(), image)
            text = image.with_suffix(".txt")
            found[one] = (image.name, text.read_text(encoding="utf-8").strip())
        self.assertEqual(len({path.stem for path in folder.glob("dataset/kohya/**/*.txt")}), len(records), "no other files are left")
        return found

    def test_emotions_then_captions(self):
        code, said = self.make("expression")
        self.stops(code, said, "expression", "labels")
        self.assertIn("WAITS for the review of its labels", said)
        process = self.review("expression")
        ids = self.browser.run("[...document.querySelectorAll('#grid img')].map(one => one.alt)")
        self.shot("gate_emotions")
        # The first one is angry, whatever the network said; the second one goes; the others stay.
        self.keys("4")
        self.browser.wait("document.querySelector('#legend [aria-pressed=true]')?.innerText === '4 angry'")
        self.keys("k")
        self.keys("d")
        self.keys("k" * (len(ids) - 2))
        self.done(process)
        # A dropped image is replaced by another, and the angry one has another cell: what is new has not been seen yet.
        code, said = self.make("expression")
        while "its labels are not reviewed" in said:
            process = self.review("expression")
            self.keys("nk" * self.left())
            self.done(process)
            code, said = self.make("expression")
        self.stops(code, said, "expression", "captions")
        process = self.review("expression")
        self.browser.run(f"document.querySelector('#grid img[alt=\"{ids[0]}\"]').parentElement.click()")
        self.keys("c")
        self.browser.run("document.querySelector('#caption').select()")
        self.browser.type("lantern_angry, a caption of my own")
        self.browser.key("Enter")
        self.browser.wait("document.querySelector('#caption').className === 'changed'")
        self.keys("n" + "k" * len(ids))
        self.done(process)
        code, said = self.make("expression")
        self.assertEqual(code, 0, said)
        files = self.exported("expression")
        self.assertNotIn(ids[1], files, "what was dropped is not exported")
        name, caption = files[ids[0]]
        self.assertIn("_angry_", name)
        self.assertEqual(caption, "lantern_angry, a caption of my own")
        self.calm()

    def test_places_then_captions(self):
        code, said = self.make("background")
        self.stops(code, said, "background", "labels")
        process = self.review("background")
        self.browser.run("document.querySelector('#group').value = '/cluster/id'; document.querySelector('#group').onchange()")
        self.browser.wait("document.querySelector('#grid h3')")
        self.shot("gate_places")
        # The first group is what stands before the second heading.
        members = self.browser.run("(all => all.slice(1, all.slice(1).findIndex(one => one.tagName === 'H3') + 1 || undefined))"
                                   "([...document.querySelectorAll('#grid > *')]).map(one => one.title)")
        self.browser.click("#grid h3")
        self.browser.key("l", shift=True)
        self.browser.type("Porto Rosso")
        self.browser.key("Enter")
        self.browser.wait("document.querySelector('#facts tr.mine')")
        self.browser.run("document.querySelector('#group').value = ''; document.querySelector('#group').onchange()")
        self.browser.run("document.querySelector('#grid figure').click()")
        self.keys("k" * self.shown())
        self.done(process)
        code, said = self.make("background")
        self.stops(code, said, "background", "captions")
        process = self.review("background")
        captions = self.browser.run("document.querySelector('#caption').value")
        # A place that is called as a person calls it, in the captions, too.
        self.assertTrue(captions)
        self.keys("r")
        self.browser.type("Porto Rosso")
        self.browser.click("#with")
        self.browser.type("the red harbour")
        self.browser.wait(f"document.querySelectorAll('#preview li').length === {len(members)}")
        self.browser.key("Enter")
        self.browser.run("document.querySelector('#grid figure').click()")
        self.keys("k" * self.shown())
        self.done(process)
        code, said = self.make("background")
        self.assertEqual(code, 0, said)
        files = self.exported("background")
        for one in members:
            name, caption = files[one]
            self.assertIn("_porto_rosso_", name)
            self.assertIn("the red harbour", caption)
        self.assertTrue(all("the red harbour" not in caption for one, (_, caption) in files.items() if one not in members))
        self.calm()


if __name__ == "__main__":
    unittest.main()
