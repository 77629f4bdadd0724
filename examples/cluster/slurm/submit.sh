#!/usr/bin/env bash
# submit.sh MANIFEST OUT SHARDS CHAIN: run a chain of tools over the shards of a manifest, as a Slurm array.
# Called again with the same OUT, it submits the shards alone that are not complete, and joins them once all are.
#
#   submit.sh frames.jsonl work/embedded 64 'frame-dedup --hash-only | clip-embed' --cpus-per-task 2 --gres gpu:1
#
# What follows the chain goes to sbatch. Paths in the manifest are relative to the folder that this is called in.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
manifest=$1 out=$2 shards=$3 chain=$4
shift 4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$out/rejects"

# A shard belongs to its manifest, number and chain; with others, all begin anew.
asked=$(printf '%s %s %s' "$(sha256sum < "$manifest")" "$shards" "$chain")
if [ ! -e "$out/asked" ] || [ "$(cat "$out/asked")" != "$asked" ]; then
    rm -f "$out"/[0-9]*.jsonl "$out"/[0-9]*.done "$out"/rejects/*.jsonl
    python3 "$here/../shards.py" split "$manifest" "$shards" "$out"
    printf '%s' "$asked" > "$out/asked"
fi

# incomplete: the numbers of the shards that have not ended, or of which what came out and was rejected is not what went in
incomplete() {
    local number shard
    for number in $(seq 0 $((shards - 1))); do
        shard=$out/$(printf '%04d' "$number")
        [ -e "$shard.done" ] && python3 "$here/../shards.py" check "$shard.jsonl" "$shard.out.jsonl" "$out/rejects/$number.jsonl" 2> /dev/null || echo "$number"
    done
}

left=$(incomplete | paste -sd,)
if [ -n "$left" ]; then
    echo "submit.sh: shards to run: $left" >&2
    # --wait ends with 1 if a shard fails: which ones is seen below.
    OUT=$out CHAIN=$chain HERE=$here sbatch --wait --export=ALL --array="$left" --output="$out/%a.log" "$@" "$here/shard.sh" || true
    left=$(incomplete | paste -sd,)
fi
if [ -n "$left" ]; then
    echo "submit.sh: shards that are not complete: $left: see their .log in $out, and call this again" >&2
    exit 1
fi
python3 "$here/../shards.py" merge "$manifest" "$out"/[0-9]*.out.jsonl > "$out/out.jsonl"
python3 "$here/../shards.py" check "$manifest" "$out/out.jsonl" "$out"/rejects/*.jsonl
