#!/usr/bin/env bash
# Measures the tools beside their peers, on the same images and vectors, in one run. Everything it
# makes lies in target/bench; peers that do not install are named and left out.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=target/bench
film=${BENCH_FILM:-examples/film/film.mp4}
mkdir -p "$work"

if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
fi
while read -r requirement; do
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$requirement" \
        || echo "bench: $requirement does not install, and is left out" >&2
done < <(grep -v '^#' tests/bench/requirements.txt)

cargo build --release --locked --quiet --package vision --example decode

if [ ! -d "$work/frames" ]; then
    ffmpeg=$(command -v ffmpeg || echo models/runtime/ffmpeg)
    mkdir "$work/frames.new"
    "$ffmpeg" -v error -i "$film" -frames:v 300 -vf fps=5,scale=1920:1080:flags=lanczos -q:v 3 \
        "$work/frames.new/frame_%04d.jpg"
    mv "$work/frames.new" "$work/frames"
fi

exec "$work/venv/bin/python" tests/bench/bench.py "$work" "$@"
