#!/usr/bin/env bash
# Runs the tools with the small networks over frames of the sample film, or of another with another detector; film.py scores what they say.
# Usage: film.sh BIN OUT [FILM DETECTOR], with the tools in the folder BIN. Makes only what OUT does not have yet.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd)
film=$(realpath "${3:-$here/../../examples/film/film.mp4}")
detector=${4:-small-detect}
labels=$here/../../examples/labels
FILM2LORA_MODELS=$(cd "$here/.." && pwd)
export FFMPEG=${FFMPEG:-$here/../runtime/ffmpeg} FILM2LORA_MODELS
export ORT_DYLIB_PATH=${ORT_DYLIB_PATH:-$here/../runtime/libonnxruntime.so}
mkdir -p "$2"
cd "$2"

# step FILE INPUT... -- COMMAND: makes FILE by COMMAND where it is not there and every input is.
step() {
    local file=$1
    shift
    while [ "$1" != -- ]; do
        [ -e "$1" ] || return 0
        shift
    done
    shift
    [ -e "$file" ] && return 0
    "$@" > "$file.part" && mv "$file.part" "$file"
}

step frames.jsonl -- "$bin/frame-extract" --fps 3 --format png --out-dir frames "$film"
step boxes.jsonl frames.jsonl -- "$bin/char-detect" --model "$detector" --classes all frames.jsonl
step masked.jsonl boxes.jsonl -- "$bin/sam-mask" --model small-segment --out-dir masks boxes.jsonl
step posed.jsonl boxes.jsonl -- "$bin/rtmpose" --model small-pose boxes.jsonl
step faces.jsonl boxes.jsonl -- "$bin/face-crop" --model small-face --no-pose --min-side 24 --out-dir faces boxes.jsonl
step emotions.jsonl faces.jsonl -- "$bin/emotion-classify" --model small-emotion faces.jsonl
step features.jsonl faces.jsonl -- "$bin/face-landmarks" --model small-landmark faces.jsonl
step embedded.jsonl frames.jsonl -- "$bin/clip-embed" --model small-embed --crops wide frames.jsonl
step tagged.jsonl embedded.jsonl -- "$bin/clip-tag" --model small-embed --labels "$labels" embedded.jsonl
step scenes.jsonl embedded.jsonl -- "$bin/cluster" --k 5 embedded.jsonl
step instances.jsonl masked.jsonl -- "$bin/mask-crop" --min-area 2500 --max-hidden 0.5 --out-dir crops masked.jsonl
step known.jsonl instances.jsonl -- "$bin/clip-embed" --model small-embed --mask instances.jsonl
step people.jsonl known.jsonl -- "$bin/cluster" --k 3 known.jsonl
step plates.jsonl masked.jsonl -- "$bin/lama-inpaint" --model small-inpaint --keep --max-invented 1 --out-dir plates masked.jsonl
step captioned.jsonl frames.jsonl -- "$bin/vlm-caption" --model small-caption --task more-detailed frames.jsonl
