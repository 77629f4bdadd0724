//! How tools ask networks about records: the file that is shown to them, the key by which an answer
//! is remembered, and the mark of who gave it.
//!
//! An answer depends on what was asked, on the network's weights, and on the code that prepares the
//! input and reads the output. The code has numbers: each network family has one beside its `decode`
//! (`ANSWER`), and each tool one of its own ([`Tool::answer`]). A number is raised whenever the code
//! would give another answer, or one of another shape; an answer of the earlier code is then not
//! found. The version of the package takes no part, so that an upgrade keeps every answer that it
//! does not change.

mod file;

use onnx::Provenance;
use serde::Serialize;
use stage::{Key, Record, Result};

pub use file::ImageFile;

/// The name of a network family, and the number of its answers.
pub type Numbered = (&'static str, u32);

/// A tool that asks networks.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Its name, as the command has it.
    pub name: &'static str,
    /// The number of its own answers: raised whenever it makes something else of what the networks
    /// say, or remembers it in another shape.
    pub answer: u32,
    /// The families of each role of which it may ask one.
    pub asks: &'static [fn() -> Vec<Numbered>],
}

impl Tool {
    /// The long form of its version: that of the `package`, and in a second line all numbers that
    /// its answers depend on, by which `make` sees that a stage has to run again.
    ///
    /// ```
    /// let tool = answers::Tool { name: "char-detect", answer: 2, asks: &[|| vec![("yolox", 1), ("rtdetr", 3)]] };
    /// assert_eq!(tool.version("0.2.0"), "0.2.0\nanswers: char-detect=2 yolox=1 rtdetr=3");
    /// ```
    pub fn version(&self, package: &str) -> String {
        let families = self.asks.iter().flat_map(|families| families());
        let numbers: Vec<_> = std::iter::once((self.name, self.answer))
            .chain(families)
            .map(|(name, answer)| format!("{name}={answer}"))
            .collect();
        format!("{package}\nanswers: {}", numbers.join(" "))
    }

    /// Its answers, before it is said which networks give them.
    pub fn answers(&self) -> Answers {
        Answers {
            tool: self.name,
            key: Key::new(self.name, self.answer),
            networks: Vec::new(),
        }
    }
}

/// The answers of a tool: what they depend on whatever the record, and the networks that give them.
#[derive(Debug, Clone)]
pub struct Answers {
    tool: &'static str,
    key: Key,
    networks: Vec<(String, Provenance)>,
}

impl Answers {
    /// Answers of `network`. In the record it stands under `models`, as a member of the tool's name.
    #[must_use]
    pub fn by(self, network: &Provenance) -> Self {
        self.and_by("", network)
    }

    /// Answers in which `network` has a part too. Its member has the tool's name and `suffix`.
    #[must_use]
    pub fn and_by(mut self, suffix: &str, network: &Provenance) -> Self {
        self.key = { self.key }
            .part(network.family.as_bytes())
            .part(&network.answer.to_le_bytes())
            .part(network.sha256.as_bytes());
        let member = format!("{}{suffix}", self.tool);
        self.networks.push((member, network.clone()));
        self
    }

    /// Answers that depend on these settings too.
    pub fn with(self, settings: &impl Serialize) -> Result<Self> {
        Ok(Self {
            key: self.key.settings(settings)?,
            ..self
        })
    }

    /// The key of the answer about `content`: the bytes of an image file, or a text.
    pub fn key(&self, content: &[u8]) -> Key {
        self.key.clone().part(content)
    }

    /// Writes which networks answered into the record's `models`.
    pub fn sign(&self, record: &mut Record) -> Result<()> {
        for (member, network) in &self.networks {
            record.put_member("models", member, network)?;
        }
        Ok(())
    }
}
