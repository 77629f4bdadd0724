//! Records survive reading and writing; what is wrong is named.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use manifest::{Error, Line, MAX_LINE, Reader, Record, Source};

fn parse(text: &str) -> manifest::Result<Record> {
    Line {
        number: 1,
        bytes: text.as_bytes().to_vec(),
    }
    .parse()
}

fn errors(text: &[u8]) -> Vec<String> {
    Reader::new("f.jsonl", text)
        .records()
        .filter_map(|r| r.err().map(|e| e.to_string()))
        .collect()
}

#[test]
fn unknown_keys_survive_byte_for_byte() {
    let lines = [
        r#"{"z":1,"image":"a.png","b":{"y":2, "a" : [3,4 ]}}"#,
        r#"{"big":123456789012345678901234567890,"e":1E+2,"f":1.50,"g":-0.0}"#,
        r#"{"caf\u00e9":"\u00e9\ud83d\ude00","é":"😀","":null}"#,
        r#"{"quote\"d":1,"back\\slash":2}"#,
        "{}",
    ];
    for line in lines {
        assert_eq!(parse(line).unwrap().to_string(), line);
    }
}

#[test]
fn white_space_between_keys_is_all_that_changes() {
    let record = parse("  { \"a\" : 1 ,\t\"b\" :  [ 2 ] }\r").unwrap();
    assert_eq!(record.to_string(), r#"{"a":1,"b":[ 2 ]}"#);
}

#[test]
fn a_changed_key_stays_in_its_place() {
    let mut record = parse(r#"{"a":1,"b":2,"c":3}"#).unwrap();
    record.put("b", "two").unwrap();
    record.put("d", &4).unwrap();
    record.remove("a");
    assert_eq!(record.to_string(), r#"{"b":"two","c":3,"d":4}"#);
}

#[test]
fn an_escaped_key_is_found_and_replaced() {
    let mut record = parse(r#"{"caf\u00e9":1}"#).unwrap();
    assert_eq!(record.get::<u8>("café").unwrap(), 1);
    record.put("café", &2).unwrap();
    assert_eq!(record.to_string(), r#"{"caf\u00e9":2}"#);
    record.put("a\"b", &3).unwrap();
    assert_eq!(record.get::<u8>("a\"b").unwrap(), 3);
}

#[test]
fn numbers_are_rounded_and_keep_no_noise() {
    let mut record = Record::default();
    record.put("v", &[0.1_f32, 2.0 / 3.0, -0.000_001]).unwrap();
    record.put_rounded("w", &1234.5678_f64, 1).unwrap();
    record.put("x", &(u64::MAX, 1e300_f64)).unwrap();
    assert_eq!(
        record.to_string(),
        r#"{"v":[0.1,0.66667,0.0],"w":1234.6,"x":[18446744073709551615,1e+300]}"#
    );
}

#[test]
fn nan_infinity_and_null_are_refused() {
    let mut record = Record::default();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(record.put("k", &vec![1.0, bad]), Err(Error::NotFinite(k)) if k == "k"));
    }
    assert!(matches!(
        record.put("k", &None::<u8>),
        Err(Error::NotFinite(_))
    ));
    assert!(parse(r#"{"k":NaN}"#).is_err());
    assert_eq!(record, Record::default());
}

#[test]
fn names_of_earlier_versions_are_refused_and_not_passed_over() {
    let record = parse(r#"{"id":"a","instance":{"sharpness":20.5}}"#).unwrap();
    let said = |pointer: &str| record.at::<f64>(pointer).unwrap_err().to_string();
    assert_eq!(
        said("/instance/sharpness"),
        "`/instance/sharpness` is now called `/instance/laplacian_variance`"
    );
    assert_eq!(
        said("/instance/laplacian_variance"),
        "`/instance/laplacian_variance` is missing; its former name is `/instance/sharpness`: \
         run mask-crop again"
    );
    let other = parse(r#"{"id":"a","quality":{"sharpness":900}}"#).unwrap();
    assert_eq!(other.at::<f64>("/quality/sharpness").unwrap(), Some(900.0));
    assert_eq!(other.at::<f64>("/face/relative_sharpness").unwrap(), None);
}

#[test]
fn pointers_reach_inside() {
    let record = parse(r#"{"a":{"b/c":[10,{"d":null}],"~":7}}"#).unwrap();
    assert_eq!(record.at::<u32>("/a/b~1c/0").unwrap(), Some(10));
    assert_eq!(record.at::<u32>("/a/~0").unwrap(), Some(7));
    for gone in ["/a/b~1c/1/d", "/a/b~1c/2", "/a/x/y", "/x"] {
        assert_eq!(record.at::<u32>(gone).unwrap(), None, "{gone}");
    }
    assert!(matches!(record.at::<u32>("a"), Err(Error::Pointer(_))));
    let error = record.at::<String>("/a/~0").unwrap_err().to_string();
    assert!(error.starts_with("key `/a/~0`: invalid type"), "{error}");
}

#[test]
fn ids_that_leave_the_folder_are_refused() {
    for bad in [
        "../x",
        "a/b",
        "",
        ".",
        "..",
        ".hidden",
        "a\\b",
        "a\nb",
        &"x".repeat(201),
    ] {
        let mut record = Record::default();
        record.put("id", bad).unwrap();
        assert!(matches!(record.id(), Err(Error::UnsafeId(_))), "{bad:?}");
    }
    let record = Record::new("film_000812.i1", "a.png").unwrap();
    assert_eq!(record.id().unwrap(), "film_000812.i1");
}

#[test]
fn every_error_names_file_and_line() {
    let text = b"{}\n\nnope\n[1]\n{\"a\":1}{\n\xff\n{\"a\":1,\"a\":2}\n{\"a\":";
    let errors = errors(text);
    let starts = [
        "f.jsonl: line 3: not a JSON object: expected",
        "f.jsonl: line 4: not a JSON object: invalid type",
        "f.jsonl: line 5: not a JSON object: trailing characters",
        "f.jsonl: line 6: not UTF-8 at byte 0",
        "f.jsonl: line 7: key `a` appears twice",
        "f.jsonl: line 8: not a JSON object: EOF",
    ];
    assert_eq!(errors.len(), starts.len(), "{errors:#?}");
    for (error, start) in errors.iter().zip(starts) {
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn a_line_over_the_bound_is_an_error_and_reading_goes_on() {
    let long = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}\n", "x".repeat(MAX_LINE));
    let records: Vec<_> = Reader::new("f", long.as_bytes()).records().collect();
    assert_eq!(records.len(), 2);
    let error = records[0].as_ref().unwrap_err().to_string();
    assert_eq!(
        error,
        "f: line 1: longer than 67108864 bytes, the limit for a record"
    );
    assert_eq!(records[1].as_ref().unwrap().to_string(), r#"{"b":1}"#);
}

#[test]
fn deep_nesting_passes_through_and_fails_only_when_parsed() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let record = parse(&deep).unwrap();
    assert_eq!(record.to_string(), deep);
    assert!(record.get::<serde_json::Value>("a").is_err());
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_record() {
    let text = b"\xef\xbb\xbf{\"a\":1}\r\n{\"b\":2}";
    let records: Vec<_> = Reader::new("f", &text[..]).records().collect();
    assert_eq!(records[0].as_ref().unwrap().to_string(), r#"{"a":1}"#);
    assert_eq!(records.len(), 2);
}

#[test]
fn source_is_read_from_its_key() {
    let mut record = Record::default();
    let source = Source {
        film: "a.mp4".into(),
        frame: 7,
        time: 0.291_67,
        shot: 2,
    };
    record.put("source", &source).unwrap();
    assert_eq!(record.source().unwrap(), Some(source));
    assert_eq!(record.shot().unwrap(), Some(2));
    assert_eq!(Record::default().shot().unwrap(), None);
}
