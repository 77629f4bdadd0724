"""Runs the pipelines of PIPELINE on a part of FILM, and says what all of it will take.

The part is PLAN_PIECES pieces of PLAN_SECONDS, spread over the film and cut where they can be copied; a film that is
hardly longer is run whole.
"""

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import names
from launch import ffmpeg
from names import ROOT, Wrong, say, setting

# A part that is more than this share of the film saves nothing.
WORTH_CUTTING = 0.6
# What an earlier plan leaves in its folder.
OWN = ["part.mkv", "pieces.txt", "plan.json", "overview.html", "preparation_progress.json", "logs", ".settings", ".names", ".tools", ".run.json"]
OWN += ["frames", "masks", "instances", "poses", "faces", "cast", *names.TYPES]
# Nothing but files is read, and no playlist, which names other ones; what is in no such container is run whole, and
# frame-extract judges it. A static ffmpeg must not load the system's character sets.
LOCAL = ["-protocol_whitelist", "file"]
CONTAINERS = ["-format_whitelist", "mov,matroska,mpegts,mpeg,avi,asf,flv,mxf,ogg,nut,rm,wtv,dv,m4v,h264,hevc,mpegvideo,ivf,gif"]
ENVIRONMENT = {**os.environ, "GCONV_PATH": "/nonexistent"}


def call(arguments, folder):
    """Runs ffmpeg; what it says on standard error."""
    program = ffmpeg()
    program = program if os.path.dirname(program) == "" else os.path.abspath(program)
    ran = subprocess.run(
        [program, "-hide_banner", "-nostdin", *arguments], cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    return ran.returncode, ran.stderr.decode(errors="replace")


def seconds(film, folder):
    """How long a film says that it is; none where it does not."""
    _, said = call([*LOCAL, *CONTAINERS, "-i", film], folder)
    found = re.search(r"^ *Duration: (\d+):(\d+):([\d.]+),", said, re.MULTILINE)
    return found and 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])


def cut(film, length, pieces, long, folder):
    """Cuts pieces out of a film and joins them; where they are."""
    for number in range(pieces):
        begin = max(length * (number + 0.5) / pieces - long / 2, 0)
        piece = ["-ss", f"{begin:.3f}", *LOCAL, *CONTAINERS, "-i", film, "-t", str(long), "-map", "0:v:0", "-c", "copy", "-y", f"piece_{number}.mkv"]
        code, said = call(["-v", "error", *piece], folder)
        if code:
            raise Wrong(f"{film}: {last(said)}")
    listed = "".join(f"file 'piece_{number}.mkv'\n" for number in range(pieces))
    Path(folder, "pieces.txt").write_text(listed, encoding="utf-8")
    code, said = call(["-v", "error", "-f", "concat", *LOCAL, "-i", "pieces.txt", "-c", "copy", "-y", "part.mkv"], folder)
    if code:
        raise Wrong(f"{film}: its pieces cannot be joined: {last(said)}")
    for number in range(pieces):
        os.remove(os.path.join(folder, f"piece_{number}.mkv"))
    return os.path.join(folder, "part.mkv")


def last(said):
    lines = said.strip().splitlines()
    return lines[-1] if lines else "ffmpeg gives no reason"


def part(film, folder):
    """A part of a film, and how many times as long the film is."""
    pieces, long = int(setting("PLAN_PIECES")), int(setting("PLAN_SECONDS"))
    length = seconds(film, folder)
    if not length or pieces * long > WORTH_CUTTING * length:
        return film, 1.0
    found = cut(film, length, pieces, long, folder)
    took = seconds(found, folder)
    # A piece begins at the key frame before it: of a film with few, the pieces may be most of it.
    if not took or took > WORTH_CUTTING * length:
        return film, 1.0
    return found, length / took


def clear(folder):
    """Removes an earlier plan, whose stages would not run again, and would not be measured."""
    for old in [*(folder / name for name in OWN), *folder.glob("*.jsonl")]:
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)


def settled(folder):
    """Whether every phase that ran came to its end."""
    try:
        with open(os.path.join(folder, "preparation_progress.json"), encoding="utf-8") as file:
            phases = json.load(file)["phases"].values()
    except (OSError, ValueError, KeyError):
        return False
    return all(phase.get("status") == "done" for phase in phases)


def plan(make, pipelines):
    names.check()
    wanted = setting("PIPELINE").split()
    if not wanted:
        raise Wrong(f"PIPELINE is empty: `make plan` runs {', '.join(pipelines)}")
    for one in wanted:
        if one not in pipelines:
            raise Wrong(f"PIPELINE={one}: not a pipeline: `make plan` runs {', '.join(pipelines)}")
    film = names.film("plan")
    folder = os.path.abspath(os.path.join(names.out(), "plan"))
    os.makedirs(folder, exist_ok=True)
    clear(Path(folder))
    shown, times = part(film, folder)
    targets = [f"{target}={max(math.ceil(int(setting(target)) / times), 1)}" for target in names.TARGETS]
    command = names.make_command(make) + ["--no-print-directory", *wanted, f"FILM={shown}", f"OUT={folder}", "MINIMUM=", "ALLOW_UNSEEN=yes", *targets]
    # What the result cache knows already would be measured as no work.
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        ran = subprocess.run(command, cwd=ROOT, env={**os.environ, "XDG_CACHE_HOME": cache}, check=False, close_fds=False)
    if ran.returncode and not settled(folder):
        return 1
    if ran.returncode:
        say("plan: the part left a data set without images: the estimate does not include its last stages")
    # For the dashboard, which shows what the whole film is estimated to take.
    Path(folder, "plan.json").write_text(json.dumps({"times": times}) + "\n", encoding="utf-8")
    whole = "The film is short, and was run whole. It takes:"
    print(whole if times == 1.0 else f"The part is 1/{times:.1f} of the film. The whole film will take:", flush=True)
    return subprocess.run([os.path.join(names.tools(), "phase"), "--run-dir", folder, "--predict", f"{times:.6f}"], check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--make", required=True, help="how make is called")
    parser.add_argument("--pipelines", required=True, help="what it can make")
    flags = parser.parse_args()
    return plan(flags.make, flags.pipelines.split())


if __name__ == "__main__":
    sys.exit(names.ended(main))
