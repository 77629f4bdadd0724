//! Whether an error is the machine's or that of the one thing being worked on.
//!
//! A damaged image fails alone, and its record can be rejected while the run goes on. A full disk fails
//! everything that comes after: a run that went on would reject sound records, and call itself done.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// A fault of the machine: it is not the record's, and the next record would meet it too.
///
/// An input that cannot be found, opened or decoded, and one that ends too early, are the record's
/// own. That an input cannot be *read* from its device (`EIO`) is the machine's all the same: a disk
/// that fails, or a share that is gone, says the same of every file on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No room on the disk, or none left to this user: `ENOSPC`, `EDQUOT`, `EFBIG`.
    NoRoom,
    /// The file system can only be read: `EROFS`.
    ReadOnly,
    /// The disk or what it hangs on fails: `EIO`, `ENODEV`, `ENOTCONN`, `ESTALE`.
    Failing,
    /// Too many files are open, here or in the whole system: `EMFILE`, `ENFILE`.
    OpenFiles,
    /// No memory: `ENOMEM`, or that of the device a network runs on.
    NoMemory,
    /// The device that a network runs on has failed, or is gone.
    Device,
    /// A file could not be written, for any reason but its name.
    Unwritable,
}

impl Fault {
    /// The fault that `error`, or what caused it, stands for; none if it is the record's own.
    ///
    /// ```
    /// use machine::Fault;
    /// use std::io::{Error, ErrorKind};
    /// let full = Error::from(ErrorKind::StorageFull);
    /// assert_eq!(Fault::of(&full), Some(Fault::NoRoom));
    /// let gone = Error::from(ErrorKind::NotFound);
    /// assert_eq!(Fault::of(&gone), None);
    /// ```
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        // The last cause knows best: that a file could not be written says less than that the disk is full.
        let mut next = Some(error);
        let mut found = None;
        while let Some(error) = next {
            found = Self::of_one(error).or(found);
            next = error.source();
        }
        found
    }

    fn of_one(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(faulty) = error.downcast_ref::<Faulty>() {
            return Some(faulty.fault);
        }
        let error = error.downcast_ref::<io::Error>()?;
        // An error inside an `io::Error` is not one of its sources.
        let inner = error.get_ref().and_then(|inner| Self::of(inner));
        inner.or_else(|| Self::of_system(error))
    }

    fn of_system(error: &io::Error) -> Option<Self> {
        let by_number = error.raw_os_error().map(Errno::from_raw_os_error);
        let by_number = by_number.and_then(|number| match number {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Some(Self::NoRoom),
            Errno::ROFS => Some(Self::ReadOnly),
            Errno::IO | Errno::NODEV | Errno::NOTCONN | Errno::STALE => Some(Self::Failing),
            Errno::MFILE | Errno::NFILE => Some(Self::OpenFiles),
            Errno::NOMEM => Some(Self::NoMemory),
            _ => None,
        });
        by_number.or_else(|| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Some(Self::NoRoom)
            }
            ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            ErrorKind::StaleNetworkFileHandle => Some(Self::Failing),
            ErrorKind::OutOfMemory => Some(Self::NoMemory),
            _ => None,
        })
    }

    /// What to do about it, to stand at the end of a message.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoRoom => "free some space, and run this again",
            Self::ReadOnly => "write elsewhere, or mount it writable, and run this again",
            Self::Failing => {
                "a disk or a network share failed: check the system's log, and run this again once it is back"
            }
            Self::OpenFiles => "raise the limit (`ulimit -n`) or lower --jobs, and run this again",
            Self::NoMemory => {
                "close other programs, or lower --jobs or --batch, and run this again"
            }
            Self::Device => "check that the device still works, and run this again",
            Self::Unwritable => "check the folder and its permissions, and run this again",
        }
    }
}

/// An error that is the machine's, of a library that has its own words for it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Faulty {
    fault: Fault,
    message: String,
}

impl Faulty {
    /// The fault, in the library's words.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(number: Errno) -> io::Error {
        io::Error::from_raw_os_error(number.raw_os_error())
    }

    #[derive(Debug, thiserror::Error)]
    #[error("frames/0001.png: {0}")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn what_every_record_would_meet_is_the_machines() {
        let table = [
            (Errno::NOSPC, Fault::NoRoom),
            (Errno::DQUOT, Fault::NoRoom),
            (Errno::FBIG, Fault::NoRoom),
            (Errno::ROFS, Fault::ReadOnly),
            (Errno::IO, Fault::Failing),
            (Errno::NODEV, Fault::Failing),
            (Errno::NOTCONN, Fault::Failing),
            (Errno::STALE, Fault::Failing),
            (Errno::MFILE, Fault::OpenFiles),
            (Errno::NFILE, Fault::OpenFiles),
            (Errno::NOMEM, Fault::NoMemory),
        ];
        for (number, fault) in table {
            assert_eq!(Fault::of(&system(number)), Some(fault), "{number:?}");
            let wrapped = Wrapped(system(number));
            assert_eq!(Fault::of(&wrapped), Some(fault), "wrapped {number:?}");
            let nested = Wrapped(io::Error::other(Wrapped(system(number))));
            assert_eq!(Fault::of(&nested), Some(fault), "nested {number:?}");
        }
        for kind in [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::OutOfMemory,
        ] {
            let error = io::Error::new(kind, "a library's own words");
            assert!(Fault::of(&error).is_some(), "{kind}");
        }
    }

    #[test]
    fn what_is_wrong_with_one_file_is_the_records() {
        for number in [
            Errno::NOENT,
            Errno::ACCESS,
            Errno::ISDIR,
            Errno::NOTDIR,
            Errno::NAMETOOLONG,
            Errno::LOOP,
            Errno::INVAL,
            Errno::TIMEDOUT,
            Errno::CONNREFUSED,
        ] {
            assert_eq!(Fault::of(&system(number)), None, "{number:?}");
        }
        let short = io::Error::from(ErrorKind::UnexpectedEof);
        assert_eq!(Fault::of(&short), None);
        assert_eq!(Fault::of(&Wrapped(io::Error::other("bad header"))), None);
    }

    #[test]
    fn a_library_can_say_it_in_its_own_words() {
        let lost = Faulty::new(Fault::Device, "model.onnx: CUDA failure 719");
        assert_eq!(Fault::of(&lost), Some(Fault::Device));
        assert_eq!(lost.to_string(), "model.onnx: CUDA failure 719");
    }
}
