"""Tests of thresholds that labels set: `python3 -m unittest` in this folder."""

import filecmp
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import checkpoints
import launch
import names
import teach_threshold
import thresholds
from names import Wrong
from teach_threshold import PAIRS
from test_make import told


def fitted(of, threshold, better=True, before=None):
    """A file of label-fit."""
    proof = {"labels": 60, "shots": 9, "keep": 40, "drop": 20, "precision": 0.9, "recall": 0.8, "better": better}
    proof["before"] = {"precision": 0.7, "recall": 0.9, **({} if before is None else {"threshold": before})}
    one = {"form": 1, "threshold_of": of, "side": "above", "proof": proof}
    return json.dumps({**one, **({} if threshold is None else {"threshold": threshold})})


class Inside(unittest.TestCase):
    """Tests in a folder of their own, the current one, which is OUT."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def put(self, path, text):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")

    def lines(self, path, *rows):
        self.put(path, "".join(json.dumps(row) + "\n" for row in rows))


class Counting(Inside):
    def in_force(self, others=(), **values):
        with told(**values):
            return list(thresholds.in_force(".", others))

    def test_a_threshold_counts_where_it_is_better_than_what_was(self):
        self.put("thresholds/blur.json", fitted("/quality/sharpness", 412.5))
        self.put("thresholds/detect.json", fitted("/boxes/0/score", 0.4, better=False))
        self.put("thresholds/faces.json", fitted("/face/score", None))
        self.put("thresholds/fog.json", "half a fi")
        self.assertEqual(self.in_force(), ["blur:thresholds/blur.json:--sharpness=412.5"])
        self.assertEqual(self.in_force(TAUGHT="no"), [])

    def test_of_another_film_it_counts_where_this_one_has_none(self):
        self.put("theirs/blur.json", fitted("/quality/sharpness", 300))
        self.put("theirs/faces.json", fitted("/face/score", 0.5))
        self.put("theirs/taught.json", '{"key": "/light/time"}')
        self.put("thresholds/blur.json", fitted("/quality/sharpness", 412.5))
        others = thresholds.elsewhere("theirs")
        self.assertEqual(sorted(others), ["blur", "faces"])
        thresholds.take(".", others)
        found = ["blur:thresholds/blur.json:--sharpness=412.5", "faces:thresholds/from/faces.json:--threshold=0.5,--sure=0.5"]
        self.assertEqual(self.in_force(others), found)
        self.assertEqual(self.in_force(), found[:1], "what was taken from there counts only while it is asked for")
        self.assertTrue(json.loads(Path("thresholds/from/faces.json").read_text())["elsewhere"])
        self.assertEqual(sorted(thresholds.elsewhere("theirs/blur.json")), ["blur"])
        self.assertEqual(thresholds.elsewhere("theirs/taught.json"), {}, "a model is left to label-apply")
        self.assertEqual(thresholds.elsewhere(""), {})
        os.remove("theirs/blur.json")
        os.remove("theirs/faces.json")
        self.put("theirs/sharpest.json", fitted("/quality/sharpness", 500))
        self.put("theirs/blur.json", fitted("/quality/sharpness", 300))
        with self.assertRaisesRegex(Wrong, "blur.json and sharpest.json are both a threshold of blur"):
            thresholds.elsewhere("theirs")
        os.remove("theirs/blur.json")
        os.remove("theirs/sharpest.json")
        with self.assertRaisesRegex(Wrong, "no threshold in this folder"):
            thresholds.elsewhere("theirs")

    def test_a_film_hands_on_what_it_took_itself(self):
        self.put("theirs/from/blur.json", fitted("/quality/sharpness", 100))
        self.put("theirs/from/fog.json", fitted("/inpaint/fog", 0.1))
        self.put("theirs/from/detect.json", fitted("/boxes/0/score", 0.2))
        self.put("theirs/blur.json", fitted("/quality/sharpness", 300))
        self.put("theirs/detect.json", fitted("/boxes/0/score", 0.4, better=False))
        found = thresholds.elsewhere("theirs")
        self.assertEqual({name: one["threshold"] for name, one in found.items()}, {"blur": 300, "fog": 0.1, "detect": 0.2})

    def test_checkpoints_go_by_the_thresholds_of_another_film(self):
        self.put("theirs/faces.json", fitted("/face/score", 0.5))
        self.put("images/step/a.png", "")
        self.put("style/dataset.jsonl", "")
        self.put("style/dataset/prompts.jsonl", "")
        paths = []
        inner = lambda make, roles, paths_, more: paths.append(paths_) or ["make"]
        settings = {"OUT": ".", "PIPELINE": "style", "IMAGES": "images", "TEACH_FROM": "theirs"}
        with told(**settings), mock.patch("launch.inner", inner), mock.patch("os.execvp") as run, mock.patch("sys.stderr"):
            checkpoints.start("make")
        self.assertIn("CUTS=faces:thresholds/from/faces.json:--threshold=0.5,--sure=0.5", run.call_args[0][1])
        self.assertEqual(paths[0]["TEACH_FROM"], "")

    def test_half_a_file_is_no_threshold(self):
        one = json.loads(fitted("/instance/edges", 0.45))
        for median, counted in [(0.5, True), (0, False), (None, False), ("half", False)]:
            self.assertEqual(thresholds.counts({**one, "median": median}), counted, median)
        self.assertFalse(thresholds.counts(one), "the median comes after the threshold")
        self.lines("thresholds/motion.json", one)
        self.lines("thresholds/fog.json", {"threshold_of": "/inpaint/fog", "threshold": "low", "proof": {"better": True}})
        self.lines("thresholds/blur.json", {"threshold_of": "/quality/sharpness", "threshold": 1, "proof": []})
        self.assertEqual(self.in_force(), [])

    def test_a_bad_line_is_named_and_an_unfinished_one_is_none(self):
        self.put("patch.jsonl", '{"id": "a", "decision": "keep"}\n\n{"id": "ä", "decision": "drop"}\n{"id": "c", "deci')
        self.assertEqual(thresholds.decisions("patch.jsonl"), {"a": "keep", "ä": "drop"})
        Path("patch.jsonl").write_bytes(Path("patch.jsonl").read_bytes()[:-5] + b"\xc3")
        self.assertEqual(len(thresholds.records("patch.jsonl")), 2)
        self.put("patch.jsonl", '{"id": "a"}\n{"id": \n{"id": "c"}\n')
        with self.assertRaisesRegex(Wrong, "^patch.jsonl: line 2: not a record: "):
            thresholds.records("patch.jsonl")
        self.put("patch.jsonl", "[1]\n")
        with self.assertRaisesRegex(Wrong, "^patch.jsonl: line 1: not a record$"):
            thresholds.decisions("patch.jsonl")

    def test_a_manifest_is_never_half_written(self):
        self.lines("a.jsonl", {"id": "a"})
        os.utime("a.jsonl", (1, 1))
        thresholds.write("a.jsonl", [{"id": "a"}])
        self.assertEqual(os.stat("a.jsonl").st_mtime, 1, "the same text")
        with self.assertRaises(TypeError):
            thresholds.write("a.jsonl", [{"id": "b"}, {"id": set()}])
        self.assertEqual(thresholds.records("a.jsonl"), [{"id": "a"}])
        thresholds.write("a.jsonl", [{"id": "b"}])
        self.assertEqual((thresholds.records("a.jsonl"), os.listdir(".")), ([{"id": "b"}], ["a.jsonl"]))

    def test_a_threshold_becomes_flags(self):
        flags = lambda name, threshold, **more: thresholds.flags(name, {"threshold": threshold, **more})
        self.assertEqual(flags("dedup", 7.5), ["--max-distance=7"])
        self.assertEqual(flags("dedup", 5), ["--max-distance=4"], "an image at 5 bits is kept")
        self.assertEqual(flags("dedup", 2.5), ["--max-distance=2", "--across=2"])
        self.assertEqual(flags("dedup", 0.5), ["--max-distance=0", "--across=0"])
        self.assertEqual(flags("detect", 0.375), ["--threshold=0.375"])
        self.assertEqual(flags("remnants", 0.000125), ["--max-remnant=0.000125"])
        self.assertEqual(flags("motion", 0.45, median=0.5), ["--min-edges=0.9"])


class Flags(Inside):
    def made(self, variable, **values):
        """What a variable of the makefiles is in OUT."""
        command = ["make", "--no-print-directory", "-I", str(names.ROOT), "-f", str(names.ROOT / "Makefile"), "INSIDE_OUT=1"]
        command += [f"TYPES={' '.join(names.TYPES)}", "SETTINGS=", "STAMPS=", *(f"{name}={value}" for name, value in values.items())]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        ran = subprocess.run([*command, f"--eval=shown: ; $(info [$({variable})]) @:", "shown"], capture_output=True, text=True, check=True, env=environment)
        return ran.stdout.strip()[1:-1]

    def test_the_limit_of_fog_gives_way_to_the_users_and_to_that_of_labels(self):
        fog = "fog:thresholds/fog.json:--max-fog=0.003"
        for own, cuts, flags in [
            ("", "", "--max-fog 0.01"),
            ("--max-seam 4", "", "--max-fog 0.01 --max-seam 4"),
            ("--max-fog 0.015", "", "--max-fog 0.015"),
            ("--max-fog 0.015", fog, "--max-fog 0.015"),
            ("--max-fog 0.01", fog, "--max-fog 0.01"),
            ("--max-fog=1", fog, "--max-fog=1"),
            ("", fog, "--max-fog=0.003 "),
            ("--max-seam 4", fog, "--max-fog=0.003 --max-seam 4"),
        ]:
            with self.subTest(own=own, cuts=cuts):
                self.assertEqual(self.made("inpaint_flags", INPAINT_FLAGS=own, CUTS=cuts), flags)


class Asking(Inside):
    def test_some_records_are_in_equal_steps_and_the_labelled_ones_among_them(self):
        rows = [{"id": str(at)} for at in range(10)]
        self.assertEqual([row["id"] for row in teach_threshold.some(rows, 2, {"9"})], ["2", "7", "9"])
        self.assertEqual(teach_threshold.some(rows, 99, set()), rows)

    def test_boxes_that_the_stage_keeps_are_told_from_those_below(self):
        box = lambda left, score: {"box": [left, 0, left + 10, 20], "score": score, "label": "person"}
        self.lines("boxes.jsonl", {"id": "a", "image": "a.png", "boxes": [box(0, 0.9)]})
        self.lines("thresholds/detect.found.jsonl", {"id": "a", "image": "a.png", "source": {"shot": 1}, "boxes": [box(0.2, 0.9), box(30, 0.2)]})
        first, second = teach_threshold.candidates("detect")
        self.assertEqual((first["id"], first["boxes"][0]["score"], "rejected" in first), ("a.b_0_0_10_20", 0.9, False))
        self.assertEqual((second["id"], second["boxes"][0]["box"][0], second["source"]), ("a.b_30_0_40_20", 30, {"shot": 1}))
        self.assertTrue(second["rejected"]["reason"].startswith(thresholds.KINDS["detect"]["reason"]))

    def test_faces_that_are_dropped_for_something_else_are_not_asked(self):
        boxes = {"box": [20, 30, 29, 39], "box_in_crop": [2, 3, 11, 12]}
        face = lambda name, **more: {"id": name, "parent": "a", "image": "a.png", "face": {**boxes, "score": 0.4, "by": "net"}, **more}
        self.lines("faces.jsonl", face("a.f0"))
        small = face("a.f1", rejected={"by": "face-crop", "reason": "small: 9 px"})
        head = face("a.f2")
        head["face"]["by"] = "pose"
        self.lines("thresholds/faces.found.jsonl", face("a.f0"), small, head)
        (one,) = teach_threshold.candidates("faces")
        self.assertEqual((one["id"], one["face"]["score"], one["boxes"][0]["box"]), ("a.f_20_30_29_39", 0.4, [2, 3, 11, 12]), "in the crop, which is shown")
        self.assertNotIn("rejected", one)

    def test_labels_stay_with_the_box_that_they_are_of(self):
        box = lambda left, score=0.9: {"box": [left, -4.2, left + 50, 99.6], "score": score, "label": "person"}
        ids = lambda: [row["id"] for row in teach_threshold.candidates("detect")]
        self.lines("boxes.jsonl", {"id": "a.x", "image": "a.png", "boxes": []})
        self.lines("thresholds/detect.found.jsonl", {"id": "a.x", "image": "a.png", "boxes": [box(0), box(80.4), box(80.4, 0.2)]})
        self.assertEqual(ids(), ["a.x.b_0_-4_50_100", "a.x.b_80_-4_130_100"], "one of each place")
        self.lines("review/detect.jsonl", {"id": "a.x.b_80_-4_130_100", "decision": "drop"}, {"id": "a.x.b1", "decision": "keep"})
        self.lines("thresholds/detect.found.jsonl", {"id": "a.x", "image": "a.png", "boxes": [box(80.6), box(200), box(0)]})
        self.assertEqual(ids(), ["a.x.b_80_-4_130_100", "a.x.b_200_-4_250_100", "a.x.b_0_-4_50_100"])
        self.assertEqual(teach_threshold.places("detect", "review/detect.jsonl"), {"a.x.b_": ["a.x.b_80_-4_130_100"]})

    def frame(self, name, hashed, **dedup):
        code = f"{hashed:016x}"
        return {"id": name, "image": f"{name}.png", "dedup": {"hash": code, "dhash": code, **dedup}}

    def test_a_pair_that_is_decided_stays_that_pair(self):
        kept = [self.frame("a", 0), self.frame("b", 0b111, nearest="a", distance=3), self.frame("d", 1, nearest="b", distance=2)]
        other = {**self.frame("c", 0b1, group="z"), "rejected": {"by": "frame-dedup", "reason": "near duplicate of z"}}
        self.lines("unique.jsonl", *kept)
        self.lines("unique.rejects.jsonl", other)
        self.lines("review/dedup.jsonl", {"id": "d", "decision": "keep"})
        self.lines("review/dedup.pairs.jsonl", {"pair": ["d", "a"], "different": True})
        rows = teach_threshold.candidates("dedup")
        found = [(row["pair"], row["dedup"]["distance"], row["beside"]) for row in rows]
        # The first has none beside it, and the other shot's no distance; that of d was decided beside a.
        self.assertEqual(found, [(["b", "a"], 3, "a.png"), (["d", "a"], 1, "a.png")])
        self.lines("review/dedup.jsonl", {"id": "d", "decision": "keep"}, {"id": "b", "decision": "drop"})
        teach_threshold.keep_pairs(rows)
        self.assertEqual(teach_threshold.known_pairs(), [(("d", "a"), True), (("b", "a"), False)])
        os.remove("review/dedup.pairs.jsonl")
        self.assertEqual(teach_threshold.candidates("dedup"), [], "no file says beside what these were decided")

    def test_decisions_on_pairs_stay_that_are_not_asked_of_today(self):
        row = lambda pair: {"id": pair[0], "pair": list(pair)}
        line = lambda pair, different: {"pair": list(pair), "different": different}
        teach_threshold.keep_pairs([row("ba")])
        self.assertFalse(os.path.exists(PAIRS), "no empty file")
        self.lines(PAIRS, line("yz", False), line("ab", True), line("pq", True), line("pr", True), line("uv", True))
        self.lines("review/dedup.jsonl", {"id": "b", "decision": "keep"}, {"id": "p", "decision": "drop"}, {"id": "u", "decision": "open"})
        teach_threshold.keep_pairs([row("ba"), row("px"), row("cd")])
        # That of p was decided beside r, that of u was taken back, and of c nothing was said.
        found = [line("yz", False), line("ab", True), line("pq", True), line("pr", False), line("ba", True)]
        self.assertEqual(thresholds.records(PAIRS), found)
        self.assertEqual(Path("logs/make.lock").read_text().split()[0], "process", "no make reads it meanwhile")
        os.utime(PAIRS, (1, 1))
        teach_threshold.keep_pairs([])
        self.assertEqual(os.stat(PAIRS).st_mtime, 1, "nothing new")
        self.lines(PAIRS, line("uv", True))
        self.lines("review/dedup.jsonl", {"id": "u", "decision": "open"})
        teach_threshold.keep_pairs([])
        self.assertFalse(os.path.exists(PAIRS), "all was taken back")
        self.lines(PAIRS, {"pair": "uv", "different": True})
        with self.assertRaisesRegex(Wrong, "not a decision on a pair"):
            teach_threshold.keep_pairs([])

    def test_instances_that_were_dropped_are_shown_in_their_frame(self):
        own = lambda name, edges, **more: {"id": name, "image": "a.png", "instance": {"box": [1, 2, 3, 4], "edges": edges}, **more}
        blurred = own("a.i1", 0.3, rejected={"by": "mask-crop", "reason": "blurred: edge narrowness 0.30, under 0.40"})
        small = own("a.i2", 0.1, rejected={"by": "mask-crop", "reason": "small: 9 pixels, under 99"})
        self.lines("instances.jsonl", own("a.i0", 0.5), own("b.i0", 0.7))
        self.lines("instances.rejects.jsonl", blurred, small)
        rows = teach_threshold.candidates("motion")
        self.assertEqual([row["id"] for row in rows if "boxes" in row], ["a.i1", "a.i2"])
        self.assertEqual(teach_threshold.median(rows, "blurred: edge"), 0.5)

    def test_in_later_rounds_it_is_compared_with_what_was_before_the_first(self):
        earlier = lambda: teach_threshold.earlier("blur", "")
        with told(BIN="bin"):
            self.assertNotIn("--before", " ".join(teach_threshold.fitting("blur", [], earlier())))
            self.put("thresholds/blur.json", fitted("/quality/sharpness", 412.5, before=320.0))
            self.assertEqual(teach_threshold.fitting("blur", ["--precision", "0.9"], earlier())[-3:], ["--precision", "0.9", "--before=320.0"])
        self.put("thresholds/blur.json", fitted("/quality/sharpness", 412.5))
        self.assertEqual(earlier(), -1, "none was dropped")
        self.put("thresholds/blur.json", fitted("/quality/sharpness", 412.5, better=False, before=320.0))
        self.assertEqual(earlier(), None, "what is kept and dropped tells it")

    def test_a_threshold_that_is_no_longer_better_goes_back_to_what_it_was(self):
        def round_(expected, **more):
            was = teach_threshold.earlier("blur", "")
            self.assertEqual(was, expected)
            self.put("thresholds/blur.fit", fitted("/quality/sharpness", 412.5, **more))
            return teach_threshold.settled("blur", [], was)

        self.assertIn("stays as it was", round_(None, better=False, before=320.0))
        self.assertEqual(round_(None, before=300.0), "--sharpness=412.5: run make again to apply it, unless your own flags set it")
        self.assertIn("goes back to what it was", round_(300.0, better=False, before=300.0))
        self.assertIn("stays as it was", round_(300.0, better=False, before=300.0))
        self.assertIn("run make again to apply it", round_(300.0, before=300.0))
        self.assertEqual(os.listdir("thresholds"), ["blur.json"])

    def test_near_duplicates_are_compared_with_the_distance_of_the_tool(self):
        for flags, before in [("", 8.5), ("--max-distance 6", 6.5), ("--max-distance=6 --across=7 --max-distance 5", 7.5), ("--max-distance=0", 4.5)]:
            self.assertEqual(teach_threshold.earlier("dedup", flags), before, flags)
            self.put("thresholds/dedup.json", fitted("/dedup/distance", 2.5, before=99))
        for flags in ["--max-distance", "--max-distance near", "--max-distance '6"]:
            with self.assertRaisesRegex(Wrong, "^DEDUP_FLAGS=--max-distance"):
                teach_threshold.earlier("dedup", flags)
        help_ = (names.ROOT / "tools/frame-dedup/src/main.rs").read_text(encoding="utf-8")
        for number in (teach_threshold.MAX_DISTANCE, thresholds.ACROSS):
            self.assertIn(f"default_value_t = {number},", help_)

    def test_what_is_not_made_yet_cannot_be_taught(self):
        with told(OUT=os.getcwd(), TEACH_ASK="60"), self.assertRaisesRegex(Wrong, "there is no sharp.jsonl in .*: make it first"):
            teach_threshold.needed("blur", "")
        self.lines("posed.jsonl", {"id": "a"})
        self.lines("faces.jsonl")
        with told(OUT=os.getcwd(), TEACH_ASK="60"), self.assertRaisesRegex(Wrong, "leave NETWORKS=none out"):
            teach_threshold.teach("faces", "make", teach_threshold.needed("faces", ""), "")

    def test_flags_with_half_a_quote_are_refused(self):
        with told(OUT=os.getcwd()), self.assertRaisesRegex(Wrong, "^TEACH_FLAGS=--precision '0.9: no closing quotation"):
            teach_threshold.needed("blur", "--precision '0.9")

    def test_flags_of_label_fit_may_begin_with_dashes(self):
        command = [sys.executable, "-B", str(names.ROOT / "tools/phase/make/teach.py")]
        makefile = (names.ROOT / "Makefile").read_text(encoding="utf-8")
        for flag in ["flags", "dedup"]:
            self.assertIn(f" --{flag}=$(call quoted,", makefile)
        with told(OUT=os.getcwd(), PIPELINE="blur"):
            command += ["--records", "", "--flags=--precision=0.98", "--dedup=--max-distance 6"]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertIn("there is no sharp.jsonl", ran.stderr)

    def test_where_make_only_says_what_it_would_do_nothing_is_done(self):
        self.lines("sharp.jsonl", {"id": "a"})
        before = sorted(Path().rglob("*"))
        for more in [[], ["-n"], ["-nr"]]:
            command = ["make", "-n", "-C", str(names.ROOT), "SETTINGS=", f"BIN={os.getcwd()}", f"OUT={os.getcwd()}", "PIPELINE=blur", "teach", *more]
            environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
            ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            self.assertIn("make: blur: asks for labels in the browser", ran.stderr)
        self.assertEqual(sorted(Path().rglob("*")), before)

    def test_it_says_that_all_is_labelled_only_where_it_is(self):
        self.lines("patch.jsonl", {"id": "a", "decision": "keep"}, {"id": "b", "decision": "drop"})
        self.assertEqual(thresholds.left([{"id": "a"}, {"id": "b"}], "patch.jsonl"), "every image is labelled")
        for rows in [[], [{"id": "a"}, {"id": "c"}]]:
            self.assertEqual(thresholds.left(rows, "patch.jsonl"), "there is no image left to ask about")

    def test_a_network_that_looks_again_needs_none_for_words(self):
        registry, version = mock.patch("launch.registry", return_value=[]), mock.patch("launch.version", return_value=("1", []))
        with told(NETWORKS="published", WORDS="a dragon."), registry as asked, version, mock.patch("launch.installed") as there:
            command = launch.inner("make", ["detect"], {}, in_words=False)
        self.assertEqual([call[0][3] for call in asked.call_args_list], [["detect"], ["detect"]])
        self.assertIn("WORDS=", command)
        there.assert_not_called()

    def test_candidates_for_labels_are_not_kept_as_manifests_of_the_user(self):
        self.lines("thresholds/blur.asked.jsonl", {"id": "a"})
        self.lines("mine/frames.jsonl", {"id": "a"})
        with mock.patch("launch.say"):
            launch.keep(".")
        self.assertEqual([path.name.split(".")[0] for path in Path(".kept").iterdir()], ["mine-frames"])

    def test_what_a_phase_wrote_or_was_about_to_replace_is_not_the_users(self):
        left = {}
        for name in ("written", "replaced", "changed"):
            self.lines(f"{name}.jsonl", {"id": name})
            seen = Path(f"{name}.jsonl").stat()
            left[name] = {"path": f"{name}.jsonl", "bytes": seen.st_size, "modified": seen.st_mtime_ns}
        other = {"path": "replaced.jsonl", "bytes": 1, "modified": 2}
        phases = {"a": {"output": left["written"]}, "b": {"output": other, "replaces": left["replaced"]}, "c": {"output": left["changed"]}}
        Path("preparation_progress.json").write_text(json.dumps({"phases": phases}))
        self.lines("changed.jsonl", {"id": "of a person"})
        with mock.patch("launch.say"):
            launch.keep(".")
        self.assertEqual([path.name.split(".")[0] for path in Path(".kept").iterdir()], ["changed"])

    def test_every_change_of_a_person_is_kept_once(self):
        kept = lambda: sorted(path.read_text() for path in Path(".kept").iterdir())
        with mock.patch("launch.say"):
            for text in ("one", "two", "one"):
                Path("frames.jsonl").write_text(text)
                # As what unpacks an archive dates its files.
                os.utime("frames.jsonl", (1000, 1000))
                # Another make does not know what this one has compared.
                filecmp.clear_cache()
                launch.keep(".")
            os.utime("frames.jsonl", (2000, 2000))
            launch.keep(".")
        self.assertEqual(kept(), ["one", "two"])

    def test_an_odd_progress_file_is_no_reason_to_stop(self):
        Path("frames.jsonl").write_text("x")
        odd = ["frames.jsonl", {"path": 1}, {"path": ["a"], "bytes": 1, "modified": 2}, [1], None]
        for one in [{"a": {"output": one}} for one in odd] + [{"a": {"replaces": one}} for one in odd] + [[], {"a": 3}]:
            Path("preparation_progress.json").write_text(json.dumps({"phases": one}))
            with mock.patch("launch.say"):
                launch.keep(".")
                launch.date_outputs(".", {("frames.jsonl", 1): 2})
        self.assertEqual(len(list(Path(".kept").iterdir())), 1)

    def test_a_list_of_frames_has_a_name_of_its_own_and_its_numbers_stay(self):
        Path("a.jpg").write_text("")
        line = '{"id": "a", "image": "a.jpg", "share": 0.12345678901234567890, "size": 1E2, "none": -0, "far": 1e400}'
        Path("list.jsonl").write_text(line)
        one = launch.listed("list.jsonl", ".")
        self.assertEqual(Path(one).read_text(), line.replace("a.jpg", os.path.abspath("a.jpg")) + "\n")
        Path("list.jsonl").write_text(line.replace('"a"', '"b"'))
        other = launch.listed("list.jsonl", ".")
        self.assertIn('"id": "a"', Path(one).read_text())
        self.assertIn('"id": "b"', Path(other).read_text())

    def test_a_page_is_opened_and_the_threshold_is_set_by_what_was_decided_there(self):
        self.lines("sharp.jsonl", {"id": "a"})
        self.lines("sharp.rejects.jsonl", {"id": "b"})
        calls = []

        def run(command, stdout=None, check=False):
            calls.append([os.path.basename(command[0]), *command[1:]])
            if "--ask" in command:
                stdout.write(b'{"id":"a"}\n')
            if "--output" in command:
                self.put(command[command.index("--output") + 1], fitted("/quality/sharpness", 412.5, before=300.0))

        with told(OUT=os.getcwd(), BIN="bin", TEACH_ASK="7"), mock.patch("subprocess.run", run), mock.patch("sys.stderr"):
            teach_threshold.teach("blur", "make", teach_threshold.needed("blur", "--precision 0.9"), "")
        ask, serve, fit = calls
        self.assertEqual(ask[-3:], ["--ask", "7", "thresholds/blur.candidates.jsonl"])
        self.assertEqual(serve, ["review", "--serve", "--patch", "review/blur.jsonl", "thresholds/blur.asked.jsonl"])
        self.assertEqual(fit[-3:], ["--output", "thresholds/blur.fit", "thresholds/blur.candidates.jsonl"])
        self.assertEqual(thresholds.read("thresholds/blur.json")["threshold"], 412.5)
        self.assertIn("--precision", fit)
        self.assertEqual([row["id"] for row in thresholds.records("thresholds/blur.candidates.jsonl")], ["a", "b"])


if __name__ == "__main__":
    unittest.main()
