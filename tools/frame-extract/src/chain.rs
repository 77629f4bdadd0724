//! The filter chains: from decoded frames to RGB.

use crate::colour::{Conversion, HighRange};
use crate::film::Film;
use crate::lines::WHOLE;
use footage::letterbox::Rectangle;

/// Prints a line for each frame: its time, size, and how it is flagged.
const SHOW: &str = "showinfo=checksum=0";

/// The filters that tone-mapping and other primaries need.
pub(crate) const TONE_MAPPING: [&str; 2] = ["zscale", "tonemap"];

/// Puts the fields that were taken together back together: telecined films, and those one field off.
/// What is then still combed is found by [`crate::combing`].
const MATCH_FIELDS: &str = "fieldmatch=combmatch=full";

/// The format in which the pixels of whole images leave: planes are written several times faster, and have the same
/// values.
fn pixels(film: &Film) -> &'static str {
    film.layout().pixels()
}

/// What a transparent film begins with: colours that do not show must not bleed into those that do.
fn alpha(film: &Film) -> &'static str {
    if film.view.alpha {
        "premultiply=inplace=1,"
    } else {
        ""
    }
}

/// To RGB by the film's own matrix and range, `width` by `height`.
///
/// Chroma is brought to full size before the conversion, and rounded exactly.
fn to_rgb(film: &Film, (width, height): (u32, u32), flags: &str, pixels: &str) -> String {
    let matrix = match film.conversion() {
        Conversion::Plain(matrix) | Conversion::Primaries { matrix, .. } => matrix,
        Conversion::ToneMapped { tagged, .. } => (!tagged).then_some("bt2020"),
    };
    let matrix = match matrix {
        Some("bt2020nc") => ":in_color_matrix=bt2020".to_owned(),
        Some(matrix) => format!(":in_color_matrix={matrix}"),
        None => String::new(),
    };
    let alpha = alpha(film);
    format!(
        "{alpha}scale={width}:{height}:flags={flags}+accurate_rnd+full_chroma_int{matrix},format={pixels}"
    )
}

/// Whole images of the frames that `select` lets pass, a choice by `pts` as
/// [`crate::select::expression`] writes it.
///
/// Those of an interlaced film come twice, one above the other: as they are, and deinterlaced.
pub(crate) fn images(film: &Film, choice: impl Fn(&str) -> String) -> String {
    let convert = whole(film);
    let select = |variable: &str| format!("select='{}'", choice(variable).replace(',', "\\,"));
    if !film.view.interlaced {
        return format!("{},{convert},{SHOW}", select("pts"));
    }
    // yadif counts in halves of the time base.
    format!(
        "{MATCH_FIELDS},split[woven][fields];[woven]{},{convert}[above];\
         [fields]yadif=mode=send_frame:deint=all,{},{convert}[below];[above][below]vstack,{SHOW}",
        select("pts"),
        select("floor(pts/2)")
    )
}

/// Whole images in the colours of images.
fn whole(film: &Film) -> String {
    match film.conversion() {
        Conversion::Plain(_) => to_rgb(film, film.view.size, "bicubic", pixels(film)),
        Conversion::Primaries {
            from,
            curve,
            matrix,
            to,
        } => primaries(film, &from, &curve, matrix, &to),
        Conversion::ToneMapped { kind, from, tagged } => tone_mapped(film, kind, &from, tagged),
    }
}

/// From other primaries to those of BT.709, in linear light.
fn primaries(film: &Film, from: &str, curve: &str, matrix: Option<&str>, to: &str) -> String {
    let (width, height) = film.view.size;
    let matrix = matrix.map(|matrix| format!(":min={matrix}"));
    let planes = if film.view.alpha { "gbrap" } else { "gbrp" };
    format!(
        "{}zscale=w={width}:h={height}:filter=bicubic:pin={from}:tin={curve}{}:p=bt709:t={to}:m=gbr:\
         r=full,format={planes},format={}",
        alpha(film),
        matrix.unwrap_or_default(),
        pixels(film)
    )
}

/// Linear light, BT.709 primaries, highlights rolled off by Hable's curve, BT.709 out.
fn tone_mapped(film: &Film, kind: HighRange, from: &str, tagged: bool) -> String {
    let transfer = match kind {
        HighRange::Pq => "smpte2084",
        HighRange::Hlg => "arib-std-b67",
    };
    let (width, height) = film.view.size;
    let matrix = if tagged { "" } else { ":min=bt2020nc" };
    let (float, planes) = if film.view.alpha {
        ("gbrapf32le", "gbrap")
    } else {
        ("gbrpf32le", "gbrp")
    };
    format!(
        "{}zscale=w={width}:h={height}:tin={transfer}:pin={from}{matrix}:t=linear:npl=100,\
         format={float},zscale=p=bt709,tonemap=tonemap=hable:desat=0,\
         zscale=t=bt709:m=gbr:r=full,format={planes},format={}",
        alpha(film),
        pixels(film)
    )
}

/// Small images of every frame, of the part inside `crop` alone, for finding shots.
pub(crate) fn small(film: &Film, crop: Option<Rectangle>, size: (u32, u32)) -> String {
    format!("{SHOW},{}", made_small(film, crop, size))
}

/// From one decoding of `film`, small images of every frame as [`small`] makes them, at `[small]`, and whole ones of
/// those that `choice` lets pass, an expression for `select`, at `[whole]`.
pub(crate) fn both(film: &Film, crop: Option<Rectangle>, size: (u32, u32), choice: &str) -> String {
    let stream = film.stream.index;
    let (small, whole) = (made_small(film, crop, size), whole(film));
    let choice = choice.replace(',', "\\,");
    format!(
        "[0:{stream}]{SHOW},split[every][some];[every]{small}[small];\
         [some]select='{choice}',{whole},{WHOLE}=checksum=0[whole]"
    )
}

/// Makes frames small, of the part inside `crop` alone.
fn made_small(film: &Film, crop: Option<Rectangle>, size: (u32, u32)) -> String {
    let convert = to_rgb(film, size, "area", film.small_layout(size).pixels());
    let (width, height) = film.view.size;
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
    format!("{}{convert}", crop.unwrap_or_default())
}

/// One image every `seconds`, without tone-mapping; also where the clock goes back.
pub(crate) fn sparse(film: &Film, seconds: f64) -> String {
    let convert = to_rgb(film, film.view.size, "bilinear", pixels(film));
    format!(
        "select='isnan(prev_selected_t)+gte(abs(t-prev_selected_t)\\,{seconds:.3})',{SHOW},{convert}"
    )
}
