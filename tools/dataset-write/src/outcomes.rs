//! What becomes of each record once the data set is there.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use manifest::Reader;
use stage::{Context, Outcome, Place, Result, Shelf};

/// The records that are left out, each with the reason, and those of the data set, as its own manifest has them.
pub(crate) fn outcomes(
    shelf: Shelf,
    dropped: Vec<(Place, String)>,
    written: Option<&Path>,
) -> Result<impl Iterator<Item = Result<Outcome>> + use<>> {
    let drop =
        move |(waits, reason): (Place, String)| Ok(Outcome::drop(shelf.record(waits)?, reason));
    let reader = written.map(|path| {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| name.clone())?;
        Ok::<_, stage::Error>(Reader::new(name, BufReader::new(file)).records())
    });
    let records = reader.transpose()?.into_iter().flatten();
    let passed = records.map(|record| Ok(Outcome::pass(record?)));
    Ok(dropped.into_iter().map(drop).chain(passed))
}
