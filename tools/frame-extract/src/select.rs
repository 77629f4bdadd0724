//! A choice of frames as an expression for ffmpeg's `select` filter.

/// Frames at equal distances: `first`, `first + step`, … up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: usize,
    last: usize,
    step: usize,
}

/// An expression that is not zero for the frames of these numbers, which ascend.
///
/// Runs of equal steps are one term, and the terms lie in a tree, so that ten thousand frames take
/// some dozen comparisons a frame.
pub(crate) fn expression(frames: &[usize]) -> String {
    tree(&runs(frames))
}

fn runs(frames: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &frame in frames {
        match runs.last_mut() {
            Some(run) if run.first == run.last => {
                run.step = frame - run.last;
                run.last = frame;
            }
            Some(run) if frame - run.last == run.step => run.last = frame,
            _ => runs.push(Run {
                first: frame,
                last: frame,
                step: 1,
            }),
        }
    }
    runs
}

fn tree(runs: &[Run]) -> String {
    match runs {
        [] => "0".to_owned(),
        [
            Run {
                first,
                last,
                step: 1,
            },
        ] => format!("between(n,{first},{last})"),
        [Run { first, last, step }] => {
            format!("between(n,{first},{last})*not(mod(n-{first},{step}))")
        }
        _ => {
            let (before, after) = runs.split_at(runs.len() / 2);
            let next = after[0].first;
            format!("if(lt(n,{next}),{},{})", tree(before), tree(after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_steps_are_one_term() {
        assert_eq!(
            expression(&[0, 12, 24, 36]),
            "between(n,0,36)*not(mod(n-0,12))"
        );
        assert_eq!(expression(&[5]), "between(n,5,5)");
        assert_eq!(expression(&[]), "0");
    }

    #[test]
    fn every_frame_lies_in_exactly_one_run() {
        let frames: Vec<usize> = (0..500).map(|n| n * n / 3 + n).collect();
        let of = |run: Run| (run.first..=run.last).step_by(run.step);
        let back: Vec<usize> = runs(&frames).into_iter().flat_map(of).collect();
        assert_eq!(back, frames);
    }
}
