#!/usr/bin/env bash
# add.sh OLD FRAMES OUT: select from new images those that are not near an image of the manifest OLD, which has hashes.
set -euo pipefail
old=$1 frames=$2 out=$3
mkdir -p "$out"

frame-scan "$frames" |
  frame-dedup --against "$old" --rejects "$out/known.jsonl" > "$out/new.jsonl"

# Both together, for the next time.
cat "$old" "$out/new.jsonl" > "$out/all.jsonl"
jq -rs --arg known "$(wc -l < "$out/known.jsonl")" '"\(length) new, \($known) known"' "$out/new.jsonl"
