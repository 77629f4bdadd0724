#!/usr/bin/env bash
# shots.sh FILM OUT [FPS]: the sharpest frame of each shot, on one page.
set -euo pipefail
film=$1 out=$2 fps=${3:-2}
mkdir -p "$out"

frame-extract --fps "$fps" --out-dir "$out/frames" "$film" |
  blur-filter --rejects "$out/dropped.jsonl" > "$out/sharp.jsonl"

jq -cs 'group_by(.source.shot)[] | max_by(.quality.sharpness // 0)' "$out/sharp.jsonl" > "$out/best.jsonl"
report --kept "$out/best.jsonl" --dropped "$out/dropped.jsonl" --title "One frame a shot" --images 200 --out-dir "$out/page"
