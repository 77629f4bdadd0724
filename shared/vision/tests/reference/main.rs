//! Agreement with Pillow, `OpenCV`, imagehash and pycocotools, on what `make.py` stored here.
#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a failing helper is a failing test, and the differences found are worth seeing"
)]

mod decoding;
mod formats;
mod masks;
mod measures;
mod regions;
mod resizing;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use vision::{GrayImage, RgbImage, decode};

fn stored(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

fn rgb(name: &str) -> RgbImage {
    decode::rgb(&stored(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn luma(name: &str) -> GrayImage {
    decode::luma(&stored(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The stored values, each line a name and words.
fn values() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(stored("values.txt")).unwrap();
    let lines = text.lines().enumerate().map(|(number, line)| {
        let mut words = line.split(' ').map(str::to_owned);
        let name = words.next().unwrap();
        // The colours all have one name.
        let name = if name == "colour" {
            format!("colour_{number}")
        } else {
            name
        };
        (name, words.collect())
    });
    lines.collect()
}

fn numbers(words: &[String]) -> Vec<f64> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

/// The largest and the mean difference in levels.
fn difference(first: &[u8], second: &[u8]) -> (u8, f64) {
    assert_eq!(first.len(), second.len());
    let differences = || first.iter().zip(second).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = differences().map(u64::from).sum();
    (
        differences().max().unwrap_or(0),
        sum as f64 / first.len() as f64,
    )
}

#[track_caller]
fn close(what: &str, ours: &[u8], theirs: &[u8], largest: u8, mean: f64) {
    let found = difference(ours, theirs);
    println!("{what}: largest {}, mean {:.3}", found.0, found.1);
    assert!(found.0 <= largest && found.1 <= mean, "{what}: {found:?}");
}

#[track_caller]
fn near(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{what}: {ours} is not {theirs}"
    );
}
