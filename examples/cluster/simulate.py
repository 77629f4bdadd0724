#!/usr/bin/env python3
"""Simulates films going through the stages of a data set on a cluster: queues, failures, stragglers, retries, and what it costs.

    simulate.py                                   # 1,000 films of 100,000 frames, block sizes and clusters compared
    simulate.py --films 20 --cores 64 --gpus 4    # one cluster

A film is extracted in one task. Then its blocks go through the stages, each of which begins once all blocks of the film are through the
one before. A machine that fails takes its tasks with it, and each begins anew, on another. The same seed gives the same numbers.
"""

import argparse
import heapq
import itertools
import math
import random

# The stage; where it runs; records for each frame of the film; seconds of one core or one GPU for 1,000 records; and whether the
# whole film is waited for. CPU: measured, see README.md. GPU: ASSUMED; measure yours with rates.py and change it.
STAGES = [
    ("frame-dedup --hash-only", "cpu", 1.0, 2.9),
    ("frame-dedup", "join", 1.0, 0.04),
    ("blur-filter, light-classify", "cpu", 0.37, 17.1),
    ("clip-embed, clip-tag", "gpu", 0.37, 10.0),
    ("char-detect", "gpu", 0.37, 20.0),
    ("sam-mask", "gpu", 0.37, 120.0),
    ("mask-crop", "cpu", 0.37, 41.1),
    ("clip-embed, rtmpose, face-crop, emotion-classify", "gpu", 0.72, 30.0),
    ("plate-merge", "cpu", 0.37, 366.0),
    ("lama-inpaint", "gpu", 0.08, 300.0),
    ("cluster, balance, dataset-write, lora-lint", "join", 0.02, 20.0),
]
# Core seconds for 1,000 frames that are sampled at 18 a second, and the cores that one task has.
EXTRACT, EXTRACT_CORES = 25.0, 4

# Money, ASSUMED.
CORE_HOUR, GPU_HOUR = 0.04, 2.0


def tasks_of(stage, frames, block):
    """The kind, slots and undisturbed seconds of each task of a stage of one film."""
    if stage < 0:
        return [("cpu", EXTRACT_CORES, frames / 1000 * EXTRACT / EXTRACT_CORES)]
    _, kind, share, seconds = STAGES[stage]
    if kind == "join":
        return [("cpu", 1, frames * share / 1000 * seconds)]
    return [(kind, 1, min(block, frames - begin) * share / 1000 * seconds) for begin in range(0, frames, block)]


def simulate(flags, block, cores, gpus, speculate):
    """Hours until the last film is done, hours of each kind that were used and wasted, and counts."""
    chance, order = random.Random(flags.seed), itertools.count()
    free, used, wasted = {"cpu": cores, "gpu": gpus}, {"cpu": 0.0, "gpu": 0.0}, {"cpu": 0.0, "gpu": 0.0}
    waiting, events, running, left = {"cpu": [], "gpu": []}, [], {}, {}
    counts = {"tasks": 0, "failed": 0, "copies": 0}
    now = 0.0

    def begin(film, stage):
        tasks = tasks_of(stage, flags.frames, block)
        left[film] = len(tasks)
        for kind, slots, seconds in tasks:
            number = next(order)
            running[number] = {}
            heapq.heappush(waiting[kind], (film, number, stage, slots, seconds, False))

    def start():
        for kind, queue in waiting.items():
            while queue and free[kind] >= queue[0][3]:
                film, number, stage, slots, seconds, copy = heapq.heappop(queue)
                if number not in running:
                    continue
                # Most tasks take what they should; some stand on a slow machine or a busy disk.
                usual = seconds * math.exp(chance.gauss(0, 0.15)) + flags.startup
                slow = chance.random() < flags.stragglers and not copy
                taken = usual * chance.uniform(2, 8) if slow else usual
                fails = chance.expovariate(1 / (3600 * flags.hours_between_failures))
                run, free[kind] = next(order), free[kind] - slots
                running[number][run] = now
                counts["copies"] += copy
                task = (film, number, stage, slots, seconds, False)
                heapq.heappush(events, (now + min(taken, fails), run, kind, task, "ends" if taken <= fails else "fails"))
                if slow and speculate:
                    # What takes twice as long as it should is started a second time; the first to end counts.
                    heapq.heappush(events, (now + 2 * usual, next(order), kind, (*task[:5], True), "is late"))

    for film in range(flags.films):
        begin(film, -1)
    start()
    while events:
        at, run, kind, task, what = heapq.heappop(events)
        film, number, stage, slots, *_ = task
        runs = running.get(number, {})
        if what == "is late":
            if number in running:
                now = at
                heapq.heappush(waiting[kind], task)
                start()
            continue
        if run not in runs:
            continue
        now = at
        over = list(runs) if what == "ends" else [run]
        for one in over:
            spent = slots * (now - runs.pop(one))
            free[kind] += slots
            used[kind] += spent
            wasted[kind] += spent if one != run or what == "fails" else 0.0
        counts["tasks"] += 1
        if what == "fails":
            counts["failed"] += 1
            if not runs:
                heapq.heappush(waiting[kind], task)
        else:
            del running[number]
            left[film] -= 1
            if not left[film] and stage + 1 < len(STAGES):
                begin(film, stage + 1)
        start()
    return now / 3600, *({kind: one / 3600 for kind, one in sums.items()} for sums in (used, wasted)), counts


def positive(kind):
    """A number above 0, of a command line."""

    def read(text):
        if (number := kind(text)) <= 0:
            raise argparse.ArgumentTypeError(f"{text}: must be above 0")
        return number

    return read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=positive(int), default=1000)
    parser.add_argument("--frames", type=positive(int), default=100_000, help="of each film [default: %(default)s]")
    parser.add_argument("--block", type=positive(int), help="frames of a block [default: several, compared]")
    parser.add_argument("--cores", type=positive(int), help="[default: several, compared]")
    parser.add_argument("--gpus", type=positive(int), help="[default: several, compared]")
    parser.add_argument("--startup", type=float, default=5, help="seconds in which a task starts and reads its network [default: %(default)s]")
    parser.add_argument("--stragglers", type=float, default=0.01, help="share of tasks that take 2 to 8 times as long [default: %(default)s]")
    parser.add_argument("--hours-between-failures", type=positive(float), default=200, help="of one slot, preemptions too [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    blocks = [flags.block] if flags.block else [500, 2000, 10_000, 100_000]
    clusters = [(flags.cores or 256, flags.gpus or 64)] if flags.cores or flags.gpus else [(256, 64), (128, 64), (256, 128), (512, 256)]
    print(f"{flags.films} films of {flags.frames:,} frames, {flags.stragglers:.0%} stragglers, a failure in {flags.hours_between_failures:.0f} h of a slot\n")
    print("| block | cores | GPUs | second copies | hours | core hours | GPU hours | busy cores, GPUs | wasted | tasks, failed | money |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    runs = [(block, *clusters[0], False) for block in blocks] + [(blocks[min(1, len(blocks) - 1)], *one, True) for one in clusters]
    for block, cores, gpus, speculate in runs:
        hours, used, wasted, counts = simulate(flags, block, cores, gpus, speculate)
        busy = f"{used['cpu'] / cores / hours:.0%}, {used['gpu'] / gpus / hours:.0%}"
        # The cluster is paid for until its last task ends.
        money = hours * (cores * CORE_HOUR + gpus * GPU_HOUR)
        waste = (wasted["cpu"] * CORE_HOUR + wasted["gpu"] * GPU_HOUR) / (used["cpu"] * CORE_HOUR + used["gpu"] * GPU_HOUR)
        copies = f"{counts['copies']:,}" if speculate else "none"
        print(
            f"| {block:,} | {cores} | {gpus} | {copies} | {hours:.0f} | {used['cpu']:,.0f} | {used['gpu']:,.0f} | {busy} "
            f"| {waste:.1%} | {counts['tasks']:,}, {counts['failed']:,} | {money:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
