//! What ONNX Runtime is: which library, which version, what is built into it, and which device it takes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use memchr::memmem;
use ort::ep::{CPU, CUDA, ExecutionProvider};
use ort::session::builder::SessionBuilder;

use crate::flags::Runtime;
use crate::library;
use crate::net;
use crate::tensor::said;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The library that was loaded.
    pub library: PathBuf,
    /// Its version, such as `1.24.1`; none where the file does not say.
    pub version: Option<String>,
    /// The execution providers that were built in, in ONNX Runtime's words without `ExecutionProvider`.
    pub providers: Vec<&'static str>,
    /// What `--device auto` takes.
    pub auto: Choice,
}

/// What `--device auto` takes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Whether it is CUDA's first device; else it is the CPU.
    pub cuda: bool,
    /// Why it is not CUDA.
    pub why: Option<String>,
}

/// Execution providers by name alone: `ort` asks for one by the name of a type.
macro_rules! providers {
    ($($provider:ident: $name:literal),*) => {
        $(
            struct $provider;

            impl ExecutionProvider for $provider {
                const NAME: &'static str = concat!($name, "ExecutionProvider");

                fn register(&self, _: &mut SessionBuilder) -> ort::Result<()> {
                    Ok(())
                }
            }
        )*

        /// Each provider's short name, and whether it is built in. The tools use the first two.
        const PROVIDERS: &[(&str, fn() -> ort::Result<bool>)] = &[
            ("CPU", CPU::is_available),
            ("CUDA", CUDA::is_available),
            $(($name, $provider::is_available)),*
        ];
    };
}

providers!(TensorRt: "Tensorrt", CoreMl: "CoreML", OpenVino: "OpenVINO", MiGraphX: "MIGraphX", Rocm: "ROCM", Dml: "Dml");

/// Loads ONNX Runtime as a tool with these flags does, and says what it is.
///
/// An error where it is not there, or too old.
pub fn report(runtime: &Runtime) -> Result<Report> {
    library::environment(runtime.ort_lib.as_deref())?;
    let library = loaded(&library::find(runtime.ort_lib.as_deref())?);
    let mut providers = Vec::new();
    for (name, is_available) in PROVIDERS {
        if is_available().map_err(said)? {
            providers.push(*name);
        }
    }
    Ok(Report {
        version: version(&library),
        library,
        providers,
        auto: net::auto(runtime)?,
    })
}

/// The path of a library that was loaded by its bare name: Linux lists what a process has mapped.
fn loaded(library: &Path) -> PathBuf {
    if library.is_absolute() || library.is_file() {
        return library.to_owned();
    }
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    let mut paths = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]));
    let path = paths.find(|path| path.contains(&*name));
    path.map_or_else(|| library.to_owned(), PathBuf::from)
}

/// The version of a library, by what its linker wrote into it: on Linux the symbols' version, `VERS_1.24.1`; on macOS
/// its name, `libonnxruntime.1.24.1.dylib`.
fn version(library: &Path) -> Option<String> {
    let content = fs::read(library).ok()?;
    ["VERS_", "libonnxruntime."].iter().find_map(|before| {
        let mut places = memmem::find_iter(&content, before.as_bytes());
        places.find_map(|at| numbers(&content[at + before.len()..]))
    })
}

/// Three numbers with points between, at the beginning of some bytes.
fn numbers(bytes: &[u8]) -> Option<String> {
    let digits = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
    let text: String = { bytes.iter().take_while(digits) }
        .map(|&byte| char::from(byte))
        .collect();
    let text = text.trim_end_matches('.');
    let parts: Vec<&str> = text.split('.').collect();
    (parts.len() == 3 && !parts.contains(&"")).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_library_says_its_version() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"\0VERS_x\0VERS_1.24.1\0libonnxruntime.so.1\0").unwrap();
        assert_eq!(version(file.path()).as_deref(), Some("1.24.1"));
        fs::write(file.path(), b"@rpath/libonnxruntime.1.22.0.dylib\0").unwrap();
        assert_eq!(version(file.path()).as_deref(), Some("1.22.0"));
        fs::write(file.path(), "VERS_1.24").unwrap();
        assert_eq!(version(file.path()), None);
    }

    #[test]
    fn the_cpu_is_built_into_every_runtime() {
        let report = report(&Runtime::default()).unwrap();
        assert_eq!(report.providers[0], "CPU");
        let minor = report
            .version
            .as_deref()
            .and_then(|said| said.split('.').nth(1));
        assert!(
            minor.unwrap().parse::<u32>().unwrap() >= ort::MINOR_VERSION,
            "{report:?}"
        );
        assert!(report.auto.cuda || report.auto.why.is_some());
    }
}
