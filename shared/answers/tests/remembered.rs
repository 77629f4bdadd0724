//! What an answer is remembered by, and what makes it a new one.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use answers::{Answers, ImageFile, Tool};
use onnx::Provenance;
use stage::{Cache, Record};

/// A tool whose network says how many bytes a file has.
const TOOL: Tool = Tool {
    name: "count",
    answer: 1,
    asks: &[],
};

/// A network whose family reads its answers in its `answer`th way.
fn network(answer: u32) -> Provenance {
    Provenance {
        model: "counter".to_owned(),
        sha256: "00".to_owned(),
        device: "cpu",
        family: "counting",
        answer,
    }
}

/// What is said about the file, remembered or worked out by `decode`.
fn said(cache: &Cache, answers: &Answers, decode: fn(usize) -> usize) -> usize {
    let content = b"one image";
    let key = answers.key(content);
    cache.remember(&key, || Ok(decode(content.len()))).unwrap()
}

#[test]
fn a_changed_decode_of_a_raised_number_gives_its_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path());
    let first = TOOL.answers().by(&network(1));
    assert_eq!(said(&cache, &first, |length| length), 9);
    // Without the number the earlier answer would be served as that of the new code.
    assert_eq!(said(&cache, &first, |length| 2 * length), 9);
    let second = TOOL.answers().by(&network(2));
    assert_eq!(said(&cache, &second, |length| 2 * length), 18);
    let tool = Tool { answer: 2, ..TOOL };
    let third = tool.answers().by(&network(2));
    assert_eq!(said(&cache, &third, |length| 3 * length), 27);
    assert_eq!(said(&cache, &second, |_| 0), 18, "the others are kept");
}

#[test]
fn whatever_an_answer_depends_on_is_in_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path());
    let other = |change: fn(&mut Provenance)| {
        let mut network = network(1);
        change(&mut network);
        TOOL.answers().by(&network)
    };
    let all = [
        TOOL.answers(),
        other(|_| ()),
        other(|network| network.family = "summing"),
        other(|network| network.sha256 = "01".to_owned()),
        other(|_| ()).and_by(" second", &network(1)),
        other(|_| ()).with(&0.5).unwrap(),
        other(|_| ()).with(&0.6).unwrap(),
    ];
    for (number, answers) in (0_u32..).zip(&all) {
        cache.keep(&answers.key(b"an image"), &number).unwrap();
    }
    for (number, answers) in (0_u32..).zip(&all) {
        assert_eq!(cache.recall(&answers.key(b"an image")), Some(number));
        assert_eq!(cache.recall::<u32>(&answers.key(b"another")), None);
    }
    // Neither the name that a model goes by nor the machine changes what it says.
    let same = other(|network| (network.model, network.device) = ("mine".to_owned(), "cuda"));
    assert_eq!(cache.recall(&same.key(b"an image")), Some(1_u32));
}

#[test]
fn a_record_says_which_networks_answered() {
    let mut record = Record::new("a", "a.png").unwrap();
    let answers = TOOL.answers().by(&network(7));
    answers.sign(&mut record).unwrap();
    let mut line = Vec::new();
    record.write_line(&mut line);
    assert_eq!(
        String::from_utf8(line).unwrap(),
        "{\"id\":\"a\",\"image\":\"a.png\",\"models\":{\"count\":{\"model\":\"counter\",\"sha256\":\"00\",\"device\":\"cpu\"}}}\n"
    );
}

#[test]
fn errors_of_a_file_begin_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let record = Record::new("a", path.to_str().unwrap()).unwrap();
    let error = ImageFile::of(&record).unwrap_err();
    assert_eq!(error.to_string(), path.display().to_string());
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n and no more").unwrap();
    let file = ImageFile::of(&record).unwrap();
    assert_eq!(
        file.rgb().unwrap_err().to_string(),
        path.display().to_string()
    );
}
