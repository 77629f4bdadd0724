//! A server that behaves, or misbehaves, as a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What the server does with one request.
pub(crate) enum Act {
    /// Answers with status, further headers and body.
    Answer(u16, &'static str, String),
    /// Waits, then answers well.
    Late(Duration),
    /// Says that the answer is longer than it is.
    BreakOff,
    /// Writes these bytes, head and all, and closes the connection.
    Raw(Vec<u8>),
    /// Closes the connection without reading or answering.
    Reset,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Request {
    /// Whether it is the first, which tries the server with a small image.
    pub(crate) fn probes(&self) -> bool {
        self.body.to_string().contains("What colour is this?")
    }
}

/// A server on a port of its own, until the test ends.
pub(crate) struct Mock {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    most: Arc<AtomicUsize>,
}

impl Mock {
    /// `act` is given each request and how many came before that did not probe.
    pub(crate) fn new(act: impl Fn(&Request, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mock = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            requests: Arc::default(),
            most: Arc::default(),
        };
        let (requests, most) = (mock.requests.clone(), mock.most.clone());
        let busy = AtomicUsize::new(0);
        // A request is there until its answer is known: once that is written, the client may ask again
        // before this thread goes on.
        let counted = Arc::new(move |request: &Request, before| {
            let now = busy.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            let answer = act(request, before);
            busy.fetch_sub(1, Ordering::SeqCst);
            answer
        });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (act, requests) = (counted.clone(), requests.clone());
                thread::spawn(move || {
                    // The client may go away first.
                    let _ = serve(stream.unwrap(), &*act, &requests);
                });
            }
        });
        mock
    }

    /// One that answers every request well.
    pub(crate) fn good() -> Self {
        Self::new(|request, _| good(request))
    }

    /// The requests so far, without the one that probes.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| !request.probes())
            .cloned()
            .collect()
    }

    /// All requests so far.
    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The most requests that were there at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// The answer of a server that is well, in the form of the API that was asked.
pub(crate) fn good(request: &Request) -> Act {
    says(request, "The image shows a boy by the sea. He waves.")
}

/// An answer of these words.
pub(crate) fn says(request: &Request, words: &str) -> Act {
    said(request, json!(words), "stop")
}

/// An answer of this content that ended for this reason.
pub(crate) fn said(request: &Request, content: Value, finish: &str) -> Act {
    let message = json!({"role": "assistant", "content": content});
    let answer = match request.path.as_str() {
        "/v1/models" => json!({"object": "list", "data": [{"id": "mock-vl"}]}),
        "/api/tags" => json!({"models": [{"name": "mock-vl:latest"}]}),
        "/api/chat" => {
            json!({"model": "m", "message": message, "done_reason": finish, "eval_count": 9})
        }
        _ => {
            json!({"choices": [{"message": message, "finish_reason": finish}], "usage": {"completion_tokens": 9}})
        }
    };
    Act::Answer(
        200,
        "Content-Type: application/json\r\n",
        answer.to_string(),
    )
}

/// An error as a server words it.
pub(crate) fn error(status: u16, body: &Value) -> Act {
    Act::Answer(
        status,
        "Content-Type: application/json\r\n",
        body.to_string(),
    )
}

fn serve(
    mut stream: TcpStream,
    act: &(dyn Fn(&Request, usize) -> Act + Send + Sync),
    requests: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let lower = head.to_lowercase();
    let length = lower
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let request = Request {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        head,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let before = {
        let mut requests = requests.lock().unwrap();
        let before = requests.iter().filter(|request| !request.probes()).count();
        requests.push(request.clone());
        before
    };
    let (status, headers, body) = match act(&request, before) {
        Act::Reset => return Ok(()),
        Act::Raw(bytes) => return stream.write_all(&bytes),
        Act::BreakOff => {
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n";
            return stream.write_all(format!("{head}{{\"choices\": [").as_bytes());
        }
        Act::Answer(status, headers, body) => (status, headers, body),
        Act::Late(wait) => {
            thread::sleep(wait);
            let Act::Answer(status, headers, body) = good(&request) else {
                return Ok(());
            };
            (status, headers, body)
        }
    };
    let length = body.len();
    stream.write_all(
        format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").as_bytes(),
    )
}
