//! `WebDataset`: tar shards of image, caption and facts.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;

use serde_json::json;
use stage::{Context, Result, machine};
use tar::{Builder, Header};

use super::{View, Written};
use crate::plan::{Example, Purpose};
use crate::template::slug;

/// Images of a shard.
const SHARD: usize = 1000;

/// The name of a shard.
fn name(purpose: &Purpose, validation: bool, number: usize) -> PathBuf {
    let part = if validation { "validation" } else { "train" };
    let title = slug(purpose.title());
    PathBuf::from(format!("webdataset/{title}-{part}-{number:06}.tar"))
}

/// The shard that has the image of `example`.
pub(super) fn shard(purpose: &Purpose, example: &Example) -> PathBuf {
    name(purpose, example.validation, example.place / SHARD)
}

/// Writes all shards.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    written.make(View::Webdataset.name())?;
    for validation in [false, true] {
        let part = examples
            .iter()
            .filter(|example| example.validation == validation);
        let part: Vec<_> = part.collect();
        for (number, shard) in part.chunks(SHARD).enumerate() {
            let path = written.folder.join(name(purpose, validation, number));
            write_shard(&path, written, purpose, shard)
                .with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn write_shard(
    path: &PathBuf,
    written: &Written<'_>,
    purpose: &Purpose,
    shard: &[&Example],
) -> Result<()> {
    let mut tar = Builder::new(BufWriter::new(File::create(path)?));
    machine::file::wrote(path);
    for example in shard {
        let picture = &example.picture;
        let image = fs::read(written.store.path(&picture.stored))?;
        member(&mut tar, &example.file(View::Webdataset), &image)?;
        let caption = example.captions(purpose, View::Webdataset).concat();
        member(
            &mut tar,
            &format!("{}.txt", example.name),
            caption.as_bytes(),
        )?;
        let facts = json!({
            "id": example.record.id()?,
            "caption": caption,
            "width": picture.width,
            "height": picture.height,
            "shot": example.record.shot().ok().flatten(),
        });
        member(
            &mut tar,
            &format!("{}.json", example.name),
            facts.to_string().as_bytes(),
        )?;
    }
    tar.into_inner()?
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    Ok(())
}

/// A member without owner or time, so that the same data set is the same
/// bytes.
fn member(tar: &mut Builder<BufWriter<File>>, name: &str, content: &[u8]) -> Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, name, content)?;
    Ok(())
}
