//! Finding the hashes near to a hash, without looking at all of them.
//!
//! Multi-index hashing (M. Norouzi, A. Punjani, D. Fleet, *Fast Search in Hamming Space with
//! Multi-Index Hashing*, 2012): a hash of 64 bits is four bands of 16. If two hashes differ in at
//! most `r` bits, then some band differs in at most `r / 4`; so it is enough to look, in each band,
//! under the values that near to the one sought.

/// Bands of a hash.
const BANDS: usize = 4;
/// Values of a band.
const VALUES: usize = 1 << 16;

/// Hashes by the values of their bands.
pub(crate) struct Index {
    hashes: Vec<u64>,
    /// The hashes that have a value in a band, with their numbers, at `band * VALUES + value`. They
    /// lie here a second time so that looking through a bucket reads one stretch of memory.
    buckets: Vec<Vec<(u64, u32)>>,
}

impl Index {
    /// An index without hashes.
    pub(crate) fn new() -> Self {
        Self {
            hashes: Vec::new(),
            buckets: vec![Vec::new(); BANDS * VALUES],
        }
    }

    /// Adds a hash; its number is how many there were before.
    pub(crate) fn add(&mut self, hash: u64) {
        let number = self.hashes.len() as u32;
        self.hashes.push(hash);
        for band in 0..BANDS {
            self.buckets[band * VALUES + value(hash, band)].push((hash, number));
        }
    }

    /// Calls `found` with the number of every hash within `radius` bits of `hash`, some of them more
    /// than once.
    pub(crate) fn near(&self, hash: u64, radius: u32, mut found: impl FnMut(usize)) {
        let mut look = |other: u64, number: usize| {
            if vision::hash::hamming(other, hash) <= radius {
                found(number);
            }
        };
        if self.scan_is_cheaper(radius) {
            for (number, other) in self.hashes.iter().enumerate() {
                look(*other, number);
            }
            return;
        }
        for band in 0..BANDS {
            let buckets = &self.buckets[band * VALUES..(band + 1) * VALUES];
            let sought = value(hash, band);
            flips(radius / BANDS as u32, 0, 0, &mut |mask| {
                for (other, number) in &buckets[sought ^ mask] {
                    look(*other, *number as usize);
                }
            });
        }
    }

    /// Whether looking at every hash costs less than looking into the buckets, of which each costs
    /// a read from far memory, as much as looking at about 32 hashes in a row.
    fn scan_is_cheaper(&self, radius: u32) -> bool {
        let buckets = BANDS * ball(radius as usize / BANDS);
        let inside = buckets * self.hashes.len() / VALUES;
        self.hashes.len() <= 32 * (buckets + inside)
    }
}

fn value(hash: u64, band: usize) -> usize {
    (hash >> (16 * band)) as usize % VALUES
}

/// Calls `visit` with every mask of at most `count` more bits, from `bit` on.
fn flips(count: u32, bit: u32, mask: usize, visit: &mut impl FnMut(usize)) {
    visit(mask);
    if count > 0 {
        for next in bit..16 {
            flips(count - 1, next + 1, mask | 1 << next, visit);
        }
    }
}

/// How many of the values of a band lie within `radius` bits of one.
fn ball(radius: usize) -> usize {
    let mut choices = 1;
    let mut sum = 1;
    for bits in 1..=radius.min(16) {
        choices = choices * (17 - bits) / bits;
        sum += choices;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_scan_finds() {
        let mut state = 1_u64;
        let mut index = Index::new();
        let hashes: Vec<u64> = (0..40_000)
            .map(|number| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                // Every second is near to the one before.
                let mixed = state ^ state >> 29;
                if number % 2 == 0 {
                    mixed
                } else {
                    mixed & 0x8010_0000_0200_0040
                }
            })
            .scan(0, |last, bits| {
                let hash = if bits & !0x8010_0000_0200_0040 == 0 {
                    *last ^ bits
                } else {
                    bits
                };
                *last = hash;
                Some(hash)
            })
            .collect();
        for hash in &hashes {
            index.add(*hash);
        }
        for radius in [0, 4, 7] {
            assert!(
                !index.scan_is_cheaper(radius),
                "the buckets are tried at {radius}"
            );
            for sought in hashes.iter().step_by(797) {
                let mut found = Vec::new();
                index.near(*sought, radius, |number| found.push(number));
                found.sort_unstable();
                found.dedup();
                let all = hashes.iter().enumerate();
                let expected: Vec<usize> = all
                    .filter(|(_, hash)| vision::hash::hamming(**hash, *sought) <= radius)
                    .map(|(number, _)| number)
                    .collect();
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn counts_the_values_within_a_radius() {
        assert_eq!([0, 1, 2, 3, 16].map(ball), [1, 17, 137, 697, 65536]);
        let mut masks = 0;
        flips(3, 0, 0, &mut |_| masks += 1);
        assert_eq!(masks, 697);
    }
}
