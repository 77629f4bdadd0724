//! Paths that name no image file.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use vision::decode::{self, MAX_FILE_BYTES};

use crate::drawn;

/// The message of reading a path, by its header and whole.
#[track_caller]
fn message(path: &Path) -> String {
    let header = decode::dimensions(path).unwrap_err().to_string();
    assert_eq!(decode::rgb(path).unwrap_err().to_string(), header);
    assert_eq!(
        decode::luma_at_least(path, 9, 9).unwrap_err().to_string(),
        header
    );
    header
}

#[test]
fn what_is_not_a_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(message(folder.path()), "is a directory");
    let pipe = folder.path().join("pipe.jpg");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(message(&pipe), "not a regular file");
    assert_eq!(message(Path::new("/dev/zero")), "not a regular file");
    let missing = message(&folder.path().join("missing.png"));
    assert!(missing.to_lowercase().contains("no such file"), "{missing}");
    let dangling = folder.path().join("dangling.png");
    symlink("nowhere", &dangling).unwrap();
    assert_eq!(message(&dangling), missing);
    let through = message(&folder.path().join("pipe.jpg/frame.png"));
    assert!(
        through.to_lowercase().contains("not a directory"),
        "{through}"
    );
}

#[test]
fn empty_and_huge_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.png");
    fs::write(&empty, []).unwrap();
    assert_eq!(message(&empty), "empty file");
    let film = folder.path().join("film.jpg");
    fs::write(&film, b"\0\0\0\x20ftypisom and a film").unwrap();
    assert_eq!(
        message(&film),
        "not a JPEG, PNG, WebP, AVIF, JPEG XL, GIF, TIFF or BMP image"
    );
    let huge = folder.path().join("huge.png");
    File::create(&huge)
        .unwrap()
        .set_len(MAX_FILE_BYTES + 1)
        .unwrap();
    assert_eq!(message(&huge), "file is over the limit of 1073741824 bytes");
}

#[test]
fn the_name_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("really a png.jpg");
    vision::write::png(&drawn(9, 7), &path).unwrap();
    assert_eq!(decode::rgb(&path).unwrap(), drawn(9, 7));
    assert_eq!(decode::header(&path).unwrap().format, decode::Format::Png);
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(decode::rgb(&link).unwrap(), drawn(9, 7));
}

#[test]
fn a_header_is_read_without_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.jpg");
    for (name, bytes) in crate::samples() {
        if bytes.starts_with(b"II") {
            continue; // a TIFF may have its directory at the end
        }
        fs::write(&path, &bytes).unwrap();
        let whole = decode::header(&path).unwrap();
        let enough = bytes.len().min(1200);
        fs::write(&path, &bytes[..enough]).unwrap();
        assert_eq!(decode::header(&path).unwrap(), whole, "{name}");
    }
}
