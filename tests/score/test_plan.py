"""The whole plan runs, from frames and instances of the sample film."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILM = ROOT / "examples/film"


def frames(folder, seconds):
    """Frames of the start of the film, as `ffmpeg -vf fps=4` gives them."""
    folder.mkdir()
    ffmpeg = os.environ.get("FFMPEG") or shutil.which("ffmpeg") or str(ROOT / "models/runtime/ffmpeg")
    command = [ffmpeg, "-v", "error", "-nostdin", "-i", FILM / "film.mp4", "-t", str(seconds), "-vf", "fps=4", "-q:v", "2", folder / "frame_%06d.jpg"]
    subprocess.run(command, check=True)


def instances(folder):
    """The sample film's references as someone's curated instances."""
    for image in sorted((FILM / "cast").rglob("*.jpg")):
        own = folder / image.parent.name / image.name
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, own)
        own.with_suffix(".txt").write_text(f"{image.parent.name}, said by hand\n", encoding="utf-8")


class Plan(unittest.TestCase):
    def test_the_plan_of_the_examples_runs(self):
        with tempfile.TemporaryDirectory() as temporary:
            here = Path(temporary)
            frames(here / "frames", 24)
            instances(here / "instances")
            settings = [f"SETTINGS={FILM}/film.mk", "FILM="]
            command = ["bash", ROOT / "examples/plan/run.sh", here / "frames", here / "instances", here / "out", *settings, "NEEDS_DISK=0"]
            environment = {**os.environ, "GATE_SAMPLE": "2"}
            ran = subprocess.run(command, env=environment, capture_output=True, text=True)
            said = ran.stdout + ran.stderr
            self.assertEqual(ran.returncode, 0, said[-3000:])
            for name in ["expression", "background"]:
                self.assertIn(f"{name} waits: make review PIPELINE={name}", said)
            for path in ["film/style", "film/lighting", "film/pose", "film/expression", "curated/pose"]:
                self.assertTrue((here / "out" / path / "dataset/kohya/train.sh").is_file(), path)
            page = (here / "out/film/overview.html").read_text(encoding="utf-8")
            for name in ["style", "lighting", "background", "pose", "expression", "character-nilo"]:
                self.assertIn(f"<td>{name}</td>", page, "the page has the sets of all runs")
            for name in ["nilo", "oreste", "pia"]:
                kohya = here / "out/curated/character" / name / "dataset/kohya"
                texts = {path: path.read_text(encoding="utf-8") for path in kohya.rglob("*.txt")}
                others = [text for path, text in texts.items() if "regularization" in path.parts]
                own = [text for path, text in texts.items() if "regularization" not in path.parts]
                self.assertTrue(own and all("said by hand" in text for text in own), name)
                self.assertTrue(others and all(text.startswith("character, ") and "said by hand" not in text for text in others), others)


if __name__ == "__main__":
    unittest.main()
