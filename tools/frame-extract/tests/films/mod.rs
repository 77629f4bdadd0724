//! Films for the tests, drawn by ffmpeg on the spot.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use testkit::ffmpeg;

/// Draws the film `name` in `folder` by a graph of filters whose output is `[out]`.
///
/// FFV1 in Matroska: no loss, and every image is a keyframe.
pub(crate) fn draw(ffmpeg: &Path, folder: &Path, name: &str, graph: &str) -> PathBuf {
    let path = folder.join(name);
    let mut command = Command::new(ffmpeg);
    command
        .args([
            "-v",
            "error",
            "-y",
            "-filter_complex",
            graph,
            "-map",
            "[out]",
        ])
        .args(["-c:v", "ffv1", "-fps_mode", "passthrough", "-f", "matroska"])
        .arg(&path);
    let status = command.stdin(Stdio::null()).status().unwrap();
    assert!(status.success(), "ffmpeg draws {name}: {graph}");
    path
}

/// Images that no other `number` has: a chain that ends in `[label]`, `frames` long at 24 a second.
///
/// One image is computed and held: ffmpeg's own sources of noise are not the same at every run.
/// `fps` says that the rate is constant, which xfade asks for and setpts takes away from ffmpeg 7 on.
pub(crate) fn scene(number: u32, frames: u32, label: &str) -> String {
    // Waves in three colours, a large dark and a large bright thing on them.
    let wave = |part: u32| {
        let (across, down) = (
            23 + (number * 7 + part * 5) % 40,
            17 + (number * 11 + part * 3) % 30,
        );
        let (level, turn) = (96 + (number * 53 + part * 31) % 64, number * (part + 2));
        format!("{level}+50*sin(X/{across}+{turn})*cos(Y/{down}-{turn})+25*sin((X+2*Y)/{down})")
    };
    let (x, y) = (20 + number * 67 % 160, 10 + number * 41 % 80);
    format!(
        "nullsrc=s=320x180:r=24,trim=end_frame=1,format=gbrp,geq=r='{}':g='{}':b='{}',\
         loop=loop=-1:size=1,setpts=N/24/TB,trim=end_frame={frames},\
         drawbox=x={x}:y={y}:w=90:h=60:c=black:t=fill,\
         drawbox=x={}:y={}:w=60:h=70:c=white:t=fill,format=yuv420p,fps=24,settb=1/24[{label}];",
        wave(0),
        wave(1),
        wave(2),
        (x + 130) % 260,
        (y + 60) % 110,
    )
}
