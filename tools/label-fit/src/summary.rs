//! What is said of a model on standard error.

use teach::{Film, Model};

/// Classes that are named as in need of labels, at most.
const NAMED: usize = 4;

/// A line on how good it is, and one on what would help.
pub(crate) fn lines(model: &Model, film: &Film) -> Vec<String> {
    let (proof, key) = (&model.proof, &model.reading.key);
    if proof.labels == 0 {
        return vec![nothing(model, film)];
    }
    let of = format!("`{key}`: {} labels of {} shots", proof.labels, proof.shots);
    let (Some(accuracy), Some(precision), Some(answered)) =
        (proof.accuracy, proof.precision, proof.answered)
    else {
        return vec![format!(
            "{of}: nothing is proven yet: label images of several shots"
        )];
    };
    if model.is_of_one_class() {
        let all = format!(
            "{of}: all are `{}`: label some that are not",
            model.classes[0]
        );
        return vec![all];
    }
    let before =
        { proof.accuracy_before }.map_or(String::new(), |before| format!(", {before:.2} before"));
    let mut lines = vec![format!(
        "{of}: {accuracy:.2} of them right by the labels of other shots{before}; with threshold {:.2} precision {precision:.2}, {:.0} % answered",
        model.threshold,
        100.0 * answered
    )];
    if proof.is_no_better() {
        let left = "no more often than before: label-apply leaves the answers of records that no label is of";
        lines.push(left.to_owned());
    }
    let mut needy: Vec<_> = proof
        .classes
        .iter()
        .filter(|one| one.more > 0 && one.labels > 0)
        .collect();
    needy.sort_by_key(|one| std::cmp::Reverse(one.more));
    let named: Vec<_> = { needy.iter().take(NAMED) }
        .map(|one| format!("{} of `{}`", one.more, one.class))
        .collect();
    lines.push(if proof.enough {
        "enough: twenty labels more would hardly help".to_owned()
    } else if named.is_empty() {
        "more labels would help, of any class".to_owned()
    } else {
        format!("labels that would help most: some {}", named.join(", "))
    });
    lines
}

/// What is said where nothing was learned.
fn nothing(model: &Model, film: &Film) -> String {
    let key = &model.reading.key;
    match film.labelled_but_blank() {
        0 => format!("`{key}`: there are no labels yet"),
        blank => format!(
            "`{key}`: {blank} records with a label have none of --on {}: name what they have",
            model.reading.on.join(",")
        ),
    }
}
