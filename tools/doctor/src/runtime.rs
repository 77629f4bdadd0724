//! ONNX Runtime and the graphics card: what networks run on.

use bytesize::ByteSize;
use machine::Card;
use onnx::{Report, Runtime, report};
use serde_json::json;

use crate::sheet::Sheet;

/// What installs it.
const SETUP: &str = "make setup (film2lora make setup)";

/// What mends a library that was named and is not what it should be.
const NAMED: &str = "name another with --ort-lib or ORT_DYLIB_PATH, or name none, so that the one of make setup is found";

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
                let named = flags.ort_lib.is_some()
                    || std::env::var_os("ORT_DYLIB_PATH").is_some_and(|name| !name.is_empty());
                let mend = if named { NAMED } else { SETUP };
                sheet.fault(format!("{error:#}"), mend);
            }
        }
    }
    of_card(sheet, card.as_ref());
    let Ok(report) = found else { return };
    let choice = &report.auto;
    let said = match &choice.why {
        None => "takes CUDA".to_owned(),
        Some(why) => format!("takes the CPU: {why}"),
    };
    sheet.row("--device auto", said);
    sheet.facts([
        ("device", if choice.cuda { "cuda" } else { "cpu" }.into()),
        ("why", json!(choice.why)),
    ]);
    if card.is_some() && !report.providers.contains(&"CUDA") {
        sheet.hint(
            "the graphics card is not used, as ONNX Runtime is built without CUDA",
            "make setup RUNTIME=gpu (film2lora make setup RUNTIME=gpu)",
        );
    }
}

fn of_card(sheet: &mut Sheet, card: Option<&Card>) {
    let said = card.map_or_else(
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
    if let Some(card) = card {
        sheet.facts([
            ("card", card.name.clone().into()),
            ("free_bytes", card.free.into()),
            ("total_bytes", card.total.into()),
        ]);
    }
}

fn show(sheet: &mut Sheet, report: &Report) {
    let version = report.version.as_deref().unwrap_or("of unknown version");
    let library = report.library.display();
    sheet.row("ONNX Runtime", format!("{version}, {library}"));
    sheet.more(format!("built with {}", report.providers.join(", ")));
    sheet.facts([
        ("version", json!(report.version)),
        ("library", library.to_string().into()),
        ("providers", json!(report.providers)),
    ]);
}
