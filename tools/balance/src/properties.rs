//! Properties of every selection, on random small sets.

use clap::Parser;
use stage::manifest::Line;

use crate::Args;
use crate::candidate::Candidate;
use crate::choice::Choice;

/// Knuth's MMIX generator; its high bits are the good ones.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

fn args(flags: &str) -> Args {
    Args::parse_from(std::iter::once("balance").chain(flags.split_whitespace()))
}

fn candidates(args: &Args, lines: &[String]) -> Vec<(Candidate, Vec<f32>)> {
    let candidate = |line: &String| {
        let bytes = line.clone().into_bytes();
        let record = Line { number: 1, bytes }.parse().unwrap();
        Candidate::read(args, &args.keys(), &record).unwrap()
    };
    lines.iter().map(candidate).collect()
}

fn choose(flags: &str, lines: &[String]) -> Choice {
    let args = args(flags);
    let (candidates, vectors): (Vec<_>, Vec<_>) = candidates(&args, lines).into_iter().unzip();
    let vector = |number: usize| Ok(vectors[number].clone());
    Choice::of(&args, &args.keys(), &candidates, Some(&vector)).unwrap()
}

/// Records with a time of day, a shot and a vector on a plane.
fn film(random: &mut Random, count: usize) -> Vec<String> {
    let line = |n: usize, random: &mut Random| {
        let time = ["day", "day", "dusk", "night"][random.below(4)];
        let (shot, x, y) = (random.below(4), random.below(100), random.below(100));
        format!(
            r#"{{"id":"r{n}","light":{{"time":"{time}"}},"source":{{"shot":{shot}}},"embedding":{{"vector":[{x},{y}]}}}}"#
        )
    };
    (0..count).map(|n| line(n, random)).collect()
}

/// The size of the largest selection within `limits`, by trying them all.
fn largest(choice: &Choice, target: usize) -> usize {
    let count = choice.ranks.len();
    let fits = |set: u32| {
        choice.limits.all.iter().enumerate().all(|(number, limit)| {
            let own = |c: &usize| choice.limits.of[*c].contains(&Some(number));
            let taken = (0..count).filter(|c| set >> c & 1 == 1).filter(own);
            taken.count() <= limit.most
        })
    };
    let sets = (0..1_u32 << count).filter(|&set| fits(set));
    let most = sets.map(u32::count_ones).max().unwrap_or(0);
    target.min(most as usize)
}

#[test]
fn limits_hold_and_the_target_is_met_when_it_can_be() {
    let flags = [
        "--per-shot 1 --quota /light/time=day:1",
        "--per-shot 2 --quota /light/time=night:1 --quota /light/time=day:2",
        "--per-shot 2 --no-refill --by /light/time",
        "--per-shot 3 --by /light/time",
        "--quota /light/time=day:25%",
    ];
    let mut random = Random(7);
    for round in 0..120 {
        let lines = film(&mut random, 4 + round % 7);
        let target = 2 + round % 5;
        let flags = format!("--target {target} {}", flags[round % flags.len()]);
        let choice = choose(&flags, &lines);
        for limit in &choice.limits.all {
            assert!(limit.taken <= limit.most, "{flags}: {}", limit.reason);
        }
        let taken = choice.ranks.iter().flatten().count();
        assert_eq!(taken, largest(&choice, target), "{flags}\n{lines:#?}");
        let mut ranks: Vec<_> = choice.ranks.iter().flatten().copied().collect();
        ranks.sort_unstable();
        assert!(ranks.into_iter().eq(1..=taken), "ranks count from 1");
    }
}

#[test]
fn a_reserve_is_drawn_on_only_up_to_its_number() {
    let mut random = Random(5);
    for round in 0..60 {
        let lines = film(&mut random, 24);
        let least = round % 20;
        let flags =
            format!("--target 20 --by /light/time --per-shot 4 --reserve /light/time=day:{least}");
        let choice = choose(&flags, &lines);
        let without = choose(
            "--target 20 --by /light/time --per-shot 4 --quota /light/time=day:0",
            &lines,
        );
        let others = without.ranks.iter().flatten().count();
        let taken = choice.ranks.iter().flatten().count();
        // Every shot has its four, whichever they are.
        let all = choose("--target 20 --per-shot 4", &lines);
        let most = all.ranks.iter().flatten().count();
        assert_eq!(taken, others.max(least.min(most)), "{flags}");
        if others >= least {
            assert_eq!(
                choice.ranks, without.ranks,
                "the reserve is as if it were not there"
            );
        }
    }
}

#[test]
fn cells_fill_evenly_and_share_what_small_ones_leave() {
    let mut random = Random(3);
    for _ in 0..40 {
        let lines = film(&mut random, 60);
        let choice = choose("--target 30 --by /light/time", &lines);
        let taken: Vec<_> = choice.cells.iter().map(|cell| cell.taken).collect();
        assert_eq!(taken.iter().sum::<usize>(), 30);
        let most = taken.iter().max().unwrap();
        for cell in &choice.cells {
            let all = cell.taken == cell.candidates.len();
            assert!(all || cell.taken + 1 >= *most, "{taken:?}");
        }
    }
}

/// The distance within which every point has one of `centres`.
fn radius(points: &[[f64; 2]], centres: &[usize]) -> f64 {
    let distance = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let nearest = |point: &[f64; 2]| {
        let distances = centres.iter().map(|&c| distance(point, &points[c]));
        distances.fold(f64::INFINITY, f64::min)
    };
    points.iter().map(nearest).fold(0.0, f64::max)
}

#[test]
fn the_spread_is_within_twice_the_best_there_is() {
    let mut random = Random(11);
    for _ in 0..50 {
        let lines = film(&mut random, 11);
        let points: Vec<[f64; 2]> = lines
            .iter()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|record| {
                let vector = &record["embedding"]["vector"];
                [0, 1].map(|at| vector[at].as_f64().unwrap())
            })
            .collect();
        let choice = choose("--target 3", &lines);
        let chosen: Vec<_> = (0..11).filter(|&c| choice.ranks[c].is_some()).collect();
        let mut best = f64::INFINITY;
        for a in 0..11 {
            for b in 0..a {
                for c in 0..b {
                    best = best.min(radius(&points, &[a, b, c]));
                }
            }
        }
        let found = radius(&points, &chosen);
        assert!(found <= 2.0 * best + 1e-9, "{found} and {best}");
    }
}
