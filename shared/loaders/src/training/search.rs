//! A search for hyper-parameters: `search.sh`, beside the `train.sh` that it calls.

use super::{Plan, Run};

/// The program, the same for all trainers.
const PROGRAM: &str = include_str!("search.py");

/// What the program is told of a run.
pub(super) fn flags(plan: &Plan, run: &Run) -> String {
    let score = if run.prints_loss {
        ""
    } else {
        " --score-needed"
    };
    format!(
        "--learning-rate={:?} --rank={} --steps={}{score}",
        run.learning_rate, plan.rank, plan.steps
    )
}

/// The files of a search, by their names.
pub(super) fn files(plan: &Plan, run: &Run) -> [(&'static str, String); 2] {
    let script = format!(
        "#!/bin/sh
# Searches for the learning rate, rank and number of steps that train best on {}, by trying them with train.sh,
# which wants the same variables. --help says more; --dry-run says what it would do.
#
# SEARCH_PYTHON: a Python that has Optuna [python3]
set -eu
here=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd -P)
exec \"${{SEARCH_PYTHON:-python3}}\" \"$here/search.py\" \\
    {} \"$@\"
",
        plan.base.name,
        flags(plan, run)
    );
    [("search.sh", script), ("search.py", PROGRAM.to_owned())]
}
