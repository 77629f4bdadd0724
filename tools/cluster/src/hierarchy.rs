//! From a minimum spanning tree to the clusters that last longest.

use std::collections::BTreeMap;

use crate::groups::Labels;
use crate::spanning::Edge;
use crate::union::Union;

/// Rows or nodes that join at one distance.
#[derive(Debug)]
struct Node {
    length: f32,
    children: Vec<usize>,
    rows: usize,
}

/// A cluster, while the distance falls from that at which it parts from its siblings.
#[derive(Debug)]
struct Cluster {
    above: usize,
    /// One over that distance.
    birth: f64,
    /// For how much of one over the distance its rows stay with it, summed.
    stability: f64,
}

/// The clusters of HDBSCAN by excess of mass (Campello, Moulavi and Sander 2013): of a cluster and all that it
/// falls apart into, those that are most stable together. `edges` go from the shortest to the longest.
///
/// Edges of one length join their ends at once, so that it makes no difference which of several trees of
/// the same length is given.
pub(crate) fn clusters(edges: &[Edge], size: usize) -> Labels {
    let rows = edges.len() + 1;
    let nodes = joined(edges);
    let mut clusters = vec![Cluster {
        above: 0,
        birth: 0.0,
        stability: 0.0,
    }];
    // The cluster of each row and node, and one over the distance at which a part too small for one leaves it.
    let mut of = vec![0; rows + nodes.len()];
    let mut leaves = vec![f64::from(f32::MAX); rows + nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        let own = rows + at;
        if node.rows >= size {
            let density = if node.length > 0.0 {
                1.0 / node.length
            } else {
                f32::MAX
            };
            leaves[own] = f64::from(density);
        }
        let rows_of = |child: usize| child.checked_sub(rows).map_or(1, |node| nodes[node].rows);
        let large = |child: &usize| rows_of(*child) >= size;
        let splits = node.children.iter().filter(|child| large(child)).count() > 1;
        for &child in &node.children {
            let lasted = leaves[own] - clusters[of[own]].birth;
            if splits && large(&child) {
                clusters[of[own]].stability += lasted * rows_of(child) as f64;
                of[child] = clusters.len();
                clusters.push(Cluster {
                    above: of[own],
                    birth: leaves[own],
                    stability: 0.0,
                });
            } else {
                of[child] = of[own];
                leaves[child] = leaves[own];
                if child < rows {
                    clusters[of[own]].stability += lasted;
                }
            }
        }
    }
    let chosen = chosen(&clusters);
    of.into_iter().take(rows).map(|own| chosen[own]).collect()
}

/// The nodes in which `edges` join rows, each after its children; a node's number follows those of the rows.
fn joined(edges: &[Edge]) -> Vec<Node> {
    let rows = edges.len() + 1;
    let mut union = Union::new(rows);
    let mut of: Vec<usize> = (0..rows).collect();
    let mut nodes: Vec<Node> = Vec::new();
    for level in edges.chunk_by(|a, b| a.length.total_cmp(&b.length).is_eq()) {
        let ends = level.iter().flat_map(|edge| edge.ends);
        let mut roots: Vec<u32> = ends.map(|end| union.find(end)).collect();
        roots.sort_unstable();
        roots.dedup();
        for edge in level {
            union.join(edge.ends);
        }
        let mut parents: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for root in roots {
            let above = parents.entry(union.find(root)).or_default();
            above.push(of[root as usize]);
        }
        for (root, children) in parents {
            let of_child = |&child: &usize| child.checked_sub(rows).map_or(1, |at| nodes[at].rows);
            of[root as usize] = rows + nodes.len();
            nodes.push(Node {
                length: level[0].length,
                rows: children.iter().map(of_child).sum(),
                children,
            });
        }
    }
    nodes
}

/// The cluster that stands for each, if one does: itself, or one above it; never the whole.
fn chosen(clusters: &[Cluster]) -> Vec<Option<usize>> {
    let mut below = vec![0.0; clusters.len()];
    let mut stands = vec![None; clusters.len()];
    for (at, cluster) in clusters.iter().enumerate().skip(1).rev() {
        if cluster.stability >= below[at] {
            stands[at] = Some(at);
        }
        below[cluster.above] += cluster.stability.max(below[at]);
    }
    for at in 1..clusters.len() {
        stands[at] = stands[clusters[at].above].or(stands[at]);
    }
    stands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(lengths: &[(u32, u32, f32)]) -> Vec<Edge> {
        let edge = |&(a, b, length): &(u32, u32, f32)| Edge {
            ends: [a, b],
            length,
        };
        lengths.iter().map(edge).collect()
    }

    #[test]
    fn two_dense_places_are_two_clusters_and_what_lies_between_is_noise() {
        // Rows 0 to 2 join at 1, rows 3 to 5 at 2, row 6 at 4, and both at 5.
        let tree = edges(&[
            (0, 1, 1.0),
            (1, 2, 1.0),
            (3, 4, 2.0),
            (4, 5, 2.0),
            (6, 0, 4.0),
            (2, 3, 5.0),
        ]);
        let found = clusters(&tree, 3);
        assert_eq!(found[0..3], [found[0]; 3]);
        assert_eq!(found[3..6], [found[3]; 3]);
        assert!(found[0].is_some() && found[3].is_some() && found[0] != found[3]);
        assert_eq!(found[6], found[0], "it joins the first before the two join");
        assert!(
            clusters(&tree, 4).iter().all(Option::is_none),
            "one alone is none"
        );
    }

    #[test]
    fn a_cluster_stays_whole_where_it_lasts_longer_than_its_parts() {
        // Both parts of rows 0 to 5 part at 1 and are gone at 0.9: 6 (1 - 1/10) before, 6 (1/0.9 - 1) after.
        let whole = [
            (0, 1, 0.9),
            (1, 2, 0.9),
            (3, 4, 0.9),
            (4, 5, 0.9),
            (2, 3, 1.0),
            (6, 7, 1.0),
            (7, 8, 1.0),
            (5, 6, 10.0),
        ];
        let found = clusters(&edges(&whole), 3);
        assert_eq!(found[0..6], [found[0]; 6]);
        assert_ne!(found[6], found[0]);
        // Where they last until 0.1, 6 (1/0.1 - 1) is more.
        let parts = whole.map(|(a, b, length)| (a, b, if length < 1.0 { 0.1 } else { length }));
        let mut parts = edges(&parts);
        parts.sort_by(|a, b| a.length.total_cmp(&b.length));
        let found = clusters(&parts, 3);
        assert!(found[0].is_some() && found[3].is_some() && found[0] != found[3]);
    }

    #[test]
    fn rows_that_are_all_alike_are_no_clusters_and_no_panic() {
        let alike: Vec<_> = (1..20).map(|row| (0, row, 0.0)).collect();
        assert!(clusters(&edges(&alike), 5).iter().all(Option::is_none));
        assert_eq!(clusters(&[], 2), [None], "one row");
    }
}
