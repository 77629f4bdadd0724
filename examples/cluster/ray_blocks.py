#!/usr/bin/env python3
"""Runs a chain of tools over a manifest on a Ray cluster, in blocks of whole shots.

    ray_blocks.py --cpus 2 --gpus 0.25 --rejects rejects frames.jsonl 'frame-dedup --hash-only | clip-embed' > embedded.jsonl

Every machine needs the tools on its PATH, and this folder, the images and the folder of rejects under the same paths.
"""

import argparse
import os
import sys

import ray
from block import run
from shards import blocks, piece


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rejects", required=True, metavar="DIR", help="folder for what does not reach standard output")
    parser.add_argument("--records", type=int, default=500, help="fewest records of a block [default: %(default)s]")
    parser.add_argument("--cpus", type=float, default=1, help="cores of a block [default: %(default)s]")
    parser.add_argument("--gpus", type=float, default=0, help="share of a GPU of a block: 0.25 runs four side by side [default: %(default)s]")
    parser.add_argument("--concurrency", type=int, help="most blocks at once [default: what fits the cluster]")
    parser.add_argument("--retries", type=int, default=3, help="how often a block is tried again [default: %(default)s]")
    parser.add_argument("manifest")
    parser.add_argument("chain")
    flags = parser.parse_args()
    manifest, rejects, folder = os.path.abspath(flags.manifest), os.path.abspath(flags.rejects), os.getcwd()

    def work(row):
        # Paths in the manifest are relative to this folder; Ray's workers start in one of their own.
        os.chdir(folder)
        os.environ["FILM2LORA_JOBS"] = str(max(1, int(flags.cpus)))
        return {"out": run(flags.chain, piece(manifest, row["offset"], row["length"]), rejects)}

    # Ray prints messages to standard output, which is for records alone.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    ray.init(logging_level="warning")
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    ranges = [{"offset": offset, "length": length} for offset, length in blocks(manifest, flags.records)]
    if not ranges:
        return
    # A row is a block, and each a task of its own. Ray starts no more of them while results wait to be written.
    rows = ray.data.from_items(ranges, override_num_blocks=len(ranges))
    need = {"num_cpus": flags.cpus, "num_gpus": flags.gpus or None, "compute": ray.data.TaskPoolStrategy(size=flags.concurrency)}
    again = {"max_retries": flags.retries, "retry_exceptions": True}
    for row in rows.map(work, ray_remote_args_fn=lambda: again, **need).iter_rows():
        out.write(row["out"])
    out.close()


if __name__ == "__main__":
    main()
