"""Opens a data set in the browser: becomes `review --serve` in OUT."""

import os
import sys

import names
from names import Wrong, say, setting


def main():
    try:
        name = setting("PIPELINE")
        folder = names.folder(name)
        out, tools = names.out(), names.tools()
        if names.slug(name) != name or not os.path.isfile(os.path.join(out, folder, "selected.jsonl")):
            if name == "all":
                raise Wrong("PIPELINE must be the name of a data set, such as style or character-NAME")
            raise Wrong(f"PIPELINE={name}: there is no such data set in {out}: make it first")
        os.chdir(out)
        os.makedirs("review", exist_ok=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        command = [os.path.join(tools, "review"), "--serve", "--patch", f"review/{name}.jsonl", f"{folder}/selected.jsonl"]
        os.execv(command[0], command)
    except Wrong as error:
        say(str(error))
        return 2
    except OSError as error:
        say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
