"""Measures images made with checkpoints of a LoRA, and compares them: starts the make that does so in OUT."""

import argparse
import json
import os
import sys
from pathlib import Path

import launch
import names
import thresholds
from names import Wrong, say, setting

# The roles of the networks by which images are measured, by what a type's images are.
ROLES = {
    "frames": ["embed"],
    "places": ["embed", "detect", "face"],
    "instances": ["detect", "face", "segment", "embed", "pose", "emotion"],
    "faces": ["detect", "face", "segment", "embed", "pose", "emotion"],
}


def one(name):
    """A data set that is asked for: its folder in OUT, and the newest of its folders with prompts."""
    folder = names.folder(name)
    kind = folder.split("/")[0]
    if names.slug(name) != name or kind not in names.TYPES:
        raise Wrong("PIPELINE must be the name of a data set, such as style or character-NAME, or several of one kind")
    own = Path(names.out(), folder)
    if not own.joinpath("dataset.jsonl").is_file():
        raise Wrong(f"PIPELINE={name}: there is no such data set in {names.out()}: make it first")
    newest = own / "dataset"
    if not newest.exists():
        newest = own / own.joinpath("dataset.txt").read_text(encoding="utf-8").strip()
    if not newest.joinpath("prompts.jsonl").is_file():
        raise Wrong(f"PIPELINE={name}: its data set has no prompts.jsonl: it holds no images back: make it with --validation 10% in DATASET_FLAGS")
    return folder, str(newest.relative_to(names.out()))


def asked():
    """The data sets that are asked for: their folders in OUT, their type, the newest folder with prompts of each, and further prompts."""
    found = [one(name) for name in setting("PIPELINE").split() or [""]]
    folders, newest = [folder for folder, _ in found], [newest for _, newest in found]
    kinds, more = {folder.split("/")[0] for folder in folders}, setting("PROMPTS")
    if len({names.TYPES[kind].get("measured") for kind in kinds}) > 1:
        raise Wrong(f"PIPELINE={setting('PIPELINE')}: what is measured of their images is not the same: compare checkpoints of one kind at once")
    if len(set(folders)) < len(folders):
        raise Wrong(f"PIPELINE={setting('PIPELINE')}: names a data set twice")
    if len(folders) > 1 and not more:
        raise Wrong("name the prompts that the images were made with: PROMPTS=both.jsonl, each with all characters in identity.name")
    if more and not os.path.isfile(more):
        raise Wrong(f"PROMPTS={more}: there is no such file")
    return folders, folders[0].split("/")[0], newest, more


def images():
    """The folder of the images, absolute."""
    path = setting("IMAGES")
    if not path:
        raise Wrong("name the images: IMAGES=folder, with a folder for each checkpoint")
    if not os.path.isdir(path):
        raise Wrong(f"IMAGES={path}: there is no such folder")
    if not any(one.is_file() for one in Path(path).glob("*/*")):
        raise Wrong(f"IMAGES={path}: has no images in folders: put those of each checkpoint into a folder of its own")
    return names.absolute(path)


def exported(manifest):
    """The records of a data set with the images that trainers see in place of those that these were made from."""
    lines = []
    for line in manifest.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        file = record["dataset"]["file"]
        # Of a shard, the image itself is as near as it gets.
        if not file.endswith(".tar"):
            record["image"] = file
            record |= {side: record["dataset"][side] for side in ("width", "height") if side in record["dataset"]}
            record.pop("dedup", None)
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines)


def start(make):
    """Becomes the make in OUT."""
    names.check()
    folders, kind, newest, more_prompts = asked()
    paths = {"IMAGES": images(), "BIN": names.tools()}
    if setting("CAST") and not Path(names.out(), "cast.jsonl").is_file():
        raise Wrong(f"CAST={setting('CAST')}: there is no cast.jsonl in {names.out()}: make instances first")
    paths["PROMPTS"] = names.absolute(more_prompts) if more_prompts else ""
    for name in ["CAST", "LABELS", "FIGURE_LABELS", "FACE_LABELS", "TEACH_FROM", "SETTINGS"]:
        paths[name] = names.absolute(setting(name)) if setting(name) else ""
    others = thresholds.elsewhere(paths["TEACH_FROM"])
    paths["TEACH_FROM"] = "" if others else paths["TEACH_FROM"]
    measured = names.TYPES[kind].get("measured", "frames")
    if setting("NETWORKS") == "none" and measured != "frames":
        raise Wrong(f"PIPELINE={setting('PIPELINE')}: its images are measured by networks: leave NETWORKS=none out")
    roles = [] if setting("NETWORKS") == "none" else ROLES[measured]
    launch.lock(names.out())
    thresholds.take(names.out(), others)
    sets = [folder.replace("/", "-") for folder in folders]
    scores = f"scores/{'-'.join(sets)}"
    Path(names.out(), scores, "exported").mkdir(parents=True, exist_ok=True)
    manifests = [Path(names.out(), folder, "dataset.jsonl") for folder in folders]
    for name, manifest in zip(sets, manifests):
        launch.put(Path(names.out(), scores, "exported", f"{name}.jsonl"), exported(manifest))
    who = names.characters().values() if measured in ("instances", "faces") else []
    more = [f"IMAGES={launch.listing(paths['IMAGES'])}", *(f"DATASET={launch.content(str(manifest))}" for manifest in manifests)]
    more += [f"PROMPTS={launch.content(paths['PROMPTS'])}"] if more_prompts else []
    command = launch.inner(make, roles, paths, more)
    command += [f"SCORING={' '.join(sets)}", f"SCORED_KIND={kind}", f"SCORES={scores}", f"SCORED_SETS={' '.join(newest)}"]
    command += [f"CUTS={' '.join(thresholds.in_force(names.out(), others))}"]
    command += [f"WHO={' '.join(who)}", f"{scores}/scores.jsonl"]
    say(f"{setting('PIPELINE')}: the page will be {names.out()}/{scores}/report.html")
    os.execvp(command[0], command)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--make", required=True, help="how make is called")
    start(parser.parse_args().make)


if __name__ == "__main__":
    sys.exit(names.ended(main))
