//! Finds and loads ONNX Runtime, once a process.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Result, anyhow};
use ort::environment::Environment;

use crate::tensor::said;

/// The one environment of this process. It is never dropped: tearing it down
/// at exit crashes with CUDA (pykeio/ort issues 564 and 609).
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

/// The commands that download it: of the repository, and of an installation.
const SETUP: &str = "`make setup` or `film2lora make setup`";

/// The environment; the first call loads the library.
pub(crate) fn environment(named: Option<&Path>) -> Result<&'static Environment> {
    let _one = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let library = find(named)?;
    let builder =
        ort::init_from(&library).map_err(|error| explain(&library, &error.to_string()))?;
    let environment = builder
        .with_name("film2lora")
        .with_telemetry(false)
        .build()
        .map_err(said)?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    log::info!("ONNX Runtime: {}", library.display());
    Ok(ENVIRONMENT.get_or_init(|| environment))
}

/// The library's path, or its bare name for the system's loader to find.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf> {
    let variable = std::env::var_os("ORT_DYLIB_PATH")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let asked = named
        .map(|path| ("--ort-lib", path.to_owned()))
        .or_else(|| Some(("ORT_DYLIB_PATH", variable?)));
    if let Some((by, path)) = asked {
        // A path that is not there must not silently become another library.
        return std::path::absolute(&path)
            .ok()
            .filter(|path| path.is_file())
            .ok_or_else(|| {
                anyhow!(
                    "{}: {by} names a file that does not exist: {SETUP} downloads ONNX Runtime",
                    path.display()
                )
            });
    }
    let file = format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}");
    let there = |folder: &Path| Some(folder.join(&file)).filter(|path| path.is_file());
    let found = machine::places::models().find_map(|models| there(&models.join("runtime")));
    let beside = || there(std::env::current_exe().ok()?.parent()?);
    Ok(found.or_else(beside).unwrap_or_else(|| PathBuf::from(file)))
}

/// What to do about a library that cannot be loaded.
fn explain(library: &Path, error: &str) -> anyhow::Error {
    let name = library.display();
    if error.contains("is not compatible") {
        let version = error.rsplit("but got ").next().unwrap_or_default();
        anyhow!(
            "{name}: ONNX Runtime {version} is too old: 1.{} or newer is needed, and {SETUP} downloads it",
            ort::MINOR_VERSION
        )
    } else if error.contains("OrtGetApiBase") {
        anyhow!(
            "{name}: is not ONNX Runtime: {SETUP} downloads it, and --ort-lib or ORT_DYLIB_PATH names another"
        )
    } else if library.is_file() {
        anyhow!("{name}: cannot be loaded as a library: {error}")
    } else {
        anyhow!(
            "{name}: ONNX Runtime was not found: {SETUP} downloads it, and --ort-lib or ORT_DYLIB_PATH names it"
        )
    }
}

/// Loads the library that `make setup` downloaded, for this crate's own tests.
#[cfg(test)]
pub(crate) fn for_tests() {
    if let Err(error) = environment(None) {
        std::panic::panic_any(format!("{error:#}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_library_is_said() {
        let missing = explain(
            Path::new("/no/libonnxruntime.so"),
            "failed to load from ...",
        );
        assert!(
            missing
                .to_string()
                .contains("was not found: `make setup` or `film2lora make setup` downloads it")
        );
        let old = "ort 2 is not compatible with the ONNX Runtime binary found at `x`; expected version >= '1.24.x', but got '1.16.3'";
        let old = explain(Path::new("/old.so"), old).to_string();
        assert!(
            old.starts_with("/old.so: ONNX Runtime '1.16.3' is too old: 1.24 or newer"),
            "{old}"
        );
        let other = explain(
            Path::new("/usr/lib/libm.so"),
            "/usr/lib/libm.so does not export `OrtGetApiBase`",
        );
        assert!(other.to_string().contains("is not ONNX Runtime"));
    }

    #[test]
    fn a_library_that_was_named_is_never_replaced_by_another() {
        let error = find(Some(Path::new("/no/such/library.so")))
            .map_or_else(|e| e.to_string(), |_| String::new());
        assert!(
            error.starts_with("/no/such/library.so: --ort-lib names a file that does not exist"),
            "{error}"
        );
    }
}
