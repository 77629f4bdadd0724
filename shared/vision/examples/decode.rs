//! Decodes every JPEG of a folder on two threads and does nothing with it: the floor that
//! `make bench` measures the tools against.
//!
//! Usage: `decode luma|eighth|quarter FOLDER`

use std::path::PathBuf;
use std::thread;

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let kind = words.next().ok_or("luma, eighth or quarter?")?;
    let folder = words.next().ok_or("which folder?")?;
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let (scale, format) = match kind.as_str() {
        "luma" => (ScalingFactor::ONE, PixelFormat::GRAY),
        "eighth" => (ScalingFactor::ONE_EIGHTH, PixelFormat::GRAY),
        "quarter" => (ScalingFactor::ONE_QUARTER, PixelFormat::RGB),
        other => return Err(format!("{other}: luma, eighth or quarter").into()),
    };
    let (odd, even): (Vec<_>, Vec<_>) = (0..).zip(paths).partition(|(number, _)| number % 2 == 1);
    thread::scope(|threads| {
        let other = threads.spawn(|| decode_all(&odd, scale, format));
        decode_all(&even, scale, format)?;
        other
            .join()
            .unwrap_or_else(|_| Err("a thread panicked".into()))
    })
}

fn decode_all(
    paths: &[(usize, PathBuf)],
    scale: ScalingFactor,
    format: PixelFormat,
) -> Result<(), Failure> {
    let mut decompressor = Decompressor::new()?;
    let mut pixels = Vec::new();
    for (_, path) in paths {
        let bytes = std::fs::read(path)?;
        let header = decompressor.read_header(&bytes)?.scaled(scale);
        decompressor.set_scaling_factor(scale)?;
        let pitch = header.width * format.size();
        pixels.resize(pitch * header.height, 0);
        let image = Image {
            pixels: pixels.as_mut_slice(),
            width: header.width,
            pitch,
            height: header.height,
            format,
        };
        decompressor.decompress(&bytes, image)?;
    }
    Ok(())
}
