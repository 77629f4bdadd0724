//! Whether a film ends where it should: by its images, not by its sound or subtitles.

use stage::Result;

use crate::decoder::Complaints;
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;

/// How far a film may end before its own word without being called incomplete: seconds, or
/// share of its length, whichever is more.
const EARLY: (f64, f64) = (5.0, 0.02);

/// What ffmpeg says of a file that stops in the middle of its data.
const CUT: [&str; 2] = ["File ended prematurely", "partial file"];

/// What is wrong with a film whose last frame is shown at `last` seconds; none if it is whole.
pub(crate) fn incomplete(
    ffmpeg: &Ffmpeg,
    film: &Film,
    last: f64,
    complaints: &Complaints,
) -> Result<Option<String>> {
    let said = film.duration.unwrap_or(0.0);
    let tolerance = EARLY.0.max(EARLY.1 * said);
    let early = said - last > tolerance;
    let cut = complaints
        .first
        .iter()
        .any(|words| CUT.iter().any(|cut| words.contains(cut)));
    if early && (cut || said - others_end(ffmpeg, film, last)? > tolerance) {
        return Ok(Some(format!(
            "ends at {last:.1} s, but its header gives a length of {said:.1} s"
        )));
    }
    Ok(complaints
        .failed
        .then(|| format!("ends with an error: {}", complaints.words())))
}

/// When the last packet of any stream ends that comes after `last`, in seconds: sound and subtitles
/// may go on behind the images. Nothing is decoded, and only the rest of the film is read.
fn others_end(ffmpeg: &Ffmpeg, film: &Film, last: f64) -> Result<f64> {
    let from = format!("{:.3}", last.max(0.0));
    let mut command = ffmpeg.reading(&film.path, &["-ss", &from]);
    for kind in ["0:v?", "0:a?", "0:s?"] {
        command.args(["-map", kind]);
    }
    let ran = command
        .args(["-c", "copy", "-f", "framecrc", "-"])
        .output()?;
    Ok(last.max(0.0) + end(&String::from_utf8_lossy(&ran.stdout)))
}

/// The latest end of all packets that `framecrc` lists, in seconds.
fn end(listed: &str) -> f64 {
    let (mut bases, mut end) = (Vec::<f64>::new(), 0.0_f64);
    for line in listed.lines() {
        if let Some(base) = line.strip_prefix("#tb ") {
            let ratio = base
                .split_once(": ")
                .and_then(|(_, ratio)| ratio.split_once('/'));
            let seconds = ratio.and_then(|(above, below)| {
                Some(above.parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?)
            });
            bases.push(seconds.unwrap_or(0.0));
            continue;
        }
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [stream, _, pts, duration, ..] = fields[..] else {
            continue;
        };
        let base = stream
            .parse()
            .ok()
            .and_then(|stream: usize| bases.get(stream));
        if let (Some(base), Ok(pts), Ok(length)) =
            (base, pts.parse::<f64>(), duration.parse::<f64>())
        {
            end = end.max((pts + length) * base);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_packet_of_any_stream_counts() {
        let listed = "#format: frame checksums\n#tb 0: 1/48000\n#media_type 0: audio\n#tb 1: 1/1000\n\
                      0,      48000,      48000,     1024,      200, 0x1\n\
                      1,      30000,      30000,    40000,       3, 0x2\n\
                      0,     575488,     575488,     1024,      200, 0x3\n";
        assert!((end(listed) - 70.0).abs() < 1e-9);
        assert!(end("").abs() < 1e-9);
    }
}
