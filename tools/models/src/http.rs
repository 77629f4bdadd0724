//! Downloads over HTTP that are resumed where they were cut.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use stage::{Context, Error, Result, Transfer, anyhow, bail, ensure, tell};
use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::words::megabytes;

/// A connection is there after so long, or not at all.
const CONNECT: Duration = Duration::from_secs(30);

/// The longest time without a byte.
const SILENCE: Duration = Duration::from_mins(1);

/// No model is larger, in bytes.
pub(crate) const LARGEST: u64 = 16 << 30;

/// Bytes that are read at a time.
const BLOCK: usize = 1 << 20;

/// How often and how fast a download is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Tries in all.
    pub(crate) tries: u32,
    /// The pause before the second; each is twice the one before.
    pub(crate) pause: Duration,
}

/// Whether a server has said where the file ends: else one that was cut looks whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It has.
    Known,
    /// It has not.
    Unknown,
}

/// Why a try failed.
enum Failure {
    /// Another try may do better.
    Passing(String),
    /// It would not.
    Final(Error),
}

impl Patience {
    /// Downloads to `part`, which may hold the beginning already.
    pub(crate) fn download(self, url: &str, part: &Path) -> Result<Ending> {
        let agent = agent(url);
        let mut pause = self.pause;
        for tried in 1.. {
            match attempt(&agent, url, part) {
                Ok(ending) => return Ok(ending),
                Err(Failure::Final(error)) => return Err(error.context(url.to_owned())),
                Err(Failure::Passing(what)) if tried >= self.tries => {
                    bail!("{url}: {what}: run this again to resume the download")
                }
                Err(Failure::Passing(_)) => sleep(pause),
            }
            pause = pause.saturating_mul(2);
        }
        Ok(Ending::Unknown)
    }
}

fn agent(url: &str) -> Agent {
    let roots = RootCerts::PlatformVerifier;
    Agent::config_builder()
        .http_status_as_error(false)
        // Redirections are followed, but never to where others can read and write along.
        .https_only(url.starts_with("https:"))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .user_agent(concat!("film2lora/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// Downloads what is missing of `part`.
fn attempt(agent: &Agent, url: &str, part: &Path) -> Result<Ending, Failure> {
    let have = fs::metadata(part).map_or(0, |found| found.len());
    let mut request = agent.get(url).header("accept-encoding", "identity");
    if have > 0 {
        request = request.header("range", format!("bytes={have}-"));
    }
    let answer = request.call().map_err(broken)?;
    let range = text(answer.headers(), "content-range");
    match answer.status().as_u16() {
        200 => receive(answer, part, 0),
        206 if range.starts_with(&format!("bytes {have}-")) => {
            tell(&format!("  resumes at {}", megabytes(have)));
            receive(answer, part, have)
        }
        416 if have > 0 => {
            if range.rsplit('/').next() == Some(&have.to_string()) {
                return Ok(Ending::Known);
            }
            // The beginning is of another file.
            fs::remove_file(part).map_err(|error| unwritten(error, part))?;
            attempt(agent, url, part)
        }
        code => {
            let status = answer.status();
            let what = status.canonical_reason().unwrap_or_default();
            let what = format!("{code} {what}").trim_end().to_owned();
            Err(match code {
                408 | 429 | 500.. => Failure::Passing(what),
                _ => Failure::Final(anyhow!(what)),
            })
        }
    }
}

/// Writes the body of an answer behind the first `have` bytes of `part`.
fn receive(answer: Response<Body>, part: &Path, have: u64) -> Result<Ending, Failure> {
    let length = text(answer.headers(), "content-length");
    let total = length.parse::<u64>().ok().map(|length| have + length);
    let chunked = text(answer.headers(), "transfer-encoding").contains("chunked");
    let mut options = File::options();
    let file = if have > 0 {
        options.append(true).open(part)
    } else {
        File::create(part)
    };
    let mut file = file.map_err(|error| unwritten(error, part))?;
    let mut body = answer.into_body().into_reader();
    let mut progress = Transfer::new(have, total);
    let mut block = vec![0; BLOCK];
    let mut done = have;
    loop {
        let read = match body.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(ureq::Error::from(error))),
        };
        let written = file.write_all(&block[..read]);
        written.map_err(|error| unwritten(error, part))?;
        done += read as u64;
        progress.step(read as u64);
        if done > LARGEST {
            let most = megabytes(LARGEST);
            return Err(Failure::Final(anyhow!(
                "more than {most}: too large for a model"
            )));
        }
    }
    match total {
        Some(total) if done != total => {
            let what = format!("stopped at {done} of {total} bytes");
            Err(Failure::Passing(what))
        }
        // Chunks say themselves where they end; a connection that just closes says nothing.
        None if !chunked => Ok(Ending::Unknown),
        _ => Ok(Ending::Known),
    }
}

/// The value of a header; empty where there is none.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An error below HTTP: all may pass but those of the address and of what was sent.
fn broken(error: ureq::Error) -> Failure {
    use ureq::Error as E;
    match error {
        E::Decompress(..) => Failure::Final(anyhow!(
            "was sent compressed in a way that cannot be unpacked, although no compression was requested: download it from a mirror with --from"
        )),
        E::RequireHttpsOnly(to) => {
            Failure::Final(anyhow!("redirected to {to}, which is not https"))
        }
        E::BadUri(_) | E::Http(_) | E::InvalidProxyUrl | E::TooManyRedirects => {
            Failure::Final(error.into())
        }
        other => {
            let what = other.to_string();
            Failure::Passing(what.strip_prefix("io: ").unwrap_or(&what).to_owned())
        }
    }
}

fn unwritten(error: std::io::Error, part: &Path) -> Failure {
    Failure::Final(Error::new(error).context(part.display().to_string()))
}

/// Copies a file of a mirror in a folder.
pub(crate) fn copy(from: &Path, part: &Path) -> Result<()> {
    ensure!(
        from.is_file(),
        "{}: the mirror has no such file",
        from.display()
    );
    let name = || from.display().to_string();
    let mut source = File::open(from).with_context(name)?;
    let total = source.metadata().with_context(name)?.len();
    let mut progress = Transfer::new(0, Some(total));
    let mut target = File::create(part).with_context(|| part.display().to_string())?;
    let mut block = vec![0; BLOCK];
    loop {
        let read = source.read(&mut block).with_context(name)?;
        if read == 0 {
            return Ok(());
        }
        let written = target.write_all(&block[..read]);
        written.with_context(|| part.display().to_string())?;
        progress.step(read as u64);
    }
}
