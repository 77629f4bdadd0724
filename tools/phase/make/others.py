"""Prints the records of standard input that show someone else than a character: neither them nor any of their outfits."""

import argparse
import json
import sys


def others(name, lines):
    """The lines whose records have the name of another character; `luca/striped shirt` is an outfit of `luca`."""
    own = name.partition("/")[0]
    return (line for line in lines if ((json.loads(line).get("identity") or {}).get("name") or "").partition("/")[0] != own)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--than", required=True, help="the character, or an outfit")
    name = parser.parse_args().than
    sys.stdout.buffer.writelines(others(name, sys.stdin.buffer))


if __name__ == "__main__":
    main()
