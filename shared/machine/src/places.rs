//! Where what `make setup` and `make models` installed may be.

use std::path::PathBuf;

/// The folder of models that the environment names.
pub fn named() -> Option<PathBuf> {
    let variable = std::env::var_os("FILM2LORA_MODELS").filter(|path| !path.is_empty());
    variable.map(PathBuf::from)
}

/// Folders that may be the folder of models: `$FILM2LORA_MODELS`, then `models` and `share/film2lora/models` in
/// the folder of the program and those above it, then `models` in the current folder.
///
/// The first is for the repository that the program was built in, the second where `make install` put it.
pub fn models() -> impl Iterator<Item = PathBuf> {
    let program = std::env::current_exe().ok();
    let above = program
        .iter()
        .flat_map(|path| path.ancestors().skip(1).take(6));
    let above: Vec<PathBuf> = above
        .flat_map(|folder| [folder.join("models"), folder.join("share/film2lora/models")])
        .collect();
    let all = named().into_iter().chain(above);
    all.chain(std::iter::once(PathBuf::from("models")))
}
