//! Files are whole or absent, and on the disk before anything vouches for them.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]
use std::os::unix::fs::MetadataExt;

use super::*;

/// Tests that settle: what a process has written is noted for all of its threads.
static SETTLES: Mutex<()> = Mutex::new(());

#[test]
fn a_pipe_is_written_to_and_no_file_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    write(&pipe, b"content").unwrap();
    assert_eq!(reader.join().unwrap(), b"content");
    assert!(is_special(&pipe), "it is still there");
    let file = folder.path().join("file");
    write(&file, b"").unwrap();
    assert!(rename_lasting(&file, &pipe).is_err());
    assert!(is_special(&pipe) && file.exists());
}

#[test]
fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    write(&path, b"old").unwrap();
    replace(&path, |file| file.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    write_lasting(&path, b"newer").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"newer");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_fails_half_way_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    write(&path, b"old").unwrap();
    let half = replace(&path, |file| {
        file.write_all(b"ha")?;
        Err(ErrorKind::StorageFull.into())
    });
    assert_eq!(Fault::of(&half.unwrap_err()), Some(Fault::NoRoom));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_gone_is_the_machines_and_a_long_name_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let gone = write(&folder.path().join("gone/a.png"), b"x").unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(Fault::of(&gone), Some(Fault::Unwritable));
    let long = write(&folder.path().join("x".repeat(300)), b"x").unwrap_err();
    assert_eq!(Fault::of(&long), None, "{long}");
}

#[test]
fn a_finished_file_is_renamed_when_all_around_it_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let (part, whole) = (folder.path().join("a.part"), folder.path().join("a"));
    fs::write(&part, b"x").unwrap();
    settle_around(&whole).unwrap();
    rename_lasting(&part, &whole).unwrap();
    assert_eq!(fs::read(&whole).unwrap(), b"x");
    assert!(!part.exists());
    let gone = rename_lasting(&part, &whole).unwrap_err();
    assert_eq!(Fault::of(&gone), Some(Fault::Unwritable), "{gone}");
}

#[test]
fn what_vouches_is_renamed_when_it_is_on_the_disk() {
    use journal::Step::{AllSynced, Renamed, Synced};

    let folder = tempfile::tempdir().unwrap();
    let (at, whole) = (folder.path().to_owned(), folder.path().join("a.jpg"));
    write_lasting(&whole, b"x").unwrap();
    let steps = [(Synced, whole.clone()), (Renamed, whole.clone())];
    assert_eq!(journal::take(), steps);
    let manifest = folder.path().join("a.jsonl");
    fs::write(&manifest, b"x").unwrap();
    rename_lasting(&manifest, &whole).unwrap();
    let steps = [
        (Synced, manifest.clone()),
        (Renamed, whole.clone()),
        (Synced, at.clone()),
    ];
    assert_eq!(journal::take(), steps);
    settle_around(&whole).unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(journal::take(), [(AllSynced, at)]);
    }
}

#[test]
fn all_that_was_written_settles_with_its_folder() {
    use journal::Step::{AllSynced, Synced};

    let _alone = SETTLES.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    settle().unwrap();
    let files: Vec<PathBuf> = (0..3)
        .map(|number| folder.path().join(number.to_string()))
        .collect();
    for file in &files {
        write(file, b"x").unwrap();
    }
    journal::take();
    settle().unwrap();
    let steps = journal::take();
    for path in files
        .iter()
        .filter(|_| !AT_ONCE)
        .chain([&folder.path().to_owned()])
    {
        assert!(steps.contains(&(Synced, path.clone())), "{steps:?}");
    }
    for number in 0..=FEW {
        write(&folder.path().join(number.to_string()), b"x").unwrap();
    }
    journal::take();
    settle().unwrap();
    if cfg!(target_os = "linux") {
        // The folder of another test on this file system may stand for it.
        let steps = journal::take();
        assert!(matches!(steps[..], [(AllSynced, _)]), "{steps:?}");
    }
}

#[test]
fn what_is_written_in_place_keeps_the_rest_and_settles() {
    use journal::Step::Synced;
    use std::os::unix::fs::FileExt;

    let _alone = SETTLES.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    settle().unwrap();
    let path = folder.path().join("new/folder/a.npy");
    let file = in_place(&path).unwrap();
    file.write_all_at(b"before", 0).unwrap();
    let again = in_place(&path).unwrap();
    again.write_all_at(b"BE", 0).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"BEfore");
    journal::take();
    settle().unwrap();
    let steps = journal::take();
    let own = if AT_ONCE {
        folder.path().join("new/folder")
    } else {
        path.clone()
    };
    assert!(steps.contains(&(Synced, own)), "{steps:?}");
    let under_a_file = in_place(&path.join("b.npy")).unwrap_err();
    assert_eq!(Fault::of(&under_a_file), Some(Fault::Unwritable));
}

#[test]
fn few_files_and_many_all_settle() {
    let _alone = SETTLES.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    for count in [3, FEW + 3] {
        for number in 0..count {
            write(&folder.path().join(number.to_string()), b"x").unwrap();
        }
        fs::remove_file(folder.path().join("1")).unwrap();
        settle().unwrap();
        settle().unwrap();
    }
}

#[test]
fn a_link_shares_the_file_and_a_folder_cannot_be_linked() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a"), folder.path().join("b"));
    write(&from, b"x").unwrap();
    hard_link_or_copy(&from, &to).unwrap();
    hard_link_or_copy(&from, &to).unwrap();
    let ino = |path: &Path| fs::metadata(path).unwrap().ino();
    assert_eq!(ino(&from), ino(&to));
    assert!(hard_link_or_copy(folder.path(), &to).is_err());
}
