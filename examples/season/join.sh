#!/usr/bin/env bash
# join.sh SET TRIGGER EPISODE...: one style, one lighting and one set for each character, from films that `make` has each run through.
#
#   for film in e1 e2 e3; do make character style lighting FILM=$film.mkv OUT=season/$film CAST=cast DESCRIBE=no; done   # anywhere
#   examples/season/join.sh season/set mine season/e1 season/e2 season/e3
#
# Of two frames that look alike, that of the episode named first is kept.
# STYLE_TARGET [650], LIGHTING_TARGET [500], CHARACTER_TARGET [400]: images of each set; PER_FILM: the largest share of one film [40%];
# NEAR: cosine of two images of a character that are too much alike [0.98]; DESCRIBE: whether vlm-caption describes what was chosen
# [yes], with DESCRIBE_FLAGS [--task detailed]; DATASET_FLAGS: more flags of dataset-write.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
set_folder=$1 trigger=$2
shift 2
mkdir -p "$set_folder"
per_film=${PER_FILM:-40%} near=${NEAR:-0.98}
read -ra dataset_flags <<< "${DATASET_FLAGS:-}"
read -ra describe_flags <<< "${DESCRIBE_FLAGS:---task detailed}"

# Episodes come with paths that are relative to their own folder; here they are relative to the folder of the set.
from() {
    jq -c --arg folder "$(realpath --relative-to="$set_folder" "$1")" \
        'def moved: if type == "string" and (startswith("/") | not) then "\($folder)/\(.)" else . end;
        .image |= moved | if .mask then .mask |= moved else . end | if .skeleton then .skeleton |= moved else . end
        | if .embedding.vector | type == "object" then .embedding.vector.file |= moved else . end' "$1/$2"
}
# share TARGET: that many images of one film
share() { echo $(($1 * ${per_film%\%} / 100)); }

# cap TYPE TARGET: select, at most so many of a film
cap() { balance --type "$1" --target "$2" --per-film "$(share "$2")" --rejects "$3/spare.jsonl"; }

describe() { if [ "${DESCRIBE:-yes}" = yes ]; then vlm-caption "${describe_flags[@]}"; else cat; fi; }

# write TYPE FOLDER WORD FLAGS...: captions, which begin as the flags say, and the data set; WORD is the one trigger of all, if there is one
write() {
    local type=$1 folder=$2 word=$3
    shift 3
    describe | caption-compose --type "$type" "$@" | bucket-crop |
        dataset-write --type "$type" ${word:+--trigger "$word"} --out-dir "$folder" "${dataset_flags[@]}" > "$folder/dataset.jsonl"
}

for episode; do
    from "$episode" tagged.jsonl > "$set_folder/$(basename "$episode").frames.jsonl"
done
names=$(for episode; do ls "$episode/character"; done | sort -u)
cast=()
while IFS= read -r name; do cast+=("$name"); done <<< "$names"
# How strong an expression is goes by the character's others, now of all episodes.
for name in "${cast[@]}"; do
    mkdir -p "$set_folder/character/$name"
    for episode; do
        [ ! -s "$episode/character/$name/unique.jsonl" ] || from "$episode" "character/$name/unique.jsonl"
    done | emotion-classify --rank-within /identity/name > "$set_folder/character/$name/all.jsonl"
done

cd "$set_folder"
mkdir -p style lighting
: > frames.jsonl
for episode; do
    # What an earlier episode shows is not shown again: the opening titles, a place that it returns to.
    frame-dedup --against frames.jsonl --rejects "$(basename "$episode").known.jsonl" "$(basename "$episode").frames.jsonl" > new.jsonl
    cat new.jsonl >> frames.jsonl
done
rm new.jsonl

cap style "${STYLE_TARGET:-650}" style < frames.jsonl | write style style "$trigger" --trigger "$trigger"
cap lighting "${LIGHTING_TARGET:-500}" lighting < frames.jsonl |
    write lighting lighting '' --trigger "${trigger}_{}" --trigger "other=${trigger}_light" --trigger "unknown=${trigger}_light"
for name in "${cast[@]}"; do
    cluster --near-duplicates "$near" --rejects "character/$name/alike.jsonl" "character/$name/all.jsonl" |
        cap character "${CHARACTER_TARGET:-400}" "character/$name" | write character "character/$name" "${trigger}_$name" --trigger "${trigger}_$name"
done
wc -l style/dataset.jsonl lighting/dataset.jsonl character/*/dataset.jsonl
