//! The graphics card as its driver sees it: how much of its memory is free, and who holds it.
//!
//! Asked through NVML, which comes with NVIDIA's driver and is loaded where it is there.

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

/// The card that CUDA takes, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its name, as `NVIDIA GeForce RTX 3060`.
    pub name: String,
    /// Bytes of its memory that nothing holds.
    pub free: u64,
    /// Bytes of its memory in all.
    pub total: u64,
    /// The processes that compute on it and are not tools of this installation; none where the driver does not
    /// list them, as under WSL2.
    pub foreign: Option<Vec<u32>>,
}

impl Card {
    /// The card that CUDA takes: the first of `CUDA_VISIBLE_DEVICES`, or else the first of all.
    ///
    /// None without an NVIDIA driver or a card, and where `CUDA_VISIBLE_DEVICES` hides them all.
    pub fn now() -> Option<Self> {
        let nvml = Nvml::init().ok()?;
        Self::of(&chosen(&nvml)?).ok()
    }

    fn of(device: &Device<'_>) -> Result<Self, NvmlError> {
        let memory = device.memory_info()?;
        let foreign = device.running_compute_processes().ok().map(|processes| {
            let pids = processes.into_iter().map(|process| process.pid);
            pids.filter(|&pid| !is_own(pid)).collect()
        });
        Ok(Self {
            name: device.name()?,
            free: memory.free,
            total: memory.total,
            foreign,
        })
    }
}

/// The first device of `CUDA_VISIBLE_DEVICES`, a number or a UUID; set and empty, it hides them all.
fn chosen(nvml: &Nvml) -> Option<Device<'_>> {
    let Ok(visible) = std::env::var("CUDA_VISIBLE_DEVICES") else {
        return nvml.device_by_index(0).ok();
    };
    let first = visible.split(',').next()?.trim();
    match first.parse() {
        Ok(number) => nvml.device_by_index(number).ok(),
        Err(_) => nvml.device_by_uuid(first).ok(),
    }
}

/// Whether a process runs a program that lies where this one does.
fn is_own(pid: u32) -> bool {
    let theirs = std::fs::read_link(format!("/proc/{pid}/exe"));
    let own = std::env::current_exe();
    theirs.is_ok_and(|theirs| own.is_ok_and(|own| theirs.parent() == own.parent()))
}
