//! From a trainer's configuration to the sets that it describes.

use std::fs;
use std::path::{Path, PathBuf};

use loaders::bases::steps;
use loaders::config::{ai_toolkit, concepts, diffusion_pipe, musubi, sd_scripts, simple_tuner};
use loaders::fit::{Buckets, DiffusionPipe, Musubi};
use loaders::metadata::Reader;
use loaders::{Trainer, repeats};
use stage::{Context, Result, bail};
use toml::Table;

use crate::finding::Finding;
use crate::open::{Opened, rows};
use crate::set::{Fitting, Set, Settings};

/// Opens a configuration.
pub(crate) fn open(
    path: &Path,
    trainer: Trainer,
    settings: &Settings,
    opened: &mut Opened,
) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    match trainer {
        Trainer::OneTrainer => one_trainer_sets(path, &text, settings, opened),
        Trainer::SimpleTuner => simple_tuner_sets(path, &text, settings, opened),
        Trainer::AiToolkit => ai_toolkit_sets(path, &text, settings, opened),
        _ => return tables(path, trainer, &text, settings, opened),
    }
    Ok(())
}

/// Opens a configuration that is TOML.
fn tables(
    path: &Path,
    trainer: Trainer,
    text: &str,
    settings: &Settings,
    opened: &mut Opened,
) -> Result<()> {
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(cause) => {
            opened.say(
                path,
                Finding::error("config-syntax", format!("not TOML: {cause}")),
            );
            return Ok(());
        }
    };
    match trainer {
        Trainer::SdScripts => sd_scripts_sets(path, &table, settings, opened),
        Trainer::MusubiTuner => musubi_sets(path, &table, settings, opened),
        Trainer::DiffusionPipe => diffusion_pipe_sets(path, &table, settings, opened),
        other => bail!("{}: {other} is given a folder, not a file", path.display()),
    }
    Ok(())
}

fn one_trainer_sets(path: &Path, text: &str, settings: &Settings, opened: &mut Opened) {
    let (concepts, problems) = concepts::read(text);
    opened.problems(path, problems);
    for concept in concepts {
        if concept.enable_crop_jitter {
            let text = format!(
                "{}: crop jitter is on unless switched off: what is cut off changes from step to step",
                concept.place
            );
            opened.say(path, Finding::warning("config-jitter", text));
        }
        opened.sets.push(Set {
            repeats: concept.balancing,
            deep: concept.include_subdirectories,
            draws: Some(concept.text_variations),
            ..Set::folder(Trainer::OneTrainer, Path::new(&concept.path), settings)
        });
    }
}

fn simple_tuner_sets(path: &Path, text: &str, settings: &Settings, opened: &mut Opened) {
    let (backends, problems) = simple_tuner::read(text);
    opened.problems(path, problems);
    let steps = settings.steps(Trainer::SimpleTuner);
    for backend in backends {
        let fitting = match backend.resolution {
            Some(resolution) if backend.crop => Fitting::Square(resolution),
            Some(resolution) => Fitting::SimpleTuner(resolution, steps),
            None => Fitting::None,
        };
        opened.sets.push(Set {
            repeats: backend.shown.into(),
            masks: backend.masks.map(PathBuf::from),
            fitting,
            ..Set::folder(Trainer::SimpleTuner, Path::new(&backend.folder), settings)
        });
    }
}

fn ai_toolkit_sets(path: &Path, text: &str, settings: &Settings, opened: &mut Opened) {
    let (data_sets, problems) = ai_toolkit::read(text);
    opened.problems(path, problems);
    for found in data_sets {
        if found.random_crop {
            let text = format!("{}: what is cut off is drawn at random", found.place);
            opened.say(path, Finding::warning("config-crop", text));
        }
        let base = settings.base.or(found.base);
        let steps = steps(Trainer::AiToolkit, base).unwrap_or(1);
        opened.sets.push(Set {
            extension: found.caption_extension,
            repeats: found.num_repeats.into(),
            masks: found.mask_path.map(PathBuf::from),
            alpha_mask: found.alpha_mask,
            trigger: found.trigger,
            fitting: if found.buckets {
                Fitting::AiToolkit(found.resolution, steps)
            } else {
                Fitting::Square(found.resolution)
            },
            ..Set::folder(Trainer::AiToolkit, Path::new(&found.folder), settings)
        });
    }
}

fn sd_scripts_sets(path: &Path, table: &Table, settings: &Settings, opened: &mut Opened) {
    let (subsets, problems) = sd_scripts::read(table, settings.masked_loss);
    opened.problems(path, problems);
    for subset in subsets {
        let buckets = subset.buckets.and_then(Buckets::new);
        let folder = PathBuf::from(subset.image_dir.clone().unwrap_or_default());
        let mut set = Set {
            extension: subset.caption_extension,
            wildcard: subset.enable_wildcard,
            class_tokens: subset.class_tokens,
            repeats: subset.num_repeats.into(),
            masks: subset.conditioning_data_dir.map(PathBuf::from),
            alpha_mask: subset.alpha_mask,
            fitting: buckets.map_or(Fitting::None, Fitting::SdScripts),
            ..Set::folder(Trainer::SdScripts, &folder, settings)
        };
        if let Some(file) = subset.metadata_file {
            let file = PathBuf::from(file);
            set.rows = Some(rows(Reader::SdScripts, &file, &folder, opened));
            set.path = file;
        } else {
            let name = folder
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let said = repeats(name).filter(|(number, _)| *number != subset.num_repeats);
            if let Some((number, _)) = said {
                let text = format!(
                    "the name says {number} repeats, which means nothing in a configuration: it says {}",
                    subset.num_repeats
                );
                opened.say(&folder, Finding::warning("repeats-in-name", text));
            }
        }
        opened.sets.push(set);
    }
}

fn musubi_sets(path: &Path, table: &Table, settings: &Settings, opened: &mut Opened) {
    let (data_sets, problems) = musubi::read(table);
    opened.problems(path, problems);
    for found in data_sets {
        let folder = PathBuf::from(found.image_directory.unwrap_or_default());
        let mut set = Set {
            extension: found.caption_extension.unwrap_or_default(),
            repeats: found.num_repeats.into(),
            masks: None,
            fitting: Fitting::Musubi(Musubi {
                steps: settings.steps(Trainer::MusubiTuner),
                ..found.buckets
            }),
            ..Set::folder(Trainer::MusubiTuner, &folder, settings)
        };
        if let (Some(file), true) = (found.image_jsonl_file, set.path.as_os_str().is_empty()) {
            let file = PathBuf::from(file);
            set.rows = Some(rows(Reader::Musubi, &file, Path::new(""), opened));
            set.path = file;
        }
        opened.sets.push(set);
    }
}

fn diffusion_pipe_sets(path: &Path, table: &Table, settings: &Settings, opened: &mut Opened) {
    let (directories, problems) = diffusion_pipe::read(table);
    opened.problems(path, problems);
    for directory in directories {
        let folder = PathBuf::from(directory.path.unwrap_or_default());
        opened.sets.push(Set {
            repeats: directory.num_repeats,
            masks: directory.mask_path.map(PathBuf::from),
            class_tokens: (!directory.skip_empty_caption).then(String::new),
            fitting: Fitting::DiffusionPipe(DiffusionPipe {
                steps: settings.steps(Trainer::DiffusionPipe),
                ..directory.buckets
            }),
            ..Set::folder(Trainer::DiffusionPipe, &folder, settings)
        });
    }
}
