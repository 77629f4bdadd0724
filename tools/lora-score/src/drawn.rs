//! Small images, in a text that a page can hold.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use previews::Preview;

/// An image is at most so wide and so high, in pixels.
const SIDE: u32 = 176;

/// Quality of the JPEGs, libjpeg's scale.
const QUALITY: u8 = 72;

/// The image in a file, small, or that there is none.
pub(crate) fn image(file: Option<&Path>, alt: &str) -> Markup {
    let small = file.and_then(|file| {
        let preview = Preview::of(file, SIDE, &[]).ok()?;
        Some((
            preview.dimensions(),
            STANDARD.encode(preview.jpeg(QUALITY).ok()?),
        ))
    });
    html! {
        @if let Some(((width, height), jpeg)) = small {
            img width=(width) height=(height) loading="lazy" alt=(alt) src=(format!("data:image/jpeg;base64,{jpeg}"));
        } @else {
            div.none { "no image" }
        }
    }
}
