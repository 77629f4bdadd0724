//! Which files are films: the containers that are read, and what looks like a film and is none.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use stage::{Result, bail};

/// The containers that hold their images themselves, by the names of ffmpeg's demuxers.
///
/// Left out is whatever opens other files or addresses (HLS, DASH, IMF, concat, SDP, numbered
/// images, discs by their index), and single images, but for those of JPEG: raw MJPEG is taken for one.
pub(crate) const LIST: [&str; 62] = [
    "mov",
    "matroska",
    "mpegts",
    "mpeg",
    "avi",
    "asf",
    "asf_o",
    "flv",
    "live_flv",
    "kux",
    "mxf",
    "gxf",
    "lxf",
    "ogg",
    "nut",
    "rm",
    "wtv",
    "ty",
    "nsv",
    "nuv",
    "pva",
    "pmp",
    "mv",
    "vivo",
    "dv",
    "ivf",
    "obu",
    "av1",
    "h261",
    "h263",
    "h264",
    "hevc",
    "vvc",
    "evc",
    "m4v",
    "mpegvideo",
    "vc1",
    "vc1test",
    "dirac",
    "cavsvideo",
    "avs2",
    "avs3",
    "dnxhd",
    "mjpeg",
    "jpeg_pipe",
    "mjpeg_2000",
    "yuv4mpegpipe",
    "gif",
    "apng",
    "jpegxl_anim",
    "swf",
    "flic",
    "bink",
    "smk",
    "roq",
    "film_cpk",
    "thp",
    "usm",
    "moflex",
    "mods",
    "4xm",
    "c93",
];

/// How much of a file is searched for the words of a playlist, in bytes.
const HEAD: u64 = 4096;

/// What a playlist begins with or holds, in small letters, and what it is.
const PLAYLISTS: [(&str, &str); 12] = [
    ("#extm3u", "HLS or M3U"),
    ("<mpd", "DASH"),
    ("ffconcat", "ffconcat"),
    ("v=0\r\no=", "SDP"),
    ("v=0\no=", "SDP"),
    ("[playlist]", "PLS"),
    ("[reference]", "ASX"),
    ("<asx", "ASX"),
    ("<smil", "SMIL"),
    ("<smoothstreamingmedia", "Smooth Streaming"),
    ("<compositionplaylist", "IMF"),
    ("<assetmap", "IMF or DCP"),
];

/// Refuses a file that only names where a film is: it is not to be followed.
pub(crate) fn refuse_playlists(path: &Path) -> Result<()> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    if let Some(kind) = playlist(&head) {
        bail!(
            "is a playlist ({kind}), which only names the place of a film and is not followed: save what \
             it names as one file, for example with `ffmpeg -i PLAYLIST -c copy film.mkv`, and give that file"
        );
    }
    Ok(())
}

/// Which kind of playlist begins like this; none if it is something else.
fn playlist(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let text = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let markup = text.starts_with('<');
    let found = PLAYLISTS.iter().find(|(words, _)| {
        text.starts_with(words) || (markup && words.starts_with('<') && text.contains(words))
    });
    found.map(|&(_, kind)| kind)
}

/// What to say of a file that ffmpeg takes for a `format` outside [`LIST`].
pub(crate) fn refusal(format: &str) -> String {
    if format.ends_with("_pipe") || format.starts_with("image2") {
        return "is a single image: use `frame-scan`, which makes records of images".to_owned();
    }
    format!("is in the format `{format}`, which is not a film container that this tool reads")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playlists_are_known_by_what_they_say() {
        assert_eq!(
            playlist(b"\xef\xbb\xbf#EXTM3U\n#EXTINF:1,"),
            Some("HLS or M3U")
        );
        let dash = b"<?xml version='1.0'?>\n<!-- x -->\n<MPD profiles='urn:mpeg:dash'>";
        assert_eq!(playlist(dash), Some("DASH"));
        assert_eq!(playlist(b"v=0\r\no=- 0 0 IN IP4 127.0.0.1"), Some("SDP"));
        assert_eq!(
            playlist(b"ffconcat version 1.0\nfile a.mp4"),
            Some("ffconcat")
        );
    }

    #[test]
    fn films_are_no_playlists() {
        assert_eq!(playlist(b"\0\0\0\x20ftypisom\0\0\x02\0 #EXTM3U <MPD"), None);
        assert_eq!(playlist(b""), None);
    }

    #[test]
    fn no_name_opens_other_files() {
        for name in [
            "hls", "dash", "concat", "sdp", "image2", "imf", "vobsub", "rtsp",
        ] {
            assert!(!LIST.contains(&name), "{name}");
        }
    }
}
