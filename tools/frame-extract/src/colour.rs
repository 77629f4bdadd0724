//! How a film's colours become those of images, which are sRGB in the primaries of BT.709.
//!
//! | film | what is done |
//! |---|---|
//! | BT.709, BT.601, SMPTE 240M, RGB, untagged | its own matrix and range; primaries as they are |
//! | BT.2020, P3, film and NTSC 1953 primaries | converted in linear light, what BT.709 lacks is clipped |
//! | PQ, HLG | tone-mapped, or refused by `--hdr refuse` |
//! | Dolby Vision 5, `ICtCp`, IPT | refused: no filter here knows them |
//!
//! The primaries of SD (SMPTE 170M, BT.470 BG) are left: they differ by less than encoders get wrong.

use stage::{Result, bail};

use crate::lines::Colour;
use crate::streams::Stream;

/// From this height in pixels an untagged film counts as HD.
const HD_HEIGHT: u32 = 700;

/// Primaries that reach far beyond those of BT.709, by ffmpeg's names, which are zimg's.
const WIDE: [&str; 5] = ["bt2020", "smpte431", "smpte432", "film", "bt470m"];

/// Matrices that the filter `scale` does not know, and zimg does.
const RARE_MATRICES: [&str; 4] = ["bt2020c", "ycgco", "chroma-derived-nc", "chroma-derived-c"];

/// Matrices that neither knows.
const UNKNOWN_MATRICES: [&str; 2] = ["ictcp", "ipt-c2"];

/// Curves of brightness that zimg knows and that are no high dynamic range.
const CURVES: [&str; 10] = [
    "bt709",
    "bt470m",
    "bt470bg",
    "smpte170m",
    "smpte240m",
    "linear",
    "iec61966-2-1",
    "iec61966-2-4",
    "bt2020-10",
    "bt2020-12",
];

/// Brightness beyond the display's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HighRange {
    /// SMPTE ST 2084, as in HDR10.
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// What is done to the colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// To RGB, by this matrix if the film names none.
    Plain(Option<&'static str>),
    /// From these primaries, curve and (if the film names none) matrix to those of images.
    Primaries {
        /// The film's primaries.
        from: String,
        /// Its curve.
        curve: String,
        /// The matrix of an untagged film.
        matrix: Option<&'static str>,
        /// The curve of the images.
        to: String,
    },
    /// To a display's range.
    ToneMapped {
        /// The film's curve.
        kind: HighRange,
        /// Its primaries.
        from: String,
        /// Whether the film names its matrix.
        tagged: bool,
    },
}

/// Whether a tag says nothing.
fn blank(tag: &str) -> bool {
    matches!(tag, "" | "unknown" | "unspecified" | "reserved")
}

impl Colour {
    /// What of it is beyond a display's range.
    pub(crate) fn high_range(&self) -> Option<HighRange> {
        match self.transfer.as_str() {
            "smpte2084" => Some(HighRange::Pq),
            "arib-std-b67" => Some(HighRange::Hlg),
            _ => None,
        }
    }

    /// What to do to a film of images with this many rows.
    pub(crate) fn conversion(&self, rows: u32) -> Conversion {
        let wide = WIDE.contains(&self.primaries.as_str());
        if let Some(kind) = self.high_range() {
            // A film that says no more than its curve has BT.2020 primaries, as every HDR film has.
            let from = if wide {
                self.primaries.as_str()
            } else {
                "bt2020"
            };
            return Conversion::ToneMapped {
                kind,
                from: from.to_owned(),
                tagged: !blank(&self.matrix),
            };
        }
        let curve = CURVES.iter().find(|&&curve| curve == self.transfer);
        let curve = curve.copied().unwrap_or("bt709");
        let rare = RARE_MATRICES.contains(&self.matrix.as_str());
        if !wide && !rare && curve != "linear" {
            return Conversion::Plain(self.untagged_matrix(rows));
        }
        let from = if wide {
            self.primaries.as_str()
        } else {
            "bt709"
        };
        let untagged = self.untagged_matrix(rows);
        Conversion::Primaries {
            from: from.to_owned(),
            curve: curve.to_owned(),
            matrix: untagged.map(|matrix| match matrix {
                _ if self.primaries == "bt2020" => "bt2020nc",
                "bt601" => "smpte170m",
                other => other,
            }),
            // The same code values look the same on a display, but for light itself.
            to: if curve == "linear" {
                "iec61966-2-1"
            } else {
                curve
            }
            .to_owned(),
        }
    }

    /// Untagged films follow the custom of players: BT.709 for HD, BT.601 below.
    fn untagged_matrix(&self, rows: u32) -> Option<&'static str> {
        blank(&self.matrix).then_some(if rows >= HD_HEIGHT { "bt709" } else { "bt601" })
    }

    /// Refuses what no filter here can turn into the colours that were meant.
    pub(crate) fn refuse_unknown(&self) -> Result<()> {
        if UNKNOWN_MATRICES.contains(&self.matrix.as_str()) {
            bail!(
                "its colours are in {}, which no filter of ffmpeg converts: re-encode it to BT.709 or \
                 HDR10 with a program that does",
                self.matrix
            );
        }
        Ok(())
    }

    /// Its tags in a few words.
    pub(crate) fn words(&self) -> String {
        let tags = [&self.primaries, &self.transfer, &self.matrix];
        let named: Vec<&str> = tags
            .map(String::as_str)
            .into_iter()
            .filter(|tag| !blank(tag))
            .collect();
        if named.is_empty() {
            "untagged".to_owned()
        } else {
            named.join("/")
        }
    }
}

/// Refuses Dolby Vision whose base layer is no image by itself: profile 5, and whatever says that
/// it is compatible with nothing. Its brightness and colours (IPT) are only meant with the film's
/// reshaping data applied, which ffmpeg's filters here do not.
pub(crate) fn refuse_dolby(stream: &Stream) -> Result<()> {
    let Some((profile, compatible)) = stream.dolby else {
        return Ok(());
    };
    // Profiles 4, 7 and 8 are BT.709, HDR10 or HLG beneath, though older files give no number for it.
    if profile == 5 || (compatible == 0 && matches!(profile, 10 | 20)) {
        bail!(
            "is Dolby Vision of profile {profile}, whose colours (IPT-PQ) come out green and purple \
             without its reshaping data, which is not applied here: take an HDR10 or SDR version of \
             the film, or convert it first with a player or encoder that knows Dolby Vision"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(matrix: &str, transfer: &str, primaries: &str) -> Colour {
        Colour {
            matrix: matrix.to_owned(),
            transfer: transfer.to_owned(),
            primaries: primaries.to_owned(),
        }
    }

    #[test]
    fn matrices() {
        let of = |matrix: &str, rows| tagged(matrix, "unknown", "unknown").conversion(rows);
        assert_eq!(of("bt709", 480), Conversion::Plain(None));
        assert_eq!(of("unknown", 1080), Conversion::Plain(Some("bt709")));
        assert_eq!(of("reserved", 480), Conversion::Plain(Some("bt601")));
        assert!(tagged("ictcp", "", "").refuse_unknown().is_err());
        assert!(tagged("bt2020nc", "", "").refuse_unknown().is_ok());
    }

    #[test]
    fn wide_primaries_are_converted_and_those_of_sd_are_not() {
        let Conversion::Primaries {
            from,
            curve,
            matrix,
            to,
        } = tagged("unknown", "bt2020-10", "bt2020").conversion(1080)
        else {
            panic!("BT.2020 is converted");
        };
        assert_eq!(
            (&*from, &*curve, &*to),
            ("bt2020", "bt2020-10", "bt2020-10")
        );
        assert_eq!(matrix, Some("bt2020nc"));
        let sd = tagged("smpte170m", "smpte170m", "smpte170m").conversion(480);
        assert_eq!(sd, Conversion::Plain(None));
        let light = tagged("bt709", "linear", "bt709").conversion(1080);
        assert!(matches!(light, Conversion::Primaries { to, .. } if to == "iec61966-2-1"));
    }

    #[test]
    fn a_high_range_film_is_taken_by_its_own_primaries() {
        let of = |primaries: &str| tagged("bt2020nc", "smpte2084", primaries).conversion(2160);
        for (primaries, expected) in [("smpte432", "smpte432"), ("unknown", "bt2020")] {
            let Conversion::ToneMapped { from, tagged, .. } = of(primaries) else {
                panic!("PQ is tone-mapped");
            };
            assert_eq!((&*from, tagged), (expected, true));
        }
    }

    #[test]
    fn dolby_vision_without_an_image_beneath_is_refused() {
        let of = |dolby| {
            refuse_dolby(&Stream {
                dolby,
                ..Stream::default()
            })
            .is_ok()
        };
        assert!(of(None) && of(Some((8, 1))) && of(Some((7, 6))) && of(Some((7, 0))));
        assert!(!of(Some((5, 0))) && !of(Some((10, 0))) && of(Some((10, 1))));
    }
}
