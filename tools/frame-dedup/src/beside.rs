//! How far each image is from the one that it is measured against: by that, and by what a person says of such pairs, a
//! threshold of this film can be set.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::group::{FEW, Groups, Kept, Place};
use crate::image::Image;

/// The image of its shot that an image is measured against, and how far it is, bits.
pub(crate) type Beside = Option<(Place, u32)>;

/// For each new image, that which stands for it, if it is of its shot; for an image that is kept, the nearest better one
/// of its shot that is kept, too. None where there is none, or more than [`FEW`] of a shot are kept.
pub(crate) fn beside(new: &[Image], groups: &Groups, order: &[usize]) -> Vec<Beside> {
    let mut rank = vec![0; new.len()];
    for (place, at) in order.iter().enumerate() {
        // Images of an older manifest are better than any.
        rank[*at] = place + 1;
    }
    let rank_of = |kept: &Kept| match kept.place {
        Place::Old(_) => 0,
        Place::New(at) => rank[at],
    };
    let mut shots: HashMap<u64, Vec<(usize, &Kept)>> = HashMap::new();
    for kept in groups.kept() {
        if let Some(shot) = kept.shot {
            { shots.entry(shot).or_default() }.push((rank_of(kept), kept));
        }
    }
    let of = |(at, image): (usize, &Image)| {
        let (hashes, shot) = (image.hashes?, image.shot?);
        let place = groups.of(at)?.0;
        let in_shot = shots.get(&shot).filter(|kept| kept.len() <= FEW)?.iter();
        let near = in_shot.filter(|(its, kept)| {
            if place == Place::New(at) {
                *its < rank[at]
            } else {
                kept.place == place
            }
        });
        let near = near.map(|(its, kept)| (hashes.distance(kept.hashes), its, kept.place));
        let (distance, _, place) = near.min_by_key(|(distance, its, _)| (*distance, **its))?;
        Some((place, distance))
    };
    new.par_iter().enumerate().map(of).collect()
}
