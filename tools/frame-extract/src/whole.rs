//! Whole images that come beside small ones of every frame, out of one decoding.
//!
//! ffmpeg chooses the frames at the ticks itself, and does not say their numbers. They are found by
//! their times, as long as times tell one frame from another; behind that, none is taken here.

use std::collections::VecDeque;
use std::io::PipeReader;
use std::sync::mpsc::{Receiver, Sender};

use stage::Result;
use stage::manifest::rounded;
use vision::RgbImage;

use crate::clock::Clock;
use crate::decoder::Layout;
use crate::lines::Shown;
use crate::sample::Ticks;

/// The whole images that come beside the small ones.
pub(crate) struct Whole {
    output: PipeReader,
    layout: Layout,
    taken: Receiver<Option<Taken>>,
}

/// The frame of a whole image.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// Its number.
    pub(crate) frame: usize,
    /// What is said of it.
    pub(crate) shown: Shown,
    /// Its time by the film's own clock, in seconds.
    pub(crate) time: f64,
}

impl Whole {
    /// Images of `layout` that come out of `output`, each with an answer in `taken`.
    pub(crate) fn new(output: PipeReader, layout: Layout, taken: Receiver<Option<Taken>>) -> Self {
        Self {
            output,
            layout,
            taken,
        }
    }

    /// The next image, and its frame if that can be told and is to be taken; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(RgbImage, Option<Taken>)>> {
        let Some(image) = self.layout.read(&mut self.output)? else {
            return Ok(None);
        };
        let taken = self.taken.recv();
        Ok(Some((image, taken.ok().flatten())))
    }
}

/// Tells of which frames the whole images are: by the time of each, as long as times tell.
pub(crate) struct Numbered {
    sender: Sender<Option<Taken>>,
    ticks: Ticks,
    clock: Clock,
    count: usize,
    /// Frames that are to be taken, and have not come yet.
    waiting: VecDeque<Taken>,
}

impl Numbered {
    /// For frames that `ticks` take; tells `sender` of each image.
    pub(crate) fn new(sender: Sender<Option<Taken>>, ticks: Ticks) -> Self {
        Self {
            sender,
            ticks,
            clock: Clock::default(),
            count: 0,
            waiting: VecDeque::new(),
        }
    }

    /// A frame has passed.
    pub(crate) fn pass(&mut self, shown: &Shown, time: Option<f64>) {
        let steady = rounded(self.clock.next(time), 6);
        if self.ticks.take(steady) && !self.clock.unsteady {
            self.waiting.push_back(Taken {
                frame: self.count,
                shown: shown.clone(),
                time: time.unwrap_or(0.0),
            });
        }
        self.count += 1;
    }

    /// A whole image of this time has come.
    pub(crate) fn come(&mut self, ticks: Option<i64>) {
        let before = |taken: &Taken| taken.shown.ticks < ticks;
        while self.waiting.front().is_some_and(before) {
            self.waiting.pop_front();
        }
        let this = |taken: &mut Taken| taken.shown.ticks == ticks;
        let taken = self.waiting.pop_front_if(this);
        // The receiver is gone where the images are no longer wanted.
        let _ = self.sender.send(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn shown(ticks: i64) -> Shown {
        Shown {
            ticks: Some(ticks),
            width: 320,
            height: 180,
            aspect: 1.0,
            interlaced: false,
            alpha: false,
        }
    }

    /// Which frames are told of images of these times, after frames of those, at a tick each second.
    fn told(frames: &[i64], images: &[i64]) -> Vec<Option<usize>> {
        let (sender, taken) = channel();
        let mut numbered = Numbered::new(sender, Ticks::new(1.0));
        for &ticks in frames {
            numbered.pass(&shown(ticks), Some(ticks as f64 / 4.0));
        }
        for &ticks in images {
            numbered.come(Some(ticks));
        }
        let told = images.iter().filter_map(|_| taken.recv().ok());
        told.map(|taken| taken.map(|taken| taken.frame)).collect()
    }

    #[test]
    fn an_image_has_the_frame_of_its_time() {
        let frames: Vec<i64> = (0..12).collect();
        assert_eq!(told(&frames, &[0, 4, 8]), [Some(0), Some(4), Some(8)]);
        let one_too_many = told(&frames, &[0, 3, 4, 8]);
        assert_eq!(one_too_many, [Some(0), None, Some(4), Some(8)]);
        assert_eq!(told(&frames, &[0, 8]), [Some(0), Some(8)], "one is missing");
    }

    #[test]
    fn behind_a_clock_that_begins_anew_no_image_is_taken() {
        let frames = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
        assert_eq!(told(&frames, &[0, 4, 0, 4]), [Some(0), Some(4), None, None]);
    }
}
