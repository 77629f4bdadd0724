//! What frame-extract does with films of many kinds: containers, colours, several streams, damage.
//! Where there is no ffmpeg, the tests that need one say so and pass.
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod films;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{Ran, run_in};

use films::{draw, ffmpeg, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

/// A folder for films and what is made of them.
struct Set {
    folder: tempfile::TempDir,
    ffmpeg: PathBuf,
}

impl Set {
    fn new() -> Option<Self> {
        Some(Self {
            ffmpeg: ffmpeg()?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs ffmpeg itself with these words.
    fn ffmpeg(&self, words: &str) {
        let mut command = Command::new(&self.ffmpeg);
        command
            .env("GCONV_PATH", "/nonexistent")
            .current_dir(self.path());
        command
            .args(["-v", "error", "-nostdin", "-y"])
            .args(words.split_whitespace());
        assert!(command.status().unwrap().success(), "ffmpeg {words}");
    }

    /// Extracts two frames a second of `film` into `folder`.
    fn extract(&self, film: &str, folder: &str, more: &[&str]) -> Ran {
        let ffmpeg = self.ffmpeg.to_str().unwrap();
        let mut words = vec!["--ffmpeg", ffmpeg, "--out-dir", folder];
        words.extend(more);
        words.extend(["--", film]);
        run_in(self.path(), TOOL, &words, "")
    }

    fn pixel(&self, record: &Value, x: u32, y: u32) -> [u8; 3] {
        let path = self.path().join(record["image"].as_str().unwrap());
        image::open(path).unwrap().to_rgb8().get_pixel(x, y).0
    }
}

fn well(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn times(records: &[Value]) -> Vec<f64> {
    let time = |record: &Value| record["source"]["time"].as_f64().unwrap();
    records.iter().map(time).collect()
}

/// Frames of a clip that ffmpeg draws: `seconds` long, 24 a second, for `-i`.
fn clip(size: &str, seconds: u32) -> String {
    format!("-f lavfi -i testsrc2=s={size}:r=24:d={seconds}")
}

#[test]
fn a_crash_of_ffmpeg_is_told_by_its_signal() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // It dies where it would look for converters of character sets, and is told not to.
    let script = "#!/bin/sh\ncase \"$*\" in *-version*) echo 'ffmpeg version 7.0'; exit;; esac\n\
                  [ \"$GCONV_PATH\" = /nonexistent ] && kill -SEGV $$\n";
    testkit::program(&here.join("ffmpeg"), script);
    fs::write(here.join("film.ts"), "x").unwrap();
    let ran = run_in(
        here,
        TOOL,
        &["--ffmpeg", "./ffmpeg", "--out-dir", "o", "film.ts"],
        "",
    );
    assert_eq!(ran.code, Some(1));
    let said = "frame-extract: film.ts: ffmpeg was stopped by signal 11 (SIGSEGV)";
    assert!(ran.stderr.starts_with(said), "{}", ran.stderr);
}

/// Playlists that name `at` or a file beside them: under which name, what is in them, of which kind.
fn playlists(at: &str) -> [(&'static str, String, &'static str); 5] {
    let dash = format!(
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" \
         profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT2S\"><Period><AdaptationSet mimeType=\"video/mp4\">\
         <Representation id=\"1\" bandwidth=\"1\"><BaseURL>{at}</BaseURL></Representation>\
         </AdaptationSet></Period></MPD>"
    );
    let session = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=video 9999 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
    [
        ("dash.mp4", dash, "DASH"),
        ("hls.m3u8", format!("#EXTM3U\n#EXTINF:2,\n{at}\n"), "HLS"),
        (
            "hls.mp4",
            "#EXTM3U\n#EXTINF:2,\nlocal.ts\n".to_owned(),
            "HLS",
        ),
        (
            "list.mkv",
            "ffconcat version 1.0\nfile local.ts\n".to_owned(),
            "ffconcat",
        ),
        ("session.mp4", session.to_owned(), "SDP"),
    ]
}

#[test]
fn a_playlist_is_refused_and_nothing_is_asked_for() {
    let Some(set) = Set::new() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = format!("http://{}/x.mp4", listener.local_addr().unwrap());
    set.ffmpeg(&format!("{} -c:v mpeg2video local.ts", clip("64x48", 1)));
    for (name, text, kind) in playlists(&at) {
        fs::write(set.path().join(name), text).unwrap();
        let ran = set.extract(name, "o", &[]);
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{name}");
        let said = format!("{name}: is a playlist ({kind}");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
    // What is no playlist by its first words is still opened as a film container only.
    set.ffmpeg("-f lavfi -i testsrc=s=64x48 -frames:v 1 one.png");
    fs::rename(set.path().join("one.png"), set.path().join("still.mp4")).unwrap();
    let ran = set.extract("still.mp4", "o", &[]);
    assert!(
        ran.stderr.contains("still.mp4: is a single image"),
        "{}",
        ran.stderr
    );
    for name in [
        "subfile,,start,0,end,0,,:local.ts",
        "crypto:local.ts",
        "local%d.ts",
    ] {
        let ran = set.extract(name, "o", &[]);
        assert!(ran.stderr.contains("No such file"), "{}", ran.stderr);
    }
    let asked = listener.accept();
    assert!(asked.is_err(), "a connection came from {asked:?}");
}

#[test]
fn another_film_of_that_name_gets_names_of_its_own() {
    let Some(set) = Set::new() else { return };
    for (folder, number) in [("s1", 1), ("s2", 2)] {
        fs::create_dir(set.path().join(folder)).unwrap();
        let graph = scene(number, 48, "a") + "[a]null[out]";
        draw(&set.ffmpeg, &set.path().join(folder), "01.mkv", &graph);
    }
    let first = set.extract("s1/01.mkv", "both", &[]);
    let images: Vec<PathBuf> = well(&first)
        .iter()
        .map(|record| set.path().join(record["image"].as_str().unwrap()))
        .collect();
    let before: Vec<Vec<u8>> = images
        .iter()
        .map(|image| fs::read(image).unwrap())
        .collect();
    let second = set.extract("s2/01.mkv", "both", &[]);
    let records = well(&second);
    assert!(
        second.stderr.contains("images of another film called 01"),
        "{}",
        second.stderr
    );
    let after: Vec<Vec<u8>> = images
        .iter()
        .map(|image| fs::read(image).unwrap())
        .collect();
    assert!(before == after, "the first film's images stay");
    let names = |records: &[Value]| -> Vec<String> {
        let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
        records.iter().map(id).collect()
    };
    assert_eq!(names(&first.records())[0], "01_000000");
    let id = &names(&records)[0];
    assert!(
        id.starts_with("01-") && id.ends_with("_000000") && id.len() == 18,
        "{id}"
    );
    // Both go on where they ended.
    assert_eq!(set.extract("s1/01.mkv", "both", &[]).stdout, first.stdout);
    assert_eq!(set.extract("s2/01.mkv", "both", &[]).stdout, second.stdout);
}

#[test]
fn a_preview_in_front_is_not_taken_for_the_film() {
    let Some(set) = Set::new() else { return };
    let (small, large) = (clip("64x36", 4), clip("320x180", 4));
    set.ffmpeg(&format!("{small} {large} -map 0 -map 1 -c:v ffv1 two.mkv"));
    let ran = set.extract("two.mkv", "o", &["--crop", "none"]);
    let records = well(&ran);
    assert_eq!((records.len(), &records[0]["width"]), (8, &320.into()));
    assert!(
        ran.stderr
            .contains("0:1 (ffv1 320x180) is used as the film, not 0:0"),
        "{}",
        ran.stderr
    );
    // A still that is larger than the film is not the film either.
    set.ffmpeg("-f lavfi -i testsrc=s=640x640:r=24:d=0.04 -c:v ffv1 still.mkv");
    set.ffmpeg(&format!("{small} -c:v ffv1 small.mkv"));
    set.ffmpeg("-i still.mkv -i small.mkv -map 0 -map 1 -c copy cover.mkv");
    let records = well(&set.extract("cover.mkv", "c", &["--crop", "none"]));
    assert_eq!((records.len(), &records[0]["width"]), (8, &64.into()));
}

#[test]
fn what_is_transparent_shows_gray_and_not_what_lies_under_it() {
    let Some(set) = Set::new() else { return };
    // Green that cannot be seen, beside an orange that can.
    let graph = "color=0x00ff00@0:s=64x48:r=24:d=1,format=bgra[g];\
                 color=0xdc8c28:s=32x48:r=24:d=1,format=bgra[o];[g][o]hstack[out]";
    draw(&set.ffmpeg, set.path(), "alpha.mkv", graph);
    let records = well(&set.extract("alpha.mkv", "o", &["--format", "png", "--crop", "none"]));
    assert_eq!(set.pixel(&records[0], 20, 20), [128; 3]);
    assert_eq!(set.pixel(&records[0], 80, 20), [220, 140, 40]);
}

#[test]
fn wide_primaries_come_out_as_the_colours_that_were_meant() {
    let Some(set) = Set::new() else { return };
    // The red of sRGB 220 40 40, as Y'CbCr in BT.2020 and in P3: worked out from the primaries by a
    // curve of 2.4, the matrices of BT.2020 and BT.709, and limited range.
    for (name, primaries, matrix, [y, u, v]) in [
        ("bt2020", "bt2020", "bt2020nc", [106, 104, 174]),
        ("p3", "smpte432", "bt709", [95, 110, 190]),
    ] {
        let graph = format!(
            "color=s=64x48:d=1:r=10,format=yuv444p,geq=lum={y}:cb={u}:cr={v},\
             setparams=color_primaries={primaries}:color_trc=bt709:colorspace={matrix}:range=tv[out]"
        );
        draw(&set.ffmpeg, set.path(), &format!("{name}.mkv"), &graph);
        let ran = set.extract(
            &format!("{name}.mkv"),
            "o",
            &["--format", "png", "--crop", "none"],
        );
        if ran.stderr.contains("lacks the filters zscale") {
            continue;
        }
        let found = set.pixel(&well(&ran)[0], 30, 20);
        let near = found
            .iter()
            .zip([220_u8, 40, 40])
            .all(|(a, b)| a.abs_diff(b) <= 5);
        assert!(near, "{name}: {found:?}");
    }
}

#[test]
fn pixels_that_change_their_shape_are_seen_in_their_own() {
    let Some(set) = Set::new() else { return };
    for (name, shape) in [("wide", "16/9"), ("narrow", "4/3")] {
        set.ffmpeg(&format!(
            "{} -vf setdar={shape} -c:v mpeg2video -q:v 2 {name}.ts",
            clip("720x576", 3)
        ));
    }
    let mut joined = fs::read(set.path().join("wide.ts")).unwrap();
    joined.extend(fs::read(set.path().join("narrow.ts")).unwrap());
    fs::write(set.path().join("both.ts"), joined).unwrap();
    let ran = set.extract("both.ts", "o", &["--crop", "none"]);
    let records = well(&ran);
    assert!(
        ran.stderr.contains("change shape: 768x576"),
        "{}",
        ran.stderr
    );
    let wide = records
        .iter()
        .filter(|record| record["width"] == 1024)
        .count();
    let narrow = records
        .iter()
        .filter(|record| record["width"] == 768)
        .count();
    assert_eq!(wide + narrow, records.len(), "{records:?}");
    assert!(
        (5..=7).contains(&narrow) && wide >= 6,
        "{wide} and {narrow}"
    );
    assert!(records.iter().all(|record| record["height"] == 576));
    let image = set
        .path()
        .join(records[records.len() - 1]["image"].as_str().unwrap());
    assert_eq!(image::image_dimensions(image).unwrap(), (768, 576));
}

#[test]
fn clusters_whose_clock_begins_anew_go_on_counting_too() {
    let Some(set) = Set::new() else { return };
    for name in ["a", "b"] {
        let flags = "-c:v mpeg4 -g 12 -bf 0 -f matroska -live 1 -cluster_time_limit 1000";
        set.ffmpeg(&format!("{} {flags} {name}.mkv", clip("160x96", 4)));
    }
    let read = |name: &str| fs::read(set.path().join(name)).unwrap();
    let (mut joined, more) = (read("a.mkv"), read("b.mkv"));
    // The id of a cluster in Matroska.
    let is_cluster = |bytes: &[u8]| bytes == [0x1f, 0x43, 0xb6, 0x75];
    let first = more.windows(4).position(is_cluster).unwrap();
    joined.extend(&more[first..]);
    fs::write(set.path().join("joined.mkv"), joined).unwrap();
    let ran = set.extract("joined.mkv", "o", &["--crop", "none"]);
    let found = times(&well(&ran));
    assert_eq!(found.len(), 16, "{found:?}");
    // Times of Matroska are whole milliseconds.
    for (half, time) in (0..16).zip(&found) {
        assert!((f64::from(half) / 2.0 - time).abs() < 0.002, "{found:?}");
    }
    let said = "timestamps start again once";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn dolby_vision_without_an_image_beneath_is_refused() {
    let Some(set) = Set::new() else { return };
    set.ffmpeg(&format!("{} -c:v mpeg4 film.mp4", clip("160x96", 2)));
    // No encoder at hand writes such a film: what ffmpeg says of one is put into what it says.
    let record = "DOVI configuration record: version: 1.0, profile: 5, level: 6, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 0";
    let script = format!(
        "#!/bin/sh\n{{ '{}' \"$@\" 2>&1 1>&3 | sed '/Stream #0:0.*Video: mpeg4/a [info]       Side data:\\n[info]         {record}' 1>&2; }} 3>&1\n",
        set.ffmpeg.display()
    );
    testkit::program(&set.path().join("dolby"), &script);
    let words = ["--ffmpeg", "./dolby", "--out-dir", "o", "film.mp4"];
    let ran = run_in(set.path(), TOOL, &words, "");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let said = "frame-extract: film.mp4: is Dolby Vision of profile 5";
    assert!(ran.stderr.starts_with(said), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn whole_frames_that_are_stored_as_fields_keep_their_detail() {
    let Some(set) = Set::new() else { return };
    // Detail of nearly every row, which passes by.
    let detail = "-f lavfi -i color=gray:s=352x288:r=25:d=3,geq=lum=128+50*sin(X*0.9+N)*sin(Y*2.1):cb=128:cr=128";
    let mpeg = "-c:v mpeg2video -q:v 2 -g 12";
    set.ffmpeg(&format!("{detail} {mpeg} plain.ts"));
    set.ffmpeg(&format!(
        "{detail} -vf setfield=tff {mpeg} -flags +ildct+ilme fields.ts"
    ));
    set.ffmpeg("-i fields.ts -vf bwdif=mode=send_frame -frames:v 1 -update 1 softened.png");
    let soft = combed(&set.path().join("softened.png"));
    let detail_of = |film: &str| {
        let records = well(&set.extract(film, &format!("of_{film}"), &["--crop", "none"]));
        assert_eq!(records.len(), 6, "{film}");
        let last = records[4]["image"].as_str().unwrap().to_owned();
        combed(&set.path().join(last))
    };
    let (plain, fields) = (detail_of("plain.ts"), detail_of("fields.ts"));
    assert!(
        soft < 0.8 * plain,
        "deinterlaced it would lose: {soft} of {plain}"
    );
    assert!((fields / plain - 1.0).abs() < 0.05, "{fields} and {plain}");
}

/// How much each row of an image differs from the row below it, in levels: nothing where upright stripes are whole.
fn combed(image: &Path) -> f64 {
    let image = image::open(image).unwrap().to_luma8();
    let rows = image.height() - 1;
    let differences = (0..rows).flat_map(|y| (0..image.width()).map(move |x| (x, y)));
    let sum: f64 = differences
        .map(|(x, y)| {
            f64::from(image.get_pixel(x, y).0[0].abs_diff(image.get_pixel(x, y + 1).0[0]))
        })
        .sum();
    sum / f64::from(rows * image.width())
}

#[test]
fn a_film_that_is_interlaced_from_some_time_on_is_deinterlaced_from_there() {
    let Some(set) = Set::new() else { return };
    // Upright stripes that pass by, fifty times a second: progressive, then as fields.
    let stripes =
        "-f lavfi -i color=gray:s=352x288:r=50:d=4,geq=lum=128+90*sin((X+5*N)/8):cb=128:cr=128";
    let mpeg = "-c:v mpeg2video -q:v 3 -g 12";
    set.ffmpeg(&format!("{stripes} -vf fps=25 {mpeg} film.ts"));
    set.ffmpeg(&format!(
        "{stripes} -vf tinterlace=interleave_top,setfield=tff {mpeg} -flags +ildct+ilme fields.ts"
    ));
    set.ffmpeg("-ss 2 -i fields.ts -frames:v 1 fields.png");
    assert!(combed(&set.path().join("fields.png")) > 20.0);
    let mut joined = fs::read(set.path().join("film.ts")).unwrap();
    joined.extend(fs::read(set.path().join("fields.ts")).unwrap());
    fs::write(set.path().join("joined.ts"), joined).unwrap();
    let records = well(&set.extract("joined.ts", "o", &["--crop", "none"]));
    assert!((14..=17).contains(&records.len()), "{}", records.len());
    for record in &records {
        let image = set.path().join(record["image"].as_str().unwrap());
        assert!(combed(&image) < 4.0, "{record}: {}", combed(&image));
    }
}

#[test]
fn a_clock_that_begins_anew_goes_on_counting() {
    let Some(set) = Set::new() else { return };
    let parts = "-c:v mpeg4 -g 12 -bf 0 -movflags +frag_keyframe+empty_moov+default_base_moof";
    for name in ["a", "b"] {
        set.ffmpeg(&format!("{} {parts} {name}.mp4", clip("160x96", 4)));
    }
    let read = |name: &str| fs::read(set.path().join(name)).unwrap();
    let mut joined = boxes(&read("a.mp4"), |kind| kind != b"mfra");
    joined.extend(boxes(&read("b.mp4"), |kind| {
        kind == b"moof" || kind == b"mdat"
    }));
    fs::write(set.path().join("joined.mp4"), joined).unwrap();
    let ran = set.extract("joined.mp4", "o", &["--crop", "none"]);
    let records = well(&ran);
    // ffmpeg passes over the fragment at the seam, and goes on behind it.
    let expected: Vec<f64> = (0..15).map(|half| f64::from(half) / 2.0).collect();
    assert_eq!(times(&records)[..15], expected);
    assert!(
        ran.stderr.contains("timestamps start again once"),
        "{}",
        ran.stderr
    );
}

/// The boxes of an MP4 whose kind is kept, as bytes.
fn boxes(file: &[u8], kept: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut rest, mut found) = (file, Vec::new());
    while rest.len() >= 8 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let (one, after) = rest.split_at(length);
        if kept(&one[4..8]) {
            found.extend_from_slice(one);
        }
        rest = after;
    }
    found
}

#[test]
fn sound_and_subtitles_may_go_on_behind_the_images() {
    let Some(set) = Set::new() else { return };
    let sound = "-f lavfi -i sine=d=30";
    let video = clip("160x96", 8);
    set.ffmpeg(&format!("{video} {sound} -c:v mpeg4 -c:a aac sound.mp4"));
    set.ffmpeg(&format!("{video} {sound} -c:v mpeg4 -c:a aac sound.mkv"));
    let lines =
        "1\n00:00:01,000 --> 00:00:02,000\nhello\n\n2\n00:00:40,000 --> 00:01:30,000\nend\n";
    fs::write(set.path().join("s.srt"), lines).unwrap();
    set.ffmpeg(&format!(
        "{video} -i s.srt -c:v mpeg4 -c:s srt subtitles.mkv"
    ));
    for film in ["sound.mp4", "sound.mkv", "subtitles.mkv"] {
        let ran = set.extract(
            film,
            &format!("of_{film}"),
            &["--crop", "none", "--method", "rules"],
        );
        assert_eq!((well(&ran).len(), &*ran.stderr), (16, ""), "{film}");
    }
}

#[test]
fn damage_is_told_and_marked() {
    let Some(set) = Set::new() else { return };
    set.ffmpeg(&format!(
        "{} -c:v mpeg2video -q:v 4 -g 24 film.ts",
        clip("320x180", 20)
    ));
    let mut bytes = fs::read(set.path().join("film.ts")).unwrap();
    let middle = bytes.len() / 2;
    let noise = testkit::noise(100, 40, 9).into_raw();
    bytes[middle..middle + noise.len()].copy_from_slice(&noise);
    fs::write(set.path().join("broken.ts"), bytes).unwrap();
    let ran = set.extract("broken.ts", "o", &["--crop", "none"]);
    let records = well(&ran);
    assert!(
        ran.stderr.contains("broken.ts: is damaged about "),
        "{}",
        ran.stderr
    );
    let marked: Vec<Value> = records
        .iter()
        .filter(|record| record["damage"] == true)
        .cloned()
        .collect();
    let near = times(&marked).iter().all(|time| (7.0..13.0).contains(time));
    assert!(
        !marked.is_empty() && near && records.len() >= 36,
        "{marked:?}"
    );
    let again = set.extract("broken.ts", "o", &["--crop", "none"]);
    assert_eq!(
        (again.stdout, again.stderr),
        (ran.stdout, ran.stderr),
        "and told again"
    );
}

#[test]
fn parts_that_were_cut_and_joined_without_encoding_are_read() {
    let Some(set) = Set::new() else { return };
    set.ffmpeg(&format!(
        "{} -c:v mpeg2video -q:v 4 -bf 2 -g 15 whole.mkv",
        clip("160x96", 20)
    ));
    let mut list = String::new();
    for (piece, from) in ["1.7", "8.2", "15.3"].iter().enumerate() {
        set.ffmpeg(&format!(
            "-ss {from} -i whole.mkv -t 3 -map 0:v:0 -c copy piece_{piece}.mkv"
        ));
        list.extend(["file piece_", &piece.to_string(), ".mkv\n"]);
    }
    fs::write(set.path().join("pieces.txt"), list).unwrap();
    set.ffmpeg("-f concat -i pieces.txt -c copy part.mkv");
    for film in ["piece_1.mkv", "part.mkv"] {
        let ran = set.extract(
            film,
            &format!("of_{film}"),
            &["--crop", "none", "--method", "rules"],
        );
        let records = well(&ran);
        assert!(
            records.len() >= if film == "part.mkv" { 17 } else { 6 },
            "{film}: {}",
            records.len()
        );
        assert!(times(&records).is_sorted(), "{film}");
    }
}
