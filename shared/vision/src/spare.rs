//! Memory of large images, kept for the next ones.
//!
//! Where images wait for a network, the memory of each is given to the system and asked of it again:
//! for a frame of a film that costs half as much as decoding it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Fewer bytes than this are not worth keeping.
const LEAST: usize = 1 << 20;

/// How many are kept at most.
const MOST: usize = 8;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn spare() -> MutexGuard<'static, Vec<Vec<u8>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `length` bytes with no values in particular, for a decoder that sets all of them.
pub(crate) fn take(length: usize) -> Vec<u8> {
    let fits = |bytes: &Vec<u8>| (length..=2 * length).contains(&bytes.capacity());
    let kept = {
        let mut spare = spare();
        let place = spare.iter().position(fits);
        place.map(|place| spare.swap_remove(place))
    };
    let Some(mut bytes) = kept else {
        return vec![0; length];
    };
    bytes.resize(length, 0);
    bytes
}

/// Keeps memory for the next image.
pub(crate) fn give(bytes: Vec<u8>) {
    if bytes.capacity() < LEAST {
        return;
    }
    let mut spare = spare();
    if spare.len() == MOST {
        spare.swap_remove(0);
    }
    spare.push(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_to_the_next_image_of_about_its_size() {
        // A length that no other test has.
        let length = LEAST + 4321;
        give(vec![7; length]);
        assert_eq!(take(length / 3).capacity(), length / 3, "too large for it");
        assert_eq!(take(length + 1).capacity(), length + 1, "too small for it");
        let again = take(length - 1);
        assert_eq!((again.len(), again.capacity()), (length - 1, length));
        assert_eq!(take(length - 1).capacity(), length - 1, "it is taken once");
    }
}
