//! Writing a data set as each trainer wants it: the files that its view names.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use loaders::trainers::views;
use loaders::training;
use loaders::view::{Content, DataSet, File, Layout, View};
use stage::{Context, Result, bail, machine};
use tar::{Builder, Header};

use crate::plan::Example;
use crate::store::{Store, Stored};

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
    pub(crate) fn write(&self, view: &dyn View, set: &DataSet<'_>) -> Result<()> {
        let mut take = |path: &Path, content: Content<'_>| {
            let path = self.folder.join(path);
            let entered = self.entry(view, &path, content);
            entered.with_context(|| path.display().to_string())
        };
        training::files(view, set, &mut Layout::to(&mut take))
    }

    fn entry(&self, view: &dyn View, path: &Path, content: Content<'_>) -> Result<()> {
        match content {
            Content::Folder => fs::create_dir_all(path)?,
            Content::File(File::Text(text)) => machine::file::write(path, text.as_bytes())?,
            Content::File(file) => self.store.link(&self.stored(view, &file)?, path)?,
            Content::Pieces(pieces) => in_pieces(path, pieces)?,
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
        file.map_err(io::IntoInnerError::into_error)?;
        Ok(())
    }
}

/// Writes a file piece by piece.
pub(crate) fn in_pieces<T: AsRef<[u8]>>(
    path: &Path,
    pieces: impl IntoIterator<Item = Result<T>>,
) -> Result<()> {
    let mut failed = None;
    let written = machine::file::replace(path, |file| {
        let mut to = BufWriter::new(file);
        for piece in pieces {
            match piece {
                Ok(piece) => to.write_all(piece.as_ref())?,
                Err(error) => {
                    failed = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
        }
        to.flush()
    });
    // What could not be read says more than that it was not written.
    failed.map_or(Ok(()), Err)?;
    Ok(written?)
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
