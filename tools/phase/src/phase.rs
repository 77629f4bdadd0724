//! One phase: what became of it.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stage::manifest::rounded;
use stage::{Context, Result};

use crate::child::{Ended, Part};
use crate::guard::Use;
use crate::memory::{Less, Took};

/// What became of a phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Phase {
    /// `waiting`, `running`, `done`, `failed`, or `killed`.
    status: String,
    /// What it waits for before it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    /// How it uses the GPU, `alone` or `shared`; nothing where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu: Option<String>,
    command: String,
    /// RFC 3339, UTC.
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    /// Seconds of all processors together, which other work on the machine hardly changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    /// Bytes that its processes held at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory: Option<u64>,
    /// Bytes that it was expected to take, where there is a budget of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    expects: Option<u64>,
    /// Threads that its tools were told to use, where fewer than cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<u64>,
    /// The share of their batches that they were told to use, where not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<f64>,
    /// What it took before with another share of its batches: memory grows with the share by the difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_before: Option<Took>,
    #[serde(flatten)]
    counts: Option<Counts>,
    /// The file that its standard output became: until it is done, that of an earlier run.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Output>,
    /// The file of an earlier run that `output` replaces: what lies there if this was killed between the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<Output>,
    /// Relative to the run directory.
    log: String,
}

/// A file as a phase left it, by which one that was changed since is told from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Output {
    /// As `--output` names it.
    path: PathBuf,
    bytes: u64,
    /// When it was written: nanoseconds since 1970.
    modified: u128,
}

impl Output {
    /// What lies at `path`, to be found as `named`.
    fn of(path: &Path, named: &Path) -> Result<Self> {
        let at = || path.display().to_string();
        let found = fs::metadata(path).with_context(at)?;
        let modified = found.modified().with_context(at)?;
        Ok(Self {
            path: named.to_owned(),
            bytes: found.len(),
            modified: modified
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_nanos(),
        })
    }
}

/// How many records came and went: into the first tool of the phase, out of
/// its last, and lost in any.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counts {
    r#in: u64,
    out: u64,
    rejected: u64,
    failed: u64,
    /// Each tool's own counts, in the order in which they ended.
    tools: Vec<Value>,
}

impl Phase {
    /// A phase that starts now.
    pub(crate) fn begin(name: &str, gpu: Option<Use>, command: &[OsString]) -> Self {
        let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        Self {
            status: "running".into(),
            waits_for: None,
            gpu: gpu.map(|used| used.to_string()),
            command: words.join(" "),
            start: now(),
            end: None,
            seconds: None,
            cpu_seconds: None,
            exit_code: None,
            signal: None,
            peak_memory: None,
            expects: None,
            jobs: None,
            batch: None,
            took_before: None,
            counts: None,
            output: None,
            replaces: None,
            log: format!("logs/{name}.log"),
        }
    }

    /// Notes that it waits, and what for.
    pub(crate) fn wait(&mut self, reason: &str) -> &Self {
        self.status = "waiting".into();
        self.waits_for = Some(reason.to_owned());
        self
    }

    /// Notes that its command starts now.
    pub(crate) fn run(&mut self) -> &Self {
        self.status = "running".into();
        self.waits_for = None;
        self.start = now();
        self
    }

    /// Notes how it ended; nothing is known of a command that did not start.
    pub(crate) fn end(&mut self, taken: Duration, ended: Option<&Ended>) {
        self.end = Some(now());
        self.seconds = Some(rounded(taken.as_secs_f64(), 3));
        self.exit_code = ended.and_then(Ended::code);
        self.signal = ended.and_then(Ended::signal);
        self.peak_memory = ended.map(|ended| ended.peak_memory);
        self.cpu_seconds = ended.map(|ended| rounded(ended.cpu.as_secs_f64(), 3));
        self.status = match (self.exit_code, self.signal) {
            (Some(0), _) => "done",
            (_, Some(_)) => "killed",
            _ => "failed",
        }
        .into();
    }

    /// Notes that it did not start.
    pub(crate) fn refuse(&mut self) {
        self.end(Duration::ZERO, None);
    }

    /// Notes the file of an earlier run, if it lies where that run left it.
    pub(crate) fn after(&mut self, earlier: Option<Self>) {
        let files = earlier.map(|earlier| [earlier.output, earlier.replaces]);
        let mut files = files.into_iter().flatten().flatten();
        self.output =
            files.find(|file| Output::of(&file.path, &file.path).is_ok_and(|there| there == *file));
    }

    /// Notes the finished file that is about to replace the earlier run's. Both are kept, as a kill may leave either there.
    pub(crate) fn writes(&mut self, part: &Part) -> Result<()> {
        self.replaces = self.output.replace(Output::of(&part.path, &part.output)?);
        Ok(())
    }

    /// Notes that its file is not there, though its command has succeeded.
    pub(crate) fn fail(&mut self) {
        self.status = "failed".into();
    }

    /// Notes that its file could not take the place of `replaces`, which is still there.
    pub(crate) fn keep(&mut self) {
        self.output = self.replaces.take();
        self.fail();
    }

    /// Notes what memory it is expected to take, bytes, what its tools may use for that, and what it took before with
    /// another share of its batches.
    pub(crate) fn expect(&mut self, bytes: u64, less: Option<Less>, before: Option<Took>) {
        self.took_before = before;
        self.expects = Some(bytes);
        self.jobs = less.map(|less| less.jobs as u64);
        self.batch = less.map(|less| less.batch);
    }

    /// Whether it has come to a good end.
    pub(crate) fn is_done(&self) -> bool {
        self.status == "done"
    }

    /// Reads the counts that its tools have left.
    pub(crate) fn count(&mut self, counts: &Path) -> Result<()> {
        let text = fs::read_to_string(counts).with_context(|| counts.display().to_string())?;
        let tools: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let of = |tool: Option<&Value>, key| tool.and_then(|tool| tool[key].as_u64()).unwrap_or(0);
        let sum = |key| tools.iter().map(|tool| of(Some(tool), key)).sum();
        self.counts = (!tools.is_empty()).then(|| Counts {
            r#in: of(tools.first(), "in"),
            out: of(tools.last(), "out"),
            rejected: sum("rejected"),
            failed: sum("failed"),
            tools: tools.clone(),
        });
        Ok(())
    }
}

impl Phase {
    /// Seconds that it took, if it has come to its end.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.seconds.filter(|_| self.is_done())
    }

    /// Bytes that its processes held at once at most.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory.unwrap_or(0)
    }

    /// Bytes that it took, or, if it has not come to a good end, is expected to take, and more where it has held more;
    /// nothing where neither is known.
    pub(crate) fn memory(&self) -> Option<u64> {
        let expected = self.expects.map(|bytes| bytes.max(self.peak_memory()));
        self.peak_memory.filter(|_| self.is_done()).or(expected)
    }

    /// What its tools were told to use, where less than usual.
    pub(crate) fn less(&self) -> Option<Less> {
        let (jobs, batch) = self.jobs.zip(self.batch)?;
        Some(Less {
            jobs: jobs as usize,
            batch,
        })
    }

    /// What it took before its last run, with another share of its batches.
    pub(crate) fn before(&self) -> Option<Took> {
        self.took_before
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.status == "running"
    }

    /// Records that went in, where its tools counted any, or else that came out: the first of a
    /// pipeline reads no manifest.
    pub(crate) fn records(&self) -> Option<u64> {
        self.counts
            .as_ref()
            .map(|counts| counts.r#in.max(counts.out))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds.unwrap_or_default();
        write!(formatter, "{} in {seconds:.1} s", self.status)?;
        match &self.counts {
            Some(counts) => write!(
                formatter,
                ": {} in, {} out, {} rejected, {} failed",
                counts.r#in, counts.out, counts.rejected, counts.failed
            ),
            None => Ok(()),
        }
    }
}

/// This second, RFC 3339, UTC.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}
