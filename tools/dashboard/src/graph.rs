//! The phases as a graph, from the top down: each below those whose records it takes.

use std::collections::{BTreeSet, HashMap};

/// A phase in the graph, and where it stands.
#[derive(Debug, PartialEq)]
pub(crate) struct Node {
    /// Its place among the phases.
    pub(crate) phase: usize,
    /// Its row from the top, and its column.
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// Phases and what leads from one to another.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    /// From one node to another, by their places in `nodes`.
    pub(crate) edges: Vec<(usize, usize)>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// The graph of `chains`, each a list of phases by their places, of which one follows the other.
///
/// A phase stands in the row below the lowest of those before it, and in the free column nearest to theirs.
pub(crate) fn graph(chains: &[Vec<usize>]) -> Graph {
    let mut before = HashMap::<usize, BTreeSet<usize>>::new();
    let mut order = Vec::new();
    for chain in chains {
        for (at, &phase) in chain.iter().enumerate() {
            if !before.contains_key(&phase) {
                order.push(phase);
            }
            let parents = before.entry(phase).or_default();
            parents.extend(at.checked_sub(1).map(|at| chain[at]));
        }
    }
    let rows = rows(&order, &before);
    let mut places: Vec<(usize, usize)> =
        order.iter().map(|&phase| (rows[&phase], phase)).collect();
    // Those of one row from left to right as they came.
    places.sort_by_key(|&(row, _)| row);
    let mut columns = HashMap::<usize, usize>::new();
    let mut taken = BTreeSet::new();
    let mut nodes = Vec::new();
    for (row, phase) in places {
        let parents: Vec<usize> = before[&phase]
            .iter()
            .filter_map(|one| columns.get(one))
            .copied()
            .collect();
        let wish = parents.iter().min().copied().unwrap_or(0);
        let free = |column: &usize| !taken.contains(&(row, *column));
        let column = (wish..wish + order.len()).find(free).unwrap_or(wish);
        taken.insert((row, column));
        columns.insert(phase, column);
        nodes.push(Node { phase, row, column });
    }
    let place: HashMap<usize, usize> = { nodes.iter().enumerate() }
        .map(|(at, node)| (node.phase, at))
        .collect();
    let edges = nodes
        .iter()
        .enumerate()
        .flat_map(|(to, node)| before[&node.phase].iter().map(move |from| (*from, to)));
    let edges = edges.map(|(from, to)| (place[&from], to)).collect();
    Graph {
        rows: nodes.iter().map(|node| node.row + 1).max().unwrap_or(0),
        columns: nodes.iter().map(|node| node.column + 1).max().unwrap_or(0),
        nodes,
        edges,
    }
}

/// The row of each phase. Where chains go in a circle, which none of make's do, each goes on only as far as there
/// are phases.
fn rows(order: &[usize], before: &HashMap<usize, BTreeSet<usize>>) -> HashMap<usize, usize> {
    let mut rows: HashMap<usize, usize> = order.iter().map(|&phase| (phase, 0)).collect();
    for _ in 0..order.len() {
        let mut moved = false;
        for phase in order {
            let lowest = before[phase].iter().map(|one| rows[one] + 1).max();
            let row = lowest.unwrap_or(0).min(order.len());
            moved |= rows.insert(*phase, row) != Some(row);
        }
        if !moved {
            break;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_stands_below_all_that_it_takes_from() {
        // 0 → 1 → 2 and 0 → 3 → 2 → 4.
        let graph = graph(&[vec![0, 1, 2], vec![0, 3, 2, 4]]);
        let place = |phase: usize| {
            let node = graph.nodes.iter().find(|node| node.phase == phase);
            node.map(|node| (node.row, node.column))
        };
        let places = [0, 1, 2, 3, 4].map(place);
        assert_eq!(
            places,
            [
                Some((0, 0)),
                Some((1, 0)),
                Some((2, 0)),
                Some((1, 1)),
                Some((3, 0))
            ]
        );
        assert_eq!((graph.rows, graph.columns, graph.edges.len()), (4, 2, 5));
    }

    #[test]
    fn a_circle_ends() {
        let graph = graph(&[vec![0, 1, 0]]);
        assert_eq!(graph.nodes.len(), 2);
        assert_eq!(super::graph(&[]), Graph::default());
    }
}
