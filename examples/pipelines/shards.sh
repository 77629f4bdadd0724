#!/usr/bin/env bash
# shards.sh FRAMES OUT [PROCESSES]: hash a folder of images in many processes at once, then compare them all.
set -euo pipefail
frames=$1 out=$2 processes=${3:-$(getconf _NPROCESSORS_ONLN)}
mkdir -p "$out"

frame-scan "$frames" > "$out/frames.jsonl"
split -n "l/$processes" -d "$out/frames.jsonl" "$out/part."

# One process for each part. On a cluster this line is the job, and $1 its part.
find "$out" -name 'part.[0-9][0-9]' -print0 |
  xargs -0 -P "$processes" -n 1 sh -c 'frame-dedup --quiet -j1 --hash-only "$1" > "$1.hashed"' sh

# Hashes are small, so one process compares all of them, without decoding any image again.
cat "$out"/part.??.hashed |
  frame-dedup --rejects "$out/duplicates.jsonl" |
  blur-filter --rejects "$out/blurred.jsonl" > "$out/sharp.jsonl"
rm "$out"/part.*
