//! The files that the command line asks for, in order.

use std::cmp::Ordering;
use std::error::Error;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stage::Fault;
use stage::machine::Faulty;
use walkdir::{DirEntry, WalkDir};

use crate::kinds::Passed;
use crate::list;
use crate::names::Names;

/// A file that is to become a record.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its id.
    pub(crate) id: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The folder that it lies in, the first one below the folder that was searched.
    pub(crate) folder: Option<String>,
    /// Why it cannot be read, where that is known already.
    pub(crate) error: Option<Unread>,
}

/// Why a file could not be come to.
#[derive(Debug, Clone)]
pub(crate) struct Unread {
    words: String,
    /// Where it is the machine's fault, and would be the next file's too.
    fault: Option<Fault>,
}

impl Unread {
    /// `cause` tells whether it is the machine's fault.
    pub(crate) fn new(words: String, cause: &(dyn Error + 'static)) -> Self {
        let fault = Fault::of(cause);
        Self { words, fault }
    }

    /// What is wrong with the file, or with the list.
    pub(crate) fn said(words: String) -> Self {
        Self { words, fault: None }
    }

    /// The error of the file of this name.
    pub(crate) fn of(&self, name: &str) -> stage::Error {
        let said = format!("{name}: {}", self.words);
        match self.fault {
            Some(fault) => Faulty::new(fault, said).into(),
            None => stage::anyhow!(said),
        }
    }
}

/// Where paths come from.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Folders, files, and `-` for a list on standard input.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether numbers in names count as numbers in the order of a folder.
    pub(crate) natural: bool,
    /// What ends a path of the list.
    pub(crate) separator: u8,
    /// Counts the files in folders that are passed over.
    pub(crate) passed: Arc<Passed>,
}

/// A path, or why there is none.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// The part of `path` that makes the id.
    relative: PathBuf,
    /// Whether `relative` is what lies below a folder that was searched.
    searched: bool,
    pub(crate) error: Option<Unread>,
}

impl Place {
    pub(crate) fn given(path: PathBuf) -> Self {
        Self {
            relative: path.clone(),
            path,
            searched: false,
            error: None,
        }
    }

    fn folder(&self) -> Option<String> {
        let mut parts = self.relative.components();
        let first = parts.next().filter(|_| self.searched)?;
        parts.next()?;
        Some(first.as_os_str().to_string_lossy().into_owned())
    }
}

impl Request {
    /// All files, each with its id; folders are opened as they are come to.
    pub(crate) fn files(self) -> impl Iterator<Item = Found> + Send {
        let Self {
            paths,
            natural,
            separator,
            passed,
        } = self;
        let mut names = Names::default();
        let places = paths.into_iter().flat_map(move |path| -> Places {
            if path.as_os_str() == "-" {
                Box::new(list::paths(separator))
            } else if path.is_dir() {
                Box::new(folder(path, natural, Arc::clone(&passed)))
            } else {
                Box::new(std::iter::once(Place::given(path)))
            }
        });
        places.map(move |place| Found {
            id: names.name(&place.path, &place.relative),
            folder: place.folder(),
            path: place.path,
            error: place.error,
        })
    }
}

type Places = Box<dyn Iterator<Item = Place> + Send>;

/// The images in a folder and those below, sorted by path, bytewise or with numbers as numbers; what is hidden is
/// passed over.
fn folder(root: PathBuf, natural: bool, passed: Arc<Passed>) -> impl Iterator<Item = Place> + Send {
    let order = if natural { by_number } else { by_path };
    let entries = WalkDir::new(&root).follow_links(true).sort_by(order);
    let seen = entries.into_iter().filter_entry(|e| !hidden(e));
    seen.filter_map(move |entry| {
        let place = match entry {
            Ok(entry) if entry.file_type().is_dir() => return None,
            Ok(entry) => Place::given(entry.into_path()),
            Err(error) => unreadable(&error)?,
        };
        if !place.path.is_dir() && !passed.wants(&place.path) {
            return None;
        }
        let relative = place.path.strip_prefix(&root).map(Path::to_path_buf);
        Some(Place {
            searched: relative.is_ok(),
            relative: relative.unwrap_or_else(|_| place.path.clone()),
            ..place
        })
    })
}

/// What could not be looked at: a dangling link, a folder without permission. None for a link back
/// to a folder above, which shows nothing new.
fn unreadable(error: &walkdir::Error) -> Option<Place> {
    let path = error.path().unwrap_or(Path::new("")).to_path_buf();
    if let Some(above) = error.loop_ancestor() {
        log::warn!(
            "{}: links back to {}: not followed",
            path.display(),
            above.display()
        );
        return None;
    }
    let cause = error.io_error().map(ToString::to_string);
    let mut place = Place::given(path);
    place.error = Some(Unread::new(
        cause.unwrap_or_else(|| error.to_string()),
        error,
    ));
    Some(place)
}

/// Orders entries of one folder so that the whole walk is in the order of the paths' bytes.
fn by_path(a: &DirEntry, b: &DirEntry) -> Ordering {
    let bytes = |entry: &DirEntry| {
        let mut bytes = entry.file_name().as_bytes().to_vec();
        if entry.file_type().is_dir() {
            bytes.push(b'/');
        }
        bytes
    };
    bytes(a).cmp(&bytes(b))
}

/// The same with numbers in names as numbers, so that frame 10 comes after frame 9.
fn by_number(a: &DirEntry, b: &DirEntry) -> Ordering {
    let natural = alphanumeric_sort::compare_os_str(a.file_name(), b.file_name());
    natural.then_with(|| by_path(a, b))
}

fn hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_bytes().starts_with(b".")
}
