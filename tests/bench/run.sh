#!/usr/bin/env bash
# Measures the tools beside their peers, on the same images and vectors, in one run. Everything it
# makes lies in target/bench.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=target/bench
film=${BENCH_FILM:-examples/film/film.mp4}
mkdir -p "$work"

if [ ! "$work/venv/made" -nt tests/bench/requirements.txt ]; then
    bash models/venv.sh "$work/venv" tests/bench/requirements.txt
    touch "$work/venv/made"
fi

ffmpeg=$(command -v ffmpeg || echo models/runtime/ffmpeg)
# All of the list is read first: grep -q closes a pipe at the first match, and ffmpeg would fail.
encoders=$("$ffmpeg" -v quiet -encoders)

# A minute at 1920x1080, as films have it.
for codec in libx264 libx265; do
    clip=$work/film_$codec.mp4
    if [ ! -s "$clip" ] && grep -q " $codec " <<< "$encoders"; then
        "$ffmpeg" -v error -y -i "$film" -t 60 -vf scale=1920:1080:flags=lanczos -an -c:v "$codec" -preset veryfast -crf 18 \
            "$work/making.mp4"
        mv "$work/making.mp4" "$clip"
    fi
done

cargo build --release --locked --quiet --package vision --example decode

if [ ! -d "$work/frames" ]; then
    mkdir "$work/frames.new"
    "$ffmpeg" -v error -i "$film" -frames:v 300 -vf fps=5,scale=1920:1080:flags=lanczos -q:v 3 \
        "$work/frames.new/frame_%04d.jpg"
    mv "$work/frames.new" "$work/frames"
fi

exec "$work/venv/bin/python" tests/bench/bench.py "$work" "$@"
