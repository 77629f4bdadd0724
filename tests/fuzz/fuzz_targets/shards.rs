//! The members of any tar file group into samples, each member in one at the most.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut archive = tar::Archive::new(bytes);
    let Ok(entries) = archive.entries() else { return };
    let names: Vec<String> = entries
        .map_while(Result::ok)
        .filter_map(|entry| Some(entry.path().ok()?.to_str()?.to_owned()))
        .collect();
    let found = loaders::tar::samples(names.iter().map(String::as_str));
    let grouped: usize = found.samples.iter().map(|sample| sample.fields.len()).sum();
    assert!(grouped + found.twice.len() <= names.len());
});
