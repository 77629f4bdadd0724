//! A LoRA type is one folder: with one more there is one more data set, and nothing else is edited.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use end_to_end::run::Run;
use end_to_end::{copy, root, tools};

const TYPE: &str = r#"# Things that are held.
order = 9
about = "What a thing looks like"
of = "things"
file_name = "prop_{time}_{id}"
caption = "{trigger}, {time}"
trigger_is_subject = true
trained = "all"
target = 3
balance = "--per-shot 2"
fewest = 2
settings = "PROP"
networks = []
optional_networks = ["caption"]
"#;

const CAPTIONS: &str = r#"trigger = "required"
otherwise = "a thing"
[[say]]
from = ["/light/setting"]
tag = "{} prop"
phrase = ", {}"
importance = 1
"#;

const CHAIN: &str = r#"# Prop: any frame that is sharp.

## Things
# blur-filter, once more.
PROP_SHARP_FLAGS ?= --min-side 1 --sharpness 0 --contrast 0 --flat 1 --letters 0

prop.chain = $(frames.chain) prop/sharp:PROP_SHARP_FLAGS
prop.records = prop/sharp.jsonl
prop.begin = --trigger="$${TRIGGER:-film}_prop"
prop.word = $(prop.begin)

ifdef INSIDE_OUT

settings.prop-sharp = $(PROP_SHARP_FLAGS)
prop/sharp.jsonl: lit.jsonl .settings/prop-sharp
	$(call phase,prop-sharp) -- "$$BIN/blur-filter" $(rejects) $(PROP_SHARP_FLAGS) $<

.PHONY: prop
prop: prop/report.html ## [pipeline] A data set of things

endif
"#;

/// What tools that were built with the folder would know of the type: the same, by other flags.
const SHIM: &str = r#"#!/usr/bin/env bash
args=("$@")
for at in "${!args[@]}"; do
    case ${args[at]}:$0 in
        --type:*/dataset-write) args[at+1]=custom; args+=(--template 'prop_{time}_{id}') ;;
        --type:*) args[at]=--policy; args[at+1]=$PROP ;;
    esac
done
exec "$REAL/${0##*/}" "${args[@]}"
"#;

/// The makefiles of the project in `here`, with a folder more.
fn with_prop(here: &Path) {
    fs::copy(root().join("Makefile"), here.join("Makefile")).unwrap();
    for folder in ["shared/types", "tools/phase/make"] {
        copy(&root().join(folder), &here.join(folder));
    }
    for folder in ["models", "examples"] {
        symlink(root().join(folder), here.join(folder)).unwrap();
    }
    let prop = here.join("shared/types/prop");
    fs::create_dir(&prop).unwrap();
    for (file, text) in [
        ("type.toml", TYPE),
        ("captions.toml", CAPTIONS),
        ("chain.mk", CHAIN),
    ] {
        fs::write(prop.join(file), text).unwrap();
    }
}

/// The tools in `here`, of which those that know the types know one more.
fn tools_with_prop(here: &Path) {
    fs::create_dir_all(here).unwrap();
    for tool in fs::read_dir(root().join("tools")).unwrap() {
        let name = tool.unwrap().file_name();
        symlink(tools().join(&name), here.join(&name)).unwrap();
    }
    for name in ["caption-compose", "caption-audit", "dataset-write"] {
        let path = here.join(name);
        fs::remove_file(&path).unwrap();
        testkit::program(&path, SHIM);
    }
}

fn make(run: &Run, arguments: &[&str]) -> Output {
    let project = run.path("a project");
    let mut command: Command = run.command(arguments);
    command
        .current_dir(&project)
        .arg(format!("OUT={}", run.path("out").display()))
        .arg(format!("BIN={}", run.path("bin").display()))
        .env("PROP", project.join("shared/types/prop/captions.toml"))
        .env("REAL", tools());
    command.output().unwrap()
}

#[test]
fn a_folder_more_is_a_data_set_more() {
    let Some(run) = Run::new(2) else { return };
    let project = run.path("a project");
    fs::create_dir(&project).unwrap();
    with_prop(&project);
    tools_with_prop(&run.path("bin"));

    let help = make(&run, &["help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    for line in [
        "  prop          A data set of things\n",
        "  PROP_TARGET                Number of images to select for things. [3]\n",
        "  PROP_BALANCE_FLAGS         For things. [--per-shot 2]\n",
        "\nThings\n  PROP_SHARP_FLAGS           blur-filter, once more. [",
    ] {
        assert!(help.contains(line), "{line}{help}");
    }

    let made = make(&run, &["prop", "PROP_TARGET=2", "DESCRIBE=no"]);
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    assert!(
        { said.lines() }.any(|line| line.starts_with("make: prop  ") && line.ends_with("  done")),
        "{said}"
    );
    let dataset = fs::read_to_string(run.path("out/prop/dataset.jsonl")).unwrap();
    assert_eq!(dataset.lines().count(), 2);
    assert!(dataset.contains("/prop_"), "{dataset}");
    assert!(
        dataset.contains("\"caption\":\"drawnfilm_prop, outdoor prop\"")
            || dataset.contains("\"caption\":\"drawnfilm_prop, indoor prop\""),
        "{dataset}"
    );
    assert!(run.path("out/prop/report.html").is_file());
    assert!(run.path("out/prop/audit.json").is_file());

    let mistyped = make(&run, &["prop", "PROP_TARGT=2"]);
    let said = String::from_utf8_lossy(&mistyped.stderr);
    assert!(said.contains("did you mean PROP_TARGET?"), "{said}");
}
