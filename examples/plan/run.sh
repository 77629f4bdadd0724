#!/bin/bash
# The whole plan, from frames and instances that are there to six data sets, trained and compared.
#
#   bash examples/plan/run.sh FRAMES INSTANCES OUT [SETTING=VALUE...]
#
# FRAMES is a folder of frames, INSTANCES one of a folder for each character, with captions beside the images; settings are those of make.
# Where the plan has a person decide, PATCHES/NAME.jsonl is taken, if there is one, or else the page is not waited for. TRAINER and MODEL
# start the trainings, with DRY_RUN=1 only their commands; without them it says what to call. IMAGES are those of checkpoints.
set -eu -o pipefail
[ $# -ge 3 ] || { echo 'usage: run.sh FRAMES INSTANCES OUT [SETTING=VALUE...]' >&2; exit 2; }
for folder in "$1" "$2"; do
    [ -e "$folder" ] || { echo "$folder: there is no such folder" >&2; exit 2; }
done
root=$(cd "$(dirname "$0")/../.." && pwd)
frames=$(realpath "$1") instances=$(realpath "$2") out=$(mkdir -p "$3" && realpath "$3")
shift 3
settings=("$@")
all() { make -C "$root" --no-print-directory -j2 BASE="${BASE:-sdxl}" "$@" "${settings[@]}"; }
say() { printf '\n== %s\n' "$*"; }

say 'what is there: six data sets of the frames, those of the characters also of curated instances'
all style lighting background pose expression character FRAMES="$frames" OUT="$out/film"
all character pose expression INSTANCES="$instances" CAPTIONS=keep REGULARIZATION=yes CLASS="${CLASS:-character}" OUT="$out/curated"

say 'what a person decides: labels of emotions and places, then captions; each set waits until that is done'
for name in expression background; do
    mkdir -p "$out/film/review/captions"
    for of in "$name" "captions/$name"; do
        [ ! -e "${PATCHES:-}/$of.jsonl" ] || cp "$PATCHES/$of.jsonl" "$out/film/review/$of.jsonl"
    done
    all "$name" FRAMES="$frames" OUT="$out/film" GATES=yes GATE_SAMPLE="${GATE_SAMPLE:-all}" || say "$name waits: make review PIPELINE=$name OUT=$out/film"
done

say 'what came out: counts, drops and why, the six sets beside what was wanted'
make -C "$root" --no-print-directory status OUT="$out/film" "${settings[@]}"
ls "$out/film/overview.html" "$out"/film/*/report.html

say 'what is trained: one command a set, and a search for better numbers'
for script in "$out"/film/{style,lighting,background,pose,expression}/dataset/kohya/train.sh "$out"/curated/character/*/dataset/kohya/train.sh; do
    [ -e "$script" ] || continue
    if [ -n "${TRAINER:-}" ] && [ -n "${MODEL:-}" ]; then sh "$script"; else echo "TRAINER=... MODEL=... sh $script"; fi
done

say 'which checkpoint is best: images of it for each prompt, into IMAGES/CHECKPOINT/ID.png'
head -n 3 "$out/film/style/dataset/prompts.jsonl"
[ -z "${IMAGES:-}" ] || all checkpoints PIPELINE=style IMAGES="$IMAGES" OUT="$out/film"
