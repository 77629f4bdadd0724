#!/usr/bin/env bash
# Makes a virtual environment of exactly what a file of pinned requirements with checksums names, also where
# Python has neither pip nor ensurepip: models/venv.sh FOLDER REQUIREMENTS
set -euo pipefail
. "$(dirname "$0")/python.sh"

folder=$1 requirements=$2
mkdir -p "$runtime"
flags=(install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements")
rm -rf "$folder"
if "$python" -m venv "$folder" > /dev/null 2>&1; then
    "$folder/bin/python" -m pip "${flags[@]}"
else
    # Only the wheel helps here: another Python's pip does not install into this one.
    [ -n "$(pip_wheel)" ] || unpack python3-pip-whl || unpack python-pip-whl || true
    wheel=$(pip_wheel)
    [ -n "$wheel" ] || { say "$python: cannot make virtual environments: install python3-venv"; exit 1; }
    "$python" -m venv --clear --without-pip "$folder"
    PYTHONPATH=$wheel "$folder/bin/python" -m pip "${flags[@]}"
fi
