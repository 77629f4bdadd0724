//! What `models` does, seen from outside, on a server of this machine and on folders.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

mod server;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use server::Server;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

const TOOL: &str = env!("CARGO_BIN_EXE_models");

/// Tries of a download.
const TRIES: usize = 4;

#[test]
fn has_the_manners_of_a_tool() {
    testkit::help_and_manual(TOOL);
}

fn whole() -> Vec<u8> {
    (0..4000).flat_map(|_| 0..=255).collect()
}

fn other() -> Vec<u8> {
    b"not what was meant".repeat(1000)
}

fn sum(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let digits = |text: String, byte: &u8| text + &format!("{byte:02x}");
    hash.iter().fold(String::new(), digits)
}

/// One entry of a registry.
struct Entry<'a> {
    name: &'a str,
    url: &'a str,
    /// Its size; none is said without.
    bytes: Option<usize>,
    sha256: String,
    default: bool,
    /// Further lines of the model, and of its file.
    more: &'a str,
    member: &'a str,
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Self {
            name: "own",
            url: "a.onnx",
            bytes: Some(whole().len()),
            sha256: sum(&whole()),
            default: true,
            more: "",
            member: "",
        }
    }
}

/// A folder of models and a server that has `a.onnx`.
struct Here {
    folder: TempDir,
    server: Server,
}

impl Here {
    fn new() -> Self {
        let server = Server::new();
        server.shelf().files.insert("a.onnx".to_owned(), whole());
        let folder = tempfile::tempdir().unwrap();
        Self { folder, server }
    }

    /// The same, with a registry of one model.
    fn of(entry: &Entry<'_>) -> Self {
        let here = Self::new();
        here.register(entry);
        here
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn register(&self, entry: &Entry<'_>) {
        let Entry {
            name,
            url,
            sha256,
            default,
            more,
            member,
            ..
        } = entry;
        let bytes = entry
            .bytes
            .map_or_else(String::new, |bytes| format!("bytes = {bytes}\n"));
        let member = if member.is_empty() {
            String::new()
        } else {
            format!("member = \"{member}\"\n")
        };
        let text = format!(
            "[[model]]\nname = \"{name}\"\nrole = \"detect\"\nfamily = \"yolox\"\nlicence = \"MIT\"\n\
             default = {default}\n{more}\n[[model.file]]\npath = \"model.onnx\"\n\
             url = \"{}/{url}\"\n{bytes}sha256 = \"{sha256}\"\n{member}",
            self.server.url
        );
        let mut options = fs::File::options();
        let file = options
            .append(true)
            .create(true)
            .open(self.path("registry.toml"));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Runs the tool; its exit status, standard output and standard error.
    fn run(&self, flags: &[&str]) -> (i32, String, String) {
        let ran = Command::new(TOOL)
            .args(["--pause", "0", "--models"])
            .arg(self.folder.path())
            .args(flags)
            .env("no_proxy", "127.0.0.1")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            ran.status.code().unwrap(),
            text(ran.stdout),
            text(ran.stderr),
        )
    }

    /// Runs it, and looks whether it ends so.
    fn ends(&self, code: i32, flags: &[&str]) -> String {
        let (found, _, said) = self.run(flags);
        assert_eq!(found, code, "{flags:?}: {said}");
        said
    }

    fn file(&self) -> PathBuf {
        self.path("published/own/model.onnx")
    }

    /// Puts a file where the model, or a beginning of it, is.
    fn put(path: &Path, content: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[track_caller]
    fn has_it(&self, content: &[u8]) {
        assert!(fs::read(self.file()).unwrap() == content);
    }

    /// The names of all files that are there, but for the registry.
    fn left(&self) -> Vec<String> {
        let mut folders = vec![self.path("published")];
        let mut names = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        names
    }

    fn cut(&self, name: &str, times: usize) {
        self.server.shelf().cuts.insert(name.to_owned(), times);
    }

    fn serve(&self, name: &str, content: Vec<u8>) {
        self.server.shelf().files.insert(name.to_owned(), content);
    }

    /// The ranges that were asked for since this was last asked.
    fn ranges(&self) -> Vec<Option<String>> {
        let asked = std::mem::take(&mut self.server.shelf().asked);
        asked.into_iter().map(|(_, range)| range).collect()
    }
}

#[test]
fn it_says_what_it_downloads_before_it_does_and_once() {
    let here = Here::of(&Entry {
        more: "data = \"drawings\"",
        ..Entry::default()
    });
    let said = here.ends(0, &[]);
    here.has_it(&whole());
    assert!(
        said.contains("models: own (detect): 1 file, 1.0 MB, licence MIT\n"),
        "{said}"
    );
    assert!(said.contains("trained on drawings"), "{said}");
    assert!(
        said.find("in total").unwrap() < said.find("model.onnx, 1.0 MB").unwrap(),
        "{said}"
    );
    assert_eq!(here.left(), ["model.onnx"]);
    here.ranges();
    let said = here.ends(0, &[]);
    assert_eq!(here.ranges(), [], "what is there is not asked for again");
    assert!(said.contains("own: is installed"), "{said}");
    assert_eq!(here.ends(0, &["--quiet"]), "");
}

#[test]
fn a_download_that_is_cut_is_resumed() {
    let here = Here::of(&Entry::default());
    here.cut("a.onnx", 1);
    here.ends(0, &[]);
    here.has_it(&whole());
    let rest = format!("bytes={}-", whole().len() / 2);
    assert_eq!(here.ranges(), [None, Some(rest)]);
}

#[test]
fn another_run_resumes_too() {
    let here = Here::of(&Entry::default());
    here.cut("a.onnx", TRIES);
    let said = here.ends(1, &[]);
    assert!(
        said.contains("run this again to resume the download"),
        "{said}"
    );
    assert_eq!(here.left(), ["model.onnx.part"], "nothing under the name");
    here.ranges();
    let said = here.ends(0, &[]);
    here.has_it(&whole());
    assert!(said.contains("resumes at 1.0 MB"), "{said}");
    assert_ne!(here.ranges()[0], None);
}

#[test]
fn a_server_that_knows_no_ranges_sends_all_of_it_again() {
    let here = Here::of(&Entry {
        url: "no-ranges",
        ..Entry::default()
    });
    here.serve("no-ranges", whole());
    here.cut("no-ranges", 1);
    here.ends(0, &[]);
    here.has_it(&whole());
}

#[test]
fn a_beginning_may_be_whole_or_of_another_file() {
    for part in [whole(), [whole(), b"more".to_vec()].concat()] {
        let here = Here::of(&Entry::default());
        Here::put(&here.path("published/own/model.onnx.part"), &part);
        here.ends(0, &[]);
        here.has_it(&whole());
    }
}

#[test]
fn another_checksum_is_refused() {
    let here = Here::of(&Entry::default());
    here.serve("a.onnx", other());
    let said = here.ends(1, &[]);
    assert!(here.left().is_empty());
    assert!(said.contains("of the registry: nothing was kept"), "{said}");
}

#[test]
fn what_is_there_and_wrong_is_downloaded_again() {
    let here = Here::of(&Entry::default());
    Here::put(&here.file(), &whole()[..1000]);
    let said = here.ends(0, &[]);
    here.has_it(&whole());
    assert!(said.contains("is not the file of the registry"), "{said}");
}

#[test]
fn a_checksum_that_is_not_confirmed_is_said() {
    let here = Here::of(&Entry {
        sha256: "unconfirmed".to_owned(),
        ..Entry::default()
    });
    let said = here.ends(0, &[]);
    here.has_it(&whole());
    let expected = format!("SHA-256 {}: the registry has no checksum", sum(&whole()));
    assert!(said.contains(&expected), "{said}");
}

/// A folder of a model without a checksum, that the server has under `url`.
fn unconfirmed(url: &str, content: Vec<u8>, bytes: Option<usize>) -> Here {
    let sha256 = "unconfirmed".to_owned();
    let here = Here::of(&Entry {
        url,
        bytes,
        sha256,
        ..Entry::default()
    });
    here.serve(url, content);
    here
}

#[test]
fn a_file_without_a_checksum_that_may_be_cut_is_refused() {
    for (url, cuts, problem) in [
        ("no-length", 0, "the server does not send its length"),
        ("no-length", 9, "the server does not send its length"),
        ("chunked", 9, "run this again to resume the download"),
        ("a.onnx", 9, "run this again to resume the download"),
    ] {
        let here = unconfirmed(url, whole(), None);
        here.cut(url, cuts);
        let said = here.ends(1, &[]);
        assert!(!here.file().exists(), "{url}: {said}");
        assert!(said.contains(problem), "{url}: {said}");
    }
}

#[test]
fn a_file_without_a_checksum_whose_end_is_known_is_taken() {
    for (url, bytes) in [
        ("chunked", None),
        ("a.onnx", None),
        ("no-length", Some(whole().len())),
    ] {
        let here = unconfirmed(url, whole(), bytes);
        here.ends(0, &[]);
        here.has_it(&whole());
    }
}

#[test]
fn a_file_without_a_checksum_of_another_size_is_refused() {
    let all = whole();
    for content in [
        [all.clone(), b"more".to_vec()].concat(),
        all[1..].to_vec(),
        Vec::new(),
    ] {
        for url in ["a.onnx", "no-length"] {
            let problem = if content.is_empty() {
                "is empty".to_owned()
            } else {
                format!(
                    "has {} bytes, but {} in the registry",
                    content.len(),
                    all.len()
                )
            };
            let here = unconfirmed(url, content.clone(), Some(all.len()));
            let said = here.ends(1, &[]);
            assert!(here.left().is_empty(), "{said}");
            assert!(said.contains(&problem), "{said}");
        }
    }
}

#[test]
fn what_is_no_model_at_all_is_refused() {
    for (content, problem) in [
        (
            &b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"[..],
            "a pointer of Git LFS",
        ),
        (b"\n<!DOCTYPE html>\n<html>moved</html>", "a web page"),
        (b"", "is empty"),
    ] {
        let here = unconfirmed("a.onnx", content.to_vec(), None);
        let said = here.ends(1, &[]);
        assert!(here.left().is_empty(), "{said}");
        assert!(said.contains(problem), "{said}");
    }
    let here = unconfirmed("zipped", whole(), None);
    let said = here.ends(1, &[]);
    assert!(!here.file().exists(), "{said}");
    assert!(said.contains("was sent compressed"), "{said}");
}

#[test]
fn what_came_first_is_what_must_come_again() {
    let here = unconfirmed("a.onnx", whole(), None);
    here.ends(0, &[]);
    let first = sum(&whole());
    let lock = here.path("published/lock.toml");
    let text = fs::read_to_string(&lock).unwrap();
    let entry = format!(
        "[[file]]\nmodel = \"own\"\npath = \"model.onnx\"\nurl = \"{}/a.onnx\"\nbytes = {}\nsha256 = \"{first}\"\n",
        here.server.url,
        whole().len()
    );
    assert!(text.ends_with(&entry), "{text}");
    here.ends(0, &[]);
    // The publisher has another file under the same address: it does not come in silence.
    here.serve("a.onnx", other());
    fs::remove_file(here.file()).unwrap();
    let said = here.ends(1, &[]);
    assert!(!here.file().exists());
    let refused = format!("is not {first} of {}: nothing was kept", lock.display());
    assert!(said.contains(&refused), "{said}");
    // Nor is one taken that changed on disk, whatever its size.
    here.serve("a.onnx", whole());
    Here::put(&here.file(), &vec![0; whole().len()]);
    let said = here.ends(0, &[]);
    here.has_it(&whole());
    let again = format!("is not the file of {}", lock.display());
    assert!(said.contains(&again), "{said}");
    fs::remove_file(&lock).unwrap();
    fs::remove_file(here.file()).unwrap();
    here.serve("a.onnx", other());
    here.ends(0, &[]);
    here.has_it(&other());
}

#[test]
fn what_was_there_before_there_was_a_lock_is_pinned() {
    let here = unconfirmed("a.onnx", whole(), None);
    Here::put(&here.file(), b"put here by hand");
    here.ends(0, &[]);
    let text = fs::read_to_string(here.path("published/lock.toml")).unwrap();
    assert!(text.contains(&sum(b"put here by hand")), "{text}");
}

#[test]
fn a_lock_that_is_no_lock_is_said() {
    let here = Here::of(&Entry::default());
    Here::put(
        &here.path("published/lock.toml"),
        b"[[file]]\nmodel = 'own'\n",
    );
    let said = here.ends(1, &[]);
    assert!(
        said.contains("lock.toml: missing field `path`: correct it or remove it"),
        "{said}"
    );
}

#[test]
fn what_is_not_there_is_said_and_the_rest_is_downloaded() {
    let here = Here::of(&Entry {
        name: "gone",
        url: "gone.onnx",
        ..Entry::default()
    });
    here.register(&Entry::default());
    let said = here.ends(1, &[]);
    assert!(said.contains("/gone.onnx: 404 Not Found"), "{said}");
    assert!(
        said.contains("1 of 2 models could not be downloaded"),
        "{said}"
    );
    here.has_it(&whole());
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let here = Here::of(&Entry::default());
    let said = here.ends(1, &["--from", &url]);
    assert!(here.left().is_empty());
    assert!(said.contains(&format!("{url}/own/model.onnx: ")), "{said}");
}

#[test]
fn redirections_are_followed() {
    let here = Here::of(&Entry {
        url: "moved/a.onnx",
        ..Entry::default()
    });
    here.ends(0, &[]);
    here.has_it(&whole());
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_file_comes_out_of_an_archive_which_is_not_kept() {
    let here = Here::of(&Entry {
        url: "a.zip",
        member: "end2end.onnx",
        ..Entry::default()
    });
    let packed = zip(&[
        ("deep/end2end.onnx", &whole()),
        ("deep/pipeline.json", b"{}"),
    ]);
    here.serve("a.zip", packed);
    here.cut("a.zip", 1);
    here.ends(0, &[]);
    here.has_it(&whole());
    assert_eq!(here.left(), ["model.onnx"]);
}

#[test]
fn an_archive_that_will_not_do_is_refused_and_not_kept() {
    let whole = whole();
    for (content, problem) in [
        (zip(&[("a.txt", b"")]), "has 0 files `end2end.onnx`"),
        (
            zip(&[("a/end2end.onnx", &whole), ("b/end2end.onnx", &other())]),
            "has 2 files `end2end.onnx`",
        ),
        (zip(&[("end2end.onnx", &other())]), "nothing was kept"),
        (whole.clone(), "not a complete zip"),
    ] {
        let here = Here::of(&Entry {
            url: "a.zip",
            member: "end2end.onnx",
            ..Entry::default()
        });
        here.serve("a.zip", content);
        let said = here.ends(1, &[]);
        assert!(here.left().is_empty(), "{said}");
        assert!(said.contains(problem), "{said}");
    }
}

#[test]
fn a_mirror_in_a_folder_is_held_to_the_checksum_too() {
    let here = Here::of(&Entry {
        url: "never-asked",
        ..Entry::default()
    });
    let mirror = here.path("mirror");
    let from = ["--from", mirror.to_str().unwrap()];
    let said = here.ends(1, &from);
    assert!(said.contains("the mirror has no such file"), "{said}");
    Here::put(&mirror.join("own/model.onnx"), &other());
    here.ends(1, &from);
    Here::put(&mirror.join("own/model.onnx"), &whole());
    here.ends(0, &from);
    here.has_it(&whole());
    assert_eq!(here.ranges(), []);
}

#[test]
fn a_mirror_on_a_server_has_files_that_are_unpacked() {
    let here = Here::of(&Entry {
        url: "never-asked",
        member: "end2end.onnx",
        ..Entry::default()
    });
    here.serve("mirror/own/model.onnx", whole());
    let mirror = format!("{}/mirror/", here.server.url);
    here.ends(0, &["--from", &mirror]);
    here.has_it(&whole());
}

#[test]
fn a_model_with_a_notice_comes_only_by_name() {
    let here = Here::of(&Entry {
        name: "bound",
        more: "notice = \"not for sale\"",
        ..Entry::default()
    });
    here.register(&Entry::default());
    let bound = here.path("published/bound/model.onnx");
    for flags in [&[][..], &["--role", "detect"]] {
        here.ends(0, flags);
        assert!(!bound.exists());
    }
    let said = here.ends(0, &["--model", "bound"]);
    assert!(bound.exists());
    assert!(said.contains("NOTICE: not for sale"), "{said}");
}

#[test]
fn names_and_roles_that_are_unknown_are_errors_of_the_command_line() {
    let here = Here::of(&Entry::default());
    for flags in [
        ["--model", "mine"],
        ["--role", "smell"],
        ["--needs", "smell"],
        ["--stamp", "detect=mine"],
    ] {
        let said = here.ends(2, &flags);
        assert!(said.contains(flags[1]), "{said}");
    }
    let said = here.ends(2, &["--needs", "detect=mine"]);
    assert!(
        said.contains("detect=mine: not a model in the registry and not a file"),
        "{said}"
    );
}

#[test]
fn no_file_is_written_elsewhere() {
    for (from, to) in [
        ("path = \"model.onnx\"", "path = \"../../../model.onnx\""),
        ("path = \"model.onnx\"", "path = \"/tmp/model.onnx\""),
        ("licence", "folder = \"../elsewhere\"\nlicence"),
    ] {
        let here = Here::of(&Entry::default());
        let registry = here.path("registry.toml");
        let text = fs::read_to_string(&registry).unwrap().replace(from, to);
        fs::write(&registry, text).unwrap();
        let said = here.ends(1, &[]);
        assert!(
            said.contains("not a path inside the folder of models"),
            "{said}"
        );
        assert_eq!(here.ranges(), []);
    }
}

#[test]
fn a_check_says_what_is_missing_and_how_to_get_it() {
    let here = Here::of(&Entry::default());
    here.register(&Entry {
        name: "other",
        default: false,
        ..Entry::default()
    });
    let said = here.ends(1, &["--needs", "detect", "detect=other"]);
    assert_eq!(here.ranges(), [], "nothing is downloaded");
    let line = "models: own is not installed (detect, 1.0 MB): film2lora models --role detect (make models ROLE=detect)\n";
    assert!(said.contains(line), "{said}");
    let line = "other is not installed (detect, 1.0 MB): film2lora models --model other (make models MODEL=other)\n";
    assert!(said.contains(line), "{said}");
    here.ends(0, &[]);
    assert_eq!(here.ends(0, &["--needs", "detect"]), "");
    let mine = here.path("mine = my own.onnx");
    fs::write(&mine, whole()).unwrap();
    let mine = format!("detect={}", mine.display());
    assert_eq!(
        here.ends(0, &["--needs", &mine]),
        "",
        "a file of the user's own"
    );
    assert_eq!(here.ends(0, &["--needs"]), "", "nothing is needed");
}

#[test]
fn a_stamp_changes_with_the_model_and_with_nothing_else() {
    let here = Here::of(&Entry::default());
    let mine = here.path("my own.onnx");
    fs::write(&mine, whole()).unwrap();
    let needs = ["--stamp", "detect", &format!("segment={}", mine.display())];
    let stamps = || {
        let (code, stamps, said) = here.run(&needs);
        assert_eq!(code, 0, "{said}");
        let words: Vec<String> = stamps.split_whitespace().map(str::to_owned).collect();
        <[String; 2]>::try_from(words).unwrap()
    };
    let first = stamps();
    let role = |stamp: &str| stamp.split('=').next().unwrap().to_owned();
    assert_eq!(
        first.each_ref().map(|stamp| role(stamp)),
        ["detect", "segment"]
    );
    assert_eq!(stamps(), first, "the same models");
    fs::write(&mine, [whole(), b"more".to_vec()].concat()).unwrap();
    let second = stamps();
    assert_eq!(second[0], first[0]);
    assert_ne!(second[1], first[1], "a file of the user's own is another");
    let registry = here.path("registry.toml");
    let text = fs::read_to_string(&registry).unwrap();
    fs::write(&registry, text.replace(&sum(&whole()), &"0".repeat(64))).unwrap();
    let third = stamps();
    assert_ne!(third[0], first[0], "another checksum");
    assert_eq!(third[1], second[1]);
}

#[test]
fn a_list_says_what_is_there_and_downloads_nothing() {
    let here = Here::of(&Entry::default());
    here.register(&Entry {
        name: "bound",
        default: false,
        more: "notice = \"not for sale\"",
        ..Entry::default()
    });
    Here::put(&here.file(), b"damaged, which a list does not see");
    let (code, list, said) = here.run(&["--list"]);
    assert_eq!((code, said.as_str()), (0, ""));
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[0],
        ["own", "detect", "(default)", "1.0", "MB", "there", "MIT,"]
            .map(|word| word.trim_end_matches(','))
    );
    assert_eq!(
        rows[1][..6],
        ["bound", "detect", "1.0", "MB", "missing", "MIT,"]
    );
    let (_, json, _) = here.run(&["--list", "--json", "--model", "bound"]);
    assert_eq!(
        json,
        "{\"name\":\"bound\",\"role\":\"detect\",\"default\":false,\"licence\":\"MIT\",\"state\":\"missing\",\
         \"bytes\":1024000,\"notice\":\"not for sale\"}\n"
    );
    assert_eq!(here.ranges(), []);
}

#[test]
fn verifying_reads_what_is_there() {
    let here = Here::of(&Entry::default());
    here.register(&Entry {
        name: "other",
        default: false,
        ..Entry::default()
    });
    here.ends(0, &[]);
    let (code, list, _) = here.run(&["--verify"]);
    assert!(
        code == 0 && list.contains("whole") && !list.contains("other"),
        "{list}"
    );
    Here::put(&here.file(), &vec![0; whole().len()]);
    let (code, list, _) = here.run(&["--verify"]);
    assert!(code == 1 && list.contains("DAMAGED"), "{list}");
}

#[test]
fn a_folder_without_a_registry_is_said() {
    let here = Here::new();
    let said = here.ends(1, &[]);
    assert!(said.contains("registry.toml: No such file"), "{said}");
}

#[test]
fn progress_is_told_in_a_log_that_asks_for_it() {
    let here = Here::of(&Entry::default());
    let ran = Command::new(TOOL)
        .arg("--models")
        .arg(here.folder.path())
        .env("no_proxy", "127.0.0.1")
        .env("FILM2LORA_PROGRESS", "0")
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains(" of 1.02 MB, "), "{said}");
}
