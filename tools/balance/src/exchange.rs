//! Exchanges, when limits of two families block one another.

use std::collections::VecDeque;

use crate::limits::Limits;

/// Grows the selection up to `target` by exchanges, where there are exactly
/// two families of limits.
///
/// Limits of one family are nodes on the left, those of the other on the
/// right, and every candidate joins two: a selection is a matching, and it
/// is as large as can be when no path alternates between candidates not
/// chosen and chosen from a limit that has room to another that has
/// (Berge 1957). With three families and more the largest selection is hard
/// to find (three-dimensional matching), and the first choice stands. Returns
/// whether anything changed.
pub(crate) fn exchange(target: usize, chosen: &mut Vec<usize>, limits: &mut Limits) -> bool {
    let before = chosen.len();
    if limits.families() != 2 {
        return false;
    }
    while chosen.len() < target {
        let Some(path) = Search::new(limits, chosen).path() else {
            break;
        };
        // In on even steps, out on odd ones.
        for (step, candidate) in path.into_iter().enumerate() {
            if step % 2 == 0 {
                limits.take(candidate);
                chosen.push(candidate);
            } else {
                limits.give_back(candidate);
                chosen.retain(|&other| other != candidate);
            }
        }
    }
    chosen.len() > before
}

/// A search for a path, in breadth, so that the fewest are exchanged.
struct Search<'a> {
    limits: &'a Limits,
    /// By node: the candidates at it that are not chosen, and those that are.
    edges: Vec<[Vec<usize>; 2]>,
    /// By node: the candidate by which it was reached.
    from: Vec<Option<usize>>,
    seen: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(limits: &'a Limits, chosen: &[usize]) -> Self {
        let mut is_chosen = vec![false; limits.of.len()];
        for &candidate in chosen {
            is_chosen[candidate] = true;
        }
        // Two more nodes stand for no limit, on either side.
        let nodes = limits.all.len() + 2;
        let mut search = Self {
            limits,
            edges: vec![[Vec::new(), Vec::new()]; nodes],
            from: vec![None; nodes],
            seen: vec![false; nodes],
        };
        for (candidate, &is_chosen) in is_chosen.iter().enumerate() {
            for side in [0, 1] {
                let node = search.node(candidate, side);
                search.edges[node][usize::from(is_chosen)].push(candidate);
            }
        }
        search
    }

    /// The limit of `candidate` on one side.
    fn node(&self, candidate: usize, side: usize) -> usize {
        self.limits.of[candidate][side].unwrap_or(self.limits.all.len() + side)
    }

    fn has_room(&self, node: usize) -> bool {
        let limit = self.limits.all.get(node);
        limit.is_none_or(|limit| limit.taken < limit.most)
    }

    /// Candidates to take in and to put out by turns, beginning and ending
    /// with one to take in.
    fn path(mut self) -> Option<Vec<usize>> {
        let lefts = (0..self.limits.of.len()).map(|candidate| self.node(candidate, 0));
        let mut queue: VecDeque<usize> = lefts.filter(|&node| self.has_room(node)).collect();
        for &node in &queue {
            self.seen[node] = true;
        }
        while let Some(left) = queue.pop_front() {
            for candidate in std::mem::take(&mut self.edges[left][0]) {
                let right = self.node(candidate, 1);
                if std::mem::replace(&mut self.seen[right], true) {
                    continue;
                }
                self.from[right] = Some(candidate);
                if self.has_room(right) {
                    return Some(self.back(right));
                }
                for chosen in std::mem::take(&mut self.edges[right][1]) {
                    let next = self.node(chosen, 0);
                    if !std::mem::replace(&mut self.seen[next], true) {
                        self.from[next] = Some(chosen);
                        queue.push_back(next);
                    }
                }
            }
        }
        None
    }

    /// The candidates on the way to `node`.
    fn back(&self, node: usize) -> Vec<usize> {
        let (mut node, mut side) = (node, 1);
        let mut path = Vec::new();
        while let Some(candidate) = self.from[node] {
            path.push(candidate);
            side = 1 - side;
            node = self.node(candidate, side);
        }
        path
    }
}
