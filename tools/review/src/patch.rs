//! The patch file: decisions, one a line, added at the end and never changed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stage::manifest::patch::{Cut, Decision, Lines};
use stage::{Context, Record, Result, bail, ensure, log, machine};

use crate::decision;

/// What was decided, by id, and how it came to that.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    current: HashMap<String, Decision>,
    /// The lines that were not taken back.
    history: Vec<Past>,
}

/// A line of the past.
#[derive(Debug)]
struct Past {
    id: String,
    batch: Option<u64>,
    /// What stood before it.
    before: Option<Decision>,
}

/// A decision on a record, and whether some of it, or all, is of what is no longer there.
#[derive(Debug, Default)]
pub(crate) struct Still<'a> {
    pub(crate) counts: Option<Cow<'a, Decision>>,
    pub(crate) is_past: bool,
}

impl Decisions {
    /// Reads a patch file; one that is not there holds nothing.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        match File::open(path) {
            Ok(file) => {
                let (decisions, cut) = Self::of(path, &file)?;
                if let Some(Cut { number, .. }) = cut {
                    log::warn!(
                        "{}: line {number}: an incomplete line, left out",
                        path.display()
                    );
                }
                Ok(decisions)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                log::warn!(
                    "{}: does not exist yet: there are no decisions",
                    path.display()
                );
                Ok(Self::default())
            }
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// The decisions of a patch, and what is left of a line that a power cut or a full disk has cut off at its end.
    fn of(path: &Path, mut file: &File) -> Result<(Self, Option<Cut>)> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| name.clone())?;
        let lines = Lines::parse(&name, &bytes)?;
        let mut decisions = Self::default();
        for (number, line) in lines.decisions {
            decision::check(&line).with_context(|| format!("{name}: line {number}"))?;
            decisions.take(line);
        }
        Ok((decisions, lines.cut))
    }

    /// Takes in one more line.
    fn take(&mut self, decision: Decision) {
        let id = decision.id.clone();
        let before = self.current.get(&id).cloned();
        if decision.undo {
            // Of several people's lines in one file, each takes back its own image's.
            let last = self.history.iter().rposition(|past| past.id == id);
            last.map(|last| self.history.remove(last));
        } else {
            self.history.push(Past {
                id: id.clone(),
                batch: decision.batch,
                before,
            });
        }
        if decision.is_empty() {
            self.current.remove(&id);
        } else {
            self.current.insert(id, decision);
        }
    }

    /// What was decided of an image.
    pub(crate) fn get(&self, id: &str) -> Option<&Decision> {
        self.current.get(id)
    }

    /// Everything that was decided, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Decision> {
        self.current.values()
    }

    /// What was decided of a record, as far as it still counts.
    pub(crate) fn still(&self, record: &Record) -> Result<Still<'_>> {
        let Some(decision) = self.current.get(&record.id()?) else {
            return Ok(Still::default());
        };
        let counts = decision.still(record)?;
        Ok(Still {
            is_past: !matches!(counts, Some(Cow::Borrowed(_))),
            counts,
        })
    }

    /// Forgets of a record what no longer counts; the file keeps it.
    pub(crate) fn settle(&mut self, record: &Record) -> Result<bool> {
        let still = self.still(record)?;
        let (is_past, counts) = (still.is_past, still.counts.map(Cow::into_owned));
        if is_past {
            let id = record.id()?;
            match counts {
                Some(counts) => self.current.insert(id, counts),
                None => self.current.remove(&id),
            };
        }
        Ok(is_past)
    }

    /// How many lines can be taken back.
    pub(crate) fn depth(&self) -> usize {
        self.history.len()
    }

    /// The lines that take the last one back, or the last batch of lines, the last first.
    fn back(&self) -> Vec<Decision> {
        let Some(last) = self.history.last() else {
            return Vec::new();
        };
        let with_last = |past: &&Past| past.batch.is_some() && past.batch == last.batch;
        let others = self.history.iter().rev().skip(1).take_while(with_last);
        let lines = std::iter::once(last).chain(others);
        lines
            .map(|past| Decision {
                id: past.id.clone(),
                undo: true,
                batch: None,
                ..past.before.clone().unwrap_or_default()
            })
            .collect()
    }
}

/// A patch file that is open for more decisions; nobody else can open it so.
#[derive(Debug)]
pub(crate) struct Patch {
    path: PathBuf,
    file: File,
    by: String,
    pub(crate) decisions: Decisions,
}

impl Patch {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path, by: &str) -> Result<Self> {
        let name = || path.display().to_string();
        let file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .with_context(name)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{}: another review has it open", name()),
            Err(TryLockError::Error(error)) => return Err(error).with_context(name),
        }
        let (decisions, cut) = Decisions::of(path, &file)?;
        let mut whole = file.metadata().with_context(name)?.len();
        if let Some(cut) = cut {
            keep_aside(path, &cut)?;
            whole -= cut.bytes.len() as u64;
            file.set_len(whole).with_context(name)?;
        }
        let mut opened = Self {
            path: path.to_owned(),
            file,
            by: by.to_owned(),
            decisions,
        };
        opened.finish_line(whole).with_context(name)?;
        Ok(opened)
    }

    /// Ends a last line that was written by hand without a newline.
    fn finish_line(&mut self, length: u64) -> std::io::Result<()> {
        let mut last = [b'\n'];
        if length > 0 {
            self.file.seek(std::io::SeekFrom::Start(length - 1))?;
            self.file.read_exact(&mut last)?;
        }
        if last == *b"\n" {
            Ok(())
        } else {
            self.file.write_all(b"\n")
        }
    }

    /// Writes a person's decisions to the disk, and then takes them in; several are one batch.
    pub(crate) fn add(&mut self, decisions: Vec<Decision>) -> Result<()> {
        let signed = decisions.into_iter().map(|decision| self.signed(decision));
        let signed = signed.collect();
        self.write(signed)
    }

    fn signed(&self, decision: Decision) -> Decision {
        Decision {
            by: self.by.clone(),
            at: now(),
            ..decision
        }
    }

    /// Writes decisions as they are; several are one batch.
    pub(crate) fn write(&mut self, mut decisions: Vec<Decision>) -> Result<()> {
        let name = || self.path.display().to_string();
        self.is_there()?;
        // Where the first of them stands: no other batch of this file begins there.
        let place = self.file.metadata().with_context(name)?.len();
        let batch = (decisions.len() > 1).then_some(place);
        let mut lines = Vec::new();
        for decision in &mut decisions {
            decision::check(decision)?;
            decision.batch = batch;
            serde_json::to_writer(&mut lines, decision)?;
            lines.push(b'\n');
        }
        let written = { &self.file }.write_all(&lines);
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // What a full disk has taken of them would be the start of the next line.
            self.file.set_len(place).with_context(name)?;
            return Err(error).with_context(name);
        }
        for decision in decisions {
            self.decisions.take(decision);
        }
        Ok(())
    }

    /// Refuses to write if the patch was deleted or replaced while it was open: the decisions would be lost.
    fn is_there(&self) -> Result<()> {
        let name = || self.path.display().to_string();
        let open = self.file.metadata().with_context(name)?;
        let found = std::fs::metadata(&self.path).ok();
        ensure!(
            found.is_some_and(|found| (found.dev(), found.ino()) == (open.dev(), open.ino())),
            "{}: was removed or replaced while the page was open: end review and start it again",
            name()
        );
        Ok(())
    }

    /// Takes the last decision or batch of decisions back, and says of which images; of none if there is none.
    pub(crate) fn undo(&mut self) -> Result<Vec<String>> {
        let back = self.decisions.back().into_iter();
        // Undoing restores an earlier decision, which keeps its author and time.
        let signed = |line: Decision| {
            if line.is_empty() {
                self.signed(line)
            } else {
                line
            }
        };
        let back: Vec<_> = back.map(signed).collect();
        let ids = back.iter().map(|decision| decision.id.clone()).collect();
        if !back.is_empty() {
            self.write(back)?;
        }
        Ok(ids)
    }
}

/// Adds half a line to a file beside the patch: it may have been written by hand.
fn keep_aside(path: &Path, cut: &Cut) -> Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".incomplete");
    let aside = PathBuf::from(aside);
    let name = || aside.display().to_string();
    let mut bytes = match std::fs::read(&aside) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(name),
    };
    bytes.extend_from_slice(&cut.bytes);
    bytes.push(b'\n');
    machine::file::write(&aside, &bytes).with_context(name)?;
    log::warn!(
        "{}: line {}: an incomplete line, moved to {}",
        path.display(),
        cut.number,
        name()
    );
    Ok(())
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}
