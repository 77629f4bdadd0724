//! A frame cropped to what is clear of burnt-in text.

use std::path::Path;

use stage::manifest::shapes::{Text, TextKind};
use stage::{Context, Outcome, Record, Result, ensure};
use vision::{Rect, crop, decode, write};

/// Why a frame of which too little remains is dropped.
pub(crate) fn reason(share: f64, least: f64) -> String {
    format!("burnt-in text leaves {share:.2} of the image, below {least}")
}

/// The record with the part of its image that is clear of text; dropped where that is less than the share `least`.
pub(crate) fn cropped(
    mut record: Record,
    text: Text,
    out_dir: &Path,
    least: f64,
) -> Result<Outcome> {
    let clear = text
        .clear
        .context("key `text`: has no `clear`: pipe it through text-detect --mark first")?;
    let original = record.image()?;
    let named = || original.display().to_string();
    let image = decode::rgb(&original).with_context(named)?;
    let (width, height) = image.dimensions();
    ensure!(
        clear.right <= width && clear.bottom <= height,
        "{}: is {width}x{height}, but `text` is of a larger image",
        original.display()
    );
    let share = clear.area() as f64 / (f64::from(width) * f64::from(height));
    if share < least {
        return Ok(Outcome::drop(record, reason(share, least)));
    }
    let path = out_dir.join(format!("{}.png", record.id()?));
    stage::spare(&original, &path)?;
    let inside = crop::rgb(&image, clear).with_context(named)?;
    decode::give_back(image);
    write::png(&inside, &path).with_context(|| path.display().to_string())?;
    record.forget_the_whole();
    // Nothing is laid over what remains.
    let text = Text {
        lines: scene(text, clear),
        mask: None,
        clear: None,
        original: Some(original),
    };
    record.put_rounded("text", &text, 4)?;
    record.put("image", &path)?;
    record.put("width", &clear.width())?;
    record.put("height", &clear.height())?;
    Ok(Outcome::pass(record))
}

/// The lines of the scene that a part shows, where they are in it.
fn scene(text: Text, part: Rect) -> Vec<stage::manifest::shapes::TextLine> {
    let whole = part.map(f64::from);
    let mut lines = text.lines;
    lines.retain_mut(|line| {
        let within = line.rect.intersection(whole);
        line.rect = within.shift(-whole.left, -whole.top);
        line.kind == Some(TextKind::Scene) && !within.is_empty()
    });
    lines
}
