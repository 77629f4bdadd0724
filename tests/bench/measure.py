"""What a command costs, in CPU seconds, and whether the machine was quiet enough to say so.

CPU seconds are those of the processor, user and system, of a command and all its children. Wall seconds
depend on what else runs; but a busy machine makes CPU seconds longer, too, as caches and memory
are shared. So a run beside which others took more than `MOST_BY_OTHERS` of one core is measured again, and
if that does not help, no number is given.
"""

import json
import os
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# Cores that other processes may keep busy during a measurement, on average.
MOST_BY_OTHERS = 0.15
# A command is run so many times more if others were too busy.
TRIES = 3
# A machine is looked at for so many seconds before the first measurement.
LOOK = 2.0


@dataclass
class Run:
    """One run of a command."""

    cpu: float
    wall: float
    mib: float
    others: float

    @property
    def quiet(self):
        """Whether others took little enough of the machine."""
        return self.others <= MOST_BY_OTHERS


def busy(text=None):
    """CPU seconds that all processes have taken since the machine started, from /proc/stat; None where there is no such file."""
    if text is None:
        try:
            text = Path("/proc/stat").read_text()
        except OSError:
            return None
    # proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal, in ticks. Guests are part of user.
    ticks = [int(number) for number in text.split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def others(before, after, own, wall):
    """Cores that other processes kept busy, on average, during `wall` seconds in which the command itself took `own` CPU seconds."""
    if before is None or after is None:
        return 0.0
    # Ticks are hundredths of a second: of a short command, the rounding is no load of others.
    return max(after - before - own - 0.05, 0.0) / max(wall, 0.1)


def once(command, log, capture=False):
    """Runs a shell command; what it cost and, if asked for, what it printed. None if it fails."""
    with open(log, "ab") as errors:
        before, began = busy(), time.perf_counter()
        process = subprocess.Popen(["bash", "-c", "exec " + command], stdout=subprocess.PIPE if capture else subprocess.DEVNULL, stderr=errors)
        text = process.stdout.read() if capture else b""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    if status != 0:
        return None
    own = usage.ru_utime + usage.ru_stime
    run = Run(own, wall, usage.ru_maxrss / 1024, others(before, busy(), own, wall))
    return (run, text) if capture else run


def measured(command, log, before=lambda: None):
    """A run on a quiet machine, or the quietest of a few; None if the command fails. `before` prepares each."""
    runs = []
    for _ in range(TRIES):
        before()
        run = once(command, log)
        if run is None:
            return None
        runs.append(run)
        if run.quiet:
            break
    return min(runs, key=lambda run: run.others)


def load():
    """Cores that are busy now, before anything of ours runs."""
    before = busy()
    time.sleep(LOOK)
    return others(before, busy(), 0.0, LOOK)


def spread(numbers):
    """Median, lowest and highest, as a cell of a table."""
    numbers = list(numbers)
    if len(numbers) == 1:
        return f"{numbers[0]:.2f}"
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f} to {max(numbers):.2f})"


class History:
    """A line of JSON for each thing measured, so that a change can be seen years later."""

    def __init__(self, path, commit):
        self.path, self.commit = Path(path), commit

    def add(self, work, name, runs):
        """Appends the runs of one command."""
        line = {"when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": self.commit, "work": work, "name": name,
                "runs": [{key: round(value, 3) for key, value in asdict(run).items()} for run in runs]}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
