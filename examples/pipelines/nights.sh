#!/usr/bin/env bash
# nights.sh FILM OUT TRIGGER [TARGET]: a data set of only the film's night frames, at most four a shot.
set -euo pipefail
film=$1 out=$2 trigger=$3 target=${4:-100}
mkdir -p "$out"

frame-extract --fps 2 --out-dir "$out/frames" "$film" |
  frame-dedup --rejects "$out/duplicates.jsonl" |
  blur-filter --rejects "$out/blurred.jsonl" |
  light-classify > "$out/lit.jsonl"

# Frames that do not show night are not lost in silence: they go into a file.
jq -c 'select(.light.time != "night")' "$out/lit.jsonl" > "$out/days.jsonl"
jq -c 'select(.light.time == "night")' "$out/lit.jsonl" |
  balance --target "$target" --per-shot 4 --rejects "$out/spare.jsonl" |
  caption-compose --type lighting --trigger "$trigger" |
  dataset-write --type lighting --trigger "$trigger" --out-dir "$out/set" > "$out/written.jsonl"
lora-lint "$out/set/dataset/kohya/dataset.toml" > "$out/lint.jsonl"
