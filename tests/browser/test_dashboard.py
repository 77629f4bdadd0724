"""The page of `dashboard`, while a run goes on."""

import json
import os
import unittest

from served import BIN, Served, write_lines

EVIL = "<img src=x onerror=window.hacked=1>"


class Dashboard(Served):
    def progress(self, **phases):
        """Writes a progress file, whole, as `phase` does."""
        part = self.folder / "progress.part"
        part.write_text(json.dumps({"phases": phases}), encoding="utf-8")
        os.replace(part, self.folder / "preparation_progress.json")

    def begin(self):
        (self.folder / "logs").mkdir()
        stages = ["frames", "unique", "tagged"]
        last = ["selected", "captioned", "dataset"]
        planned = {
            "chains": {name: stages + [f"{name}-{stage}" for stage in last] for name in ["style", "lighting"]} | {EVIL: [EVIL]},
            "sets": [{"name": name, "folder": name, "wanted": 10, "fewest": 2} for name in ["style", "lighting"]],
        }
        (self.folder / ".run.json").write_text(json.dumps(planned), encoding="utf-8")
        for name in ["style", "lighting"]:
            sources = [{"film": "a", "frame": at, "time": at, "shot": 0} for at in range(6 if name == "style" else 3)]
            write_lines(self.folder / name / "dataset.jsonl", [{"id": f"f{at}", "image": "x", "source": one} for at, one in enumerate(sources)])
            (self.folder / name / "report.html").write_text(f"<title>Report of {name}</title><p>all of it<script>window.hacked=1</script>", encoding="utf-8")
        self.progress(frames={"status": "running", "start": "2026-01-01T00:00:00Z"})
        return self.serve([f"{BIN}/dashboard", "--run-dir", "."])

    def said(self, text):
        self.browser.wait(f"document.body.innerText.includes({text!r})")

    def test_the_page_follows_the_run(self):
        process = self.begin()
        self.said("1 running")
        self.said("9 to come")
        done = {"status": "done", "start": "2026-01-01T00:00:00Z", "seconds": 3, "in": 0, "out": 40}
        (self.folder / "logs/tagged.log").write_text("clip-tag: 30 records, 2.5/s, 75 %, 4 seconds left\n", encoding="utf-8")
        (self.folder / "logs/style-captioned.log").write_text(f"caption-compose: {EVIL}: broken\n", encoding="utf-8")
        self.progress(
            frames=done,
            unique={"status": "waiting", "waits_for": "process 7 (python)", "gpu": "alone"},
            tagged={"status": "running", "start": "2026-01-01T00:00:00Z"},
            **{"style-captioned": {"status": "failed", "exit_code": 1}, EVIL: {"status": "done"}},
        )
        self.said("waits for process 7 (python)")
        self.said("30 records, 2.5 a second, 75 %, 4 seconds left")
        self.said(f"caption-compose: {EVIL}: broken")
        self.assertEqual(self.browser.run("document.querySelector('.job progress').value"), 75)
        self.assertEqual(self.browser.run("document.querySelectorAll('#graph g').length"), 10)
        self.assertEqual(self.browser.run("document.querySelectorAll('#graph g.failed').length"), 1)
        self.browser.wait("document.title.includes('1 failed')")
        # What was opened stays so.
        self.browser.click("#phases summary")
        self.progress(frames=done, unique=done, tagged=done)
        self.said("3 done")
        self.assertTrue(self.browser.run("document.querySelector('#phases details').open"))
        for width, height in [(700, 900), (1400, 1200)]:
            self.browser.resize(width, height)
            self.fits()
            self.shot(f"dashboard_{width}")
        self.assertEqual(self.browser.run("document.querySelectorAll('img[src=x]').length"), 0)
        self.calm()
        process.terminate()
        self.said("The dashboard has ended")

    def test_reports_are_opened_and_nothing_else(self):
        self.begin()
        self.browser.click("#sets a")
        self.browser.wait("document.title.startsWith('Report of') && document.body.innerText.includes('all of it')")
        self.assertIsNone(self.browser.run("window.hacked ?? null"), "a report runs no script")
        for path in ["style/dataset.jsonl", "preparation_progress.json", "../out", "style/..%2f..%2freport.html", "logs/x/report.html"]:
            self.assertEqual(self.browser.run(f"fetch({self.url + path!r}).then(answer => answer.status, () => 0)"), 0, "its policy")
        self.browser.open(self.url)
        self.said("1 running")
        for path in ["style/dataset.jsonl", "preparation_progress.json", "style/..%2f..%2freport.html", "logs/x/report.html"]:
            self.assertEqual(self.browser.run(f"fetch({self.url + path!r}).then(answer => answer.status)"), 404, path)

    def test_a_broken_file_is_said_and_the_page_goes_on(self):
        self.begin()
        self.said("1 running")
        (self.folder / "preparation_progress.json").write_text('{"phases": {"fra', encoding="utf-8")
        self.said("preparation_progress.json: EOF")
        self.said("lighting")
        self.progress(frames={"status": "done"})
        self.said("1 done")
        self.browser.wait("!document.querySelector('.trouble')")


if __name__ == "__main__":
    unittest.main()
