//! What all passes together say: one candidate a face, and who agrees on it.

use nets::face::Face;
use vision::Rect;

use crate::detectors::Search;

/// Overlap from which two boxes are of one face: models differ in how much of a head they call face.
const SAME: f32 = 0.4;

/// The part of a character's box, from its top, that the middle of a face lies in: half, since the
/// box may be of a bust.
const HEAD: f32 = 0.5;

/// A face that someone has seen.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) face: Face,
    /// The model that is surest of it, or `pose`.
    pub(crate) by: String,
    /// What else says so.
    pub(crate) agreed: Vec<String>,
}

/// The faces of all passes, each once, surest first. `boxes` are those of the image's characters.
pub(crate) fn candidates(
    passes: &[Vec<Face>],
    boxes: &[Rect<f32>],
    search: &Search,
) -> Vec<Candidate> {
    let mut seen: Vec<(usize, &Face)> = { passes.iter().enumerate() }
        .flat_map(|(pass, faces)| faces.iter().map(move |face| (pass, face)))
        .collect();
    seen.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    let mut groups: Vec<Vec<(usize, &Face)>> = Vec::new();
    for (pass, face) in seen {
        let same = |group: &&mut Vec<(usize, &Face)>| group[0].1.rect.iou(face.rect) > SAME;
        match groups.iter_mut().find(same) {
            Some(group) => group.push((pass, face)),
            None => groups.push(vec![(pass, face)]),
        }
    }
    { groups.iter() }
        .map(|group| candidate(group, boxes, search))
        .collect()
}

fn candidate(group: &[(usize, &Face)], boxes: &[Rect<f32>], search: &Search) -> Candidate {
    let (first, best) = group[0];
    let mut agreed: Vec<String> = Vec::new();
    for (pass, _) in group.iter().filter(|(pass, _)| *pass != first) {
        let word = if search.same_detector(*pass, first) {
            "scale"
        } else {
            &search.network(*pass).model
        };
        if !agreed.iter().any(|known| known == word) {
            agreed.push(word.to_owned());
        }
    }
    if boxes.iter().any(|character| is_head(best.rect, *character)) {
        agreed.push("boxes".to_owned());
    }
    let mut face = best.clone();
    face.landmarks = group.iter().find_map(|(_, face)| face.landmarks);
    Candidate {
        face,
        by: search.network(first).model.clone(),
        agreed,
    }
}

/// Whether a face may be the head of a character's box: its middle in the upper half, and not wider
/// than the box.
fn is_head(face: Rect<f32>, character: Rect<f32>) -> bool {
    let [x, y] = face.middle();
    (character.left..=character.right).contains(&x)
        && (character.top..=character.top + HEAD * character.height()).contains(&y)
        && face.width() <= character.width()
}
