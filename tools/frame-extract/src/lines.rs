//! What ffmpeg says on standard error, line by line.

use std::io::{BufRead, BufReader, Read};

/// The longest line that is looked at, in bytes; the rest of a longer one is passed over.
const LONGEST: u64 = 1 << 16;

/// One thing that ffmpeg said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// `showinfo`: how frames are timed from here on.
    Timing {
        /// The unit of their times, in seconds.
        base: f64,
        /// How many there are a second, exactly; none if the film does not say.
        rate: Option<f64>,
    },
    /// `showinfo`: a frame has passed.
    Frame(Shown),
    /// The `showinfo` called [`WHOLE`]: a whole image has come out, of the frame of this time.
    Whole(Option<i64>),
    /// `showinfo`: how the colours of the frame before are to be read.
    Colour(Colour),
    /// An error, or an image that came out damaged, in ffmpeg's words.
    Error(String),
}

/// What the second `showinfo` of a chain is called, where whole images leave beside small ones.
pub(crate) const WHOLE: &str = "showinfo@whole";

/// Errors that say nothing of the images: of references that a cut film begins without and does
/// not use, and of times, which are dealt with here.
const HARMLESS: [&str; 3] = [
    "mmco: unref short failure",
    "co located POCs unavailable",
    "non monotonically increasing dts",
];

/// What `showinfo` tells of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    /// Presentation time in units of the time base, if the frame has one.
    pub(crate) ticks: Option<i64>,
    /// Columns.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Width of a pixel by its height.
    pub(crate) aspect: f64,
    /// Whether the frame is flagged as two fields of different times.
    pub(crate) interlaced: bool,
    /// Whether its pixels may be transparent.
    pub(crate) alpha: bool,
}

/// The tags of a frame, in ffmpeg's words.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct Colour {
    /// As `bt709`, `unknown`.
    pub(crate) matrix: String,
    /// As `smpte2084`, `unknown`.
    pub(crate) transfer: String,
    /// As `bt2020`, `unknown`.
    pub(crate) primaries: String,
}

/// Everything of interest that is said until `stream` ends.
pub(crate) fn listen(stream: impl Read) -> impl Iterator<Item = Said> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    std::iter::from_fn(move || {
        loop {
            line.clear();
            let read = stream.by_ref().take(LONGEST).read_until(b'\n', &mut line);
            if read.unwrap_or(0) == 0 {
                return None;
            }
            let said = understand(String::from_utf8_lossy(&line).trim_end());
            if !line.ends_with(b"\n") && stream.skip_until(b'\n').is_err() {
                return said;
            }
            if said.is_some() {
                return said;
            }
        }
    })
}

fn understand(line: &str) -> Option<Said> {
    for level in ["[error] ", "[fatal] "] {
        if let Some((_, words)) = line.split_once(level) {
            let harmless = HARMLESS.iter().any(|known| words.contains(known));
            return (!harmless).then(|| Said::Error(words.to_owned()));
        }
    }
    if line.ends_with("[warning] corrupt decoded frame") {
        return Some(Said::Error("a decoded frame is damaged".to_owned()));
    }
    let (speaker, words) = line.split_once("[info] ")?;
    if speaker.starts_with("[Parsed_showinfo_") {
        return shown(words);
    }
    let whole = speaker
        .strip_prefix('[')
        .is_some_and(|speaker| speaker.starts_with(WHOLE));
    (whole && words.starts_with("n:"))
        .then(|| Said::Whole(field(words, "pts:").and_then(|pts| pts.parse().ok())))
}

fn shown(words: &str) -> Option<Said> {
    if words.starts_with("config in ") {
        let base = field(words, "time_base:")?.trim_end_matches(',');
        let rate = field(words, "frame_rate:").and_then(ratio);
        return ratio(base).map(|base| Said::Timing { base, rate });
    }
    if words.starts_with("color_range:") {
        let word = |key| field(words, key).unwrap_or("unknown").to_owned();
        return Some(Said::Colour(Colour {
            matrix: word("color_space:"),
            transfer: word("color_trc:"),
            primaries: word("color_primaries:"),
        }));
    }
    if !words.starts_with("n:") {
        return None;
    }
    let (width, height) = field(words, "s:")?.split_once('x')?;
    Some(Said::Frame(Shown {
        ticks: field(words, "pts:")?.parse().ok(),
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        aspect: field(words, "sar:").and_then(ratio).unwrap_or(1.0),
        interlaced: matches!(field(words, "i:"), Some("T" | "B")),
        alpha: field(words, "fmt:").is_some_and(has_alpha),
    }))
}

/// Whether pixels of this format, in ffmpeg's words, have an alpha of their own.
fn has_alpha(format: &str) -> bool {
    let kinds = [
        "yuva", "ayuv", "vuya", "rgba", "argb", "bgra", "abgr", "gbrap", "ya8", "ya16",
    ];
    kinds.iter().any(|kind| format.starts_with(kind))
}

/// The word behind `key`, which may stand apart from it.
fn field<'a>(words: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = words.split_whitespace();
    while let Some(word) = rest.next() {
        match word.strip_prefix(key) {
            Some("") => return rest.next(),
            Some(value) => return Some(value),
            None => {}
        }
    }
    None
}

/// `64/45`; none if either is zero.
fn ratio(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let value = above.parse::<f64>().ok()? / below.parse::<f64>().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

/// `01:02:03.50` in seconds.
pub(crate) fn clock(text: &str) -> Option<f64> {
    text.split(':').try_fold(0.0, |sum, part| {
        Some(sum * 60.0 + part.parse::<f64>().ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_an_old_and_a_new_ffmpeg() {
        let old = "[Parsed_showinfo_0 @ 0x55] [info] n:   2 pts:     86 pts_time:0.086   pos: 7053 \
                   fmt:yuv420p sar:64/45 s:720x576 i:T iskey:0 type:P ";
        let Some(Said::Frame(frame)) = understand(old) else {
            panic!("a frame");
        };
        assert_eq!(frame.ticks, Some(86));
        assert_eq!((frame.width, frame.height), (720, 576));
        assert!((frame.aspect - 64.0 / 45.0).abs() < 1e-9 && frame.interlaced);
        let new = "[Parsed_showinfo_3 @ 0x7f] [info] n:   0 pts:NOPTS pts_time:NOPTS   \
                   duration:     41 duration_time:0.041   fmt:rgb24 cl:unspecified sar:0/1 s:80x48 \
                   i:P iskey:1 type:I ";
        let Some(Said::Frame(frame)) = understand(new) else {
            panic!("a frame");
        };
        assert_eq!(
            (frame.ticks, frame.aspect, frame.interlaced),
            (None, 1.0, false)
        );
    }

    #[test]
    fn whole_images_are_told_from_frames() {
        let whole = "[showinfo@whole @ 0x7f] [info] n:   1 pts:   6144 pts_time:0.5 fmt:rgb24 s:320x180 i:P";
        assert_eq!(understand(whole), Some(Said::Whole(Some(6144))));
        let base = "[showinfo@whole @ 0x1] [info] config in time_base: 1/12288, frame_rate: 24/1";
        assert_eq!(understand(base), None);
    }

    #[test]
    fn what_is_said_besides() {
        let timing = |rate: &str| {
            understand(&format!(
                "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/1000, frame_rate: {rate}"
            ))
        };
        let of = |rate| Some(Said::Timing { base: 0.001, rate });
        assert_eq!(timing("24000/1001"), of(Some(24000.0 / 1001.0)));
        assert_eq!(timing("0/0"), of(None));
        assert_eq!(clock("00:01:30.50"), Some(90.5));
        assert_eq!(clock("N/A"), None);
        let error = "[mov @ 0x5] [error] moov atom not found";
        assert_eq!(
            understand(error),
            Some(Said::Error("moov atom not found".into()))
        );
        let colour = "[Parsed_showinfo_0 @ 0x1] [info] color_range:tv color_space:bt2020nc \
                      color_primaries:bt2020 color_trc:smpte2084";
        let Some(Said::Colour(colour)) = understand(colour) else {
            panic!("a colour");
        };
        assert_eq!(
            (&*colour.transfer, &*colour.primaries),
            ("smpte2084", "bt2020")
        );
    }

    #[test]
    fn what_harms_no_image_is_no_error() {
        let cut = "[h264 @ 0x5] [error] mmco: unref short failure";
        assert_eq!(understand(cut), None);
        let damaged = "[vist#0:0/h264 @ 0x9] [dec:h264 @ 0x7] [warning] corrupt decoded frame";
        assert!(matches!(understand(damaged), Some(Said::Error(_))));
    }

    #[test]
    fn alpha_is_known_by_the_format() {
        for format in ["yuva444p12le", "argb", "gbrap10le", "bgra"] {
            assert!(has_alpha(format), "{format}");
        }
        for format in ["yuv420p", "bgr0", "gbrp", "gray", "rgb24", "pal8"] {
            assert!(!has_alpha(format), "{format}");
        }
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut text = vec![b'x'; 1 << 20];
        text.extend_from_slice(b"\n[error] after\n");
        let said: Vec<_> = listen(text.as_slice()).collect();
        assert_eq!(said, [Said::Error("after".into())]);
    }
}
