//! The shape of pixels where it changes within a film.
//!
//! ffmpeg gives all frames the shape of the first ones. Broadcasts and discs (transport and program
//! streams) change it on the way, from one sequence header to the next: those are read here, without
//! decoding.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::ffmpeg::Ffmpeg;
use crate::streams::{Listing, Stream};

/// The containers without a shape of their own above the stream's, by ffmpeg's names.
const CONTAINERS: [&str; 2] = ["mpegts", "mpeg"];

/// Ticks a second of the clock of these containers.
const TICKS: f64 = 90_000.0;

/// Width of a pixel by its height for each number of `aspect_ratio_idc` (ITU-T H.264, table E-1).
const PIXELS: [(u32, u32); 17] = [
    (1, 1),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// How a sequence header tells the shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aspect {
    /// Width of a pixel by its height.
    Pixel(f64),
    /// Width of the whole image by its height.
    Image(f64),
}

impl Aspect {
    /// Width of a pixel by its height in images of this size.
    pub(crate) fn of_pixels(self, width: u32, height: u32) -> f64 {
        match self {
            Self::Pixel(aspect) => aspect,
            Self::Image(aspect) => aspect * f64::from(height) / f64::from(width.max(1)),
        }
    }
}

/// From which time on, in seconds, pixels have which shape; nothing where only the container says.
pub(crate) fn changes(
    ffmpeg: &Ffmpeg,
    path: &Path,
    listing: &Listing,
    stream: &Stream,
) -> Vec<(f64, Aspect)> {
    // The units that hold sequence headers, by the numbers of each standard.
    let units = match stream.codec.as_str() {
        "mpeg2video" => "179|181",
        "h264" => "7",
        "hevc" => "33",
        _ => return Vec::new(),
    };
    if !CONTAINERS.iter().any(|name| listing.is(name)) {
        return Vec::new();
    }
    let mut command = ffmpeg.reading(path, &[]);
    command.args([
        "-map",
        &format!("0:{}", stream.index),
        "-c",
        "copy",
        "-bsf:v",
    ]);
    command.arg(format!("filter_units=pass_types={units},trace_headers"));
    command.args(["-f", "null", "-"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(errors) = child.stderr.take() {
        let lines = BufReader::new(errors).split(b'\n').map_while(Result::ok);
        found = read(lines.map(|line| String::from_utf8_lossy(&line).into_owned()));
    }
    // Without this filter in an old ffmpeg nothing was found, which is as good as no change.
    drop(child.wait());
    found.dedup_by(|later, earlier| later.1 == earlier.1);
    found
}

/// The shapes of all headers, with the times of their packets.
fn read(lines: impl Iterator<Item = String>) -> Vec<(f64, Aspect)> {
    let (mut found, mut time, mut width) = (Vec::new(), None, None);
    for line in lines {
        let Some((_, words)) = line
            .split_once("[trace_headers @ ")
            .and_then(|(_, rest)| rest.split_once("[info] "))
        else {
            continue;
        };
        if words.starts_with("Packet: ") {
            let pts = words
                .split("pts ")
                .nth(1)
                .and_then(|rest| rest.split(',').next());
            time = pts
                .and_then(|pts| pts.parse::<f64>().ok())
                .map(|ticks| ticks / TICKS)
                .or(time);
            continue;
        }
        let mut parts = words.split_whitespace();
        let name = parts.nth(1).unwrap_or_default();
        let Some(value) = parts
            .next_back()
            .and_then(|value| value.parse::<u32>().ok())
        else {
            continue;
        };
        let aspect = match name {
            "aspect_ratio_information" => of_mpeg2(value),
            "aspect_ratio_info_present_flag" if value == 0 => Some(Aspect::Pixel(1.0)),
            "aspect_ratio_idc" => pixel(PIXELS.get(value as usize).copied()),
            "sar_width" => {
                width = Some(value);
                None
            }
            "sar_height" => pixel(width.map(|width| (width, value))),
            _ => None,
        };
        found.extend(time.zip(aspect));
    }
    found
}

fn pixel(shape: Option<(u32, u32)>) -> Option<Aspect> {
    let (width, height) = shape.filter(|&(width, height)| width > 0 && height > 0)?;
    Some(Aspect::Pixel(f64::from(width) / f64::from(height)))
}

/// `aspect_ratio_information` of ISO/IEC 13818-2, table 6-3.
fn of_mpeg2(value: u32) -> Option<Aspect> {
    match value {
        1 => Some(Aspect::Pixel(1.0)),
        2 => Some(Aspect::Image(4.0 / 3.0)),
        3 => Some(Aspect::Image(16.0 / 9.0)),
        4 => Some(Aspect::Image(2.21)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(f64, Aspect)> {
        let traced = |line: &str| format!("[trace_headers @ 0x1] [info] {line}");
        read(text.lines().map(traced))
    }

    #[test]
    fn headers_of_a_disc() {
        let found = lines(
            "Extradata\n32          aspect_ratio_information           0011 = 3\n\
             Packet: 31 bytes, key frame, pts 0, dts -3600, duration 3600.\n\
             32          aspect_ratio_information                      0011 = 3\n\
             Packet: 31 bytes, key frame, pts 180000, dts 176400, duration 3600.\n\
             32          aspect_ratio_information                      0010 = 2",
        );
        let (wide, narrow) = (Aspect::Image(16.0 / 9.0), Aspect::Image(4.0 / 3.0));
        assert_eq!(found, [(0.0, wide), (2.0, narrow)]);
        assert!((wide.of_pixels(720, 576) - 64.0 / 45.0).abs() < 1e-9);
    }

    #[test]
    fn headers_of_h264() {
        let found = lines(
            "Packet: 30 bytes, key frame, pts 0, dts -7500, duration 3750.\n\
             80          aspect_ratio_idc                          00000001 = 1\n\
             Packet: 30 bytes, key frame, pts 90000, dts 1, duration 3750.\n\
             80          aspect_ratio_idc                          11111111 = 255\n\
             88          sar_width                         0000000001000000 = 64\n\
             104         sar_height                        0000000000101101 = 45",
        );
        assert_eq!(
            found,
            [(0.0, Aspect::Pixel(1.0)), (1.0, Aspect::Pixel(64.0 / 45.0))]
        );
    }
}
