"""What `make bench` takes for CPU seconds, for a busy machine, and for a spread."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import measure


class Measuring(unittest.TestCase):
    def test_a_machines_busy_time_is_all_but_idle_and_waiting(self):
        ticks = measure.os.sysconf("SC_CLK_TCK")
        text = f"cpu  {ticks * 5} {ticks} {ticks * 2} {ticks * 100} {ticks * 50} {ticks} 0 {ticks} 7 7\ncpu0 1 1 1 1\n"
        self.assertEqual(measure.busy(text), 10.0)

    def test_what_a_command_takes_itself_is_no_load_of_others(self):
        self.assertEqual(measure.others(100.0, 104.0, 4.0, 2.0), 0.0)
        self.assertAlmostEqual(measure.others(100.0, 107.05, 4.0, 2.0), 1.5)
        self.assertEqual(measure.others(None, None, 4.0, 2.0), 0.0)

    def test_work_of_children_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            spin = f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.3: pass'"
            run = measure.once(f"bash -c \"{spin}; {spin}\"", Path(folder) / "log")
            self.assertGreater(run.cpu, 0.55)
            self.assertGreater(run.mib, 1)

    def test_a_command_that_fails_has_no_number(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIsNone(measure.measured("false", Path(folder) / "log"))

    def test_a_run_beside_others_is_done_again_and_the_quietest_taken(self):
        loads = iter([0.9, 0.4, 0.5])
        original, measure.once = measure.once, lambda command, log: measure.Run(1.0, 1.0, 1.0, next(loads))
        try:
            self.assertEqual(measure.measured("x", "log").others, 0.4)
        finally:
            measure.once = original

    def test_a_spread_says_median_lowest_and_highest(self):
        self.assertEqual(measure.spread([3.0, 1.0, 2.0]), "2.00 (1.00 to 3.00)")
        self.assertEqual(measure.spread([1.5]), "1.50")

    def test_the_history_is_a_line_for_each_thing_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            history = measure.History(Path(folder) / "history.jsonl", "abc")
            history.add("work", "tool", [measure.Run(1.23456, 2.0, 30.0, 0.0)])
            history.add("work", "peer", [measure.Run(2.0, 2.0, 30.0, 0.0)])
            lines = [json.loads(line) for line in (Path(folder) / "history.jsonl").read_text().splitlines()]
            self.assertEqual([line["name"] for line in lines], ["tool", "peer"])
            self.assertEqual(lines[0]["runs"], [{"cpu": 1.235, "wall": 2.0, "mib": 30.0, "others": 0.0}])
            self.assertEqual(lines[0]["commit"], "abc")


if __name__ == "__main__":
    unittest.main()
