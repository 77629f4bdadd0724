#!/usr/bin/env bash
# colours.sh FRAMES OUT [GROUPS]: group images by their colours, with a page of images for each group.
set -euo pipefail
frames=$1 out=$2 groups=${3:-auto}
mkdir -p "$out"

# Nothing is dropped here, so the mark of blur-filter is removed again. jq adds a measure of our own,
# which every later tool can use like any other.
frame-scan "$frames" |
  blur-filter --keep |
  jq -c 'del(.rejected) | .mine = {range: (.quality.levels[2] - .quality.levels[0])}' |
  cluster --figures /quality/brightness,/quality/saturation,/quality/colourfulness,/mine/range --k "$groups" \
    > "$out/grouped.jsonl"

for group in $(jq .cluster.id "$out/grouped.jsonl" | sort -nu); do
  jq -c --argjson group "$group" 'select(.cluster.id == $group)' "$out/grouped.jsonl" > "$out/group_$group.jsonl"
  report --kept "$out/group_$group.jsonl" --title "Colours, group $group" --out-dir "$out/group_$group"
done
