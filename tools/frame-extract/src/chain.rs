//! The filter chains: from decoded frames to RGB.

use crate::border::Rectangle;
use crate::film::{Film, HighRange};

/// What ends every chain: eight-bit RGB, and a line with the time of each frame.
const END: &str = "format=rgb24,showinfo=checksum=0";

/// The filters that tone-mapping needs.
pub(crate) const TONE_MAPPING: [&str; 2] = ["zscale", "tonemap"];

/// The chain in front of every other: whole frames only.
fn whole_frames(film: &Film) -> &'static str {
    if film.interlaced {
        "yadif=mode=send_frame:deint=interlaced,"
    } else {
        ""
    }
}

/// To RGB by the film's own matrix and range, `width` by `height`.
///
/// Chroma is brought to full size before the conversion, and rounded exactly.
fn to_rgb(film: &Film, (width, height): (u32, u32), flags: &str) -> String {
    let matrix = film
        .matrix
        .map(|matrix| format!(":in_color_matrix={matrix}"));
    let matrix = matrix.unwrap_or_default();
    format!("scale={width}:{height}:flags={flags}+accurate_rnd+full_chroma_int{matrix}")
}

/// Whole pictures of the frames that `select` lets pass.
pub(crate) fn pictures(film: &Film, select: &str) -> String {
    let before = whole_frames(film);
    let convert = match film.high_range {
        None => to_rgb(film, film.size, "bicubic"),
        Some(kind) => tone_mapped(film, kind),
    };
    format!("{before}{select},{convert},{END}")
}

/// Linear light, BT.709 primaries, highlights rolled off by Hable's curve, BT.709 out.
///
/// A film that says no more than its curve has BT.2020 primaries, as every HDR film has.
fn tone_mapped(film: &Film, kind: HighRange) -> String {
    let transfer = match kind {
        HighRange::Pq => "smpte2084",
        HighRange::Hlg => "arib-std-b67",
    };
    let (width, height) = film.size;
    let matrix = if film.matrix.is_some() {
        ":min=bt2020nc"
    } else {
        ""
    };
    format!(
        "zscale=w={width}:h={height}:tin={transfer}:pin=bt2020{matrix}:t=linear:npl=100,\
         format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,\
         zscale=t=bt709:m=gbr:r=full,format=gbrp"
    )
}

/// Small pictures of every frame, of the part inside `crop` alone, for finding shots.
pub(crate) fn small(film: &Film, crop: Option<Rectangle>, size: (u32, u32)) -> String {
    let before = whole_frames(film);
    let convert = to_rgb(film, size, "area");
    let (width, height) = film.size;
    let crop = crop.map(|r| {
        let share = |part: u32, of: u32| f64::from(part) / f64::from(of);
        format!(
            "crop=iw*{:.6}:ih*{:.6}:iw*{:.6}:ih*{:.6},",
            share(r.width, width),
            share(r.height, height),
            share(r.left, width),
            share(r.top, height)
        )
    });
    format!("{before}{}{convert},{END}", crop.unwrap_or_default())
}

/// One picture every `seconds`, without tone-mapping.
pub(crate) fn sparse(film: &Film, seconds: f64) -> String {
    let convert = to_rgb(film, film.size, "bilinear");
    format!("select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,{seconds:.3})',{convert},{END}")
}
