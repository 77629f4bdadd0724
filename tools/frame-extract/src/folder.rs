//! The folder of images: what is in it already, and whether it may stay.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use stage::{Context, Result, ensure};

use crate::film::Film;
use crate::options::Settings;

/// What the settings of the images are remembered as.
const SETTINGS: &str = "settings";

/// The images of one film, its analysis, and the settings that the images were made with.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    stem: String,
    ending: &'static str,
}

impl Folder {
    /// Opens the folder for `film`, and makes it if need be. Its files begin with the film's name;
    /// where the folder has another film of that name, they are in a folder inside it, and their
    /// names have letters of the film's content as well. Its images end with `ending`.
    pub(crate) fn open(path: &Path, film: &Film, ending: &'static str) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        let plain = Self {
            path: path.to_owned(),
            stem: film.stem(),
            ending,
        };
        let other = plain.recall::<Settings>(SETTINGS);
        if other.is_none_or(|settings| settings.is_for(&film.key)) {
            return Ok(plain);
        }
        let stem = format!("{}-{}", plain.stem, film.key.short());
        let path = path.join(&stem);
        log::warn!(
            "{}: has images of another film called {}: images of this film are written to {}",
            plain.path.display(),
            plain.stem,
            path.display()
        );
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path, stem, ending })
    }

    /// The id of the image of a frame.
    pub(crate) fn id(&self, frame: usize) -> String {
        format!("{}_{frame:06}", self.stem)
    }

    /// The path of the image of a frame.
    pub(crate) fn image(&self, frame: usize) -> PathBuf {
        self.path
            .join(format!("{}.{}", self.id(frame), self.ending))
    }

    /// What was remembered as `what`; none if it is not there or not of this kind.
    pub(crate) fn recall<T: DeserializeOwned>(&self, what: &str) -> Option<T> {
        let bytes = fs::read(self.beside(what)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Remembers `value` as `what`.
    pub(crate) fn remember<T: Serialize>(&self, what: &str, value: &T) -> Result<()> {
        let path = self.beside(what);
        let text = serde_json::to_vec(value)?;
        // Images that are there count only together with the settings they were made with.
        vision::write::bytes_lasting(&path, &text).with_context(|| path.display().to_string())
    }

    /// Sees to it that every image in the folder was made with `settings`: those made with others
    /// are removed. Killed on the way, a rerun finds the old settings and images, or no images.
    pub(crate) fn prepare(&self, settings: &Settings) -> Result<()> {
        let known = self.recall::<serde_json::Value>(SETTINGS);
        if known == Some(serde_json::to_value(settings)?) {
            return Ok(());
        }
        let images = self.images()?;
        ensure!(
            known.is_some() || images.is_empty(),
            "{}: already exists and may not be from this film: name another --out-dir",
            images.first().unwrap_or(&self.path).display()
        );
        self.clear()?;
        self.remember(SETTINGS, settings)
    }

    /// Removes all images of the film.
    pub(crate) fn clear(&self) -> Result<()> {
        for image in self.images()? {
            fs::remove_file(&image).with_context(|| image.display().to_string())?;
        }
        Ok(())
    }

    /// The images of the film, of any format.
    fn images(&self) -> Result<Vec<PathBuf>> {
        let failed = || self.path.display().to_string();
        let mut images = Vec::new();
        for entry in fs::read_dir(&self.path).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            if entry
                .file_name()
                .to_str()
                .is_some_and(|name| self.is_image(name))
            {
                images.push(entry.path());
            }
        }
        Ok(images)
    }

    fn is_image(&self, name: &str) -> bool {
        let number = name
            .strip_prefix(&self.stem)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| rest.rsplit_once('.'));
        number.is_some_and(|(number, ending)| {
            number.len() >= 6
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && ["jpg", "png"].contains(&ending)
        })
    }

    fn beside(&self, what: &str) -> PathBuf {
        self.path.join(format!("{}.{what}.json", self.stem))
    }
}
