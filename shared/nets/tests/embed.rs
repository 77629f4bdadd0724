//! Embeddings against transformers: pixels, tokens, vectors. `reference/embed.py` made what is
//! expected, and the small networks.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::path::{Path, PathBuf};
use std::process::Command;

use image::{Rgb, RgbImage};
use nets::embed::text::{TextEncoder, Words};
use nets::embed::{Crops, Embedder, Encoder, Processing, ROLE, unit};
use onnx::{Kind, ModelFlags, Port};
use serde_json::{Value, json};

fn family(name: &str) -> &'static Encoder {
    ROLE.named(name).unwrap()
}

fn expected(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/embed");
    serde_json::from_slice(&std::fs::read(path.join(name)).unwrap()).unwrap()
}

fn folder(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/onnx")
        .join(model)
}

fn flags(model: &str) -> ModelFlags {
    ModelFlags {
        model: Some(folder(model).display().to_string()),
        ..ModelFlags::default()
    }
}

fn embedder(model: &str) -> Embedder {
    let flags = flags(model);
    let model = flags.open("embed").unwrap();
    Embedder::open(&model, None, None, 2, &flags.runtime).unwrap()
}

/// The image that `embed.py` draws too.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let red = x * 255 / (width - 1).max(1);
        let even = (x / 9 + y / 7) % 2 == 0;
        let green = if even {
            230
        } else {
            y * 200 / (height - 1).max(1)
        };
        let blue = (x * x + y * y) / 97 % 256;
        Rgb([red, green, blue].map(|level| u8::try_from(level).unwrap()))
    })
}

fn size(value: &Value) -> (u32, u32) {
    serde_json::from_value(value["size"].clone()).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest difference of two lists.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

#[test]
fn images_are_made_ready_as_transformers_does() {
    let cases = expected("pixels.json");
    assert_eq!(cases.len(), 48);
    for case in cases {
        let family = family(case["family"].as_str().unwrap());
        let processing = family.processing(224);
        let (width, height) = size(&case);
        let views = processing
            .prepare(&drawn(width, height), Crops::Reference)
            .unwrap();
        let [view] = &views[..] else {
            panic!("one view is wanted")
        };
        let planes: Vec<&[f32]> = view.chunks_exact(224 * 224).collect();
        let sampled = planes.iter().flat_map(|plane| {
            let rows = plane.chunks_exact(224).skip(16).step_by(32);
            rows.flat_map(|row| row.iter().copied().skip(16).step_by(32))
        });
        let sampled: Vec<f32> = sampled.collect();
        // Two levels of 255 in the scale of the narrowest channel. In tall images Pillow 13 resizes
        // the rows before the columns, which moves single pixels on hard edges by one more.
        let levels = if height > width { 3.0 } else { 2.0 };
        let most = processing
            .deviation
            .iter()
            .fold(0.0, |most, d| f32::max(most, levels / 255.0 / d));
        let name = format!("{} {width}x{height}", family.name);
        let far = apart(&sampled, &numbers(&case["every_32nd"]));
        assert!(far <= most + 1e-4, "{name}: {far}");
        let means: Vec<f32> = planes
            .iter()
            .map(|plane| plane.iter().sum::<f32>() / 50176.0)
            .collect();
        let far = apart(&means, &numbers(&case["mean"]));
        assert!(far < 0.004, "{name}: mean {far}");
    }
}

/// Sizes at which a family's image is not resized, so that only the network can differ.
fn as_it_is(family: &str, (width, height): (u32, u32)) -> bool {
    match family {
        "clip" => width.min(height) == 224,
        "dinov2" => width.min(height) == 256,
        _ => (width, height) == (224, 224),
    }
}

#[test]
fn vectors_are_those_of_transformers() {
    for model in expected("vectors.json") {
        let name = model["model"].as_str().unwrap();
        let mut embedder = embedder(name);
        let processing = embedder.processing();
        let (mut checked, mut views, mut vectors) = (0, Vec::new(), Vec::new());
        for case in model["images"].as_array().unwrap() {
            let (width, height) = size(case);
            let image = drawn(width, height);
            views.extend(processing.prepare(&image, Crops::Reference).unwrap());
            vectors.push(((width, height), numbers(&case["vector"])));
        }
        let found = embedder.embed(&views).unwrap();
        for ((size, expected), found) in vectors.iter().zip(found) {
            let found = unit(&found).unwrap();
            if as_it_is(embedder.net().provenance().family, *size) {
                let far = apart(expected, &found);
                assert!(far < 1e-4, "{name} {size:?}: {far}");
                checked += 1;
            }
            let cosine = cosine(expected, &found);
            assert!(cosine > 0.9998, "{name} {size:?}: cosine {cosine}");
        }
        assert!(checked >= 1, "{name}: no image was as it is");
    }
}

#[test]
fn texts_are_those_of_transformers() {
    for model in expected("vectors.json") {
        let name = model["model"].as_str().unwrap();
        if name == "tiny-dinov2" {
            continue;
        }
        let flags = flags(name);
        let opened = flags.open("embed").unwrap();
        let mut encoder = TextEncoder::open(&opened, None, &flags.runtime).unwrap();
        let words = Words::read(&folder(name).join("tokenizer.json"), None).unwrap();
        for text in model["texts"].as_array().unwrap() {
            let said = text["text"].as_str().unwrap();
            assert_eq!(
                json!(words.ids(said).unwrap()),
                text["ids"],
                "{name}: {said}"
            );
            let far = apart(&encoder.encode(said).unwrap(), &numbers(&text["vector"]));
            assert!(far < 1e-4, "{name}: {said}: {far}");
        }
    }
}

#[test]
fn families_are_recognised() {
    for (name, family) in [
        ("tiny-clip", "clip"),
        ("tiny-siglip2", "siglip2"),
        ("tiny-dinov2", "dinov2"),
    ] {
        assert_eq!(embedder(name).net().provenance().family, family);
    }
    let port = |name: &str, shape: &[Option<usize>]| Port {
        name: name.to_owned(),
        kind: Kind::F32,
        shape: shape.to_vec(),
    };
    let states = port("last_hidden_state", &[None, Some(50), Some(768)]);
    let pooled = port("pooler_output", &[None, Some(768)]);
    let error = ROLE.recognised(&[], &[states, pooled]).unwrap_err();
    assert!(error.to_string().contains("CLIP without its projection"));
    let error = ROLE
        .recognised(&[], &[port("logits", &[None])])
        .unwrap_err();
    assert!(error.to_string().contains("`image_embeds`"));
}

#[test]
fn a_wide_image_has_three_squares() {
    let processing = Processing {
        side: 2,
        mean: [0.0; 3],
        deviation: [1.0; 3],
        ..family("clip").processing(2)
    };
    let processing = Processing {
        resize: nets::embed::Resize::Shortest(2),
        ..processing
    };
    // Columns 0 to 6 of two rows; no resizing, for the shorter edge is 2.
    let image = RgbImage::from_fn(7, 2, |x, _| Rgb([u8::try_from(x * 51 / 2).unwrap(); 3]));
    let red = |views: Vec<Vec<f32>>| -> Vec<u32> {
        let level = |x: f32| (x * 255.0).round() as u32;
        views.iter().map(|view| level(view[0])).collect()
    };
    let wide = red(processing.prepare(&image, Crops::Wide).unwrap());
    assert_eq!(wide, [0, 51, 127], "columns 0, 2 and 5");
    assert_eq!(
        red(processing.prepare(&image, Crops::Reference).unwrap()),
        [51]
    );
    let square = drawn(5, 5);
    assert_eq!(processing.prepare(&square, Crops::Wide).unwrap().len(), 1);
    let squeezed = family("siglip2").processing(8);
    assert_eq!(
        squeezed.prepare(&drawn(9, 30), Crops::Wide).unwrap().len(),
        3
    );
}

#[test]
fn a_thread_of_pixels_is_refused() {
    let thread = RgbImage::new(1, 1 << 20);
    for name in ["clip", "dinov2"] {
        assert!(
            family(name)
                .processing(224)
                .prepare(&thread, Crops::Reference)
                .is_err()
        );
    }
}

/// CLIP's own merges, where they are at hand, against another implementation.
#[test]
fn tokens_of_the_published_vocabulary() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let weights = std::env::var_os("FILM2LORA_WEIGHTS").map(PathBuf::from);
    let mut folders = weights
        .into_iter()
        .chain(above.map(|folder| folder.join("shared/weights")));
    let named = |folder: PathBuf| folder.join("bpe_simple_vocab_16e6.txt.gz");
    let Some(merges) = folders.by_ref().map(named).find(|path| path.is_file()) else {
        return;
    };
    let unpacked = Command::new("gzip")
        .arg("-dc")
        .arg(merges)
        .output()
        .unwrap();
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("tokenizer.json");
    let text = std::fs::read_to_string(folder("tiny-clip").join("tokenizer.json")).unwrap();
    let published = with_merges(&text, std::str::from_utf8(&unpacked.stdout).unwrap());
    std::fs::write(&path, published).unwrap();
    let words = Words::read(&path, None).unwrap();
    let cat = words.ids("a photo of a cat").unwrap();
    assert_eq!(cat, [49406, 320, 1125, 539, 320, 2368, 49407]);
    let other = instant_clip_tokenizer::Tokenizer::new();
    for text in [
        "a frame of a 3D animated film, a harbour at night",
        "It's 4 o'clock; Nilo's lantern!",
        "Ünïcödé naïve café",
        "supercalifragilisticexpialidocious",
    ] {
        let mut tokens = vec![other.start_of_text()];
        other.encode(text, &mut tokens);
        tokens.push(other.end_of_text());
        let tokens: Vec<i64> = tokens.iter().map(|token| token.to_u16().into()).collect();
        assert_eq!(words.ids(text).unwrap(), tokens, "{text}");
    }
}

/// The small tokenizer with the published merges instead of its own.
fn with_merges(small: &str, merges: &str) -> String {
    let mut tokenizer: Value = serde_json::from_str(small).unwrap();
    let pairs: Vec<&str> = merges.lines().skip(1).take(48894).collect();
    let old = tokenizer["model"]["vocab"].as_object().unwrap();
    let mut words: Vec<(&String, u64)> = old
        .iter()
        .map(|(word, id)| (word, id.as_u64().unwrap()))
        .collect();
    words.sort_by_key(|(_, id)| *id);
    let letters = words.iter().take(512).map(|(word, _)| (*word).clone());
    let joined = pairs.iter().map(|pair| pair.replace(' ', ""));
    let special = ["<|startoftext|>", "<|endoftext|>"].map(str::to_owned);
    let all: serde_json::Map<String, Value> = letters
        .chain(joined)
        .chain(special)
        .zip(0..)
        .map(|(word, id): (String, u64)| (word, json!(id)))
        .collect();
    tokenizer["model"]["vocab"] = Value::Object(all);
    tokenizer["model"]["merges"] = json!(pairs);
    for (place, id) in [(0, 49406), (1, 49407)] {
        tokenizer["added_tokens"][place]["id"] = json!(id);
    }
    tokenizer["post_processor"]["cls"][1] = json!(49406);
    tokenizer["post_processor"]["sep"][1] = json!(49407);
    tokenizer.to_string()
}
