"""The page of `review`, used by keyboard and mouse as its user does."""

import unittest

from served import BIN, Served, lines, png, write_lines

PLACES = ["sea", "hill", "sea", "road", "hill", "sea"]
EVIL = "<img src=x onerror=window.hacked=1>"
# Answers of the server take their time.
SLOWLY = "(() => { const asked = fetch; window.fetch = (...what) => new Promise(done => setTimeout(() => done(asked(...what)), 300)) })()"
LABELS = ["--label", "/tags/location", "--label", "/emotion/label=happy,sad,angry"]


class Review(Served):
    def begin(self, *flags):
        """A page of six images."""
        records = []
        for number, place in enumerate(PLACES):
            image, mask = f"image_{number}.png", f"mask_{number}.png"
            png(self.folder / image, 160, 90, lambda x, y, number=number: (40 * number, x, 2 * y))
            png(self.folder / mask, 160, 90, lambda x, y: 255 if x < 80 else 0)
            records.append({
                "id": f"film_{number:06}", "image": image, "mask": mask, "width": 160, "height": 90,
                "tags": {"location": [[place, 0.61], ["cave", 0.2]]}, "cluster": {"id": number % 2, "size": 3},
                "emotion": {"label": "sad", "intensity": "low", "scores": {"happy": 0.2, "sad": 0.7, "angry": 0.1}},
                "caption": f"lantern, red hat, {place}, redder" if number else EVIL,
            })  # fmt: skip
        write_lines(self.folder / "in.jsonl", records)
        command = [f"{BIN}/review", "--patch", "p.jsonl", "--serve", "--reviewer", "tester", *LABELS, *flags, "in.jsonl"]
        process = self.serve(command)
        self.browser.wait("document.querySelectorAll('#grid figure').length === 6")
        return process

    def patch(self):
        """The last decision of each image."""
        return {line["id"]: line for line in lines(self.folder / "p.jsonl")}

    def said(self, text):
        self.browser.wait(f"document.body.innerText.includes({text!r})")

    def test_of_many_images_only_those_in_sight_are_in_the_page(self):
        png(self.folder / "one.png", 32, 18, lambda x, y: 100)
        # Two groups, of which the second begins far below.
        write_lines(self.folder / "in.jsonl", [
            {"id": f"film_{number:06}", "image": "one.png", "tags": {"location": [["sea" if number < 2900 else "hill", 0.9]]}} for number in range(3000)
        ])  # fmt: skip
        self.serve([f"{BIN}/review", "--patch", "p.jsonl", "--serve", "--reviewer", "tester", "--label", "/tags/location", "in.jsonl"])
        first, last = ("document.querySelector('#grid figure[title=film_000000]')", "document.querySelector('#grid figure[title=film_002999]')")
        count = "document.querySelectorAll('#grid figure').length"
        self.browser.wait(f"{first} && !{last} && {count} < 300")
        self.said("3000 of 3000 undecided")
        # The bar is as long as if all were there, and its end is the last image.
        self.browser.run("document.getElementById('grid').scrollTop = 1e9")
        self.browser.wait(f"{last} && !{first} && {count} < 300")
        bottom = f"Math.abs({last}.getBoundingClientRect().bottom + 4 - document.getElementById('grid').getBoundingClientRect().bottom) < 1.5"
        self.assertTrue(self.browser.run(bottom))
        # Where the reviewer is comes back into sight with the next key.
        self.keys("d")
        self.browser.wait(f"{first}?.className.includes('drop') && {count} < 300")
        self.keys("g")
        self.browser.wait("document.querySelector('#grid h3[data-group=sea]')")
        self.browser.run("document.getElementById('grid').scrollTop = 1e9")
        self.browser.wait("document.querySelector('#grid h3[data-group=hill]') || document.querySelector('#grid figure[title=film_002999]')")
        self.browser.run(f"{last}.click()")
        self.browser.wait("document.getElementById('name').innerText.includes('film_002999')")
        self.assertEqual(self.patch()["film_000000"]["decision"], "drop")

    def test_decisions_by_keys_are_in_the_patch(self):
        process = self.begin()
        self.said("6 of 6 undecided")
        self.keys("kd")
        self.said("4 of 6 undecided; 1 kept, 1 dropped")
        self.keys("t2")
        self.browser.wait("document.querySelector('#legend [aria-pressed=true]')?.innerText === '2 sad'")
        self.keys("1")
        self.said("3 of 6 undecided")
        patch = self.patch()
        self.assertEqual([patch[f"film_00000{at}"]["decision"] for at in range(3)], ["keep", "drop", "open"])
        self.assertEqual(patch["film_000002"]["set"], {"/emotion/label": "happy"})
        self.keys("u")
        self.browser.wait("document.querySelector('#legend [aria-pressed=true]')?.innerText === '2 sad'")
        self.said("3 of 6 undecided")
        self.keys("n0")
        self.browser.wait("document.querySelector('#legend [aria-pressed=true]')?.innerText === '0 unknown'")
        self.browser.click("#done")
        self.said("You can close this page")
        process.wait(timeout=20)
        self.assertEqual(self.patch()["film_000003"]["set"], {"/emotion/label": "unknown"})
        self.calm()

    def test_a_group_moves_as_a_whole(self):
        self.begin()
        self.keys("g")
        self.browser.wait("document.querySelectorAll('#grid h3').length === 3")
        self.assertEqual(self.browser.text("#grid h3"), "sea\n3 of 3 left")
        self.browser.click("#grid h3[data-group=hill]")
        self.said("film_000001 (")
        self.browser.key("1", shift=True)
        self.browser.wait("document.querySelectorAll('#grid h3').length === 2")
        self.assertEqual(self.browser.text("#grid h3"), "sea\n3 of 5 left", "their label is a decision")
        self.shot("review_groups")
        batch = [line for line in lines(self.folder / "p.jsonl") if line.get("batch") is not None]
        self.assertEqual([line["id"] for line in batch], ["film_000001", "film_000004"])
        self.assertEqual(batch[0]["set"], {"/tags/location": [["sea", 1]]})
        self.keys("u")
        self.browser.wait("document.querySelectorAll('#grid h3').length === 3")

    def test_a_place_gets_a_name(self):
        self.begin()
        self.browser.run("document.querySelector('#group').value = '/cluster/id'")
        self.browser.run("document.querySelector('#group').onchange()")
        self.browser.wait("document.querySelectorAll('#grid h3').length === 2")
        self.browser.key("l", shift=True)
        self.said("location of all 3 images of the group")
        self.browser.type("Porto Rosso")
        self.browser.key("Enter")
        self.said("3 images changed")
        self.assertEqual({one["id"]: one["set"]["/tags/location"][0][0] for one in self.patch().values()},
                         {f"film_00000{at}": "Porto Rosso" for at in (0, 2, 4)})  # fmt: skip
        self.browser.key("k", shift=True)
        self.said("3 kept")
        self.assertEqual(self.patch()["film_000004"]["set"], {"/tags/location": [["Porto Rosso", 1]]}, "and stays so")
        # A name for one image, and one that is given up.
        self.keys("l")
        self.browser.type("quay")
        self.browser.key("Escape")
        self.browser.wait("!document.querySelector('#name-dialog').open")
        self.keys("l")
        self.browser.type("/light/time=night")
        self.browser.key("Enter")
        self.said("light time")
        self.assertEqual(self.patch()["film_000000"]["set"]["/light/time"], "night")
        self.calm()

    def test_captions_are_replaced_and_given_back(self):
        self.begin()
        self.keys("r")
        self.browser.type("red")
        self.said("in 5 of 6 shown captions")
        self.browser.click("#with")
        self.browser.type("crimson")
        self.browser.wait("document.querySelector('#preview ins')?.innerText === 'lantern, crimson hat, hill, redder'")
        self.shot("review_replace")
        self.browser.key("Enter")
        self.said("5 images changed")
        written = lines(self.folder / "p.jsonl")
        self.assertEqual(written[0]["caption"], "lantern, crimson hat, hill, redder", "a whole word, and no part of one")
        self.assertEqual(len({line["batch"] for line in written}), 1)
        # A tag that goes leaves no comma behind.
        self.browser.click("#open-replace")
        self.browser.run("document.querySelector('#find').value = 'crimson hat'; document.querySelector('#with').value = ''")
        self.browser.run("document.querySelector('#find').oninput()")
        self.browser.click("#do-replace")
        self.until(lambda: self.patch()["film_000001"]["caption"] == "lantern, hill, redder")
        self.keys("uu")
        self.until(lambda: all("caption" not in line for line in self.patch().values()))
        # One caption by hand.
        self.browser.click("#grid figure:nth-child(2)")
        self.keys("c")
        self.browser.run("document.querySelector('#caption').select()")
        self.browser.type("mine")
        self.browser.key("Enter")
        self.browser.wait("document.querySelector('#caption').className === 'changed'")
        self.assertEqual(self.patch()["film_000001"]["caption"], "mine")
        self.calm()

    def test_search_ends_with_escape(self):
        self.begin()
        self.keys("/")
        self.browser.type("hill")
        self.browser.wait("document.querySelectorAll('#grid figure').length === 2")
        self.browser.key("Escape")
        self.browser.wait("document.querySelectorAll('#grid figure').length === 6")
        self.assertEqual(self.browser.run("document.querySelector('#search').value"), "")
        # And once more where the field has been left.
        self.keys("/")
        self.browser.type("road")
        self.browser.key("Enter")
        self.browser.wait("document.querySelectorAll('#grid figure').length === 1")
        self.browser.key("Escape")
        self.browser.wait("document.querySelectorAll('#grid figure').length === 6")
        self.keys("k")
        self.said("5 of 6 undecided")
        self.keys("f")
        self.browser.wait("document.querySelectorAll('#grid figure').length === 5")
        self.calm()

    def test_image_mask_and_facts_are_shown(self):
        self.begin()
        self.browser.wait("document.querySelector('#image').naturalWidth === 160")
        self.browser.wait("document.querySelector('#facts meter')")
        self.assertEqual(self.browser.text("#facts tr"), "tags location\tsea 0.61")
        self.assertEqual(self.browser.run("document.querySelector('#facts meter').value"), 0.61)
        red = """(() => {
            const canvas = document.createElement('canvas'), image = document.querySelector('#image')
            canvas.width = 160; canvas.height = 90
            canvas.getContext('2d').drawImage(image, 0, 0)
            return image.complete ? canvas.getContext('2d').getImageData(10, 45, 1, 1).data[0] : null
        })()"""
        self.assertLess(self.browser.wait(red + " + 1"), 60)
        self.keys("m")
        self.browser.wait("document.querySelector('#image').src.includes('mask/') && document.querySelector('#image').complete")
        self.assertGreater(self.browser.wait(red), 100, "the left half is tinted")
        self.shot("review_mask")
        self.keys("m")
        self.browser.wait("document.querySelector('#image').src.includes('image/')")
        self.calm()

    def test_a_sample_is_counted_down(self):
        self.begin("--require", "2")
        self.said("Done (2 left)")
        self.keys("kk")
        self.browser.wait("document.querySelector('#done').innerText === 'Done'")
        self.said("4 of 6 undecided, 0 of them needed")

    def test_small_windows_have_room_for_the_image(self):
        self.begin()
        for width, height, least in [(700, 800, 420), (1000, 700, 600), (1400, 900, 600), (400, 800, 240)]:
            self.browser.resize(width, height)
            self.fits()
            box = self.browser.run("(b => [b.width, b.height])(document.querySelector('#image').getBoundingClientRect())")
            self.assertGreater(box[0], least, f"the image at {width}")
            self.assertGreater(box[1], 120, f"the image at {width}")
            self.shot(f"review_{width}")

    def test_keys_that_are_faster_than_the_disk_are_for_the_image_to_come(self):
        self.begin()
        self.browser.run(SLOWLY)
        # The second row of labels is chosen, and of it the third word is set; then text is typed before there is a field for it.
        self.keys("t3kcd")
        self.said("5 of 6 undecided; 1 kept, 0 dropped")
        self.browser.wait("document.activeElement.id === 'caption'")
        self.assertEqual(self.patch()["film_000000"]["set"], {"/emotion/label": "angry"})
        self.assertEqual(list(self.patch()), ["film_000000"], "what was typed for a field is no decision")

    def test_done_comes_after_all_that_was_decided_before(self):
        process = self.begin()
        self.browser.run(SLOWLY)
        # A name that is on its way, and keys that wait for it.
        self.keys("l")
        self.browser.wait("document.querySelector('#name-dialog').open")
        self.browser.type("quay")
        self.browser.key("Enter")
        self.browser.wait("!document.querySelector('#name-dialog').open")
        self.keys("kd")
        self.browser.click("#done")
        self.said("You can close this page")
        process.wait(timeout=20)
        patch = self.patch()
        self.assertEqual(patch["film_000000"], patch["film_000000"] | {"decision": "keep", "set": {"/tags/location": [["quay", 1]]}})
        self.assertEqual(patch["film_000001"]["decision"], "drop")
        # Images that were still on their way have no server any more.
        self.assertEqual([error for error in self.browser.errors if "CONNECTION_REFUSED" not in error], [])

    def test_a_message_stays_until_the_next_key(self):
        process = self.begin()
        self.keys("K")
        self.said("choose first what to group by")
        self.keys("k")
        self.said("1 kept")
        process.kill()
        self.keys("k")
        self.said("changes are no longer saved")

    def test_what_a_film_says_is_text(self):
        self.begin()
        self.browser.wait("document.querySelector('#caption').value.startsWith('<img')")
        self.browser.click("#open-replace")
        self.browser.type("onerror")
        self.browser.wait("document.querySelector('#preview li')")
        self.assertEqual(self.browser.run("document.querySelectorAll('img[src=x]').length"), 0)


if __name__ == "__main__":
    unittest.main()
