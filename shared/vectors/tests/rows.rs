//! Vectors that were moved to files come back as they were, or with an error that says which is missing.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use manifest::shapes::{Row, Vector};
use manifest::{Line, Record};
use tempfile::tempdir;
use vectors::{Writer, at, numbers};

const VECTOR: &str = "/embedding/vector";

fn record(id: &str, more: &str, vector: &str) -> Record {
    let text = format!(
        r#"{{"id":"{id}","image":"{id}.png","embedding":{{"model":"m","vector":{vector}{more}}}}}"#
    );
    let bytes = text.into_bytes();
    Line { number: 1, bytes }.parse().unwrap()
}

/// Moves the vectors of records named after their places into a file of `folder`, and ends well.
fn moved(folder: &Path, vectors: &[&str]) -> Vec<Record> {
    let mut writer = Writer::new(folder, String::new());
    let records = { vectors.iter().enumerate() }.map(|(number, vector)| {
        let mut record = record(&format!("r{number}"), "", vector);
        writer.take(&mut record).unwrap();
        record
    });
    let records = records.collect();
    writer.finish(true).unwrap();
    records
}

fn row(record: &Record) -> Row {
    let Some(Vector::Row(row)) = record.at(VECTOR).unwrap() else {
        panic!("{record}");
    };
    row
}

fn file(record: &Record) -> PathBuf {
    row(record).file
}

fn error(record: &Record) -> String {
    format!("{:#}", at(record, VECTOR).unwrap_err())
}

#[test]
fn numbers_come_back_bit_by_bit_in_any_order_and_the_rest_stays() {
    let folder = tempdir().unwrap();
    let texts = ["[0.1,-0.0,1e-40]", "[1,2,3]", "[0.33333,-7.25,3.4e38]"];
    let records = moved(&folder.path().join("of/all"), &texts);
    for number in [2, 0, 1, 2] {
        let expected: Vec<f32> = serde_json(texts[number]);
        let found = at(&records[number], VECTOR).unwrap().unwrap();
        let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(&expected));
        assert_eq!(row(&records[number]).row, number as u64);
    }
    let said = records[0].to_string();
    let file = file(&records[0]);
    assert_eq!(
        said,
        format!(
            r#"{{"id":"r0","image":"r0.png","embedding":{{"model":"m","vector":{{"file":"{}","row":0,"crc32":"{}"}}}}}}"#,
            file.display(),
            row(&records[0]).crc32
        )
    );
    assert_eq!(file.parent().unwrap(), folder.path().join("of/all"));
}

fn serde_json(text: &str) -> Vec<f32> {
    let record = record("x", "", text);
    numbers(record.embedding().unwrap().unwrap().vector).unwrap()
}

/// The head is that of `numpy.save`; the rows are those of `struct.pack("<3f", …)`; the checksum is zlib's.
#[test]
fn a_file_has_the_bytes_that_were_worked_out() {
    let folder = tempdir().unwrap();
    let records = moved(folder.path(), &["[1,-2,0.5]", "[0,3,-0.25]"]);
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    expected.extend(format!("{text:<117}\n").bytes());
    expected.extend(b"\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f");
    expected.extend(b"\x00\x00\x00\x00\x00\x00\x40\x40\x00\x00\x80\xbe");
    assert_eq!(fs::read(file(&records[0])).unwrap(), expected);
    assert_eq!(
        [&records[0], &records[1]].map(|one| row(one).crc32),
        ["332b058b", "3b24928a"]
    );
}

#[test]
fn a_row_is_in_the_file_before_its_record_goes_on() {
    let folder = tempdir().unwrap();
    let mut writer = Writer::new(folder.path(), String::new());
    for number in 0..5 {
        let mut record = record(&format!("r{number}"), "", &format!("[{number},1]"));
        writer.take(&mut record).unwrap();
        let there = fs::read(file(&record)).unwrap();
        assert_eq!(there.len(), 128 + 8 * (number + 1));
        assert_eq!(at(&record, VECTOR).unwrap(), Some(vec![number as f32, 1.0]));
    }
    // As after a kill: nothing was completed, and what was written is there.
    drop(writer);
}

#[test]
fn what_is_no_vector_of_the_record_itself_is_left_alone() {
    let folder = tempdir().unwrap();
    let mut writer = Writer::new(folder.path(), String::new());
    let mut plain = Record::new("a", "a.png").unwrap();
    writer.take(&mut plain).unwrap();
    assert_eq!(plain.to_string(), r#"{"id":"a","image":"a.png"}"#);
    let mut elsewhere = record("b", "", r#"{"file":"v.npy","row":1,"crc32":"00000000"}"#);
    let before = elsewhere.to_string();
    writer.take(&mut elsewhere).unwrap();
    assert_eq!(elsewhere.to_string(), before);
    writer.finish(true).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for (wrong, said) in [
        ("[]", "without numbers"),
        ("[1,2,3]", "3 numbers, but those before have 2"),
    ] {
        let mut writer = Writer::new(folder.path(), String::new());
        if wrong != "[]" {
            writer.take(&mut record("a", "", "[1,2]")).unwrap();
        }
        let error = writer.take(&mut record("b", "", wrong)).unwrap_err();
        assert!(format!("{error:#}").contains(said), "{error:#}");
    }
}

#[test]
fn the_same_records_have_the_same_file_and_others_another() {
    let folder = tempdir().unwrap();
    let named_as = |mut record: Record, how: &str| {
        let mut writer = Writer::new(folder.path(), how.to_owned());
        writer.take(&mut record).unwrap();
        file(&record)
    };
    let named = |record: Record| named_as(record, "");
    let first = named(record("a", "", "[1,2]"));
    assert_eq!(first, named(record("a", "", "[1,2]")));
    let mut other = record("a", "", "[1,2]");
    other.put("models", &"another").unwrap();
    let others = [
        named(record("b", "", "[1,2]")),
        // Two films of one name, whose first images differ.
        named(record("a", "", "[3,4]")),
        named_as(record("a", "", "[1,2]"), "on black"),
        named(record("a", r#","crops":"wide""#, "[1,2]")),
        named(other),
    ];
    for (at, one) in others.iter().enumerate() {
        assert!(*one != first && !others[..at].contains(one), "{at}");
    }
}

#[test]
fn a_folder_is_named_without_the_dot_that_says_here() {
    let mut one = record("a", "", "[1,2]");
    let folder = tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    let above: PathBuf = here.ancestors().skip(1).map(|_| "..").collect();
    let path = Path::new(".")
        .join(above)
        .join(folder.path().strip_prefix("/").unwrap());
    Writer::new(&path, String::new()).take(&mut one).unwrap();
    assert!(file(&one).starts_with(".."), "{}", file(&one).display());
}

#[test]
fn another_file_is_not_written_over_and_a_copy_that_shares_it_keeps_its_rows() {
    let folder = tempdir().unwrap();
    let mut first = record("a", "", "[1,2]");
    let take = |record: &mut Record| {
        let mut writer = Writer::new(folder.path(), String::new());
        writer.take(record).and_then(|()| writer.finish(true))
    };
    take(&mut first).unwrap();
    let (path, copy) = (file(&first), folder.path().join("copy"));
    fs::hard_link(&path, &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    take(&mut record("a", "", "[1,2]")).unwrap();
    fs::write(&path, "mine").unwrap();
    let error = take(&mut record("a", "", "[1,2]")).unwrap_err();
    assert!(
        format!("{error:#}")
            .ends_with("is no file of vectors, and stays as it is: name another folder"),
        "{error:#}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(fs::read(&copy).unwrap(), before);
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for() {
    let folder = tempdir().unwrap();
    let mut one = record("a", "", "[1,2]");
    Writer::new(folder.path(), String::new())
        .take(&mut one)
        .unwrap();
    let path = file(&one);
    fs::remove_file(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert!(
        error(&one).contains("is no regular file"),
        "{}",
        error(&one)
    );
}

#[test]
fn while_a_file_is_written_anew_the_rows_of_before_are_there() {
    let folder = tempdir().unwrap();
    let before = moved(folder.path(), &["[1,1]", "[2,2]", "[3,3]"]);
    let path = file(&before[0]);
    let bytes = fs::read(&path).unwrap();
    let mut writer = Writer::new(folder.path(), String::new());
    for (number, vector) in ["[1,1]", "[9,9]"].iter().enumerate() {
        writer
            .take(&mut record(&format!("r{number}"), "", vector))
            .unwrap();
    }
    assert_eq!(
        fs::read(&path).unwrap()[..128],
        bytes[..128],
        "its head stays true"
    );
    assert_eq!(at(&before[0], VECTOR).unwrap(), Some(vec![1.0, 1.0]));
    assert_eq!(at(&before[2], VECTOR).unwrap(), Some(vec![3.0, 3.0]));
    assert!(
        error(&before[1]).contains("was written anew since"),
        "{}",
        error(&before[1])
    );
    // Not all went well: what is behind is left.
    writer.finish(false).unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), bytes.len());
    assert_eq!(at(&before[2], VECTOR).unwrap(), Some(vec![3.0, 3.0]));
    let after = moved(folder.path(), &["[1,1]", "[9,9]"]);
    assert_eq!(file(&after[0]), path);
    let text = fs::read(&path).unwrap();
    assert_eq!(text.len(), 128 + 16);
    assert!(String::from_utf8_lossy(&text[10..128]).contains("(2, 2)"));
    assert!(
        error(&before[2]).contains("is not there: the file has 2 rows"),
        "{}",
        error(&before[2])
    );
}

#[test]
fn a_run_that_did_not_end_well_says_how_many_rows_are_there() {
    let folder = tempdir().unwrap();
    let mut writer = Writer::new(folder.path(), String::new());
    let mut first = record("r0", "", "[1,1]");
    writer.take(&mut first).unwrap();
    writer.finish(false).unwrap();
    let head = fs::read(file(&first)).unwrap();
    assert!(String::from_utf8_lossy(&head[10..128]).contains("(1, 2)"));
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name_and_row() {
    let folder = tempdir().unwrap();
    let records = moved(folder.path(), &["[1,1]", "[2,2]"]);
    let whole = fs::read(file(&records[1])).unwrap();
    // Another path for each: a file that is open stays so.
    let of = |name: &str, bytes: &[u8]| {
        let own = folder.path().join(name);
        fs::write(&own, bytes).unwrap();
        let mut record = records[1].clone();
        let mut embedding = record.embedding().unwrap().unwrap();
        embedding.vector = Vector::Row(Row {
            file: own,
            ..row(&record)
        });
        record.put("embedding", &embedding).unwrap();
        error(&record)
    };
    let mut nan = whole.clone();
    nan[136..140].copy_from_slice(&f32::NAN.to_le_bytes());
    for (name, bytes, said) in [
        (
            "cut",
            &whole[..143],
            "is not there: the file has 1 rows: run clip-embed again",
        ),
        (
            "headless",
            &whole[..90],
            "is no NumPy file of 32-bit numbers with two axes (`<f4`): run clip-embed again",
        ),
        ("short", b"", "is no NumPy file"),
        ("image", b"\x89PNG\r\n\x1a\n and so on", "is no NumPy file"),
        ("nan", &nan, "has the checksum "),
    ] {
        let error = of(name, bytes);
        let place = format!(
            "key `/embedding/vector`: {}: row 1: ",
            folder.path().join(name).display()
        );
        assert!(error.starts_with(&place), "{name}: {error}");
        assert!(error.contains(said), "{name}: {error}");
    }
}

#[test]
fn numbers_that_are_none_are_refused_though_the_checksum_is_right() {
    let folder = tempdir().unwrap();
    let records = moved(folder.path(), &["[1,1]"]);
    for (name, number) in [("nan", f32::NAN), ("infinite", f32::NEG_INFINITY)] {
        let mut bytes = fs::read(file(&records[0])).unwrap();
        bytes[132..].copy_from_slice(&number.to_le_bytes());
        let own = folder.path().join(name);
        fs::write(&own, &bytes).unwrap();
        let crc32 = format!("{:08x}", crc32fast::hash(&bytes[128..]));
        let found = numbers(Vector::Row(Row {
            file: own,
            row: 0,
            crc32,
        }));
        let error = found.unwrap_err().to_string();
        assert!(
            error.contains(&format!("row 0: number 1 is {number}")),
            "{error}"
        );
    }
}

#[test]
fn the_folder_is_said_where_the_path_leads_nowhere() {
    let row = Row {
        file: "nowhere/v.npy".into(),
        row: 17,
        crc32: "00000000".to_owned(),
    };
    let error = numbers(Vector::Row(row)).unwrap_err().to_string();
    assert_eq!(
        error,
        "nowhere/v.npy: row 17: No such file or directory (os error 2): run clip-embed again, or work in the folder that the path is relative to"
    );
}

#[test]
fn more_files_than_are_kept_open_are_read_in_turn() {
    let folder = tempdir().unwrap();
    let records: Vec<_> = (0..40)
        .map(|number| {
            let part = folder.path().join(number.to_string());
            moved(&part, &[&format!("[{number},0]")]).remove(0)
        })
        .collect();
    for number in (0..40).chain((0..40).rev()) {
        let found = at(&records[number], VECTOR).unwrap().unwrap();
        assert_eq!(found, [number as f32, 0.0]);
    }
}

#[test]
fn a_file_that_grows_is_read_while_it_does() {
    let folder = tempdir().unwrap();
    let mut writer = Writer::new(folder.path(), String::new());
    let mut record_of = |number: usize| {
        let mut record = record(&format!("r{number}"), "", &format!("[{number},5]"));
        writer.take(&mut record).unwrap();
        record
    };
    let first = record_of(0);
    assert_eq!(at(&first, VECTOR).unwrap(), Some(vec![0.0, 5.0]));
    let second = record_of(1);
    assert_eq!(at(&second, VECTOR).unwrap(), Some(vec![1.0, 5.0]));
    let mut longer = File::options().append(true).open(file(&first)).unwrap();
    longer.write_all(b"half").unwrap();
    assert_eq!(
        at(&second, VECTOR).unwrap(),
        Some(vec![1.0, 5.0]),
        "half a row behind it"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_the_machines() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let mut writer = Writer::new(&path.join("under"), String::new());
    let error = writer.take(&mut record("a", "", "[1]")).unwrap_err();
    assert!(machine::Fault::of(error.as_ref()).is_some(), "{error:#}");
    assert!(format!("{error:#}").contains("file/under/"), "{error:#}");
}
