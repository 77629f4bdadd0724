//! What review makes of manifests and of requests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, folder, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_review");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--patch", "decisions.jsonl"],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Applies a patch to records of these ids.
fn applied(folder: &Path, patch: &str, ids: &[&str]) -> Ran {
    fs::write(folder.join("p.jsonl"), patch).unwrap();
    let line = |id: &&str| format!("{{\"id\":\"{id}\",\"image\":\"gone.png\"}}\n");
    let input: String = ids.iter().map(line).collect();
    run_in(
        folder,
        TOOL,
        &["--patch", "p.jsonl", "--rejects", "r.jsonl"],
        &input,
    )
}

#[test]
fn the_last_line_of_an_id_says_all() {
    let here = tempfile::tempdir().unwrap();
    let patch = concat!(
        "{\"id\":\"a\",\"decision\":\"drop\",\"caption\":\"old\",\"by\":\"ann\"}\n",
        "{\"id\":\"b\",\"decision\":\"drop\",\"by\":\"ann\",\"at\":\"2026-01-02T03:04:05Z\"}\n",
        "\n",
        "{\"id\":\"a\",\"decision\":\"keep\",\"set\":{\"/light/time\":\"night\"}}\n",
        "{\"id\":\"c\",\"decision\":\"drop\"}\n",
        "{\"id\":\"c\",\"decision\":\"open\",\"undo\":true}\n",
        "{\"id\":\"gone\",\"decision\":\"keep\"}\n",
    );
    let ran = applied(here.path(), patch, &["a", "b", "c", "d"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let expected = [
        json!({"id": "a", "image": "gone.png", "light": {"time": "night"}, "review": {"decision": "keep"}}),
        json!({"id": "c", "image": "gone.png"}),
        json!({"id": "d", "image": "gone.png"}),
    ];
    assert_eq!(ran.records(), expected);
    let dropped: Value =
        serde_json::from_str(&fs::read_to_string(here.path().join("r.jsonl")).unwrap()).unwrap();
    assert_eq!(dropped["id"], "b");
    assert_eq!(dropped["rejected"]["reason"], "dropped in review by ann");
    assert_eq!(dropped["review"]["at"], "2026-01-02T03:04:05Z");
    assert!(
        ran.stderr
            .contains("has decisions on 1 images that are not in the input: gone"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_patch_that_is_wrong_is_an_error_but_half_a_line_is_not() {
    let here = tempfile::tempdir().unwrap();
    let whole = "{\"id\":\"a\",\"decision\":\"drop\"}\n";
    for wrong in [
        "{\"id\":\"a\",\"decision\":\"perhaps\"}\n",
        "{\"id\":\"a\",\"decision\":\"keep\",\"captoin\":\"x\"}\n",
        "{\"id\":\"a\",\"decision\":\"keep\",\"set\":{\"/id\":\"b\"}}\n",
        "[\"a\",\"drop\"]\n",
        "junk\n",
    ] {
        for after in [whole, ""] {
            // Also at the end, and without a newline there, as an editor may leave it.
            let text = format!("{whole}{wrong}{after}");
            let ran = applied(here.path(), text.trim_end(), &["a"]);
            assert_eq!(ran.code, Some(1), "{wrong}");
            assert!(ran.stderr.contains("p.jsonl: line 2"), "{}", ran.stderr);
        }
    }
    let ran = applied(
        here.path(),
        &format!("{whole}{{\"id\":\"b\",\"deci"),
        &["a", "b"],
    );
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), 1),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("line 2: an incomplete line"),
        "{}",
        ran.stderr
    );
}

/// What becomes of a patch that is opened to be written to, and what was said.
fn opened(here: &Path, patch: &str) -> (String, Ran) {
    fs::write(here.join("mine.jsonl"), patch).unwrap();
    fs::write(here.join("theirs.jsonl"), "").unwrap();
    let ran = merged(here, "mine.jsonl", "theirs.jsonl");
    (fs::read_to_string(here.join("mine.jsonl")).unwrap(), ran)
}

#[test]
fn a_file_that_is_no_patch_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = "{\"id\":\"a\",\"decision\":\"drop\"}\n";
    for (wrong, line) in [
        ("{\"type\":\"x\",\"my\":\"settings\"}".to_owned(), 1),
        ("{\"type\":\"x\",".to_owned(), 1),
        (format!("{whole}{{\"id\":\"b\",\"decison\":\"drop\"}}"), 2),
    ] {
        let (left, ran) = opened(folder.path(), &wrong);
        assert_eq!((left.as_str(), ran.code), (wrong.as_str(), Some(1)));
        let said = format!("mine.jsonl: line {line}: not a decision");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
}

#[test]
fn what_is_cut_off_a_patch_is_kept_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let aside = folder.path().join("mine.jsonl.incomplete");
    let whole = "{\"id\":\"a\",\"decision\":\"drop\"}\n";
    let (left, ran) = opened(folder.path(), &format!("{whole}{{\"id\":\"b\",\"deci"));
    assert_eq!(
        (left.as_str(), ran.code),
        (whole, Some(0)),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("line 2: an incomplete line, moved to mine.jsonl.incomplete"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        fs::read_to_string(&aside).unwrap(),
        "{\"id\":\"b\",\"deci\n"
    );
    opened(folder.path(), &format!("{whole}{{\"id"));
    let both = "{\"id\":\"b\",\"deci\n{\"id\n";
    assert_eq!(fs::read_to_string(&aside).unwrap(), both);
    // Behind a byte order mark, and with a last line that lacks its newline alone, nothing is cut off.
    let marked = format!("\u{feff}{whole}{}", whole.trim_end());
    let (left, ran) = opened(folder.path(), &marked);
    assert_eq!((left, ran.code), (format!("{marked}\n"), Some(0)));
    assert_eq!(fs::read_to_string(&aside).unwrap(), both);
}

/// A server over twelve drawn images.
struct Server {
    child: Child,
    address: String,
    path: String,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Server {
    fn start(here: &Path) -> Self {
        Self::with(here, &[])
    }

    /// As [`Server::start`], with more flags.
    fn with(here: &Path, flags: &[&str]) -> Self {
        let manifest = here.join("in.jsonl");
        if !manifest.exists() {
            fs::write(&manifest, folder(here, 12)).unwrap();
        }
        let mut child = Command::new(TOOL)
            .args([
                "--patch",
                "p.jsonl",
                "--serve",
                "--reviewer",
                "tester",
                "in.jsonl",
            ])
            .args(flags)
            .current_dir(here)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let url =
            said.find_map(|line| Some(line.unwrap().split_once("open http://")?.1.to_owned()));
        let url = url.unwrap();
        let (address, path) = url.split_once('/').unwrap();
        Self {
            child,
            address: address.to_owned(),
            path: format!("/{path}"),
        }
    }

    /// Sends a request just as it is written.
    fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    fn page(&self, path: &str) -> Answer {
        self.get(&format!("{}{path}", self.path))
    }

    fn post_from(&self, origin: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.raw(&format!(
            "POST {}{path} HTTP/1.1\r\nHost: {}\r\n{origin}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.path, self.address, body.len()
        ))
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_from(&format!("Origin: http://{}\r\n", self.address), path, body)
    }

    /// Decides on one image; what now holds of it.
    fn decide(&self, decision: &Value) -> Value {
        let answer = self.decide_all(&json!([decision]));
        assert_eq!(answer["rows"].as_array().unwrap().len(), 1);
        answer
    }

    fn decide_all(&self, decisions: &Value) -> Value {
        let answer = self.post("decide", decisions);
        assert_eq!(
            answer.status,
            200,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        answer.json()
    }

    fn list(&self) -> Vec<Value> {
        self.page("list").json()["items"]
            .as_array()
            .unwrap()
            .clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn patch_lines(here: &Path) -> Vec<Value> {
    let text = fs::read_to_string(here.join("p.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A power cut while a line is written.
fn cut_off(here: &Path) {
    let mut options = fs::File::options();
    let mut file = options.append(true).open(here.join("p.jsonl")).unwrap();
    file.write_all(b"{\"id\":\"scene_0").unwrap();
}

#[test]
fn a_killed_server_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut server = Server::start(here);
    let page = String::from_utf8(server.page("").body).unwrap();
    assert!(page.contains("<title>review</title>"));
    assert_eq!(server.list().len(), 12);
    server.decide(&json!({"id": "scene_00", "decision": "keep"}));
    let answer = server.decide(&json!({"id": "scene_01", "decision": "drop"}));
    assert_eq!(
        (&answer["rows"][0]["decision"], &answer["undo"]),
        (&json!("drop"), &json!(2))
    );
    server.decide(&json!({"id": "scene_02", "decision": "keep", "caption": "a \"red\" hill"}));
    server.decide(&json!({"id": "scene_00", "decision": "drop"}));
    let answer = server.post("undo", &json!({})).json();
    assert_eq!(
        (&answer["rows"][0]["id"], &answer["rows"][0]["decision"]),
        (&json!("scene_00"), &json!("keep"))
    );
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let lines = patch_lines(here);
    assert_eq!(lines.len(), 5);
    assert_eq!(
        lines[4],
        json!({"id": "scene_00", "decision": "keep", "undo": true, "by": "tester", "at": lines[4]["at"]})
    );
    cut_off(here);
    let server = Server::start(here);
    let list = server.list();
    let decided: Vec<_> = list
        .iter()
        .map(|row| row["decision"].as_str().unwrap())
        .collect();
    assert_eq!(decided[..4], ["keep", "drop", "keep", "open"]);
    assert_eq!(list[2]["caption"], "a \"red\" hill");
    // What was decided before the kill can still be taken back, and no further.
    for (id, left) in [("scene_02", 2), ("scene_01", 1), ("scene_00", 0)] {
        let answer = server.post("undo", &json!({})).json();
        assert_eq!(
            (answer["rows"][0]["id"].as_str(), answer["undo"].as_u64()),
            (Some(id), Some(left))
        );
    }
    assert_eq!(server.post("undo", &json!({})).status, 409);
    assert!(server.list().iter().all(|row| row["decision"] == "open"));
}

#[test]
fn done_writes_the_reviewed_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    server.decide(&json!({"id": "scene_03", "decision": "drop"}));
    server.decide(&json!({"id": "scene_04", "decision": "open", "set": {"/mine/kept": ["x"]}}));
    assert_eq!(server.post("done", &json!({})).status, 204);
    let mut text = String::new();
    server
        .child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(server.child.wait().unwrap().success());
    let applied = run_in(folder.path(), TOOL, &["--patch", "p.jsonl", "in.jsonl"], "");
    assert_eq!(text, applied.stdout, "as the patch alone makes it");
    assert_eq!(text.lines().count(), 11);
    assert!(text.contains("\"mine\":{\"kept\":[\"x\"]}"), "{text}");
}

#[test]
fn images_are_those_of_the_manifest_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let image = server.page("thumbnail/3");
    assert_eq!(image.status, 200, "{}", image.head);
    assert_eq!(
        image::load_from_memory(&image.body)
            .unwrap()
            .to_rgb8()
            .dimensions(),
        (96, 64)
    );
    assert_eq!(server.page("item/3").json()["id"], "scene_03");
    for path in [
        "thumbnail/12",
        "image/99999999999999999999",
        "image/-1",
        "image/../in.jsonl",
        "image/..%2f..%2fetc%2fpasswd",
        "../../../../etc/passwd",
        "in.jsonl",
        "scene_00.png",
    ] {
        let answer = server.page(path);
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.head
        );
    }
    fs::remove_file(folder.path().join("scene_05.png")).unwrap();
    assert_eq!(server.page("image/5").status, 422);
}

#[test]
fn nobody_else_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let secret = server.path.trim_matches('/');
    assert_eq!(secret.len(), 32);
    let other = "/0123456789abcdef0123456789abcdef/list";
    for path in ["/", "/list", other, &format!("/{}/list", &secret[..31])] {
        assert_eq!(server.get(path).status, 403, "{path}");
    }
    let host = |host: &str| {
        let line = format!("GET {}list HTTP/1.1", server.path);
        let request = format!("{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        server.raw(&request).status
    };
    assert_eq!(host("evil.example"), 403, "a name made to point here");
    assert_eq!(host(&server.address.replace("127.0.0.1", "localhost")), 200);
    let policy = "content-security-policy: default-src 'none'";
    assert!(server.page("").head.contains(policy));
}

#[test]
fn what_changes_something_comes_from_the_page_itself() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let drop = json!({"id": "scene_00", "decision": "drop"});
    for origin in [
        "",
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: https://127.0.0.1:1\r\n",
    ] {
        let answer = server.post_from(origin, "decide", &json!([drop]));
        assert_eq!(answer.status, 403, "{origin}");
    }
    for (wrong, status) in [
        (json!({"id": "../x", "decision": "drop"}), 404),
        (
            json!({"id": "scene_00", "decision": "keep", "set": {"/id": "x"}}),
            400,
        ),
        (json!({"id": "scene_00", "decision": "perhaps"}), 422),
    ] {
        assert_eq!(
            server.post("decide", &json!([wrong])).status,
            status,
            "{wrong}"
        );
    }
    let patch = fs::read_to_string(folder.path().join("p.jsonl")).unwrap();
    assert!(patch.is_empty(), "nothing was written: {patch}");
}

#[test]
fn one_patch_has_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Server::start(folder.path());
    let second = run_in(
        folder.path(),
        TOOL,
        &["--patch", "p.jsonl", "--serve", "in.jsonl"],
        "",
    );
    assert_eq!(second.code, Some(1));
    assert!(
        second
            .stderr
            .contains("p.jsonl: another review has it open"),
        "{}",
        second.stderr
    );
}

#[test]
fn a_gate_opens_when_enough_is_decided() {
    let here = tempfile::tempdir().unwrap();
    let ids = ["a", "b", "c"];
    let records: String = ids
        .map(|id| format!("{}\n", json!({"id": id, "image": "x.png"})))
        .concat();
    let patch = "{\"id\":\"a\",\"decision\":\"keep\"}\n{\"id\":\"b\",\"decision\":\"drop\"}\n{\"id\":\"z\",\"decision\":\"keep\"}\n";
    fs::write(here.path().join("p.jsonl"), patch).unwrap();
    let ask = |required| {
        run_in(
            here.path(),
            TOOL,
            &["--patch", "p.jsonl", "--require", required],
            &records,
        )
    };
    let ran = ask("all");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("p.jsonl: 2 of 3 images are decided, and 3 must be"),
        "{}",
        ran.stderr
    );
    assert_eq!(ask("2").code, Some(0), "a sample");
    assert_eq!(ask("3").code, Some(1));
    assert_eq!(ask("0").code, Some(2));
}

/// A plate that was inpainted so well, and an instance at a place.
fn found_there(fog: f64, left: u32) -> [Value; 2] {
    [
        json!({"id": "plate", "image": "gone.png", "inpaint": {"fog": fog}}),
        json!({"id": "a.i0", "image": "gone.png", "instance": {"box": [left, 0, left + 40, 90]}}),
    ]
}

#[test]
fn a_decision_counts_for_what_was_shown_alone() {
    let here = tempfile::tempdir().unwrap();
    let set = json!({"/light/time": "noon"});
    let lines = [
        json!({"id": "plate", "decision": "drop", "set": set, "of": {"plate": {"inpaint/fog": 0.25}}}),
        json!({"id": "a.i0", "decision": "drop", "of": {"instance": [0, 0, 40, 90]}}),
    ];
    patch(here.path(), "p.jsonl", &lines);
    let ask = |records: &[Value], more: &[&str]| {
        let text: Vec<_> = records.iter().map(|record| format!("{record}\n")).collect();
        run_in(
            here.path(),
            TOOL,
            &[&["--patch", "p.jsonl"], more].concat(),
            &text.concat(),
        )
    };
    let same = ask(&found_there(0.25, 1), &[]);
    assert!(same.records().is_empty(), "{}", same.stderr);
    assert!(!same.stderr.contains("made anew"), "{}", same.stderr);
    let later = ask(&found_there(0.5, 60), &[]);
    let records = later.records();
    assert_eq!(records.len(), 2, "{}", later.stderr);
    assert_eq!(records[0]["light"]["time"], "noon", "it is the same place");
    assert_eq!(records[1].get("review"), None);
    let said = "p.jsonl: has decisions on 2 images that were made anew since, or are of something else now: decide on them again: a.i0, plate";
    assert!(later.stderr.contains(said), "{}", later.stderr);
    assert_eq!(
        ask(&found_there(0.25, 60), &["--require", "1"]).code,
        Some(0)
    );
    assert_eq!(
        ask(&found_there(0.25, 60), &["--require", "2"]).code,
        Some(1)
    );
}

#[test]
fn a_caption_is_marked_as_the_reviewers_own() {
    let here = tempfile::tempdir().unwrap();
    let patch = "{\"id\":\"i0\",\"decision\":\"keep\",\"caption\":\"mine\"}\n";
    let ran = applied(here.path(), patch, &["i0"]);
    assert_eq!(ran.records()[0]["caption"], "mine");
    assert_eq!(ran.records()[0]["review"]["caption"], "mine");
}

#[test]
fn a_change_of_many_images_is_taken_back_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let server = Server::start(here);
    server.decide(&json!({"id": "scene_01", "decision": "drop"}));
    let place = json!({"/tags/location": [["quay", 1]]});
    let all: Vec<Value> = { ["scene_00", "scene_01", "scene_02"].iter() }
        .map(|id| json!({"id": id, "decision": "keep", "set": place}))
        .collect();
    let answer = server.decide_all(&json!(all));
    assert_eq!(
        (answer["rows"].as_array().unwrap().len(), &answer["undo"]),
        (3, &json!(4))
    );
    // Of a change with one image that is wrong, nothing is written.
    let wrong = json!([{"id": "scene_04", "decision": "keep"}, {"id": "none", "decision": "keep"}]);
    assert_eq!(server.post("decide", &wrong).status, 404);
    let lines = patch_lines(here);
    assert_eq!(lines.len(), 4);
    let batches: Vec<_> = lines.iter().map(|line| line["batch"].as_u64()).collect();
    assert!(batches[0].is_none() && batches[1].is_some(), "{batches:?}");
    assert!(
        batches[2] == batches[1] && batches[3] == batches[1],
        "{batches:?}"
    );
    drop(server);
    let server = Server::start(here);
    let answer = server.post("undo", &json!({})).json();
    assert_eq!(
        (answer["rows"].as_array().unwrap().len(), &answer["undo"]),
        (3, &json!(1))
    );
    let list = server.list();
    let decided: Vec<_> = list[..3]
        .iter()
        .map(|row| row["decision"].as_str().unwrap())
        .collect();
    assert_eq!(decided, ["open", "drop", "open"], "as before the change");
    assert!(list.iter().all(|row| row["set"] == json!({})));
}

#[test]
fn taking_back_leaves_the_earlier_decision_to_whom_it_is_of() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let earlier =
        json!({"id": "scene_00", "decision": "keep", "by": "ann", "at": "2026-01-02T03:04:05Z"});
    fs::write(here.join("p.jsonl"), format!("{earlier}\n")).unwrap();
    let server = Server::start(here);
    server.decide(&json!({"id": "scene_00", "decision": "drop"}));
    server.post("undo", &json!({}));
    let mut line = patch_lines(here).pop().unwrap();
    assert_eq!(
        line.as_object_mut().unwrap().remove("undo"),
        Some(json!(true))
    );
    assert_eq!(line, earlier);
    // Where nothing stood before, it is the person's who takes back.
    server.post("undo", &json!({}));
    assert_eq!(patch_lines(here).pop().unwrap()["by"], "tester");
}

#[test]
fn images_are_grouped_by_what_labels_and_clusters_say() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let records: String = [("a", "sea"), ("b", "hill"), ("c", "sea")]
        .map(|(id, place)| {
            let tags = json!({"location": [[place, 0.8], ["road", 0.1]]});
            format!("{}\n", json!({"id": id, "image": "x.png", "tags": tags, "cluster": {"id": 4}, "emotion": {"label": "sad"}}))
        })
        .concat();
    fs::write(here.join("in.jsonl"), records).unwrap();
    let flags = [
        "--label",
        "/tags/location",
        "--label",
        "/emotion/label=happy,sad",
        "--require",
        "2",
    ];
    let server = Server::with(here, &flags);
    server
        .decide(&json!({"id": "b", "decision": "open", "set": {"/tags/location": [["cliff", 1]]}}));
    let list = server.page("list").json();
    assert_eq!(
        list["groups"],
        json!(["/tags/location", "/emotion/label", "/cluster/id"])
    );
    assert_eq!(list["required"], 2);
    assert_eq!(
        list["labels"][0]["values"],
        json!(["sea", "hill"]),
        "the most frequent first"
    );
    assert_eq!(list["labels"][1]["values"], json!(["happy", "sad"]));
    let words = &list["items"][1]["words"];
    assert_eq!(
        words,
        &json!({"/tags/location": "cliff", "/cluster/id": "4", "/emotion/label": "sad"})
    );
    assert_eq!(list["items"][1]["decided"], true, "a label is a decision");
    assert_eq!(list["items"][0]["decided"], false);
}

#[test]
fn the_page_notes_what_a_decision_is_of_and_forgets_what_is_past() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let manifest = |left: u32| {
        let lines = found_there(0.25, left).map(|record| format!("{record}\n"));
        fs::write(here.join("in.jsonl"), lines.concat()).unwrap();
    };
    manifest(0);
    let server = Server::with(here, &["--drop-means", "no character"]);
    assert_eq!(server.page("list").json()["drop_means"], "no character");
    for id in ["plate", "a.i0"] {
        server.decide(&json!({"id": id, "decision": "drop"}));
    }
    let lines = patch_lines(here);
    let of: Vec<_> = lines.iter().map(|line| line["of"].clone()).collect();
    let plate = json!({"plate": {"inpaint/fog": 0.25}});
    assert_eq!(of, [plate, json!({"instance": [0.0, 0.0, 40.0, 90.0]})]);
    drop(server);
    manifest(60);
    let list = Server::start(here).list();
    let decided: Vec<_> = list.iter().map(|row| &row["decided"]).collect();
    assert_eq!(decided, [true, false]);
}

#[test]
fn a_mask_is_shown_over_its_image() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let grey = image::RgbImage::from_pixel(40, 20, image::Rgb([100; 3]));
    grey.save(here.join("a.png")).unwrap();
    let left =
        image::GrayImage::from_fn(40, 20, |x, _| image::Luma([if x < 20 { 255 } else { 0 }]));
    left.save(here.join("m.png")).unwrap();
    let record = |mask: &str| format!("{}\n", json!({"id": mask, "image": "a.png", "mask": mask}));
    fs::write(here.join("in.jsonl"), record("m.png") + &record("gone.png")).unwrap();
    let server = Server::start(here);
    let masked = image::load_from_memory(&server.page("mask/0").body)
        .unwrap()
        .to_rgb8();
    let (inside, outside) = (masked.get_pixel(5, 10).0, masked.get_pixel(35, 10).0);
    assert!(inside[0] > inside[1] + 50, "tinted: {inside:?}");
    assert!(
        outside.iter().all(|level| level.abs_diff(100) < 4),
        "{outside:?}"
    );
    assert_eq!(server.page("image/0").status, 200);
    assert_eq!(server.page("mask/1").status, 422, "no such mask");
}

#[test]
fn another_image_and_boxes_are_shown_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (name, level) in [("a", 100), ("b", 200)] {
        let plain = image::RgbImage::from_pixel(40, 20, image::Rgb([level; 3]));
        plain.save(here.join(format!("{name}.png"))).unwrap();
    }
    let boxes = json!([{"box": [10, 5, 30, 15], "score": 0.5, "label": "person"}]);
    let both = json!({"id": "a", "image": "a.png", "beside": "b.png", "boxes": boxes});
    let alone = json!({"id": "b", "image": "b.png"});
    fs::write(here.join("in.jsonl"), format!("{both}\n{alone}\n")).unwrap();
    let server = Server::with(here, &["--beside", "/beside", "--draw", "boxes"]);
    let shown = |path: &str| {
        let answer = server.page(path);
        image::load_from_memory(&answer.body).unwrap().to_rgb8()
    };
    let pair = shown("image/0");
    assert_eq!(pair.dimensions(), (88, 20), "a gap of 8 pixels is between");
    assert!(pair.get_pixel(3, 3).0[1].abs_diff(100) < 8);
    assert!(pair.get_pixel(70, 10).0[1].abs_diff(200) < 8);
    let edge = pair.get_pixel(10, 10).0;
    assert!(edge[0] > edge[1] + 50, "the box is drawn: {edge:?}");
    assert_eq!(shown("thumbnail/1").dimensions(), (40, 20));
}

/// Writes a patch, and its lines as values.
fn patch(here: &Path, name: &str, lines: &[Value]) {
    let text: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(here.join(name), text.concat()).unwrap();
}

/// What the records of these ids become by `mine` once `theirs` is merged into it, and what was said.
fn merged(here: &Path, mine: &str, theirs: &str) -> Ran {
    let ids = ["a", "b", "c", "d", "e"];
    let line = |id: &str| format!("{}\n", json!({"id": id, "image": "x.png"}));
    let input = ids.map(line).concat();
    run_in(
        here,
        TOOL,
        &["--patch", mine, "--merge", theirs, "--keep"],
        &input,
    )
}

#[test]
fn the_patches_of_two_people_merge() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (early, late) = ("2026-03-01T10:00:00Z", "2026-03-01T12:00:00+01:00");
    let ann = [
        json!({"id": "a", "decision": "keep", "by": "ann", "at": early}),
        json!({"id": "b", "decision": "drop", "by": "ann", "at": "2026-03-02T00:00:00Z"}),
        json!({"id": "c", "decision": "keep", "caption": "hers", "set": {"/n": 1, "/x": 1}, "by": "ann", "at": early}),
        json!({"id": "e", "decision": "drop", "by": "ann", "at": early}),
        json!({"id": "e", "decision": "open", "undo": true, "by": "ann", "at": early}),
    ];
    let bob = [
        json!({"id": "b", "decision": "keep", "by": "bob", "at": early}),
        json!({"id": "c", "decision": "open", "set": {"/n": 2, "/y": 1}, "by": "bob", "at": late}),
        json!({"id": "d", "decision": "drop", "by": "bob", "at": late}),
    ];
    patch(here, "ann.jsonl", &ann);
    patch(here, "bob.jsonl", &bob);
    fs::copy(here.join("ann.jsonl"), here.join("ann2.jsonl")).unwrap();
    let ran = merged(here, "ann.jsonl", "bob.jsonl");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(
            "bob.jsonl: decides otherwise on 2 images, and what was decided later counts: b, c"
        ),
        "{}",
        ran.stderr
    );
    let records = ran.records();
    let choice = |at: usize| records[at]["review"]["decision"].as_str();
    assert_eq!(
        [0, 1, 2, 3, 4].map(choice),
        [Some("keep"), Some("drop"), Some("keep"), Some("drop"), None]
    );
    let c = &records[2];
    assert_eq!(
        (&c["caption"], &c["n"], &c["x"], &c["y"]),
        (&json!("hers"), &json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        (&c["review"]["by"], &c["review"]["at"]),
        (&json!("bob"), &json!(late))
    );
    // The other way round it comes to the same, and a second time to nothing more.
    let other = merged(here, "bob.jsonl", "ann2.jsonl");
    assert_eq!(other.stdout, ran.stdout);
    let before = fs::read_to_string(here.join("ann.jsonl")).unwrap();
    assert_eq!(merged(here, "ann.jsonl", "bob.jsonl").stdout, ran.stdout);
    assert_eq!(fs::read_to_string(here.join("ann.jsonl")).unwrap(), before);
    let gone = merged(here, "ann.jsonl", "gone.jsonl");
    assert_eq!(gone.code, Some(1));
    assert!(gone.stderr.contains("gone.jsonl"), "{}", gone.stderr);
}

#[test]
fn a_wrong_patch_among_several_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    patch(here, "bob.jsonl", &[json!({"id": "a", "decision": "keep"})]);
    let fresh = ["--patch", "fresh.jsonl", "--merge", "bob.jsonl"];
    let flags = [&fresh[..], &["--merge", "gone.jsonl"]].concat();
    assert_eq!(run_in(here, TOOL, &flags, "").code, Some(1));
    assert_eq!(fs::read_to_string(here.join("fresh.jsonl")).unwrap(), "");
}

#[test]
fn what_could_not_be_applied_or_found_again_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let server = Server::start(here);
    let inside = json!([{"id": "scene_00", "decision": "keep", "set": {"/image_kind/x": "y", "/width/x": "y"}}]);
    assert_eq!(server.post("decide", &inside).status, 400);
    assert_eq!(fs::read_to_string(here.join("p.jsonl")).unwrap(), "");
    fs::rename(here.join("p.jsonl"), here.join("moved.jsonl")).unwrap();
    let keep = json!([{"id": "scene_00", "decision": "keep"}]);
    let answer = server.post("decide", &keep);
    assert_eq!(answer.status, 500);
    assert!(String::from_utf8_lossy(&answer.body).contains("was removed or replaced"));
    assert_eq!(fs::read_to_string(here.join("moved.jsonl")).unwrap(), "");
}
