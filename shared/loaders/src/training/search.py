#!/usr/bin/env python3
"""Searches for the learning rate, rank and number of steps that train best, with the train.sh or
train.cmd beside this file.

Every trial is a run of it with LEARNING_RATE, RANK, STEPS and OUTPUT set, and all else as it is in the
environment. How good it is says the command of --score, by the number in its last line: it gets the same
variables, and OUTPUT has the LoRA. sd-scripts can do without one, if images are held back: it prints a validation
loss, and the last one counts.

What was tried stands in study.db: call it again, and it goes on. Optuna proposes the trials: pip install optuna.
"""

import argparse
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What trains: for a trainer on Windows a program of Python, elsewhere one of the shell.
TRAIN = [sys.executable, os.path.join(HERE, "train.py")]
if not os.path.isfile(TRAIN[-1]):
    TRAIN = ["sh", os.path.join(HERE, "train.sh")]

# Where chance begins, and how many failed trials in a row end a search.
SEED = 42
FAILURES = 3

# A validation loss among what a trainer prints, such as `val_avg_loss=0.0913`.
LOSS = re.compile(r"val(?:idation)?(?:_avg)?[_ ]loss\W{1,3}([0-9.]+(?:e-?[0-9]+)?)", re.IGNORECASE)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="trials in all that succeed [20]")
    parser.add_argument("--score", metavar="COMMAND", help="what prints how good a LoRA is")
    parser.add_argument("--higher", action="store_true", help="a higher score is better [a lower one]")
    parser.add_argument("--out-dir", default=os.path.join(HERE, "search"), metavar="DIR", help="for trials and study.db [search, here]")
    parser.add_argument("--learning-rate", type=float, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rank", type=int, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--score-needed", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--dry-run", action="store_true", help="print what would be tried and run nothing")
    asked = parser.parse_args()
    if asked.trials < 1:
        parser.error(f"--trials {asked.trials}: is under 1")
    if asked.score_needed and asked.score is None and not asked.dry_run:
        parser.error("--score: this training prints no validation loss: name a command that prints how good the LoRA is")
    return asked


def space(asked):
    """What is tried: a fifth to five times the learning rate, half to twice the rank, and half to one and a half of
    the steps, since train.sh's own values are the middle of what trainers' manuals have."""
    rates = (asked.learning_rate / 5, asked.learning_rate * 5)
    ranks = [max(1, asked.rank // 2), asked.rank, asked.rank * 2]
    steps = [asked.steps // 2, asked.steps, asked.steps * 3 // 2]
    return rates, ranks, steps


def variables(values, output):
    """The environment of a trial."""
    own = {"LEARNING_RATE": repr(values["learning_rate"]), "RANK": str(values["rank"]), "STEPS": str(values["steps"])}
    return {**os.environ, **own, "OUTPUT": output}


def said(values):
    return f"learning rate {values['learning_rate']:.3g}, rank {values['rank']}, {values['steps']} steps"


def trial_output(out, number):
    return os.path.join(out, f"trial-{number + 1:04}")


def run(asked, values, output):
    """Trains once; returns the score."""
    os.makedirs(output, exist_ok=True)
    log = os.path.join(output, "log.txt")
    environment = variables(values, output)
    with open(log, "wb") as file:
        done = subprocess.run(TRAIN, env=environment, stdout=file, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(TRAIN[-1])} ended with {done.returncode}: see {log}")
    if asked.score is None:
        with open(log, encoding="utf-8", errors="replace") as file:
            found = LOSS.findall(file.read())
        if not found:
            raise RuntimeError(f"{log}: has no validation loss: give --score a command that prints how good the LoRA is")
        return float(found[-1])
    done = subprocess.run(asked.score, shell=True, env=environment, capture_output=True, text=True)
    lines = done.stdout.split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    if done.returncode != 0 or not lines:
        raise RuntimeError(f"--score: ended with {done.returncode}: {done.stderr.strip() or 'it printed nothing'}")
    try:
        return float(lines[-1])
    except ValueError:
        raise RuntimeError(f"--score: its last line is not a number: {lines[-1]}") from None


def dry(asked):
    rates, ranks, steps = space(asked)
    print(f"# learning rate {rates[0]:.3g} to {rates[1]:.3g}, rank {ranks}, steps {steps}: {asked.trials} trials, the first of which:")
    values = {"learning_rate": asked.learning_rate, "rank": asked.rank, "steps": asked.steps}
    environment = {**variables(values, trial_output(asked.out_dir, 0)), "DRY_RUN": "1"}
    return subprocess.run(TRAIN, env=environment).returncode


def opened(asked, optuna):
    """The study, with what an earlier search left open to be tried again."""
    os.makedirs(asked.out_dir, exist_ok=True)
    storage = "sqlite:///" + os.path.join(asked.out_dir, "study.db")
    direction = "maximize" if asked.higher else "minimize"
    study = optuna.create_study(study_name="lora", storage=storage, direction=direction, load_if_exists=True)
    before = study.get_trials(deepcopy=False)
    # A sampler with the same seed would propose the first trials again.
    study.sampler = optuna.samplers.TPESampler(seed=SEED + len(before))
    if not before:
        study.enqueue_trial({"learning_rate": asked.learning_rate, "rank": asked.rank, "steps": asked.steps})
    for trial in before:
        if trial.state == optuna.trial.TrialState.RUNNING:
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            if trial.params:
                study.enqueue_trial(trial.params)
    return study


def search(asked, optuna):
    study, failures = opened(asked, optuna), 0
    rates, ranks, steps = space(asked)
    while True:
        complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state == optuna.trial.TrialState.COMPLETE]
        if len(complete) >= asked.trials:
            return study
        trial = study.ask()
        values = {"learning_rate": trial.suggest_float("learning_rate", *rates, log=True),
                  "rank": trial.suggest_categorical("rank", ranks), "steps": trial.suggest_categorical("steps", steps)}
        print(f"trial {trial.number + 1}: {said(values)}", flush=True)
        try:
            score = run(asked, values, trial_output(asked.out_dir, trial.number))
        except (RuntimeError, OSError) as cause:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            failures += 1
            print(f"trial {trial.number + 1}: failed: {cause}", file=sys.stderr, flush=True)
            if failures == FAILURES:
                raise SystemExit(f"search: {FAILURES} trials in a row failed: mend that, and call it again") from None
            continue
        study.tell(trial, score)
        failures = 0
        print(f"trial {trial.number + 1}: score {score:.6g}", flush=True)


def main():
    asked = arguments()
    asked.out_dir = os.path.abspath(asked.out_dir)
    if asked.dry_run:
        sys.exit(dry(asked))
    try:
        import optuna
    except ImportError:
        raise SystemExit(f"search: {sys.executable} has no optuna: pip install optuna, or name another Python in SEARCH_PYTHON") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    best = search(asked, optuna).best_trial
    found = {**best.params, "score": best.value, "output": trial_output(asked.out_dir, best.number)}
    path = os.path.join(asked.out_dir, "best.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(found, file, indent=2)
        file.write("\n")
    os.replace(path + ".part", path)
    print(f"best: trial {best.number + 1}: {said(best.params)}, score {best.value:.6g}: {found['output']}")


if __name__ == "__main__":
    main()
