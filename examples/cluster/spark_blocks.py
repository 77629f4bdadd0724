#!/usr/bin/env python3
"""Runs a chain of tools over a manifest on a Spark cluster with `RDD.pipe`, a partition being a block of whole shots.

    spark-submit spark_blocks.py --rejects rejects --out parts frames.jsonl 'frame-dedup --hash-only | clip-embed'
    cat parts/part-* > embedded.jsonl

Every machine needs the tools on its PATH, and this folder, the images and the folder of rejects under the same paths.
"""

import argparse
import os
import shlex

from pyspark.sql import SparkSession
from shards import blocks, piece

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, metavar="DIR", help="new folder for what the blocks become, a file each, in order")
    parser.add_argument("--rejects", required=True, metavar="DIR", help="folder for what does not get there")
    parser.add_argument("--records", type=int, default=500, help="fewest records of a block [default: %(default)s]")
    parser.add_argument("--cpus", type=int, default=1, help="cores of a block [default: %(default)s]")
    parser.add_argument("--gpus", type=float, default=0, help="share of a GPU of a block [default: %(default)s]")
    parser.add_argument("--retries", type=int, default=3, help="how often a block is tried again [default: %(default)s]")
    parser.add_argument("--master", help="where Spark runs [default: as spark-submit says]")
    parser.add_argument("manifest")
    parser.add_argument("chain")
    flags = parser.parse_args()
    manifest, rejects = os.path.abspath(flags.manifest), os.path.abspath(flags.rejects)

    builder = SparkSession.builder.appName("film2lora").config("spark.task.maxFailures", flags.retries + 1)
    builder = builder.config("spark.task.cpus", flags.cpus).config("spark.ui.showConsoleProgress", "false")
    if flags.gpus:
        builder = builder.config("spark.task.resource.gpu.amount", flags.gpus)
    spark = (builder.master(flags.master) if flags.master else builder).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(f"{HERE}/shards.py")
    ranges = list(blocks(manifest, flags.records))
    if not ranges:
        return

    # The worker stands in a folder of Spark's own; paths in the manifest are relative to this one.
    chain = f"cd {shlex.quote(os.getcwd())} && exec python3 {shlex.quote(HERE)}/block.py --rejects {shlex.quote(rejects)} {shlex.quote(flags.chain)}"
    command = f"sh -c {shlex.quote(chain)}"
    records = spark.sparkContext.parallelize(ranges, len(ranges)).flatMap(lambda one: piece(manifest, *one).decode().split("\n"))
    piped = records.pipe(command, {**os.environ, "FILM2LORA_JOBS": str(flags.cpus)}, checkCode=True)
    piped.saveAsTextFile(f"file://{os.path.abspath(flags.out)}")


if __name__ == "__main__":
    main()
