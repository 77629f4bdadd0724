//! Writing a data set as each trainer wants it: the files that its view names.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use loaders::fit::Size;
use loaders::trainers::views;
use loaders::view::{Content, DataSet, File, Layout, Side, Source, View};
use stage::{Context, Result, bail, machine};
use tar::{Builder, Header};
use types::Trained;

use crate::plan::{Example, Purpose};
use crate::store::{Store, Stored};
use crate::template::slug;

/// What reads views from a command line.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static dyn View> {
    let value = |view: &'static dyn View| PossibleValue::new(view.word()).help(view.about());
    let parser = PossibleValuesParser::new(views().map(value).collect::<Vec<_>>());
    parser.try_map(|word| match views().find(|view| view.word() == word) {
        Some(view) => Ok(view),
        None => bail!("no view `{word}`"),
    })
}

/// The view where none is named.
pub(crate) fn default() -> &'static str {
    views().next().map_or("", View::word)
}

/// A data set, as `view` is told of it; `root` is where trainers find the folder of all views.
pub(crate) fn data_set<'a>(
    view: &dyn View,
    purpose: &'a Purpose,
    examples: &'a [Example],
    root: &Path,
) -> Result<DataSet<'a>> {
    let regularizes = view.notes(purpose.title()).regularization.is_some();
    let taken = |one: &&Example| one.side != Side::Regularization || regularizes;
    let example = |one: &'a Example| {
        let (width, height) = one.size(view);
        let source = one.record.source().ok().flatten();
        Ok(loaders::view::Example {
            name: &one.name,
            ending: one.stored(view).ending,
            size: Size::new(width, height),
            captions: one.captions(purpose, view),
            masked: one.exported.mask.is_some(),
            side: one.side,
            repeats: one.repeats,
            place: one.place,
            id: one.record.id()?,
            source: source.map(|source| Source {
                film: source.film,
                shot: source.shot,
                time: source.time,
            }),
            shot: one.record.shot().ok().flatten(),
        })
    };
    let trained = examples.iter().filter(|one| one.is_trained());
    let repeats: BTreeSet<_> = trained.map(|one| one.repeats).collect();
    Ok(DataSet {
        title: purpose.title(),
        slug: slug(purpose.title()),
        trigger: purpose.trigger.as_deref(),
        resolution: purpose.resolution,
        repeats: repeats.into_iter().collect(),
        base: purpose.base,
        subject: purpose.kind.trigger_is_subject && purpose.kind.trained == Trained::Subject,
        root: root.to_path_buf(),
        // What a trainer cannot use stands last, so that the numbers of the others hold.
        examples: examples
            .iter()
            .filter(taken)
            .map(example)
            .collect::<Result<_>>()?,
    })
}

/// Writes views into a folder.
pub(crate) struct Writer<'a> {
    /// The folder of all views.
    pub(crate) folder: &'a Path,
    /// Where the finished images are.
    pub(crate) store: &'a Store,
    /// The images of the set.
    pub(crate) examples: &'a [Example],
}

impl Writer<'_> {
    /// Writes everything that stands in a view.
    pub(crate) fn write(&self, view: &dyn View, layout: &Layout) -> Result<()> {
        for (path, content) in &layout.0 {
            let path = self.folder.join(path);
            self.entry(view, &path, content)
                .with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    fn entry(&self, view: &dyn View, path: &Path, content: &Content) -> Result<()> {
        match content {
            Content::Folder => fs::create_dir_all(path)?,
            Content::File(File::Text(text)) => machine::file::write(path, text.as_bytes())?,
            Content::File(file) => self.store.link(&self.stored(view, file)?, path)?,
            Content::Shard(members) => self.shard(view, path, members)?,
        }
        Ok(())
    }

    /// The file of the store that holds an image or a mask.
    fn stored(&self, view: &dyn View, file: &File) -> Result<Stored> {
        match *file {
            File::Text(_) => bail!("a text file is not in the store"),
            File::Image(number) => Ok(self.examples[number].stored(view).clone()),
            File::Mask(number) => self.examples[number].mask_as(view, "png", self.store),
            File::MaskAsImage(number) => {
                let example = &self.examples[number];
                example.mask_as(view, example.stored(view).ending, self.store)
            }
        }
    }

    fn shard(&self, view: &dyn View, path: &Path, members: &[(PathBuf, File)]) -> Result<()> {
        let mut tar = Builder::new(BufWriter::new(fs::File::create(path)?));
        machine::file::wrote(path);
        for (name, file) in members {
            match file {
                File::Text(text) => member(&mut tar, name, text.as_bytes())?,
                file => {
                    let path = self.store.path(&self.stored(view, file)?);
                    member(&mut tar, name, &fs::read(path)?)?;
                }
            }
        }
        let file = tar.into_inner()?.into_inner();
        file.map_err(std::io::IntoInnerError::into_error)?;
        Ok(())
    }
}

/// A member without owner or time, so that the same data set is the same bytes.
fn member(tar: &mut Builder<BufWriter<fs::File>>, name: &Path, content: &[u8]) -> Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, name, content)?;
    Ok(())
}
