//! The progress file.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage::{Context, Error, Result, log, machine};

use crate::child::Ended;
use crate::guard::{Use, lock_file};

/// The file that the tools of a phase append their counts to.
pub(crate) fn counts_file(run_dir: &Path, name: &str) -> PathBuf {
    run_dir.join("logs").join(format!("{name}.counts"))
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    /// Bytes, of the largest process.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory: Option<u64>,
    #[serde(flatten)]
    counts: Option<Counts>,
    /// The file that its standard output became.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Output>,
    /// Relative to the run directory.
    log: String,
}

/// A file as a phase left it, by which one that was changed since is told from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Output {
    /// As `--output` names it.
    path: PathBuf,
    bytes: u64,
    /// When it was written: nanoseconds since 1970.
    modified: u128,
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
            exit_code: None,
            signal: None,
            peak_memory: None,
            counts: None,
            output: None,
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
        self.seconds = Some((taken.as_secs_f64() * 1e3).round() / 1e3);
        self.exit_code = ended.and_then(Ended::code);
        self.signal = ended.and_then(Ended::signal);
        self.peak_memory = ended.map(|ended| ended.peak_memory);
        self.status = match (self.exit_code, self.signal) {
            (Some(0), _) => "done",
            (_, Some(_)) => "killed",
            _ => "failed",
        }
        .into();
    }

    /// Notes the file that its standard output became.
    pub(crate) fn wrote(&mut self, output: &Path) -> Result<()> {
        let named = || output.display().to_string();
        let found = fs::metadata(output).with_context(named)?;
        let modified = found.modified().with_context(named)?;
        self.output = Some(Output {
            path: output.to_owned(),
            bytes: found.len(),
            modified: modified
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_nanos(),
        });
        Ok(())
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

    /// Peak memory of its largest process, bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory.unwrap_or(0)
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

/// Why the progress file could not be read.
enum Unread {
    /// It is no progress file, and never will be.
    Broken(String),
    /// It may be one.
    Failed(Error),
}

/// The progress file of a run directory.
pub(crate) struct Progress {
    run_dir: PathBuf,
}

impl Progress {
    pub(crate) fn new(run_dir: &Path) -> Self {
        Self {
            run_dir: run_dir.to_owned(),
        }
    }

    fn path(&self) -> PathBuf {
        self.run_dir.join("preparation_progress.json")
    }

    /// Writes what is known of one phase. A lock keeps the phases of `make
    /// -j` apart; the file is replaced as a whole.
    pub(crate) fn update(&self, name: &str, phase: &Phase) -> Result<()> {
        let lock = self.run_dir.join("logs/progress.lock");
        let lock = File::create(&lock).with_context(|| lock.display().to_string())?;
        lock.lock().context("lock of the progress file")?;
        let mut phases = match self.read() {
            Ok(phases) => phases,
            Err(Unread::Broken(why)) => self.set_aside(&why)?,
            Err(Unread::Failed(error)) => return Err(error),
        };
        phases.insert(name.to_owned(), serde_json::to_value(phase)?);
        for (other, phase) in &mut phases {
            if other != name {
                self.bury(other, phase);
            }
        }
        let text = serde_json::to_string_pretty(&serde_json::json!({ "phases": phases }))?;
        let path = self.path();
        // On the disk before anything else is: a power cut must not leave an empty one.
        machine::file::write_lasting(&path, (text + "\n").as_bytes())
            .with_context(|| path.display().to_string())
    }

    /// Renames a file that is no progress file, as a power cut may leave one, and begins anew.
    fn set_aside(&self, why: &str) -> Result<Map<String, Value>> {
        let path = self.path();
        let aside = path.with_extension("json.broken");
        fs::rename(&path, &aside).with_context(|| path.display().to_string())?;
        log::warn!(
            "{}: {why}: set aside as {}, and started again",
            path.display(),
            aside.display()
        );
        Ok(Map::new())
    }

    /// A phase that is said to run, or to wait, and whose lock nobody holds was killed
    /// before it could say so.
    fn bury(&self, name: &str, phase: &mut Value) {
        let lock = File::open(lock_file(&self.run_dir, name));
        let free = lock.is_ok_and(|lock| lock.try_lock_shared().is_ok());
        if let Some(status) = phase
            .get_mut("status")
            .filter(|status| *status == "running" || *status == "waiting")
            && free
        {
            *status = "killed".into();
        }
    }

    /// The phases so far, by name.
    pub(crate) fn phases(&self) -> Result<Vec<(String, Phase)>> {
        let mut phases = Vec::new();
        for (name, phase) in self.known()? {
            match serde_json::from_value(phase) {
                Ok(phase) => phases.push((name, phase)),
                Err(error) => {
                    log::warn!("{}: phase {name}: {error}: left out", self.path().display());
                }
            }
        }
        Ok(phases)
    }

    /// What is known of the phases, to be shown: nothing where the file is broken, which is said.
    fn known(&self) -> Result<Map<String, Value>> {
        match self.read() {
            Ok(phases) => Ok(phases),
            Err(Unread::Broken(why)) => {
                log::warn!("{}: {why}", self.path().display());
                Ok(Map::new())
            }
            Err(Unread::Failed(error)) => Err(error),
        }
    }

    fn read(&self) -> Result<Map<String, Value>, Unread> {
        let path = self.path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Err(Unread::Broken(error.to_string()));
            }
            text => text
                .with_context(|| path.display().to_string())
                .map_err(Unread::Failed)?,
        };
        if text.is_empty() {
            return Err(Unread::Broken("empty file".to_owned()));
        }
        let progress: Result<Value, _> = serde_json::from_slice(&text);
        let mut progress = progress.map_err(|error| Unread::Broken(error.to_string()))?;
        match progress.get_mut("phases").map(Value::take) {
            Some(Value::Object(phases)) => Ok(phases),
            _ => Err(Unread::Broken("has no phases".to_owned())),
        }
    }

    /// Prints the phases as a table.
    pub(crate) fn show(&self) -> Result<()> {
        let mut table = row("phase", COLUMNS.map(|(title, _)| title.to_owned()));
        for (name, mut phase) in self.known()? {
            self.bury(&name, &mut phase);
            let cells = COLUMNS.map(|(_, key)| match &phase[key] {
                Value::String(text) => text.clone(),
                Value::Null => "-".into(),
                memory if key == MEMORY => {
                    memory.as_u64().unwrap_or(0).div_ceil(1 << 20).to_string()
                }
                other => other.to_string(),
            });
            table.push_str(&row(&name, cells));
            if phase["status"] == "waiting" {
                let reason = phase["waits_for"].as_str().unwrap_or_default();
                table.extend(["  for ", reason, "\n"]);
            }
        }
        stage::print(&table)
    }
}

/// The key of the peak memory, which the table shows in MiB.
const MEMORY: &str = "peak_memory";

/// The columns of the table: title and key.
const COLUMNS: [(&str, &str); 7] = [
    ("status", "status"),
    ("seconds", "seconds"),
    ("in", "in"),
    ("out", "out"),
    ("rejected", "rejected"),
    ("failed", "failed"),
    ("peak MiB", MEMORY),
];

fn row(name: &str, cells: [String; 7]) -> String {
    let cells = cells.map(|cell| format!(" {cell:>9}")).concat();
    format!("{name:<24}{cells}\n")
}

/// This second, RFC 3339, UTC.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}
