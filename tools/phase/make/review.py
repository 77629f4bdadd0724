"""Opens a data set in the browser: becomes `review --serve` in OUT."""

import os
import sys

import names
from names import Wrong, setting


def shown(folder, name):
    """The manifest to decide on and the patch of the decisions.

    Captions are shown as soon as there are any; with GATES=yes they have a patch of their own, and come once the
    labels are decided.
    """
    selected, captioned = f"{folder}/selected.jsonl", f"{folder}/captioned.jsonl"
    composed = os.path.isfile(captioned) and os.path.getmtime(captioned) >= os.path.getmtime(selected)
    if setting("GATES") == "yes" and composed:
        return captioned, f"review/captions/{name}.jsonl"
    return captioned if composed else selected, f"review/{name}.jsonl"


def labels(name):
    """The flags that give the keys 1 to 9 the labels of a type."""
    kind = next((kind for kind in names.TYPES if name == kind or name.startswith(f"{kind}-")), "")
    return [flag for label in names.TYPES.get(kind, {}).get("labels", []) for flag in ("--label", label)]


def more():
    """The flags that settings stand for: what a gate waits for, and another person's patch."""
    flags = ["--require", setting("GATE_SAMPLE")] if setting("GATES") == "yes" else []
    if setting("MERGE"):
        if not os.path.isfile(setting("MERGE")):
            raise Wrong(f"MERGE={setting('MERGE')}: there is no such patch")
        flags += ["--merge", names.absolute(setting("MERGE"))]
    return flags


def main():
    name = setting("PIPELINE")
    names.check()
    folder = names.folder(name)
    out, tools = names.out(), names.tools()
    if names.slug(name) != name or not os.path.isfile(os.path.join(out, folder, "selected.jsonl")):
        if name == "all":
            raise Wrong("PIPELINE must be the name of a data set, such as style or character-NAME")
        raise Wrong(f"PIPELINE={name}: there is no such data set in {out}: make it first")
    flags = more()
    os.chdir(out)
    manifest, patch = shown(folder, name)
    os.makedirs(os.path.dirname(patch), exist_ok=True)
    # Of an image whose caption is reviewed the label is settled: the caption says it.
    keys = [] if patch.startswith("review/captions/") else labels(name)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    command = [os.path.join(tools, "review"), "--serve", "--patch", patch, *keys, *flags, manifest]
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(names.ended(main))
