//! A server of files on this machine that can be told to misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// What the server has, and what it was asked.
#[derive(Default)]
pub(crate) struct Shelf {
    /// Files by their names. `no-length` is sent without its length, `no-ranges` always from its beginning,
    /// `chunked` in chunks, `zipped` as if it were compressed; `moved/NAME` redirects to `NAME`.
    pub(crate) files: HashMap<String, Vec<u8>>,
    /// How many times more an answer is cut in the middle.
    pub(crate) cuts: HashMap<String, usize>,
    /// The names that were asked for, and the ranges.
    pub(crate) asked: Vec<(String, Option<String>)>,
}

/// A server on a port of its own, until the test ends.
pub(crate) struct Server {
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shelf = Arc::<Mutex<Shelf>>::default();
        let served = shelf.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // The client may go away first.
                let _ = serve(&stream.unwrap(), &served);
            }
        });
        Self { url, shelf }
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }
}

/// Answers one request, and closes the connection.
fn serve(mut stream: &TcpStream, shelf: &Mutex<Shelf>) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap()?;
    let name = first.split(' ').nth(1).unwrap().trim_start_matches('/');
    let mut range = None;
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(asked) = line.strip_prefix("range: ") {
            range = Some(asked.to_owned());
        }
    }
    let answer = answer(&mut shelf.lock().unwrap(), name, range);
    stream.write_all(&answer)
}

fn answer(shelf: &mut Shelf, name: &str, range: Option<String>) -> Vec<u8> {
    let start = range
        .as_deref()
        .filter(|_| name != "no-ranges")
        .map(|range| {
            let start = range.trim_start_matches("bytes=").trim_end_matches('-');
            start.parse::<usize>().unwrap()
        });
    shelf.asked.push((name.to_owned(), range));
    if let Some(to) = name.strip_prefix("moved/") {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: /{to}\r\nContent-Length: 0\r\n\r\n");
        return head.into_bytes();
    }
    let Some(content) = shelf.files.get(name) else {
        let head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        return head.as_bytes().to_vec();
    };
    let all = content.len();
    let start = start.unwrap_or(0);
    if start > 0 && start >= all {
        let head = format!(
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{all}\r\nContent-Length: 0\r\n\r\n"
        );
        return head.into_bytes();
    }
    let body = &content[start..];
    let mut head = head(name, start, all, body.len());
    if name == "zipped" {
        head += "Content-Encoding: gzip\r\n";
    }
    let mut body = match name {
        "chunked" => {
            let length = format!("{:x}\r\n", body.len());
            [length.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
        }
        _ => body.to_vec(),
    };
    if let Some(cuts) = shelf.cuts.get_mut(name).filter(|cuts| **cuts > 0) {
        *cuts -= 1;
        body.truncate(body.len() / 2);
    }
    [head.as_bytes(), b"\r\n", &body].concat()
}

/// The head of an answer with the bytes from `start` on, of `all`.
fn head(name: &str, start: usize, all: usize, length: usize) -> String {
    // The end of a connection is the end of a file in HTTP/1.0 alone.
    let version = if name == "no-length" { "1.0" } else { "1.1" };
    let status = match start {
        0 => "200 OK".to_owned(),
        _ => format!(
            "206 Partial Content\r\nContent-Range: bytes {start}-{}/{all}",
            all - 1
        ),
    };
    let length = match name {
        "chunked" => "Transfer-Encoding: chunked\r\n".to_owned(),
        "no-length" => String::new(),
        _ => format!("Content-Length: {length}\r\n"),
    };
    format!("HTTP/{version} {status}\r\n{length}")
}
