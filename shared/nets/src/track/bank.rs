//! What is remembered of one object, and which of it a frame looks back on.
//!
//! The rules are those of `SAM2Base._prepare_memory_conditioned_features` (facebookresearch/sam2 @
//! 2b90b9f, `sam2/modeling/sam2_base.py`) with the settings of SAM 2.1. Published graphs take a fixed
//! number of memories, which [`Plan::filled`] makes up by repeating the newest, as the export of
//! square-zero-labs does.

use std::collections::BTreeMap;

/// Frames that lie further back than this are of no use to any later frame: the reach of the pointers.
const REACH: usize = 16;

/// The direction in which frames are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To later frames.
    Forward,
    /// To earlier frames.
    Backward,
}

impl Way {
    /// The frame `by` frames back against the direction of travel; `None` outside of `0..frames`.
    fn back(self, frame: usize, by: usize, frames: usize) -> Option<usize> {
        match self {
            Self::Forward => frame.checked_sub(by),
            Self::Backward => frame.checked_add(by).filter(|at| *at < frames),
        }
    }

    /// Whether `other` is `frame` or was passed before it.
    fn has_passed(self, other: usize, frame: usize) -> bool {
        match self {
            Self::Forward => other <= frame,
            Self::Backward => other >= frame,
        }
    }
}

/// How many memories a graph takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Memories of whole frames (`num_maskmem`), 7 in SAM 2.1.
    pub frames: usize,
    /// Pointers to the object (`max_obj_ptrs_in_encoder`), 16 in SAM 2.1.
    pub pointers: usize,
}

/// What a frame looks back on, by the numbers of the frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Memories of whole frames, each with the row of the table of temporal positions: the last row for
    /// a frame that was prompted, row `k - 1` for one that is `k` frames back.
    pub frames: Vec<(usize, usize)>,
    /// Pointers, nearest first, each with how far back it is, as a share of the farthest.
    pub pointers: Vec<(usize, f32)>,
}

impl Plan {
    /// The plan with no place empty: free ones repeat the newest memory, and the nearest pointer.
    #[must_use]
    pub fn filled(mut self, places: Places) -> Self {
        let newest = self.frames.iter().rev().min_by_key(|(_, row)| *row);
        if let Some(newest) = newest.copied() {
            self.frames.resize(places.frames, newest);
        }
        if let Some(nearest) = self.pointers.first().copied() {
            self.pointers.resize(places.pointers, nearest);
        }
        self
    }
}

/// What is remembered of one object, by frame: of the frames where it was prompted, and of those
/// through which it was followed.
#[derive(Debug, Clone)]
pub struct Bank<M> {
    prompted: BTreeMap<usize, M>,
    followed: BTreeMap<usize, M>,
}

impl<M> Default for Bank<M> {
    fn default() -> Self {
        Self {
            prompted: BTreeMap::new(),
            followed: BTreeMap::new(),
        }
    }
}

impl<M> Bank<M> {
    /// Remembers a frame where the object was prompted, in place of what it was followed to there.
    pub fn prompt(&mut self, frame: usize, memory: M) {
        self.followed.remove(&frame);
        self.prompted.insert(frame, memory);
    }

    /// Remembers a frame to which the object was followed, and forgets what no later frame of this
    /// direction can look back on.
    pub fn follow(&mut self, frame: usize, way: Way, memory: M) {
        self.followed.insert(frame, memory);
        self.followed.retain(|at, _| match way {
            Way::Forward => *at + REACH > frame,
            Way::Backward => *at < frame + REACH,
        });
    }

    /// Forgets where the object was followed to, before it is followed in the other direction.
    pub fn turn(&mut self) {
        self.followed.clear();
    }

    /// What is remembered of a frame.
    pub fn get(&self, frame: usize) -> Option<&M> {
        { self.prompted.get(&frame) }.or_else(|| self.followed.get(&frame))
    }

    /// What `frame` looks back on, of a shot of `frames` frames.
    ///
    /// All prompted frames count, the nearest ones where there are more than places, and the last frames
    /// that were passed, as far as the places go; of the pointers, those of frames that were passed.
    /// Prompts that all lie ahead leave no pointer; the nearest is then taken.
    pub fn plan(&self, frame: usize, way: Way, frames: usize, places: Places) -> Plan {
        let mut near: Vec<usize> = self.prompted.keys().copied().collect();
        near.sort_by_key(|at| at.abs_diff(frame));
        near.truncate(places.frames);
        let last = places.frames.saturating_sub(1);
        let mut whole: Vec<(usize, usize)> = near.iter().map(|at| (*at, last)).collect();
        let passed = |by: usize| {
            let at = way.back(frame, by, frames)?;
            self.followed.contains_key(&at).then_some((at, by))
        };
        let recent = (1..=last).filter_map(passed).map(|(at, by)| (at, by - 1));
        whole.extend(recent);
        whole.truncate(places.frames);

        let reach = frames.min(places.pointers).saturating_sub(1);
        let behind = { self.prompted.keys() }.filter(|at| way.has_passed(**at, frame));
        let mut pointers: Vec<(usize, usize)> =
            behind.map(|at| (*at, at.abs_diff(frame))).collect();
        pointers.extend((1..=reach).filter_map(passed));
        if pointers.is_empty() {
            let nearest = near.first();
            pointers.extend(nearest.map(|at| (*at, at.abs_diff(frame))));
        }
        pointers.sort_by_key(|(_, by)| *by);
        pointers.truncate(places.pointers);
        let share = |(at, by): (usize, usize)| (at, by as f32 / reach.max(1) as f32);
        Plan {
            frames: whole,
            pointers: pointers.into_iter().map(share).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places {
        frames: 7,
        pointers: 16,
    };

    fn bank(prompted: &[usize], followed: impl IntoIterator<Item = usize>) -> Bank<()> {
        Bank {
            prompted: prompted.iter().map(|at| (*at, ())).collect(),
            followed: followed.into_iter().map(|at| (at, ())).collect(),
        }
    }

    fn numbers(plan: &Plan) -> Vec<usize> {
        plan.pointers.iter().map(|(at, _)| *at).collect()
    }

    #[test]
    fn the_tenth_frame_after_a_prompt_looks_back_on_it_and_on_six_others() {
        let plan = bank(&[0], 1..10).plan(10, Way::Forward, 100, PLACES);
        let rows = [(0, 6), (9, 0), (8, 1), (7, 2), (6, 3), (5, 4), (4, 5)];
        assert_eq!(plan.frames, rows);
        assert_eq!(numbers(&plan), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        let far: Vec<f32> = plan.pointers.iter().map(|(_, far)| far * 15.0).collect();
        for (wanted, far) in (1_u8..=10).zip(far) {
            assert!((f32::from(wanted) - far).abs() < 1e-5);
        }
    }

    #[test]
    fn backwards_later_frames_are_the_ones_that_were_passed() {
        // Frames 21 and 22 were passed; 12 lies ahead: its memory counts, its pointer does not.
        let plan = bank(&[12, 23], [21, 22]).plan(20, Way::Backward, 24, PLACES);
        assert_eq!(plan.frames, [(23, 6), (12, 6), (21, 0), (22, 1)]);
        assert_eq!(numbers(&plan), [21, 22, 23]);
    }

    #[test]
    fn a_frame_that_is_missing_leaves_its_row_out() {
        let plan = bank(&[3], [4, 6]).plan(7, Way::Forward, 9, PLACES);
        assert_eq!(plan.frames, [(3, 6), (6, 0), (4, 2)]);
        // Nine frames: the farthest pointer is 8 away.
        assert_eq!(plan.pointers, [(6, 0.125), (4, 0.375), (3, 0.5)]);
    }

    #[test]
    fn many_prompts_push_out_the_oldest_frames_and_then_each_other() {
        let plan = bank(&[0, 2, 4, 6, 8], 9..20).plan(20, Way::Forward, 40, PLACES);
        assert_eq!(
            plan.frames,
            [(8, 6), (6, 6), (4, 6), (2, 6), (0, 6), (19, 0), (18, 1)]
        );
        let plan = bank(&[0, 1, 2, 3, 4, 5, 6, 7, 30], 8..9).plan(9, Way::Forward, 40, PLACES);
        assert_eq!(
            plan.frames,
            [7, 6, 5, 4, 3, 2, 1].map(|at| (at, 6)),
            "the nearest, and none that was followed"
        );
    }

    #[test]
    fn of_too_many_pointers_the_nearest_stay() {
        let plan = bank(&[0, 1, 2], 3..30).plan(30, Way::Forward, 99, PLACES);
        assert_eq!(
            numbers(&plan),
            (15..30).rev().chain([2]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn free_places_repeat_the_newest() {
        let first = bank(&[5], []).plan(6, Way::Forward, 20, PLACES);
        let filled = first.filled(PLACES);
        assert_eq!(filled.frames, [(5, 6); 7]);
        assert_eq!(filled.pointers, [(5, 1.0 / 15.0); 16]);
        let second = bank(&[5], [6]).plan(7, Way::Forward, 20, PLACES);
        let filled = second.filled(PLACES);
        assert_eq!(filled.frames[..3], [(5, 6), (6, 0), (6, 0)]);
        assert_eq!(filled.pointers[1..3], [(5, 2.0 / 15.0), (6, 1.0 / 15.0)]);
    }

    #[test]
    fn a_shot_of_one_frame_and_a_prompt_ahead_divide_by_nothing() {
        let alone = bank(&[0], []).plan(0, Way::Forward, 1, PLACES);
        assert_eq!(alone.pointers, [(0, 0.0)]);
        let ahead = bank(&[9], []).plan(4, Way::Forward, 20, PLACES);
        assert_eq!(numbers(&ahead), [9]);
        assert!(bank(&[], [3]).plan(4, Way::Forward, 20, PLACES).frames == [(3, 0)]);
    }

    #[test]
    fn what_is_out_of_reach_is_forgotten() {
        let mut bank = Bank::default();
        bank.prompt(0, ());
        for frame in 1..40 {
            bank.follow(frame, Way::Forward, ());
        }
        assert_eq!(bank.followed.len(), 16);
        assert!(bank.get(0).is_some() && bank.get(23).is_none() && bank.get(24).is_some());
        bank.prompt(39, ());
        assert!(bank.prompted.contains_key(&39));
        assert_eq!(bank.followed.len(), 15);
        bank.turn();
        assert_eq!((bank.followed.len(), bank.prompted.len()), (0, 2));
        bank.follow(38, Way::Backward, ());
        bank.follow(22, Way::Backward, ());
        assert!(bank.get(38).is_none());
    }
}
