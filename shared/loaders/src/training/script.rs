//! `train.sh`: one command that starts a training, wherever it is called.

use std::fmt::Write as _;
use std::path::{Component, Path};

use serde_json::json;

use super::{Draft, Plan, Run, SEED, Word};
use crate::view::{DataSet, Group, View};

/// What every script begins with, after its comment.
const BEGIN: &str = r#"set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
wrong=
say() {
    printf 'train.sh: %s\n' "$1" >&2
}
# A path that holds in every folder.
full() {
    case $1 in
        /* | [A-Za-z]:*) printf '%s' "$1" ;;
        *) printf '%s/%s' "$PWD" "$1" ;;
    esac
}
# The variable $1 must be the path of something: $2.
need() {
    eval "value=\${$1:-}"
    if [ -z "$value" ]; then
        say "$1 is not set: $2"
        wrong=yes
    elif [ ! -e "$value" ]; then
        say "$1: $value: no such file or folder: $2"
        wrong=yes
    else
        eval "$1=\$(full \"\$value\")"
    fi
}
# The variable $1 must be a whole number of $2, which is 0 or 1, or more, and not one that a shell takes for an octal one.
whole() {
    eval "value=\$$1"
    case $value in
        '' | *[!0-9]* | 0?*)
            say "$1: $value: is not a whole number"
            wrong=yes
            ;;
        0)
            if [ "$2" != 0 ]; then
                say "$1: 0: must be above 0"
                wrong=yes
            fi
            ;;
    esac
}
# The variable $1 must be a number above 0, such as 0.0001 or 1e-4, and none that is too large, or too small, to be told
# from infinity or 0.
number() {
    eval "value=\$$1"
    if ! printf '%s\n' "$value" | grep -Eq '^[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?$'; then
        say "$1: $value: is not a number"
        wrong=yes
    elif ! VALUE=$value LC_ALL=C awk 'BEGIN { value = ENVIRON["VALUE"] + 0; exit !(value > 0 && value < 1e300) }'; then
        say "$1: $value: must be above 0 and finite"
        wrong=yes
    fi
}
# The variable $1 is a folder, or a repository of Hugging Face.
either() {
    eval "value=\$$1"
    if [ -e "$value" ]; then
        eval "$1=\$(full \"\$value\")"
        return
    fi
    case $value in
        /* | ./* | ../*)
            say "$1: $value: no such file or folder"
            wrong=yes
            ;;
    esac
}
# Runs a command, or prints it.
run() {
    if [ "${DRY_RUN:-}" != 1 ]; then
        "$@"
        return
    fi
    line=
    for word in "$@"; do
        case $word in
            '' | *[!A-Za-z0-9_./:=,@%+-]*) word="'$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'" ;;
        esac
        line="$line${line:+ }$word"
    done
    printf '%s\n' "$line"
}
"#;

/// What writes values into a configuration, where there is one to complete.
const FILL: &str = r#"# A text in the quotes of JSON, TOML and YAML.
quote() {
    printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}
# The same without the mark at the end.
opened() {
    quoted=$(quote "$1")
    printf '%s' "${quoted%?}"
}
# Puts the value $2 where a line begins with $1.
put() {
    KEY=$1 VALUE=$2 awk '{
        line = $0
        sub(/^[ \t]*/, "", line)
        if (index(line, ENVIRON["KEY"]) == 1) {
            indent = substr($0, 1, length($0) - length(line))
            $0 = indent ENVIRON["KEY"] ENVIRON["VALUE"] (line ~ /,$/ ? "," : "")
        }
        print
    }'
}
# Puts $2 in place of every $1.
swap() {
    FROM=$1 TO=$2 awk '{
        done = ""
        while (at = index($0, ENVIRON["FROM"])) {
            done = done substr($0, 1, at - 1) ENVIRON["TO"]
            $0 = substr($0, at + length(ENVIRON["FROM"]))
        }
        print done $0
    }'
}
"#;

/// The script for a run.
pub(super) fn text(view: &dyn View, set: &DataSet<'_>, plan: &Plan, run: &Run) -> String {
    let mut script = comment(set, plan, run);
    script += BEGIN;
    if !run.drafts.is_empty() {
        script += FILL;
    }
    script += &asked(plan, run);
    script += &place(view, set, run);
    for draft in &run.drafts {
        script += &completed(set, draft);
    }
    for (number, words) in run.commands.iter().enumerate() {
        let words: Vec<_> = words.iter().map(Word::to_string).collect();
        let more = if number + 1 == run.commands.len() {
            " \"$@\""
        } else {
            ""
        };
        let _ = writeln!(script, "run {}{more}", words.join(" \\\n    "));
    }
    script
}

/// What `TRAINER` is.
pub(super) fn checkout(run: &Run) -> String {
    format!(
        "the folder of {}, checked out from its repository",
        run.trainer
    )
}

/// The variables of a script, and what they are.
pub(super) fn variables(plan: &Plan, run: &Run) -> Vec<(String, String)> {
    let mut all = vec![("TRAINER".to_owned(), checkout(run))];
    for weight in &run.weights {
        let usual = weight.usual.map(|usual| format!(" [{usual}]"));
        let about = weight.about.to_owned() + &usual.unwrap_or_default();
        all.push((weight.variable.to_owned(), about));
    }
    let numbers = format!(
        "in place of {}, {}, {:?}, {SEED}",
        plan.steps, plan.rank, run.learning_rate
    );
    let more = [
        (
            "PYTHON",
            "the Python that the trainer is installed for [python3]",
        ),
        (
            "OUTPUT",
            "the folder for the LoRA and all else that is made [output, beside this file]",
        ),
        ("STEPS, RANK, LEARNING_RATE, SEED", numbers.as_str()),
        ("DRY_RUN=1", "print the commands and run none"),
    ];
    all.extend(more.map(|(name, about)| (name.to_owned(), about.to_owned())));
    all
}

/// What stands at the top.
fn comment(set: &DataSet<'_>, plan: &Plan, run: &Run) -> String {
    let title: String = set
        .title
        .chars()
        .filter(|sign| !sign.is_control())
        .collect();
    let mut text = format!(
        "#!/bin/sh
# Trains a LoRA of `{title}` on {} with {}. What follows on its command line goes to the trainer.
#
",
        plan.base.name, run.trainer
    );
    for (name, about) in variables(plan, run) {
        let _ = writeln!(text, "# {name}: {about}");
    }
    text
}

/// The line by which a script ends without a variable.
fn needed(variable: &str, about: &str) -> String {
    format!("need {variable} {}\n", Word::text(about))
}

/// Reads the variables.
fn asked(plan: &Plan, run: &Run) -> String {
    let mut text = needed("TRAINER", &checkout(run));
    for weight in &run.weights {
        let usual = |usual: &str| format!("{0}=${{{0}:-{usual}}}\neither {0}\n", weight.variable);
        let required = || needed(weight.variable, weight.about);
        text += &weight.usual.map_or_else(required, usual);
    }
    let _ = write!(
        text,
        "OUTPUT=${{OUTPUT:+$(full \"$OUTPUT\")}}
[ -n \"$OUTPUT\" ] || OUTPUT=\"$here/output\"
PYTHON=${{PYTHON:-python3}}
STEPS=${{STEPS:-{}}}
RANK=${{RANK:-{}}}
LEARNING_RATE=${{LEARNING_RATE:-{:?}}}
SEED=${{SEED:-{SEED}}}
whole STEPS 1
whole RANK 1
whole SEED 0
number LEARNING_RATE
if [ -z \"$wrong\" ] && [ ! -f \"$TRAINER/{program}\" ]; then
    say \"TRAINER: $TRAINER: has no {program}: name the folder of {}\"
    wrong=yes
fi
",
        plan.steps,
        plan.rank,
        run.learning_rate,
        run.trainer,
        program = run.program
    );
    if let Some(alpha) = run.alpha {
        let _ = writeln!(
            text,
            "ALPHA=$(RANK=$RANK awk 'BEGIN {{ print ENVIRON[\"RANK\"] * {alpha} }}')"
        );
    }
    text
}

/// The folder over `train.sh` from which relative paths begin; `None` if they are absolute.
fn start(view: &dyn View, set: &DataSet<'_>) -> Option<String> {
    if set.root.has_root() {
        return None;
    }
    let own = Path::new(view.scripts()).components();
    let parts = set.root.components().chain(own);
    let names = parts.filter(|part| matches!(part, Component::Normal(_)));
    Some(vec![".."; names.count()].join("/"))
}

/// Goes where the trainer is started, and looks whether the data set is there.
fn place(view: &dyn View, set: &DataSet<'_>, run: &Run) -> String {
    let mut text = String::new();
    if let Some(up) = start(view, set) {
        let _ = writeln!(text, "cd \"$here/{up}\"");
    }
    let group = set.training().next().unwrap_or(Group::Train(1));
    let images = Word::text(set.seen(view.folder(set, group)));
    let _ = write!(text, "images={images}
if [ ! -d \"$images\" ]; then
    say \"$images: no such folder: the data set was moved or made for another machine: write it again\"
    wrong=yes
fi
[ -z \"$wrong\" ] || exit 2
[ \"${{DRY_RUN:-}}\" = 1 ] || mkdir -p \"$OUTPUT\"
");
    if run.at_home && start(view, set).is_some() {
        text += "start=$PWD\n";
    }
    if run.at_home {
        text += "cd \"$TRAINER\"\n";
    }
    text
}

/// Completes a configuration.
fn completed(set: &DataSet<'_>, draft: &Draft) -> String {
    let values = draft.values.iter();
    let mut steps: Vec<_> = values
        .map(|(key, value)| format!("put {} {value}", Word::text(key)))
        .collect();
    let relative = !set.root.has_root();
    if draft.absolute && relative {
        let root = set.seen(Path::new("")).trim_end_matches('/').to_owned();
        // As both stand in a JSON text, without the quotation mark at its end.
        let from = json!(format!("{root}/")).to_string();
        let from = Word::text(from.trim_end_matches('"'));
        let to = format!("\"$start/\"{}", Word::text(format!("{root}/")));
        steps.push(format!("swap {from} \"$(opened {to})\""));
    }
    if steps.is_empty() {
        steps.push("cat".to_owned());
    }
    let name = draft.from.file_name().unwrap_or_default();
    let name = Word::text(name.to_string_lossy());
    let _ = write!(steps[0], " < \"$here/\"{name}");
    format!(
        "if [ \"${{DRY_RUN:-}}\" = 1 ]; then
    printf '# %s: as %s, with the values of this run\\n' \"$OUTPUT/{to}\" {name}
else
    {steps} > \"$OUTPUT/{to}\"
fi
",
        to = draft.to,
        steps = steps.join(" |\n        ")
    )
}
