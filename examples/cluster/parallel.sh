#!/usr/bin/env bash
# parallel.sh MANIFEST REJECTS CHAIN: run a chain of tools over blocks of whole shots with GNU parallel, in order.
#
#   parallel.sh frames.jsonl rejects 'frame-dedup --hash-only | clip-embed' > embedded.jsonl
#   parallel.sh frames.jsonl rejects 'clip-embed --device cuda' --jobs 2 --sshlogin gpu1,gpu2 > embedded.jsonl
#
# What follows the chain goes to parallel. Over ssh, each machine needs this folder, the folder that this is called in,
# and the folder of rejects under the same paths, and the tools on the PATH that a login has. BLOCK: size of a block [1M].
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
manifest=$1 rejects=$2 chain=$3
shift 3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$rejects"
# Rejects of an earlier run would be counted with those of this one. They may be anyone's files, and so they stay.
for file in "$rejects"/*.jsonl; do
    [ ! -e "$file" ] || { echo "parallel.sh: $file: is there already: name an empty folder for the rejects" >&2; exit 1; }
done

job=$(printf 'cd %q && FILM2LORA_JOBS=%q python3 %q --rejects %q %q' "$PWD" "${FILM2LORA_JOBS:-1}" "$here/block.py" "$(realpath "$rejects")" "$chain")
# A blank line follows each shot, and parallel cuts at those alone. -k writes in order; a block that fails is tried again,
# elsewhere if there is another machine, and nothing of the failed try is written.
python3 "$here/shards.py" shots "$manifest" |
  parallel --will-cite --pipe --recend '\n\n' --block "${BLOCK:-1M}" --keep-order --retries 4 "$@" "$job"
