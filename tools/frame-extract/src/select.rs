//! A choice of frames as an expression for ffmpeg's `select` filter.

/// Numbers at equal distances: `first`, `first + step`, … up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: i64,
    last: i64,
    step: i64,
}

/// An expression that is not zero where `variable` is one of these numbers, which ascend.
///
/// Runs of equal steps are one term, and the terms lie in a tree, so that ten thousand frames take
/// some dozen comparisons a frame.
pub(crate) fn expression(variable: &str, numbers: &[i64]) -> String {
    tree(variable, &runs(numbers))
}

fn runs(numbers: &[i64]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some(run) if run.first == run.last => {
                run.step = number - run.last;
                run.last = number;
            }
            Some(run) if number - run.last == run.step => run.last = number,
            _ => runs.push(Run {
                first: number,
                last: number,
                step: 1,
            }),
        }
    }
    runs
}

fn tree(variable: &str, runs: &[Run]) -> String {
    match runs {
        [] => "0".to_owned(),
        [
            Run {
                first,
                last,
                step: 1,
            },
        ] => format!("between({variable},{first},{last})"),
        [Run { first, last, step }] => {
            format!("between({variable},{first},{last})*not(mod({variable}-({first}),{step}))")
        }
        _ => {
            let (before, after) = runs.split_at(runs.len() / 2);
            let next = after[0].first;
            let (before, after) = (tree(variable, before), tree(variable, after));
            format!("if(lt({variable},{next}),{before},{after})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_steps_are_one_term() {
        assert_eq!(
            expression("pts", &[-12, 0, 12, 24]),
            "between(pts,-12,24)*not(mod(pts-(-12),12))"
        );
        assert_eq!(expression("pts", &[5]), "between(pts,5,5)");
        assert_eq!(expression("pts", &[]), "0");
    }

    #[test]
    fn every_frame_lies_in_exactly_one_run() {
        let frames: Vec<i64> = (0..500).map(|n| n * n / 3 + n).collect();
        let of = |run: Run| (run.first..=run.last).step_by(run.step as usize);
        let back: Vec<i64> = runs(&frames).into_iter().flat_map(of).collect();
        assert_eq!(back, frames);
    }
}
