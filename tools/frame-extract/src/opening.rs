//! The first look at a film: what ffmpeg lists of it, and its first image.

use std::path::Path;
use std::process::Command;

use stage::{Context, Result, bail, ensure};

use crate::containers;
use crate::decoder::Complaints;
use crate::ffmpeg::{self, Ffmpeg};
use crate::lines::{Colour, Said, Shown, listen};
use crate::streams::{Listing, Stream};

/// What is known of a film by its first image.
pub(crate) struct First {
    /// The image, and how its colours are tagged; none if it cannot be decoded.
    pub(crate) image: Option<(Shown, Colour)>,
    /// How many frames a second the stream has, if the film says so.
    pub(crate) rate: Option<f64>,
    /// What ffmpeg lists of the film.
    pub(crate) listing: Listing,
    /// What ffmpeg complained of.
    pub(crate) complaints: Complaints,
}

/// Decodes the first frame only, of the stream of this number or of ffmpeg's own choice.
pub(crate) fn first_frame(
    ffmpeg: &Ffmpeg,
    path: &Path,
    stream: Option<usize>,
    decoder: Option<&str>,
) -> Result<First> {
    let mut command = read(ffmpeg, path, stream, decoder, &[]);
    command.args(["-vf", "showinfo=checksum=0", "-frames:v", "1"]);
    let ran = command
        .args(["-f", "null", "-"])
        .output()
        .context("ffmpeg")?;
    let (mut frame, mut colour, mut rate) = (None, None, None);
    let mut complaints = Complaints::default();
    for said in listen(ran.stderr.as_slice()) {
        match said {
            Said::Frame(shown) => frame = frame.or(Some(shown)),
            Said::Colour(tags) => colour = colour.or(Some(tags)),
            Said::Error(words) => complaints.add(words, 0),
            Said::Timing { rate: told, .. } => rate = rate.or(told),
            Said::Whole(_) => {}
        }
    }
    if let Some(words) = ffmpeg::signal(ran.status) {
        bail!(words);
    }
    let listing = Listing::read(&String::from_utf8_lossy(&ran.stderr));
    if let Some(format) = &listing.refused {
        bail!(containers::refusal(format));
    }
    let several = listing.streams.iter().any(|stream| !stream.attached);
    match frame {
        None if complaints.words().contains("matches no streams") => bail!("has no video stream"),
        None if !several && complaints.count == 0 => bail!("has no frame that ffmpeg can decode"),
        None if !several => bail!("ffmpeg cannot read it: {}", complaints.words()),
        None | Some(_) => Ok(First {
            image: frame.map(|frame| (frame, colour.unwrap_or_default())),
            rate,
            listing,
            complaints,
        }),
    }
}

/// A call of ffmpeg that opens the film at `path`, with flags for decoding.
pub(crate) fn opened(
    ffmpeg: &Ffmpeg,
    path: &Path,
    decoder: Option<&str>,
    before: &[&str],
) -> Command {
    let mut flags = before.to_vec();
    if let Some(decoder) = decoder {
        flags.extend(["-c:v", decoder]);
    }
    ffmpeg.reading(path, &flags)
}

fn read(
    ffmpeg: &Ffmpeg,
    path: &Path,
    stream: Option<usize>,
    decoder: Option<&str>,
    before: &[&str],
) -> Command {
    let mut command = opened(ffmpeg, path, decoder, before);
    let stream = stream.map_or("0:V:0".to_owned(), |index| format!("0:{index}"));
    command.args(["-map", &stream]);
    command
}

/// The decoder that knows the alpha of VP8 and VP9, which ffmpeg's own pass over.
pub(crate) fn decoder(ffmpeg: &Ffmpeg, stream: &Stream) -> Result<Option<&'static str>> {
    if !stream.hidden_alpha {
        return Ok(None);
    }
    let decoder = match stream.codec.as_str() {
        "vp8" => "libvpx",
        "vp9" => "libvpx-vp9",
        _ => return Ok(None),
    };
    ensure!(
        ffmpeg.has_decoder(decoder)?,
        "is transparent, and this ffmpeg lacks the decoder {decoder} that reads transparency: hidden colours \
         would show: use one built with libvpx, such as `make setup` or `film2lora make setup` downloads"
    );
    Ok(Some(decoder))
}
