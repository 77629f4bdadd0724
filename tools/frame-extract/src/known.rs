//! What is known of the film: remembered from another run, or found out now.

use std::sync::{Mutex, PoisonError};

use stage::{Flow, Result};

use crate::analysis::Analysis;
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::folder::Folder;
use crate::options::Args;
use crate::pass::Writing;
use crate::survey::{self, Bars};

/// What is known of the film: remembered from another run, or found out now, while the images of the frames at the
/// ticks are written.
pub(crate) fn analyse(
    args: &Args,
    ffmpeg: &Ffmpeg,
    film: &mut Film,
    folder: &Folder,
    flow: &mut Flow,
) -> Result<Analysis> {
    let mut network = args.network()?;
    let asked = network.as_ref().map(|(_, asked)| asked);
    let name = if film.keyframes {
        "keyframes"
    } else {
        "analysis"
    };
    let known = folder.recall::<Analysis>(name);
    if let Some(known) = known.filter(|known| known.is_of(film, asked)) {
        return Ok(known);
    }
    let mut bars = survey::look(ffmpeg, film, args.period())?;
    args.check(ffmpeg, film)?;
    loop {
        let writing = (!film.view.interlaced)
            .then(|| writing(args, film, folder, &bars))
            .transpose()?;
        let network = network.as_mut();
        let found = Analysis::make(ffmpeg, film, &bars, writing.as_ref(), network, flow)?;
        if writing.is_some() && found.view.interlaced {
            // They were made before that was known.
            folder.clear()?;
        }
        let votes = writing.and_then(|writing| writing.votes);
        let votes = votes.map(|votes| votes.into_inner().unwrap_or_else(PoisonError::into_inner));
        let decided = bars.with(votes.unwrap_or_default(), film.view.size);
        if bars.open.is_none() || decided.crop == bars.crop {
            folder.remember(name, &found)?;
            return Ok(found);
        }
        log::info!(
            "the letterbox is another than its keyframes said: the film is decoded once more"
        );
        bars = decided;
    }
}

/// The images that can be written while the film is decoded for the first time.
fn writing(args: &Args, film: &Film, folder: &Folder, bars: &Bars) -> Result<Writing> {
    let settings = args.settings(film, bars, &[])?;
    folder.prepare(&settings)?;
    Ok(Writing {
        folder: folder.clone(),
        settings,
        period: args.period(),
        votes: bars.open.is_some().then(Mutex::default),
    })
}
