//! Files are written whole or not at all, as any other program would leave them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use vision::write::{self, Subsampling};
use vision::{GrayImage, RgbaImage, decode};

use crate::drawn;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let image = drawn(70, 50);
    let at = |name: &str| folder.path().join(name);
    write::png(&image, &at("a.png")).unwrap();
    assert_eq!(decode::rgb(&at("a.png")).unwrap(), image);
    let clear = RgbaImage::from_pixel(5, 4, image::Rgba([1, 2, 3, 77]));
    write::bytes(&at("b.png"), &write::encode_png_rgba(&clear).unwrap()).unwrap();
    assert_eq!(decode::rgba(&at("b.png")).unwrap(), clear);
    let gray = GrayImage::from_fn(9, 9, |x, y| image::Luma([(x * y) as u8]));
    write::png_luma(&gray, &at("c.png")).unwrap();
    assert_eq!(decode::luma(&at("c.png")).unwrap(), gray);
    for (index, subsampling) in [Subsampling::S444, Subsampling::S422, Subsampling::S420]
        .into_iter()
        .enumerate()
    {
        let path = at(&format!("{index}.jpg"));
        write::jpeg(&image, &path, 95, subsampling).unwrap();
        assert_eq!(decode::rgb(&path).unwrap().dimensions(), (70, 50));
    }
    let sizes: Vec<u64> = (0..3)
        .map(|index| at(&format!("{index}.jpg")).metadata().unwrap().len())
        .collect();
    assert!(
        sizes.is_sorted_by(|larger, smaller| larger > smaller),
        "{sizes:?}"
    );
    assert_eq!(names(folder.path()).len(), 6, "nothing else is left");
}

#[test]
fn full_colour_keeps_red_edges() {
    let image = vision::RgbImage::from_fn(64, 64, |x, _| {
        image::Rgb(if x % 2 == 0 { [255, 0, 0] } else { [0, 0, 255] })
    });
    let read = |subsampling| {
        let bytes = write::encode_jpeg(&image, 95, subsampling).unwrap();
        decode::rgb_from_bytes(&bytes).unwrap().get_pixel(32, 32).0
    };
    assert!(read(Subsampling::S444)[0] > 200);
    assert!(read(Subsampling::S420)[0] < 200);
}

#[test]
fn qualities_out_of_range_are_errors() {
    for quality in [0, 101, 255] {
        let message = write::encode_jpeg(&drawn(8, 8), quality, Subsampling::S420).unwrap_err();
        assert_eq!(
            message.to_string(),
            format!("quality is {quality}, outside 1..=100")
        );
    }
}

#[test]
fn a_file_has_the_rights_of_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
    write::bytes(&ours, b"x").unwrap();
    fs::write(&plain, b"x").unwrap();
    let rights = |path: &Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(rights(&ours), rights(&plain));
}

#[test]
fn a_file_is_replaced_whole_and_a_failure_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    write::bytes(&path, b"old").unwrap();
    assert!(write::png(&vision::RgbImage::new(0, 0), &path).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    write::bytes(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert!(write::bytes(&folder.path().join("no/such/folder"), b"x").is_err());
    fs::create_dir(folder.path().join("taken")).unwrap();
    assert!(write::bytes(&folder.path().join("taken"), b"x").is_err());
    assert_eq!(names(folder.path()), ["a.png", "taken"]);
}

#[test]
fn a_link_takes_no_space_and_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, b"image").unwrap();
    for _ in 0..3 {
        write::hard_link_or_copy(&from, &to).unwrap();
        assert_eq!(to.metadata().unwrap().ino(), from.metadata().unwrap().ino());
        assert_eq!(names(folder.path()), ["from", "to"]);
    }
    fs::remove_file(&to).unwrap();
    fs::write(&to, b"something else").unwrap();
    write::hard_link_or_copy(&from, &to).unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"image");
}

#[test]
fn a_symbolic_link_is_followed_and_other_things_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (from, link, to) = (
        folder.path().join("from"),
        folder.path().join("link"),
        folder.path().join("to"),
    );
    fs::write(&from, b"image").unwrap();
    symlink("from", &link).unwrap();
    write::hard_link_or_copy(&link, &to).unwrap();
    assert!(to.symlink_metadata().unwrap().is_file());
    assert!(write::hard_link_or_copy(folder.path(), &to).is_err());
    assert!(write::hard_link_or_copy(&folder.path().join("none"), &to).is_err());
    assert_eq!(fs::read(&to).unwrap(), b"image");
}

#[test]
fn another_file_system_gets_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let (from, to) = (elsewhere.path().join("from"), folder.path().join("to"));
    fs::write(&from, b"image").unwrap();
    write::hard_link_or_copy(&from, &to).unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"image");
    assert_eq!(names(folder.path()), ["to"]);
}
