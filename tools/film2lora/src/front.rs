//! The command line: a name, and what goes to the tool of that name as it stands.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, CommandFactory, Error, FromArgMatches, Parser, value_parser};

use crate::table;

const EXAMPLES: &str = "Examples:
  film2lora blur-filter --rejects blurred.jsonl frames.jsonl > sharp.jsonl
  film2lora models --role detect
  film2lora make style FILM=film.mkv OUT=out TRIGGER=mystyle";

/// What is said of the program, in short and at length.
const ABOUT: [&str; 2] = [
    "Run a film2lora tool, or a pipeline of them, by its name",
    "Run a film2lora tool, or a pipeline of them, by its name\n\n\
     Each tool does one job on a manifest (JSON Lines, one image a line), and a\n\
     Makefile chains them into pipelines, which `film2lora make` runs.\n\
     `film2lora help TOOL` shows the flags of a tool.",
];

/// The name of the argument that takes all that is for the tool.
const WORDS: &str = "words";

/// A call of a tool.
#[derive(Debug)]
pub(crate) struct Front {
    /// The tool, `make` or `help`.
    pub(crate) name: OsString,
    /// What follows.
    pub(crate) words: Vec<OsString>,
}

impl Parser for Front {}

impl CommandFactory for Front {
    fn command() -> Command {
        let [short, long] = ABOUT;
        let template = format!(
            "{{about-with-newline}}\n{{usage-heading}} film2lora TOOL [ARGUMENT]...\n{}\
             \x20 make              Run a pipeline, such as `film2lora make style FILM=film.mkv`\n\
             \x20 help              Show this list, or the flags of a tool\n\n\
             Options:\n{{options}}{{after-help}}",
            table::listed()
        );
        let named = |name, about| {
            let words = Arg::new(WORDS)
                .value_name("ARGUMENT")
                .value_parser(value_parser!(OsString))
                .num_args(0..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true);
            Command::new(name)
                .about(about)
                .disable_help_flag(true)
                .arg(words)
        };
        let tools = table::TOOLS.iter();
        let tools = tools.filter(|tool| tool.name != env!("CARGO_PKG_NAME"));
        Command::new(env!("CARGO_PKG_NAME"))
            .version(env!("CARGO_PKG_VERSION"))
            .about(short)
            .long_about(long)
            .after_help(EXAMPLES)
            .help_template(template)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .allow_external_subcommands(true)
            .external_subcommand_value_parser(value_parser!(OsString))
            .subcommands(tools.map(|tool| named(tool.name, tool.description)))
            .subcommand(named("make", "Run a pipeline"))
            .subcommand(named("help", "Show the tools, or the flags of a tool"))
    }

    fn command_for_update() -> Command {
        Self::command()
    }
}

impl FromArgMatches for Front {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Some((name, inner)) = matches.subcommand() else {
            return Err(Error::new(ErrorKind::MissingSubcommand));
        };
        // What clap does not know has all that follows under an empty name.
        let known = inner.try_contains_id(WORDS).is_ok();
        let words = inner.get_many::<OsString>(if known { WORDS } else { "" });
        Ok(Self {
            name: name.into(),
            words: words.into_iter().flatten().cloned().collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
