//! What ffmpeg lists of a film before it decodes: the container and its video streams.

use crate::lines::clock;

/// A video stream of a film.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stream {
    /// Its number among all streams of the film.
    pub(crate) index: usize,
    /// The codec, as `h264`.
    pub(crate) codec: String,
    /// Columns and rows; 0 where ffmpeg does not say.
    pub(crate) size: (u32, u32),
    /// Whether it is a cover or a thumbnail, not the film.
    pub(crate) attached: bool,
    /// Whether the film says that players should take it.
    pub(crate) default: bool,
    /// Whether it carries an alpha that ffmpeg's own decoder passes over (VP8, VP9).
    pub(crate) hidden_alpha: bool,
    /// Dolby Vision: the profile, and what its base layer is compatible with (0: nothing).
    pub(crate) dolby: Option<(u32, u32)>,
    /// How long this stream is, in seconds, where the film says so.
    pub(crate) seconds: Option<f64>,
}

/// What ffmpeg lists of a film.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Listing {
    /// The names of its demuxer, as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub(crate) container: String,
    /// How long the longest of all streams is, in seconds.
    pub(crate) seconds: Option<f64>,
    /// When the first of them begins, in seconds.
    start: f64,
    /// The video streams, in order.
    pub(crate) streams: Vec<Stream>,
    /// The format of a file that was refused for it.
    pub(crate) refused: Option<String>,
}

impl Listing {
    /// Reads it from what ffmpeg said on standard error.
    pub(crate) fn read(said: &str) -> Self {
        let mut listing = Self::default();
        // Whether the lines now are of a video stream.
        let mut within = false;
        for line in said.lines() {
            if let Some((speaker, _)) = line.split_once("[error] Format not on whitelist") {
                let name = speaker.trim_start_matches('[').split(" @").next();
                listing.refused = name.map(str::to_owned);
            }
            let Some(words) = line.strip_prefix("[info] ") else {
                continue;
            };
            if words.starts_with("Stream mapping:") || words.starts_with("Output #") {
                break;
            }
            if let Some(input) = words.strip_prefix("Input #0, ") {
                let container = input.split(", from ").next();
                listing.container = container.map(str::to_owned).unwrap_or_default();
            } else if let Some(stream) = words.trim_start().strip_prefix("Stream #0:") {
                let stream = video(stream);
                within = stream.is_some();
                listing.streams.extend(stream);
            } else if let Some(rest) = words.trim_start().strip_prefix("Duration: ") {
                listing.seconds = rest.split(',').next().and_then(clock);
                let start = rest
                    .split("start: ")
                    .nth(1)
                    .and_then(|rest| rest.split(',').next());
                listing.start = start.and_then(|start| start.parse().ok()).unwrap_or(0.0);
            } else if let Some(stream) = listing.streams.last_mut().filter(|_| within) {
                detail(stream, words.trim_start());
            }
        }
        listing
    }

    /// How long a stream of it is, counted from the film's start, in seconds.
    pub(crate) fn length(&self, stream: &Stream) -> Option<f64> {
        let said = stream.seconds.or(self.seconds)?;
        // Matroska says when the film ends by its clock, which need not begin at 0.
        let before = if self.is("matroska") {
            self.start.max(0.0)
        } else {
            0.0
        };
        Some(said - before)
    }

    /// Whether the container is `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.container.split(',').any(|one| one == name)
    }
}

/// The stream of a line behind `Stream #0:`, if it is video.
fn video(line: &str) -> Option<Stream> {
    let (number, rest) = line.split_once(": Video: ")?;
    let end = number.find(|c: char| !c.is_ascii_digit());
    let index = number[..end.unwrap_or(number.len())].parse().ok()?;
    let has = |flag: &str| rest.contains(flag);
    let codec = rest.split([' ', ',']).next().unwrap_or_default();
    Some(Stream {
        index,
        codec: codec.to_owned(),
        size: size(rest).unwrap_or_default(),
        attached: has("(attached pic)") || has("(timed thumbnails)"),
        default: has("(default)"),
        ..Stream::default()
    })
}

/// `1920x1080` among the words of a stream, and not `0x31637661`.
fn size(words: &str) -> Option<(u32, u32)> {
    words.split([' ', ',']).find_map(|word| {
        let (width, height) = word.split_once('x')?;
        let size = (width.parse().ok()?, height.parse().ok()?);
        (size.0 > 0 && size.1 > 0).then_some(size)
    })
}

/// Takes what a line below a stream says of it.
fn detail(stream: &mut Stream, words: &str) {
    if let Some(record) = words.strip_prefix("DOVI configuration record: ") {
        let number = |key: &str| {
            let rest = record.split(", ").find_map(|part| part.strip_prefix(key));
            rest.and_then(|number| number.trim().parse().ok())
        };
        stream.dolby = number("profile: ").map(|profile| {
            let compatible = number("compatibility id: ");
            (profile, compatible.unwrap_or(0))
        });
        return;
    }
    let Some((key, value)) = words.split_once(':') else {
        return;
    };
    match key.trim_end() {
        "alpha_mode" if value.trim() == "1" => stream.hidden_alpha = true,
        "DURATION" => stream.seconds = clock(value.trim()).or(stream.seconds),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:a, from b.mp4':
[info]   Duration: 00:01:30.50, start: 0.000000, bitrate: 254 kb/s
[info]   Stream #0:0[0x1](und): Video: mjpeg (Baseline), yuvj420p(pc), 600x900 [SAR 1:1], 90k tbr (attached pic)
[info]   Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp (default)
[info]       Metadata:
[info]         DURATION        : 00:01:30.500000000
[info]   Stream #0:2[0x3]: Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv), 1920x800, 24 fps (default)
[info]       Metadata:
[info]         DURATION        : 00:01:20.250000000
[info]       Side data:
[info]         DOVI configuration record: version: 1.0, profile: 5, level: 6, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 0
[info] Stream mapping:
[info]   Stream #0:2 -> #0:0 (hevc (native) -> wrapped_avframe (native))
[info] Output #0, null, to 'pipe:':
[info]   Stream #0:0(und): Video: wrapped_avframe, yuv420p10le, 1920x800
";

    #[test]
    fn streams_and_what_is_said_below_them() {
        let listing = Listing::read(SAID);
        assert!(listing.is("mp4") && !listing.is("mpegts"));
        assert_eq!((listing.seconds, listing.streams.len()), (Some(90.5), 2));
        let cover = &listing.streams[0];
        assert!(cover.attached && !cover.default && cover.size == (600, 900));
        assert_eq!(
            cover.seconds, None,
            "what stands below the sound is not its own"
        );
        let film = &listing.streams[1];
        assert_eq!(
            (film.index, &*film.codec, film.size),
            (2, "hevc", (1920, 800))
        );
        assert_eq!((film.dolby, film.seconds), (Some((5, 0)), Some(80.25)));
        assert!(film.default && !film.hidden_alpha);
    }

    #[test]
    fn a_film_that_begins_late_is_no_longer_for_that() {
        let listing = |container: &str| {
            Listing::read(&format!(
                "[info] Input #0, {container}, from 'file:a':\n\
                 [info]   Duration: 00:00:25.00, start: 5.000000, bitrate: 254 kb/s\n"
            ))
        };
        let stream = Stream::default();
        assert_eq!(listing("matroska,webm").length(&stream), Some(20.0));
        assert_eq!(listing("mpegts").length(&stream), Some(25.0));
    }

    #[test]
    fn a_refused_format_is_named() {
        let said = "[concat @ 0x1718cf40] [error] Format not on whitelist 'mov,matroska'\n";
        assert_eq!(Listing::read(said).refused.as_deref(), Some("concat"));
    }

    #[test]
    fn the_alpha_of_a_webm_is_seen() {
        let said = "[info]   Stream #0:0: Video: vp9 (Profile 0), yuv420p(tv), 160x96, 12 fps\n\
                    [info]       Metadata:\n[info]         alpha_mode      : 1\n";
        assert!(Listing::read(said).streams[0].hidden_alpha);
    }
}
