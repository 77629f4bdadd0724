//! Why a face is not wanted.

use crate::record::Facts;

/// Flags of the limits on faces.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Limits {
    /// Drop faces whose box has a shorter side than this
    #[arg(long, value_name = "PIXELS", default_value_t = 64.0)]
    min_side: f64,

    /// Drop faces less sharp than this, 0 to 1; 0 drops none
    #[arg(long, value_name = "SHARPNESS", default_value_t = 0.03)]
    relative_sharpness: f64,

    /// Drop faces of which more than this share is hidden, 0 to 1; 1 drops none
    #[arg(long, value_name = "SHARE", default_value_t = 0.35)]
    occlusion: f64,

    /// Drop faces turned to the side by more than this; 90 drops none
    #[arg(long, value_name = "DEGREES", default_value_t = 60.0)]
    yaw: f64,

    /// Drop faces tilted by more than this; 180 drops none
    #[arg(long, value_name = "DEGREES", default_value_t = 45.0)]
    roll: f64,
}

impl Limits {
    /// What is wrong with a face, if anything is.
    pub(crate) fn fault(&self, facts: &Facts) -> Option<String> {
        let yaw = facts.angle.map_or(0.0, |angle| angle.yaw.abs());
        let roll = facts.angle.map_or(0.0, |angle| angle.roll.abs());
        let hidden = facts.occlusion.most();
        Some(if facts.size < self.min_side {
            format!("small: {:.0} px, below {}", facts.size, self.min_side)
        } else if hidden > self.occlusion {
            format!("hidden: {hidden:.2} of the face, over {}", self.occlusion)
        } else if yaw > self.yaw {
            format!("turned: {yaw:.0} degrees to the side, over {}", self.yaw)
        } else if roll > self.roll {
            format!("tilted: {roll:.0} degrees, over {}", self.roll)
        } else if self.relative_sharpness > 0.0
            && facts.relative_sharpness.unwrap_or(0.0) < self.relative_sharpness
        {
            let sharpness = facts.relative_sharpness.unwrap_or(0.0);
            format!(
                "blurred: relative sharpness {sharpness:.3}, below {}",
                self.relative_sharpness
            )
        } else {
            return None;
        })
    }
}
