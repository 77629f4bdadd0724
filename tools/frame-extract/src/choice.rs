//! Which of several video streams is the film.
//!
//! Not a cover or a preview: of the streams that have images throughout, the largest; of equally
//! large ones the one that the film marks as the default, then the first.

use std::cmp::Reverse;
use std::path::Path;

use stage::{Context, Result, bail};

use crate::ffmpeg::Ffmpeg;
use crate::streams::{Listing, Stream};

/// Where the streams are looked at, as shares of the film's length.
const PLACES: [f64; 5] = [0.05, 0.3, 0.5, 0.7, 0.9];

/// For how long, in seconds.
const LOOK: &str = "2";

/// As many packets at one place are enough to be a film there.
const ENOUGH: usize = 3;

/// How long a film that does not say is taken to be, in seconds.
const UNKNOWN: f64 = 10.0;

/// The stream that ffmpeg takes if it is not told: the first that is no cover.
pub(crate) fn usual(listing: &Listing) -> Option<usize> {
    let mut streams = listing.streams.iter();
    streams.find(|stream| !stream.attached).map(|one| one.index)
}

/// The stream that is the film; a word about it if there are several.
pub(crate) fn film(ffmpeg: &Ffmpeg, path: &Path, listing: &Listing) -> Result<Stream> {
    let streams: Vec<&Stream> = listing.streams.iter().filter(|one| !one.attached).collect();
    match streams[..] {
        [] => bail!("has no video stream"),
        [only] => return Ok(only.clone()),
        _ => {}
    }
    let packets = packets(ffmpeg, path, &streams, listing.seconds.unwrap_or(UNKNOWN))?;
    let chosen = streams[best(&streams, &packets)];
    let others: Vec<String> = streams
        .iter()
        .filter(|one| one.index != chosen.index)
        .map(|one| words(one))
        .collect();
    log::warn!(
        "{}: has several video streams: {} is used as the film, not {}",
        path.display(),
        words(chosen),
        others.join(", ")
    );
    Ok(chosen.clone())
}

fn words(stream: &Stream) -> String {
    let (width, height) = stream.size;
    format!("0:{} ({} {width}x{height})", stream.index, stream.codec)
}

/// The number in `streams` of the film, where this many packets were seen of each.
fn best(streams: &[&Stream], packets: &[usize]) -> usize {
    let most = packets.iter().max().copied().unwrap_or(0);
    let key = |number: &usize| {
        let stream = streams[*number];
        let throughout = 2 * packets[*number] >= most;
        let area = u64::from(stream.size.0) * u64::from(stream.size.1);
        (throughout, area, stream.default, Reverse(*number))
    };
    (0..streams.len()).max_by_key(key).unwrap_or(0)
}

/// How many packets each stream has at a few places, as far as they tell a film from a still.
fn packets(ffmpeg: &Ffmpeg, path: &Path, streams: &[&Stream], seconds: f64) -> Result<Vec<usize>> {
    let mut sums = vec![0; streams.len()];
    for place in PLACES {
        let from = format!("{:.3}", seconds * place);
        let mut command = ffmpeg.reading(path, &["-ss", &from]);
        for stream in streams {
            command.args(["-map", &format!("0:{}", stream.index)]);
        }
        command.args(["-c", "copy", "-t", LOOK, "-f", "framecrc", "-"]);
        let ran = command.output().context("ffmpeg")?;
        let mut counts = vec![0; streams.len()];
        for line in String::from_utf8_lossy(&ran.stdout).lines() {
            let number = line
                .split(',')
                .next()
                .and_then(|word| word.trim().parse::<usize>().ok());
            if let Some(count) = number.and_then(|number| counts.get_mut(number)) {
                *count += 1;
            }
        }
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count.min(ENOUGH);
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(index: usize, size: (u32, u32), default: bool) -> Stream {
        Stream {
            index,
            size,
            default,
            ..Stream::default()
        }
    }

    #[test]
    fn a_large_still_is_not_the_film_and_neither_is_a_small_preview() {
        let (cover, preview, film) = (
            stream(0, (3000, 3000), true),
            stream(1, (320, 180), false),
            stream(2, (1280, 720), false),
        );
        assert_eq!(best(&[&cover, &preview, &film], &[1, 15, 15]), 2);
        assert_eq!(best(&[&cover, &film], &[5, 15]), 1);
    }

    #[test]
    fn of_equals_the_default_is_taken_and_then_the_first() {
        let (one, two) = (stream(0, (720, 576), false), stream(1, (720, 576), true));
        assert_eq!(best(&[&one, &two], &[15, 15]), 1);
        assert_eq!(best(&[&one, &one], &[15, 15]), 0);
    }
}
