//! Two people's decisions as one.

use std::path::Path;

use stage::manifest::patch::{Choice, Decision, listed};
use stage::manifest::shapes::Since;
use stage::{Result, ensure, log};

use crate::patch::{Decisions, Patch};

/// Adds to a patch what another decides, and says on which images the two differ.
///
/// What only one of them says counts; where they differ, what was said later. The same patch again adds nothing.
pub(crate) fn merge(patch: &mut Patch, other: &Path, theirs: &Decisions) -> Result<()> {
    let mut theirs: Vec<&Decision> = theirs.all().collect();
    theirs.sort_by(|a, b| a.id.cmp(&b.id));
    let (mut lines, mut differ) = (Vec::new(), Vec::new());
    for decision in theirs {
        let mine = patch.decisions.get(&decision.id);
        let (whole, differs) = mine.map_or((decision.clone(), false), |mine| both(mine, decision));
        if differs {
            differ.push(decision.id.as_str());
        }
        if !mine.is_some_and(|mine| mine.agrees(&whole)) {
            lines.push(Decision {
                undo: false,
                ..whole
            });
        }
    }
    let count = lines.len();
    if count > 0 {
        patch.write(lines)?;
    }
    log::info!("{}: {count} decisions added", other.display());
    if !differ.is_empty() {
        log::warn!(
            "{}: decides otherwise on {} images, and what was decided later counts: {}",
            other.display(),
            differ.len(),
            listed(&differ)
        );
    }
    Ok(())
}

/// The decisions of a patch, which must be there.
pub(crate) fn read(other: &Path) -> Result<Decisions> {
    ensure!(
        other.exists(),
        "{}: there is no such patch",
        other.display()
    );
    Decisions::read(other)
}

/// What two decisions on one image say together, and whether they differ.
fn both(one: &Decision, other: &Decision) -> (Decision, bool) {
    let (earlier, later) = if age(one) <= age(other) {
        (one, other)
    } else {
        (other, one)
    };
    let apart = { earlier.of.as_ref().zip(later.of.as_ref()) }
        .is_some_and(|(earlier, later)| earlier.until(later) != Since::Same);
    if apart {
        // They are of two things that had one id, one after the other.
        return (later.clone(), false);
    }
    let mut differs = earlier.choice != later.choice
        && earlier.choice != Choice::Open
        && later.choice != Choice::Open;
    let mut whole = later.clone();
    if later.choice == Choice::Open {
        whole.choice = earlier.choice;
    }
    differs |=
        earlier.caption.is_some() && later.caption.is_some() && earlier.caption != later.caption;
    whole.caption = whole.caption.or_else(|| earlier.caption.clone());
    for (pointer, value) in &earlier.set {
        match later.set.get(pointer) {
            Some(said) => differs |= said != value,
            None => drop(whole.set.insert(pointer.clone(), value.clone())),
        }
    }
    whole.set.sort_keys();
    (whole, differs)
}

/// When a decision was made; of two in the same second, the same counts whichever way they are merged.
fn age(decision: &Decision) -> (Option<jiff::Timestamp>, &str, String) {
    let what = serde_json::to_string(decision).unwrap_or_default();
    (decision.at.parse().ok(), &decision.by, what)
}
