//! Runs the scripts of a view. The trainer is a folder of empty files, and its Python a program that does nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use loaders::training::files;
use loaders::view::{DataSet, View};

use super::laid_out;

/// Programs by which checkouts are known.
const PROGRAMS: [&str; 23] = [
    "train_network.py",
    "sdxl_train_network.py",
    "sd3_train_network.py",
    "flux_train_network.py",
    "lumina_train_network.py",
    "hunyuan_image_train_network.py",
    "anima_train_network.py",
    "run.py",
    "train.py",
    "scripts/train.py",
    "simpletuner/train.py",
    "src/musubi_tuner/flux_2_train_network.py",
    "src/musubi_tuner/qwen_image_train_network.py",
    "src/musubi_tuner/zimage_train_network.py",
    "src/musubi_tuner/krea2_train_network.py",
    "src/musubi_tuner/ideogram4_train_network.py",
    "examples/text_to_image/train_text_to_image_lora.py",
    "examples/text_to_image/train_text_to_image_lora_sdxl.py",
    "examples/dreambooth/train_dreambooth_lora_sd3.py",
    "examples/dreambooth/train_dreambooth_lora_flux.py",
    "examples/dreambooth/train_dreambooth_lora_flux2.py",
    "examples/dreambooth/train_dreambooth_lora_lumina2.py",
    "examples/dreambooth/train_dreambooth_lora_qwen_image.py",
];
const MORE: [&str; 4] = ["z_image", "hidream", "krea2", "ideogram4"];

/// Weights that scripts may ask for.
const WEIGHTS: [&str; 14] = [
    "MODEL",
    "CLIP_L",
    "CLIP_G",
    "T5XXL",
    "AE",
    "GEMMA2",
    "TEXT_ENCODER",
    "BYT5",
    "VAE",
    "QWEN3",
    "FLUX",
    "LLM",
    "CLIP",
    "T5",
];

/// A view on the disk.
pub(crate) struct Folder {
    own: tempfile::TempDir,
    /// Where the data set is.
    set: PathBuf,
    scripts: &'static str,
}

impl Folder {
    /// Writes a view without its images; where its root is `ROOT`, that is where it stands, and where it is relative,
    /// it stands there in the folder.
    pub(crate) fn of(view: &dyn View, set: &DataSet<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut set = set.clone();
        if set.root == Path::new("ROOT") {
            folder.path().clone_into(&mut set.root);
        }
        let place = if set.root.is_relative() {
            folder.path().join(&set.root)
        } else {
            folder.path().to_owned()
        };
        for (path, text) in laid_out(|layout| files(view, &set, layout)) {
            let path = place.join(path);
            match text {
                Some(text) => fs::write(path, text).unwrap(),
                // Beside folders, images.
                None if path.extension().is_none() => fs::create_dir_all(path).unwrap(),
                None => {}
            }
        }
        let own = Self {
            own: folder,
            set: place,
            scripts: view.scripts(),
        };
        let more = MORE.map(|name| format!("examples/dreambooth/train_dreambooth_lora_{name}.py"));
        for program in PROGRAMS.iter().map(|name| (*name).to_owned()).chain(more) {
            let path = own.path("trainer").join(program);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        for weights in WEIGHTS {
            fs::write(own.path(&format!("{weights} \"quoted\" \\")), "").unwrap();
        }
        own
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.own.path().join(name)
    }

    fn command(&self, script: &str, own: &[(&str, &str)], from: &str) -> Command {
        let of_python = Path::new(script)
            .extension()
            .is_some_and(|ending| ending == "py");
        let mut command = Command::new(if of_python { "python3" } else { "sh" });
        command.arg(self.set.join(self.scripts).join(script));
        for name in WEIGHTS.iter().chain(&[
            "TRAINER",
            "OUTPUT",
            "STEPS",
            "RANK",
            "LEARNING_RATE",
            "SEED",
            "PYTHON",
            "DRY_RUN",
        ]) {
            command.env_remove(name);
        }
        command.envs(own.iter().copied()).current_dir(from);
        command
    }

    /// What a script says, and its exit status.
    fn said(mut command: Command) -> (String, i32) {
        let ran = command.output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
        (said, ran.status.code().unwrap())
    }

    /// Runs `train.sh` with these variables alone.
    pub(crate) fn train(&self, own: &[(&str, &str)], from: &str) -> (String, i32) {
        Self::said(self.command("train.sh", own, from))
    }

    /// The variables that every script asks for, and some more.
    fn all(&self, own: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let paths = WEIGHTS.map(|name| (name, self.path(&format!("{name} \"quoted\" \\"))));
        let paths = paths.into_iter().chain([
            ("TRAINER", self.path("trainer")),
            ("OUTPUT", self.path("out")),
        ]);
        let paths = paths.map(|(name, path)| (name, path.to_str().unwrap().to_owned()));
        let own = own.iter().map(|(name, value)| (*name, (*value).to_owned()));
        paths.chain(own).collect()
    }

    /// Says the commands.
    pub(crate) fn dry(&self, from: &str, own: &[(&'static str, &str)]) -> (String, i32) {
        let all = self.all(own);
        let mut all: Vec<_> = all
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.push(("DRY_RUN", "1"));
        self.train(&all, from)
    }

    /// Runs the commands with a Python that does nothing.
    pub(crate) fn wet(&self, own: &[(&'static str, &str)]) -> (String, i32) {
        let all = self.all(own);
        let mut all: Vec<_> = all
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.push(("PYTHON", "true"));
        self.train(&all, "/")
    }

    /// Runs a script in the folder, with a Python that notes what it is given; returns that, and the files that the script
    /// has written. The folder is called `ROOT` in both, wherever it is.
    pub(crate) fn noted(
        &self,
        script: &str,
        root: &str,
        own: &[(&'static str, &str)],
    ) -> (String, BTreeMap<String, String>) {
        let python = self.path("python");
        testkit::program(
            &python,
            "#!/bin/sh\nprintf '%s\\n' \"PYTHONPATH=${PYTHONPATH:-}\" \"$@\" '' >> \"$NOTES\"\n",
        );
        let notes = self.path("notes");
        let all = self.all(own);
        let all = all.iter().map(|(name, value)| (*name, value.as_str()));
        let more = [
            ("PYTHON", python.to_str().unwrap()),
            ("NOTES", notes.to_str().unwrap()),
        ];
        let all: Vec<_> = all.chain(more).collect();
        let here = self.own.path().to_str().unwrap();
        let (said, code) = Self::said(self.command(script, &all, here));
        assert_eq!(code, 0, "{said}");
        let plain = |text: String| text.replace(here, "ROOT").replace(root, "ROOT");
        let files = fs::read_dir(self.path("out")).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, plain(fs::read_to_string(path).unwrap()))
        });
        (plain(fs::read_to_string(notes).unwrap()), files.collect())
    }

    /// Runs `train.py` in the folder, with words behind it and with all variables but those that these set.
    pub(crate) fn on_windows(&self, words: &[&str], own: &[(&'static str, &str)]) -> (String, i32) {
        let all = self.all(own);
        let all = all.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = all.chain([("DRY_RUN", "1")]).collect();
        let mut command = self.command("train.py", &all, self.own.path().to_str().unwrap());
        command.args(words);
        Self::said(command)
    }

    /// Runs `search.sh`.
    pub(crate) fn search(&self, flags: &[&str], own: &[(&'static str, &str)]) -> (String, i32) {
        let all = self.all(own);
        let all: Vec<_> = all
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut command = self.command("search.sh", &all, "/");
        command.args(flags);
        Self::said(command)
    }
}
