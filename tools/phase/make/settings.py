"""Says which setting was meant by one that there is not: `settings.py 'KNOWN …' 'STRANGE …'`."""

import difflib
import sys


def meant(strange, known):
    """The known setting that is spelled most alike, if any is."""
    found = difflib.get_close_matches(strange.upper(), known, n=1, cutoff=0.7)
    return found[0] if found else None


def main(known, strange):
    said = []
    for name in strange.split():
        other = meant(name, known.split())
        said.append(f"{name}: no such setting" + (f": did you mean {other}?" if other else ""))
    text = "; ".join(said)
    print(text + (" " if text.endswith("?") else ": ") + "`make help` lists the settings")


if __name__ == "__main__":
    main(*sys.argv[1:])
