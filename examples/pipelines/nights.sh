#!/usr/bin/env bash
# nights.sh FILM OUT TRIGGER [TARGET]: a data set of the film's nights alone, at most four frames a shot.
set -euo pipefail
film=$1 out=$2 trigger=$3 target=${4:-100}
mkdir -p "$out"

frame-extract --fps 2 --out-dir "$out/frames" "$film" |
  frame-dedup --rejects "$out/duplicates.jsonl" |
  blur-filter --rejects "$out/blurred.jsonl" |
  light-classify > "$out/lit.jsonl"

# What is no night is not lost in silence: it goes beside.
jq -c 'select(.light.time != "night")' "$out/lit.jsonl" > "$out/days.jsonl"
jq -c 'select(.light.time == "night")' "$out/lit.jsonl" |
  balance --target "$target" --per-shot 4 --rejects "$out/spare.jsonl" |
  caption-compose --type lighting --trigger "$trigger" |
  dataset-write --type lighting --trigger "$trigger" --out-dir "$out/set" > "$out/written.jsonl"
lora-lint "$out/set/dataset/kohya/dataset.toml" > "$out/lint.jsonl"
