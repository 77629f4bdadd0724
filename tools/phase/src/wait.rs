//! What a phase waits for before it takes the GPU, which others may use.

use std::fmt;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

use bytesize::ByteSize;
use stage::machine::Card;
use stage::{Context, Result, log};

/// Time from the first look at the GPU to the next; it doubles up to the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// The share of the memory that must be free where the driver does not say who holds the card: a desktop takes less
/// than the rest.
const MOSTLY: f64 = 0.75;

/// What must hold before a phase takes the GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wait {
    /// No process but the tools' own computes on it.
    Free,
    /// So much of its memory is free.
    Memory(ByteSize),
    /// A command of the shell ends with 0.
    Command(String),
}

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "free" {
            return Ok(Self::Free);
        }
        if let Some(size) = text.strip_prefix("memory=") {
            let size = size.parse();
            return size
                .map(Self::Memory)
                .map_err(|_| format!("`{text}`: after memory= comes a size, as in memory=8GB"));
        }
        if text.is_empty() {
            return Err("give free, memory=SIZE or a command".to_owned());
        }
        Ok(Self::Command(text.to_owned()))
    }
}

impl Wait {
    /// What is still waited for; none where the phase may begin.
    fn reason(&self) -> Result<Option<String>> {
        match self {
            Self::Command(command) => {
                let ran = Command::new("sh")
                    .args(["-c", command])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .status()
                    .context("sh")?;
                Ok((!ran.success()).then(|| format!("`{command}` to succeed")))
            }
            // Without a card there is nothing to wait for: the network runs on the CPU, or says what it lacks.
            _ => Ok(Card::now().and_then(|card| self.lacking(&card))),
        }
    }

    /// What of the card is not as it must be.
    fn lacking(&self, card: &Card) -> Option<String> {
        let Card {
            name,
            free,
            total,
            foreign,
        } = card;
        let free_of = || {
            format!(
                "{} of {} free",
                ByteSize::b(*free).display().si(),
                ByteSize::b(*total).display().si()
            )
        };
        match (self, foreign) {
            (Self::Memory(wanted), _) if ByteSize::b(*free) < *wanted => Some(format!(
                "{} of memory on {name}, which has {}",
                wanted.display().si(),
                free_of()
            )),
            (Self::Free, Some(pids)) if !pids.is_empty() => {
                Some(format!("{name}, which {} holds", Holders(pids)))
            }
            (Self::Free, None) if (*free as f64) < MOSTLY * *total as f64 => {
                Some(format!("{name}, which someone holds: {}", free_of()))
            }
            _ => None,
        }
    }

    /// Whether the phase may not begin now.
    pub(crate) fn is_closed(&self) -> Result<bool> {
        Ok(self.reason()?.is_some())
    }

    /// Waits until the phase may begin, and says through `say` what for, whenever that changes.
    pub(crate) fn until(&self, mut say: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let (mut said, mut pause) = (String::new(), FIRST);
        while let Some(reason) = self.reason()? {
            if reason != said {
                log::warn!("waiting for {reason}");
                say(&reason)?;
                said = reason;
            }
            sleep(pause);
            pause = (2 * pause).min(LONGEST);
        }
        Ok(())
    }
}

/// Processes by number and, where it is known, by name.
struct Holders<'a>(&'a [u32]);

impl fmt::Display for Holders<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pid) in self.0.iter().enumerate() {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            let between = if at == 0 { "" } else { ", " };
            match name {
                Ok(name) => write!(formatter, "{between}process {pid} ({})", name.trim_end())?,
                Err(_) => write!(formatter, "{between}process {pid}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn card(free: u64, foreign: Option<Vec<u32>>) -> Card {
        Card {
            name: "card".to_owned(),
            free: free * GB,
            total: 12 * GB,
            foreign,
        }
    }

    fn lacking(wait: &str, card: &Card) -> Option<String> {
        wait.parse::<Wait>().unwrap().lacking(card)
    }

    #[test]
    fn free_is_a_card_on_which_nobody_else_computes() {
        assert_eq!(
            lacking("free", &card(1, Some(vec![]))),
            None,
            "our own may hold it all"
        );
        let said = lacking("free", &card(11, Some(vec![std::process::id()]))).unwrap();
        assert!(said.starts_with("card, which process "), "{said}");
        assert_eq!(lacking("free", &card(10, None)), None, "a desktop's share");
        let said = lacking("free", &card(8, None)).unwrap();
        assert_eq!(said, "card, which someone holds: 8.0 GB of 12.0 GB free");
    }

    #[test]
    fn memory_is_what_is_free_whoever_holds_the_rest() {
        assert_eq!(lacking("memory=8GB", &card(8, Some(vec![1]))), None);
        let said = lacking("memory=8GB", &card(7, None)).unwrap();
        assert_eq!(
            said,
            "8.0 GB of memory on card, which has 7.0 GB of 12.0 GB free"
        );
    }

    #[test]
    fn all_else_is_a_command() {
        assert_eq!("true".parse(), Ok(Wait::Command("true".to_owned())));
        assert!("".parse::<Wait>().is_err() && "memory=much".parse::<Wait>().is_err());
        assert_eq!("true".parse::<Wait>().unwrap().reason().unwrap(), None);
        let said = "exit 3".parse::<Wait>().unwrap().reason().unwrap();
        assert_eq!(said.unwrap(), "`exit 3` to succeed");
    }
}
