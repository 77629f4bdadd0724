#!/usr/bin/env bash
#SBATCH --job-name=film2lora --requeue
# One shard of submit.sh. Its .done is written last, once as many records came out or were rejected as went in.
set -euo pipefail
shard=$OUT/$(printf '%04d' "$SLURM_ARRAY_TASK_ID")
export FILM2LORA_JOBS=${SLURM_CPUS_PER_TASK:-1}

rm -rf "$shard.rejects" "$shard.done"
python3 "$HERE/../block.py" --rejects "$shard.rejects" "$CHAIN" < "$shard.jsonl" > "$shard.part"
python3 "$HERE/../shards.py" check "$shard.jsonl" "$shard.part" "$shard.rejects"/*.jsonl
mv "$shard.rejects"/*.jsonl "$OUT/rejects/$SLURM_ARRAY_TASK_ID.jsonl"
mv "$shard.part" "$shard.out.jsonl"
rmdir "$shard.rejects"
touch "$shard.done"
