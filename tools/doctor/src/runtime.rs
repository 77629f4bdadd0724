//! ONNX Runtime and the graphics card: what networks run on.

use bytesize::ByteSize;
use machine::Card;
use onnx::{Report, Runtime, report};

use crate::sheet::Sheet;

/// Looks at ONNX Runtime and the card, and asks what networks take of the two. It is no fault where no network is to
/// run.
pub(crate) fn look(sheet: &mut Sheet, flags: &Runtime, none: bool) {
    // Before ONNX Runtime holds anything of the card itself.
    let card = Card::now();
    let found = report(flags);
    match &found {
        Ok(report) => show(sheet, report),
        Err(error) => {
            sheet.row("ONNX Runtime", "not found, or not one that can be used");
            if !none {
                sheet.fault(format!("{error:#}"), "make setup (film2lora make setup)");
            }
        }
    }
    let said = card.as_ref().map_or_else(
        || "no NVIDIA driver or card".to_owned(),
        |card| {
            let of = |bytes| ByteSize::b(bytes).display().iec();
            format!(
                "{}, {} of {} free",
                card.name,
                of(card.free),
                of(card.total)
            )
        },
    );
    sheet.row("CUDA", said);
    let Ok(report) = found else { return };
    let choice = &report.auto;
    let said = match &choice.why {
        None => "takes CUDA".to_owned(),
        Some(why) => format!("takes the CPU: {why}"),
    };
    sheet.row("--device auto", said);
    if card.is_some() && !report.providers.contains(&"CUDA") {
        sheet.hint(
            "the graphics card is not used, as ONNX Runtime is built without CUDA",
            "make setup RUNTIME=gpu (film2lora make setup RUNTIME=gpu)",
        );
    }
}

fn show(sheet: &mut Sheet, report: &Report) {
    let version = report.version.as_deref().unwrap_or("of unknown version");
    let library = report.library.display();
    sheet.row("ONNX Runtime", format!("{version}, {library}"));
    sheet.more(format!("built with {}", report.providers.join(", ")));
}
