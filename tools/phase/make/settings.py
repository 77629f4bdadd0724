"""The settings of the makefiles: what `make help` says of them, and which one was meant by one that there is not."""

import argparse
import difflib
import re

import names
from names import ROOT


def read(makefile):
    """The lines of a makefile and of those that it includes, in the order in which make takes them.

    Settings that there are of each type are in the environment.
    """
    for line in (ROOT / makefile).read_text(encoding="utf-8").splitlines():
        included = re.fullmatch(r"include (?:\$\(TYPES:%=(\S+)\)|(\S+))", line)
        given = re.fullmatch(r"\$\(eval \$\((\w+)\)\)", line)
        if included:
            pattern, name = included.groups()
            for one in [pattern.replace("%", kind) for kind in names.TYPES] if pattern else [name]:
                yield from read(one)
        elif given:
            yield from (line.lstrip() for line in names.setting(given[1]).splitlines())
        else:
            yield line


def targets(lines):
    """Each target of which a makefile says what it is: its name, whether it is a pipeline, and what is said."""
    for line in lines:
        found = re.match(r"([a-z-]+):.*## (\[pipeline\] )?(.*)", line)
        if found:
            yield found[1], bool(found[2]), found[3]


def settings(lines):
    """The settings under each heading: name, the comment above it, and what it is by default."""
    found, heading, said = {}, None, ""
    for line in lines:
        setting = re.fullmatch(r"([A-Z_]+) \?= ?(.*)", line)
        if line.startswith("## "):
            heading = found.setdefault(line[3:], [])
        if setting:
            heading.append((setting[1], said, setting[2]))
        said = said + line[1:] if line.startswith("# ") else ""
    return found


def printed(makefile):
    """What `make help` prints, line by line."""
    lines = list(read(makefile))
    for pipelines, title in [(True, "Pipelines, for example: make style lighting FILM=film.mp4 OUT=out TRIGGER=mystyle"), (False, "Everything else:")]:
        yield title
        yield from (f"  {name}\t{said}".expandtabs(16) for name, pipeline, said in targets(lines) if pipeline == pipelines)
    yield "Settings, on the command line or in film.mk, with defaults in brackets:"
    for heading, found in settings(lines).items():
        yield ""
        yield heading
        yield from (f"  {name:<26}{said}" + (f" [{default}]" if default else "") for name, said, default in found)


def meant(strange, known):
    """The known setting that is spelled most alike, if any is."""
    found = difflib.get_close_matches(strange.upper(), known, n=1, cutoff=0.7)
    return found[0] if found else None


def refused(known, strange):
    """What to say of settings that there are not."""
    said = []
    for name in strange.split():
        other = meant(name, known.split())
        said.append(f"{name}: there is no such setting" + (f": did you mean {other}?" if other else ""))
    text = "; ".join(said)
    return text + (" " if text.endswith("?") else ": ") + "`make help` lists the settings"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--help-of", metavar="MAKEFILE", help="print what `make help` says")
    parser.add_argument("--known", default="", help="the settings that there are")
    parser.add_argument("--strange", default="", help="those that there are not")
    flags = parser.parse_args()
    print("\n".join(printed(flags.help_of)) if flags.help_of else refused(flags.known, flags.strange))


if __name__ == "__main__":
    main()
