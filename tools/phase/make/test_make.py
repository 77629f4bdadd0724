"""Tests of what starts and ends the pipelines: `python3 -m unittest` in this folder."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import checkpoints
import class_word
import launch
import names
import others
import plan
import review
import runner
import sets
import settings
import teach
from names import Wrong

# As make hands them over.
STYLE = sets.Kind("style", ["frames:EXTRACT_FLAGS", "unique:DEDUP_FLAGS", "sharp:BLUR_FLAGS"])
CHARACTER = sets.Kind("character", ["frames:EXTRACT_FLAGS", "named:IDENTITY_FLAGS,CAST", "joined::quiet", "{}/unique:FIGURE_CLUSTER_FLAGS"])


def told(**values):
    """The environment as make leaves it, with these settings."""
    plain = {"NETWORKS": "none", "DEVICE": "auto", "DESCRIBE": "yes", "MATTE": "no", "ALLOW_UNSEEN": "no", "GATES": "no", "GATE_SAMPLE": "all"}
    plain |= {"CAPTIONS": "describe", "PATHS": "absolute", "NICE": "19", "PLAN_PIECES": "8", "PLAN_SECONDS": "6", "POSE_TYPE": "action"}
    plain |= {"NEEDS_DISK": "2GB", "TAUGHT": "yes", "TEACH_ASK": "60", "REGULARIZATION": "no", "TEXT": "crop", "TRACK": "no"}
    plain |= dict.fromkeys(names.TARGETS, "9")
    return mock.patch.dict(os.environ, {**plain, **values}, clear=True)


class Guesses(unittest.TestCase):
    def test_a_guess_is_shown_where_it_is_likely_and_a_group_never_beside_names(self):
        for before, guess, likely, shown in [
            ("cluster_2", "luca", 0.9, "luca"),
            ("cluster_2", "luca", 0.4, None),
            ("cluster_2", "cluster_2", 0.9, "cluster_2"),
            ("cluster_2", None, 0, "cluster_2"),
            ("giulia", "luca", 0.4, "giulia"),
        ]:
            record = {"id": "a", "identity": {"name": before, "score": 1}, "ask": {"rank": 1, "guess": guess, "probability": likely}}
            found = teach.guessed(record, "/identity/name")
            self.assertEqual((found["identity"].get("name"), found["identity"]["score"]), (shown, 1), (before, guess))
        place = {"id": "a", "tags": {"place": [["sea", 0.4]]}, "ask": {"rank": 1, "guess": "quay", "probability": 0.7}}
        self.assertEqual(teach.guessed(place, "/tags/place")["tags"], {"place": [["quay", 0.7]]})
        self.assertEqual(teach.guessed(place, "/review/decision"), place)


class Frames(unittest.TestCase):
    def test_a_manifest_of_frames_names_images_and_vectors_that_are_found_from_anywhere(self):
        with tempfile.TemporaryDirectory() as folder:
            own = Path(folder, "own")
            (own / "vectors").mkdir(parents=True)
            for name in ["1.png", "vectors/v.npy"]:
                (own / name).touch()
            vectors = [{"file": "vectors/v.npy", "row": 3, "crc32": "00000000"}, [0.5]]
            lines = [json.dumps({"image": "1.png", "embedding": {"model": "m", "vector": vector}}) for vector in vectors]
            (own / "e.jsonl").write_text("\n".join([*lines, '{"image": "1.png"}']), encoding="utf-8")
            path = launch.listed(str(own / "e.jsonl"), os.path.join(folder, "out"))
            found = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
            self.assertEqual([record["image"] for record in found], [str(own / "1.png")] * 3)
            self.assertEqual(found[0]["embedding"]["vector"], {"file": str(own / "vectors/v.npy"), "row": 3, "crc32": "00000000"})
            self.assertEqual(found[1]["embedding"]["vector"], [0.5])


class Words(unittest.TestCase):
    def asked(self, listed="", **values):
        """What is asked for in words, where `models --list` says this."""
        with told(**values), mock.patch("subprocess.run") as run:
            run.return_value.stdout = listed
            words, of_cast = launch.asked_in_words(["detect", "segment"], launch.installed("bin", "models"))
        return words, [path.parent.name for path in of_cast]

    def test_any_film_is_asked_for_what_lives_if_the_network_is_there(self):
        there = json.dumps({"name": "grounding-dino-tiny", "role": "words", "default": True, "state": "there"})
        self.assertEqual(self.asked(there, NETWORKS="published"), (launch.ANYTHING, []))
        self.assertEqual(self.asked(there.replace('"there"', '"missing"'), NETWORKS="published"), ("", []))
        self.assertEqual(self.asked(there.replace("true", "false"), NETWORKS="published"), ("", []))
        self.assertEqual(self.asked(there, NETWORKS="small"), ("", []))
        self.assertEqual(self.asked(there, NETWORKS="none", WORDS="a cat."), ("", []))
        self.assertEqual(self.asked(there, NETWORKS="published", WORDS="none"), ("", []))
        self.assertEqual(self.asked(NETWORKS="published", WORDS_MODEL="owlv2-base"), (launch.ANYTHING, []))
        self.assertEqual(self.asked(NETWORKS="small", WORDS="a cat."), ("a cat.", []))

    def test_characters_have_words_of_their_own(self):
        with tempfile.TemporaryDirectory() as cast:
            for name in ["luca", "smaug"]:
                Path(cast, name).mkdir()
            Path(cast, "smaug/words.txt").write_text("a red dragon\n", encoding="utf-8")
            Path(cast, ".git").mkdir()
            Path(cast, ".git/words.txt").write_text("of no character", encoding="utf-8")
            self.assertEqual(self.asked(NETWORKS="small", CAST=cast), (launch.ANYTHING, ["smaug"]))
            self.assertEqual(self.asked(NETWORKS="published", CAST=cast, WORDS="person."), ("person.", ["smaug"]))

    def test_the_class_word_is_the_first_of_a_characters_words(self):
        self.assertEqual(class_word.first("# of the film\nThe Sea Monster=0.4. a creature\nan eel"), "sea monster")
        self.assertEqual(class_word.first("robot r2.5 = .3"), "robot r2.5")
        self.assertEqual(class_word.first("\ufeff# nothing\n  # of it\na fish."), "fish")
        self.assertEqual(class_word.first("# nothing\n"), "")

    def test_or_else_what_most_instances_were_found_by(self):
        def most(*labels):
            return class_word.most({"instance": {"label": label}} if label else {} for label in labels)

        self.assertEqual(most("a cat", "a cat", "creature"), "cat")
        self.assertEqual(most("a cat", "creature"), "", "half is not most")
        self.assertEqual(most("person", "a cat", None), "")
        self.assertEqual(most(), "")


class Checkpoints(unittest.TestCase):
    def test_the_data_set_must_have_prompts(self):
        with tempfile.TemporaryDirectory() as out:
            with told(PIPELINE="all", OUT=out), self.assertRaisesRegex(Wrong, "the name of a data set"):
                checkpoints.asked()
            own = Path(out, "character/luca")
            own.joinpath("dataset-01").mkdir(parents=True)
            with told(PIPELINE="character-luca", OUT=out), self.assertRaisesRegex(Wrong, "make it first"):
                checkpoints.asked()
            own.joinpath("dataset.jsonl").touch()
            own.joinpath("dataset.txt").write_text("dataset-01\n", encoding="utf-8")
            with told(PIPELINE="character-luca", OUT=out), self.assertRaisesRegex(Wrong, "--validation"):
                checkpoints.asked()
            own.joinpath("dataset-01/prompts.jsonl").touch()
            with told(PIPELINE="character-luca", OUT=out):
                self.assertEqual(checkpoints.asked(), (["character/luca"], "character", ["character/luca/dataset-01"], ""))

    def test_several_are_of_one_kind_and_have_prompts_of_their_own(self):
        with tempfile.TemporaryDirectory() as out:
            for name in ["character/luca", "character/pia", "style"]:
                own = Path(out, name)
                own.joinpath("dataset").mkdir(parents=True)
                own.joinpath("dataset.jsonl").touch()
                own.joinpath("dataset/prompts.jsonl").touch()
            both = Path(out, "both.jsonl")
            for other, prompts, wrong in [("character-pia", "", "name the prompts"), ("style", both, "is not the same"),
                                          ("character-luca", both, "names a data set twice"), ("character-pia", both, "no such file")]:
                with told(PIPELINE=f"character-luca {other}", PROMPTS=str(prompts), OUT=out), self.assertRaisesRegex(Wrong, wrong):
                    checkpoints.asked()
            both.touch()
            with told(PIPELINE="character-luca character-pia", PROMPTS=str(both), OUT=out):
                folders = ["character/luca", "character/pia"]
                self.assertEqual(checkpoints.asked(), (folders, "character", [f"{one}/dataset" for one in folders], str(both)))

    def test_images_are_compared_with_those_that_trainers_see(self):
        with tempfile.TemporaryDirectory() as out:
            manifest = Path(out, "dataset.jsonl")
            record = {"image": "a.png", "width": 1920, "height": 1080, "dedup": {"hash": "0"}}
            records = [record | {"dataset": {"file": file, "width": 768, "height": 448}} for file in ["x/a.png", "x/0.tar"]]
            manifest.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
            found = [json.loads(line) for line in checkpoints.exported(manifest).splitlines()]
            self.assertEqual(found, [{"image": "x/a.png", "width": 768, "height": 448, "dataset": records[0]["dataset"]}, records[1]])

    def test_images_are_in_folders_of_checkpoints(self):
        with told(), self.assertRaisesRegex(Wrong, "name the images"):
            checkpoints.images()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "step100").mkdir()
            with told(IMAGES=folder), self.assertRaisesRegex(Wrong, "has no images in folders"):
                checkpoints.images()
            Path(folder, "step100", "a.png").touch()
            with told(IMAGES=folder):
                self.assertEqual(checkpoints.images(), os.path.realpath(folder))


class Names(unittest.TestCase):
    def test_slugs_are_plain_and_no_two_are_the_same(self):
        found = names.slugs(["a b", "a_b", "a-b", "a'b", "ルカ", "$(x)"])
        self.assertEqual(found, {"a b": "a_b_2", "a_b": "a_b", "a-b": "a-b", "a'b": "a_b_3", "ルカ": "ルカ", "$(x)": "_x_"})

    def test_slugs_are_names_of_folders_on_windows_too(self):
        found = names.slugs(["luca", "CON", "Luca", "lpt1", "con_", "console", "Mr. X."])
        self.assertEqual(found, {"luca": "luca", "CON": "CON__2", "Luca": "Luca_2", "lpt1": "lpt1_", "con_": "con_", "console": "console", "Mr. X.": "Mr_X_"})

    def test_characters_are_chosen_by_name_or_slug(self):
        with tempfile.TemporaryDirectory() as cast:
            for name in ["luca", "two words", ".hidden"]:
                Path(cast, name).mkdir()
            for wanted, found in [
                ("", {"luca": "luca", "two words": "two_words"}),
                ("two words", {"two words": "two_words"}),
                ("two_words luca", {"two words": "two_words", "luca": "luca"}),
            ]:
                with told(CAST=cast, CHARACTER=wanted):
                    self.assertEqual(names.characters(), found)
            with told(CAST=cast, CHARACTER="luka"), self.assertRaisesRegex(Wrong, "CHARACTER=luka: not a folder of CAST=.*luca, two words"):
                names.characters()
            Path(cast, "unknown").mkdir()
            with told(CAST=cast), self.assertRaisesRegex(Wrong, "unknown: `unknown` is what a character without a name is called"):
                names.cast()
        with told(CHARACTER=""):
            self.assertEqual(names.characters(), {"cluster_0": "cluster_0"})

    def test_characters_are_also_those_that_labels_have_named(self):
        with tempfile.TemporaryDirectory() as out:
            review = Path(out, "review/taught")
            review.mkdir(parents=True)
            said = [("a", "Mrs Lee"), ("b", "luka"), ("b", "luca/striped shirt"), ("c", "unknown"), ("d", None)]
            text = "".join(json.dumps({"id": one, "set": {"/identity/name": name} if name else {}}) + "\n" for one, name in said)
            review.with_name("character.jsonl").write_text(text + '{"id":"half', encoding="utf-8")
            with told(OUT=out):
                self.assertEqual(names.characters(), {"cluster_0": "cluster_0"}, "before they are taught")
            review.joinpath("character").touch()
            both = {"Mrs Lee": "Mrs_Lee", "luca": "luca"}
            for wanted, found in [
                ("", both),
                ("luca/striped shirt", {"luca/striped shirt": "luca_striped_shirt"}),
                ("luca_striped_shirt Mrs_Lee", {"luca/striped shirt": "luca_striped_shirt", "Mrs Lee": "Mrs_Lee"}),
                ("cluster_7", {"cluster_7": "cluster_7"}),
            ]:
                with told(OUT=out, CHARACTER=wanted):
                    self.assertEqual(names.characters(), found)
            with told(OUT=out, TAUGHT="no"):
                self.assertEqual(names.characters(), {"cluster_0": "cluster_0"})
            with told(OUT=out, CHARACTER="luca/hat"), self.assertRaisesRegex(Wrong, "luca/hat: use only letters.*Mrs Lee, luca, luca/striped shirt"):
                names.characters()
            Path(out, "cast/luca").mkdir(parents=True)
            with told(OUT=out, CAST=f"{out}/cast"):
                self.assertEqual(names.characters(), both)
            with told(OUT=out, CAST=f"{out}/cast", CHARACTER="nobody"), self.assertRaisesRegex(Wrong, "luca, nor taught: Mrs Lee, luca/striped"):
                names.characters()

    def test_an_outfit_is_of_no_other_character(self):
        lines = [json.dumps({"identity": {"name": name}}) for name in ["luca", "luca/hat", "lucas", "giulia"]] + ["{}"]
        for name in ["luca", "luca/hat"]:
            self.assertEqual(list(others.others(name, lines)), lines[2:])

    def test_what_is_no_value_is_refused(self):
        with told():
            names.check()
        for name, value in [("NETWORKS", "large"), ("STYLE_TARGET", "0"), ("MINIMUM", "-1"), ("TRIGGER", "{}_x"), ("SETTINGS", "/no/such")]:
            with told(**{name: value}), self.assertRaisesRegex(Wrong, name):
                names.check()

    def test_sizes_are_what_a_phase_takes_for_one(self):
        gib = 1 << 30
        for text, found in [("48GB", 48_000_000_000), ("1.5 gib", 3 * gib // 2), ("2k", 2000), (".5T", 500_000_000_000), ("900", 900), ("0", 0)]:
            self.assertEqual(names.size(text), found, text)
        for text in ["", "abc", "-1", "nan", "inf", "1e9", "1.5", "2 GBs", "GB", "1.2.3GB", "\u0663GB"]:
            self.assertIsNone(names.size(text), text)
        settings_ = {"NEEDS_DISK": (["2GB", "0", "900"], ["", "abc", "-1"]), "MEMORY": (["", "48GB"], ["abc", "-1", "0", "0.0GB", "nan"])}
        settings_["GPU_WAIT"] = (["", "free", "memory=8GB", "grep -q x log"], ["memory=", "memory=abc", "memory=0"])
        for name, (right, wrong) in settings_.items():
            for value in right:
                with told(**{name: value}):
                    names.check()
            for value in wrong:
                with told(**{name: value}), self.assertRaisesRegex(Wrong, f"^{name}={value}"):
                    names.check()

    def test_windows_finds_out_by_its_drive_or_in_wsl(self):
        for out, distribution, found in [
            ("/mnt/c/w2/out", "", "C:/w2/out"),
            ("/mnt/d", "Ubuntu", "D:"),
            ("/nowhere/w", "Ubuntu", "//wsl.localhost/Ubuntu/nowhere/w"),
        ]:
            with told(PATHS="windows", OUT=out, WSL_DISTRO_NAME=distribution):
                self.assertEqual(names.trainer_root(), found)
        for out, distribution, said in [
            ("/nowhere/w", "", "not on a drive of Windows"),
            ("/mnt/c/out.", "", "dot or space at the end of `out.`"),
            ("/mnt/c/my films /out", "", "dot or space at the end of `my films `"),
            ("/nowhere/w.", "Ubuntu", "dot or space"),
            ("/mnt/c/x:y", "", "no folder called `x:y`"),
            ("/mnt/c/what?/out", "", r"no folder called `what\?`"),
            ("/mnt/c/Con", "", "no folder called `Con`"),
            ("/mnt/c/lpt1.old/out", "", "no folder called `lpt1.old`"),
        ]:
            with told(PATHS="windows", OUT=out, WSL_DISTRO_NAME=distribution), self.assertRaisesRegex(Wrong, said):
                names.trainer_root()

    def test_what_a_character_is_is_read_before_any_stage(self):
        with tempfile.TemporaryDirectory() as cast:
            for name in ["luca", ".git"]:
                Path(cast, name).mkdir()
            Path(cast, ".git/kind.txt").write_text("of no character", encoding="utf-8")
            file = Path(cast, "luca/kind.txt")
            with told(CAST=cast):
                for good in ["\ufeffAnimal\r\n", "person"]:
                    file.write_text(good, encoding="utf-8")
                    names.check()
                for wrong, error in [(b"dog", "luca/kind.txt: `dog`: must be"), ("animal".encode("utf-16"), "luca/kind.txt: not UTF-8")]:
                    file.write_bytes(wrong)
                    with self.assertRaisesRegex(Wrong, error):
                        names.check()
                file.unlink()
                file.symlink_to("nowhere")
                with self.assertRaisesRegex(Wrong, "luca/kind.txt: No such file"):
                    names.check()
                file.unlink()
                file.mkdir()
                with self.assertRaisesRegex(Wrong, "luca/kind.txt: Is a directory: write `person` or"):
                    names.check()

    def test_a_setting_that_is_like_none_has_no_suggestion(self):
        self.assertEqual(settings.meant("styel_target", ["STYLE_TARGET", "OUT"]), "STYLE_TARGET")
        self.assertIsNone(settings.meant("QQ", ["STYLE_TARGET", "OUT"]))

    def test_settings_stand_under_their_heading_whatever_file_they_are_in(self):
        first = ["## Frames", "# One", "# two.", "ONE ?= 1", "", "# Not of a setting.", "x := 2", "TWO ?=", "## Sets", "THREE ?= $(ONE)"]
        found = settings.settings([*first, "## Frames", "# Last.", "LAST ?="])
        self.assertEqual(found, {"Frames": [("ONE", " One two.", "1"), ("TWO", "", ""), ("LAST", " Last.", "")], "Sets": [("THREE", "", "$(ONE)")]})
        self.assertEqual(list(settings.targets(["a: b ## [pipeline] An a", "c: ## A c", "d: e"])), [("a", True, "An a"), ("c", False, "A c")])


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)

    def write(self, name, text="{}\n"):
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def test_content_is_of_both_ends_and_the_names_in_a_folder(self):
        film = self.write("film", "a" * (3 << 20))
        first = launch.content(str(film))
        os.utime(film, (1, 1))
        self.assertEqual(launch.content(str(film)), first)
        for at in [0, (3 << 20) - 1]:
            text = bytearray(b"a" * (3 << 20))
            text[at] = 66
            film.write_bytes(text)
            self.assertNotEqual(launch.content(str(film)), first, at)
        folder = self.write("cast/luca/1.png").parent.parent
        first = launch.content(str(folder))
        (folder / "luca").rename(folder / "giulia")
        self.assertNotEqual(launch.content(str(folder)), first)

    def test_files_from_the_future_keep_their_order_and_what_is_past_stays(self):
        old, two, three, same = (self.write(name) for name in ["frames.jsonl", ".settings/sharp", "sharp.jsonl", "style/lint.jsonl"])
        os.utime(old, (1000, 1000))
        for path, time in [(two, 4e9), (three, 5e9), (same, 5e9)]:
            os.utime(path, (time, time))
        (self.out / "logs").mkdir(exist_ok=True)
        of_phase = {"path": "sharp.jsonl", "bytes": three.stat().st_size, "modified": three.stat().st_mtime_ns}
        self.write("preparation_progress.json", json.dumps({"phases": {"sharp": {"status": "done", "output": of_phase}}}))
        launch.settle(str(self.out))
        dated = launch.progress(str(self.out))["sharp"]["output"]
        self.assertEqual(dated, of_phase | {"modified": three.stat().st_mtime_ns})
        times = [path.stat().st_mtime_ns for path in [old, two, three, same]]
        self.assertEqual(times[0], 1000 * 10**9)
        self.assertLess(times[1], times[2])
        self.assertEqual(times[2], times[3])
        self.assertLessEqual(times[3], self.write("probe").stat().st_mtime_ns)

    def test_an_upgrade_says_what_is_made_again(self):
        out = str(self.out)
        with mock.patch.object(launch, "say") as say:
            launch.upgraded(out, {"version": "0.1.0", "char-detect": ["char-detect=1", "yolox=1"]})
            launch.upgraded(out, {"version": "0.1.0"})
            say.assert_not_called()
            launch.upgraded(out, {"version": "0.1.0", "char-detect": ["char-detect=1", "yolox=2"], "rtmpose": ["rtmpose=1"]})
            say.assert_called_once_with(f"{out}: the answers of char-detect have changed (yolox=2): its networks run again")
            say.reset_mock()
            launch.upgraded(out, {"version": "0.2.0", "rtmpose": ["rtmpose=1"]})
            self.assertIn("from version 0.1.0 to 0.2.0", say.call_args.args[0])
            say.assert_called_once()
            (self.out / ".tools").unlink()
            self.write("frames.jsonl")
            say.reset_mock()
            launch.upgraded(out, {"version": "0.2.0"})
            self.assertIn("an earlier one", say.call_args.args[0])

    def test_a_tool_says_its_version_and_the_numbers_of_its_answers(self):
        for name, text, found in [("plain", "plain 0.2.0", ("0.2.0", [])), ("asks", "asks 0.2.0\nanswers: asks=1 yolox=3", ("0.2.0", ["asks=1", "yolox=3"]))]:
            tool = self.write(name, f"#!/bin/sh\necho '{text}'\n")
            tool.chmod(0o755)
            self.assertEqual(launch.version(str(self.out), name), found)

    def test_the_stage_that_left_nothing_is_named_with_its_reason(self):
        self.write("frames.jsonl", "{}\n" * 9)
        self.write("sharp.jsonl", "{}\n" * 4)
        self.write("sharp.rejects.jsonl", '{"rejected":{"by":"x","reason":"dark"}}\n' * 5)
        self.write("style/selected.jsonl", "")
        rejects = ['{"rejected":{"by":"x","reason":"shot %d has its 3"}}\n' % shot for shot in range(3)]
        self.write("style/selected.rejects.jsonl", "".join(rejects) + '{"rejected":{"by":"x","error":"odd"}}\n')
        self.write("style/dataset.jsonl", "")
        said = sets.lost(str(self.out), STYLE, "style")
        self.assertEqual(said, "style/selected: 4 of 4 were dropped, most: shot … has its …: see STYLE_BALANCE_FLAGS")
        with told():
            rows, failed = sets.table(str(self.out), [STYLE], None)
        self.assertTrue(failed)
        self.assertIn("EMPTY: style/selected", rows[1])

    def test_the_setting_is_named_that_decides(self):
        self.write("frames.jsonl", "{}\n" * 9)
        few = [sets.lost(str(self.out), sets.Kind("style", [f"frames:{begin}"]), "style") for begin in ["EXTRACT_FLAGS", "FRAMES"]]
        self.assertEqual(few, ["there are no more images: see EXTRACT_FLAGS", "there are no more images: see FRAMES"])
        self.write("pose/selected.jsonl", "{}\n")
        self.write("pose/selected.rejects.jsonl", '{"rejected":{"by":"balance","reason":"/pose/occluded is 0.4, over 0.25"}}\n' * 5)
        with told(POSE_OCCLUDED="0.25"):
            said = sets.lost(str(self.out), sets.Kind("pose", ["frames:FRAMES"]), "pose")
        self.assertTrue(said.endswith("see POSE_OCCLUDED or POSE_BALANCE_FLAGS"), said)

    def test_a_stage_that_failed_is_named_with_what_it_said_last(self):
        self.write("style/dataset.jsonl", "{}\n" * 90)
        self.write("logs/sharp.log", "first\nblur-filter: no such flag\n\n")
        self.write("preparation_progress.json", '{"phases":{"frames":{"status":"done"},"sharp":{"status":"failed","log":"logs/sharp.log"}}}')
        rows, failed = sets.table(str(self.out), [STYLE, sets.Kind("background", ["frames:EXTRACT_FLAGS"])], None)
        self.assertTrue(failed)
        self.assertTrue(rows[1].endswith("FAILED: sharp: blur-filter: no such flag"), rows[1])
        self.assertIn("NOT MADE: none of its stages has ended", rows[2], "backgrounds do not come of that stage")

    def test_of_a_wrong_command_line_the_error_is_given(self):
        closing = "\nFor more information, try '--help'.\n"
        for text, said in [
            ("error: invalid value 'abc' for '--fps <FPS>': invalid float literal\n" + closing, "invalid value 'abc' for '--fps <FPS>': invalid float literal"),
            ("reading\nerror: unexpected argument '--x'\n\n  tip: a similar argument exists: '--y'\n\nUsage: blur-filter --y <Y>\n" + closing,
             "unexpected argument '--x'"),
            ("error: the following required arguments were not provided:\n  --name <NAME>\n\nUsage: phase --name <NAME>\n" + closing,
             "the following required arguments were not provided: --name <NAME>"),
            ("blur-filter: a.png: no such file\n", "blur-filter: a.png: no such file"),
            ("", "see its log"),
        ]:
            self.write("logs/a.log", text)
            self.assertEqual(sets.said_last(self.out / "logs/a.log"), said)

    def test_where_no_character_was_found_the_setting_is_named_that_allows_it(self):
        self.write("logs/boxes.log", "char-detect: no box in any of 4 images: no character was detected: try --tiles 2\n")
        phases = '{"phases":{"background-boxes":{"status":"failed","log":"logs/boxes.log"}}}'
        self.write("preparation_progress.json", phases)
        rows, _ = sets.table(str(self.out), [sets.Kind("background", ["background/boxes:BACKGROUND_DETECT_FLAGS"])], None)
        self.assertTrue(rows[1].endswith("try --tiles 2: or set ALLOW_UNSEEN=yes, if there is none"), rows[1])

    def test_a_set_that_make_did_not_come_to_is_not_called_empty(self):
        self.write("frames.jsonl", "{}\n" * 9)
        self.write("style/checked.jsonl", "{}\n" * 9)
        with told():
            rows, failed = sets.table(str(self.out), [STYLE], None)
        self.assertTrue(failed)
        self.assertIn("NOT MADE: style/checked is the last of its stages", rows[1])

    def test_what_is_made_of_a_character_lies_in_a_folder_of_its_name(self):
        with told(CAST="", CHARACTER="nilo"):
            self.assertEqual(list(sets.listed([CHARACTER])), [("character-nilo", CHARACTER, "character/nilo")])
        self.write("named.jsonl", "")
        self.assertIn("named: no images were left: see IDENTITY_FLAGS or CAST", sets.lost(str(self.out), CHARACTER, "character/nilo"))
        self.assertEqual(list(CHARACTER.chain("character/nilo"))[3:5], [
            ("character/nilo/unique", "FIGURE_CLUSTER_FLAGS"),
            ("character/nilo/reviewed", "`make review`"),
        ])

    def test_a_set_that_waits_for_its_review_is_not_done(self):
        self.write("style/dataset.jsonl", "{}\n" * 90)
        self.write("style/selected.jsonl", "{}\n" * 90)
        with told(GATES="yes"):
            rows, wrong = sets.table(str(self.out), [STYLE], None)
            self.assertTrue(wrong)
            self.assertIn("WAITS for the review of its labels", rows[1])
            self.write("style/labels.gate", "")
            self.assertIn("done", sets.table(str(self.out), [STYLE], None)[0][1])
            self.write("style/captioned.jsonl", "{}\n" * 90)
            self.assertIn("WAITS for the review of its captions", sets.table(str(self.out), [STYLE], None)[0][1])
        with told():
            self.assertFalse(sets.table(str(self.out), [STYLE], None)[1])

    def test_a_set_that_was_taught_says_how_far_to_trust_it(self):
        proof = {"labels": 80, "precision": 0.934, "answered": 0.85, "enough": False}
        self.write("lighting/taught-light-time.json", json.dumps({"key": "/light/time", "proof": proof}))
        self.write("lighting/taught-light-weather.json", json.dumps({"key": "/light/weather", "proof": {"labels": 0, "enough": False}}))
        with told(TAUGHT="yes"):
            said = list(sets.taught(str(self.out), "lighting"))
        self.assertEqual(said, ["/light/time: precision 0.93, 85% answered, by 80 labels of this film: more would help"])
        with told(TAUGHT="no"):
            self.assertEqual(list(sets.taught(str(self.out), "lighting")), [])

    def test_few_images_fail_only_where_a_minimum_was_asked_for(self):
        self.write("frames.jsonl", "{}\n" * 9)
        self.write("style/dataset.jsonl", "{}\n" * 9)
        for minimum, verdict, failed in [(None, "too few: there are no more images: see EXTRACT_FLAGS", False), (9, "done", False), (10, "too few", True)]:
            rows, found = sets.table(str(self.out), [STYLE], minimum)
            self.assertIn(verdict, rows[1])
            self.assertEqual(found, failed)


class Planned(unittest.TestCase):
    def test_each_data_set_has_its_phases_in_order(self):
        stages = ["style=frames:EXTRACT_FLAGS", "style=tagged:TAG_FLAGS:quiet", "character=frames:EXTRACT_FLAGS", "character={}/unique:F", "character+=faces:G"]
        with told(NETWORKS="small", CHARACTER_TARGET="40", MINIMUM="", DESCRIBE="no", GATES="yes"):
            plan = launch.planned(stages, {"two words": "two_words"})
        last = ["reviewed", "selected", "captioned", "checked", "dataset", "linted"]
        self.assertEqual(plan["chains"]["style"], ["frames", "tagged", *(f"style-{one}" for one in last)])
        self.assertEqual(plan["chains"]["character-two_words"], ["frames", "character-two_words-unique", *(f"character-two_words-{one}" for one in last)])
        self.assertEqual(plan["chains"]["character-two_words+"], ["faces"])
        fewest = names.TYPES["character"]["fewest"]
        self.assertEqual(plan["sets"][1], {"name": "character-two_words", "folder": "character/two_words", "wanted": 40, "fewest": fewest, "gates": True})
        self.assertTrue(all(one["gates"] for one in plan["sets"]))

    def test_data_sets_of_earlier_runs_in_the_same_folder_are_beside(self):
        def plan(name, gates):
            with told(NETWORKS="small", MINIMUM="", DESCRIBE="no", GATES=gates, STYLE_TARGET="9", POSE_TARGET="9", LIGHTING_TARGET="9", CAST=""):
                return launch.planned([f"{name}=frames:EXTRACT_FLAGS"], {})

        with tempfile.TemporaryDirectory() as out:
            self.assertEqual(launch.with_earlier(out, plan("style", "no")), plan("style", "no"))
            for name, gates, made in [("lighting", "yes", False), ("style", "no", True), ("pose", "yes", True), ("style", "no", True)]:
                found = launch.with_earlier(out, plan(name, gates))
                Path(out, ".run.json").write_text(json.dumps(found), encoding="utf-8")
                if made:
                    Path(out, name).mkdir(exist_ok=True)
                    Path(out, name, "selected.jsonl").touch()
            self.assertEqual([(one["name"], one["gates"]) for one in found["sets"]], [("pose", True), ("style", False)])
            self.assertEqual(sorted(found["chains"]), ["pose", "style"])
            self.assertEqual(found["chains"]["pose"][0], "frames")
            Path(out, ".run.json").write_text("{", encoding="utf-8")
            self.assertEqual(launch.with_earlier(out, plan("pose", "no")), plan("pose", "no"))

    def test_without_networks_nothing_is_tagged_or_described(self):
        with told():
            plan = launch.planned(["style=lit:LIGHT_FLAGS:quiet", "style=tagged:TAG_FLAGS:quiet"], {})
        self.assertEqual(plan["chains"]["style"][:2], ["lit", "style-reviewed"])
        self.assertNotIn("style-described", plan["chains"]["style"])


class Review(unittest.TestCase):
    def test_keys_have_the_labels_of_the_type(self):
        self.assertEqual(review.labels("pose")[0], "--label")
        self.assertIn("/tags/location", review.labels("background"))
        self.assertEqual(review.labels("character-luca"), review.labels("character"))
        self.assertEqual(review.labels("none"), [])

    def test_gates_and_other_patches_are_handed_on(self):
        with told():
            self.assertEqual(review.more(), [])
        with tempfile.NamedTemporaryFile() as patch, told(GATES="yes", GATE_SAMPLE="5", MERGE=patch.name):
            self.assertEqual(review.more(), ["--require", "5", "--merge", os.path.realpath(patch.name)])
        with told(MERGE="gone.jsonl"), self.assertRaises(Wrong):
            review.more()


class Beside(unittest.TestCase):
    """The networks that settings add to those of the pipelines."""

    def added(self, roles, there=(), **values):
        with told(**values):
            return launch.beside(roles, there)

    def test_what_settings_ask_for_must_be_there_before_anything_starts(self):
        of_pose = ["detect", "segment", "pose", "emotion"]
        self.assertEqual(self.added(of_pose), [])
        self.assertEqual(self.added(of_pose, MATTE="yes", LANDMARK_MODEL="hysts"), ["matte", "landmark"])
        self.assertEqual(self.added(of_pose, LANDMARK_MODEL="five"), [])
        self.assertEqual(self.added(["embed"], MATTE="yes"), [])
        self.assertEqual(self.added(["embed"], TEXT_MODEL="own.onnx", TEXT="inpaint"), ["text", "inpaint"])

    def test_what_is_installed_is_used_and_what_is_not_can_be_done_without(self):
        roles = ["segment", "inpaint"]
        self.assertEqual(self.added(roles, TRACK="yes"), [])
        self.assertEqual(self.added(roles, {"track", "text"}, TRACK="yes", TEXT="inpaint"), ["track", "text"])
        self.assertEqual(self.added(roles, {"track", "text"}, TEXT="keep"), [])

    def test_animals_have_a_network_of_the_same_role(self):
        with told(POSE_ANIMAL_MODEL="default", NETWORKS="small"):
            _, needs = launch.networks(["pose", "text"])
        self.assertEqual(needs, ["pose=small-pose", "text", "pose=rtmpose-m-ap10k"])

    def test_settings_that_exclude_each_other_are_refused(self):
        for values, said in [
            ({"TRACK_FPS": "12; rm x"}, "a number of frames a second"),
            ({"TRACK_FPS": "0"}, "a number of frames a second"),
            ({"TEXT": "crop", "TRACK": "yes"}, "must have one size"),
            ({"MATTE": "yes", "INSTANCES": "own"}, "INSTANCES have their masks"),
        ]:
            with told(**values), self.assertRaisesRegex(Wrong, said):
                names.check()
        with told(TRACK_FPS="23.976"):
            names.check()


class Plans(unittest.TestCase):
    """How the part of a film is cut out."""

    def test_ffmpeg_reads_no_converters_of_the_system(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "ffmpeg")
            program.write_text('#!/bin/sh\necho "$GCONV_PATH" "$3" >&2\nexit 3\n', encoding="utf-8")
            program.chmod(0o755)
            with mock.patch.object(plan, "ffmpeg", lambda: str(program)):
                self.assertEqual(plan.call(["-i"], folder), (3, "/nonexistent -i\n"))

    def test_a_plan_is_of_something(self):
        for named, said in [("", "PIPELINE is empty"), (" ", "PIPELINE is empty"), ("nope", "PIPELINE=nope: not a pipeline")]:
            with told(PIPELINE=named), self.assertRaisesRegex(Wrong, f"{said}.*`make plan` runs style, all"):
                plan.plan("make", ["style", "all"])


class Runners(unittest.TestCase):
    """What RUNNER takes of a stage's command line."""

    def test_the_manifest_and_the_rejects_are_the_runs_own(self):
        command, rejects, manifest = runner.parted(["clip-embed", "--model", "a b", "--rejects", "x.rejects.jsonl", "--mask", "in.jsonl"])
        self.assertEqual(command, ["clip-embed", "--model", "a b", "--mask"])
        self.assertEqual((rejects, manifest), ("x.rejects.jsonl", "in.jsonl"))
        called, out = runner.called("slurm", ["4", "--gres", "gpu:1"], command, manifest, Path("work"))
        self.assertEqual(called[2:], ["in.jsonl", Path("work"), "4", "clip-embed --model 'a b' --mask", "--gres", "gpu:1"])
        self.assertEqual(out, Path("work/out.jsonl"))

    def test_quotation_marks_come_in_pairs(self):
        for text in ["parallel --sshlogin 'node1", 'slurm 4 --comment="a', "ray \\"]:
            with told(RUNNER=text), self.assertRaises(names.Wrong) as caught:
                runner.engine()
            self.assertTrue(str(caught.exception).startswith(f"RUNNER={text}: no "), caught.exception)

    def test_an_engine_that_is_none_is_refused(self):
        for text, said in [("dask", "must begin with parallel, ray or slurm"), ("slurm", "the number of shards"), ("slurm 0", "the number of shards")]:
            with told(RUNNER=text), self.assertRaisesRegex(names.Wrong, said):
                runner.engine()
        with told(RUNNER="ray --gpus 0.25"):
            self.assertEqual(runner.engine(), ("ray", ["--gpus", "0.25"]))


if __name__ == "__main__":
    unittest.main()
