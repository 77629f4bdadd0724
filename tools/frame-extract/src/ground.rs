//! What transparent images are laid on.

/// The ground, a middle gray: black would pass for letterbox bars and night, white for a flash.
pub(crate) const GRAY: u8 = 128;

/// Lays pixels of red, green, blue and alpha, multiplied with their alpha, on gray.
pub(crate) fn lay(pixels: &[u8]) -> Vec<u8> {
    let mut laid = Vec::with_capacity(pixels.len() / 4 * 3);
    for pixel in pixels.chunks_exact(4) {
        let shows = (u32::from(GRAY) * u32::from(255 - pixel[3]) + 127) / 255;
        laid.extend(
            pixel[..3]
                .iter()
                .map(|&value| value.saturating_add(shows as u8)),
        );
    }
    laid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_transparent_is_gray_and_what_is_not_stays() {
        let pixels = [200, 60, 60, 255, 0, 0, 0, 0, 50, 0, 0, 128];
        assert_eq!(lay(&pixels), [200, 60, 60, 128, 128, 128, 114, 64, 64]);
    }
}
