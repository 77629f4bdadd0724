//! A record's facts become a caption, within the budget.

use policies::contradictions::Contradiction;
use policies::kinds::Known;
use policies::trigger::Chosen;
use policies::{Form, Plan};
use serde::Serialize;
use serde_json::{Map, Value};
use stage::{Record, Result, ensure};

use crate::pieces::{self, LeftOut, Piece};
use crate::wording::joined;

/// Composes captions.
pub(crate) struct Composer {
    plan: Plan,
    form: Option<Form>,
    over_written: bool,
}

/// What the key `facts` holds.
#[derive(Debug, Serialize)]
struct Facts<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    trigger: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<Form>,
    said: Vec<(&'a str, &'a str)>,
    left_out: LeftOut,
    tags: String,
    sentence: String,
    tokens: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    contradictions: &'a [Contradiction],
}

impl Composer {
    /// Composes by a plan; a form is that of `caption` for every trainer. What a person wrote stays, unless
    /// it is to be composed over.
    pub(crate) fn new(plan: Plan, form: Option<Form>, over_written: bool) -> Self {
        Self {
            plan,
            form,
            over_written,
        }
    }

    /// Writes `caption` and `facts` into the record; what was found to contradict is left unsaid, or said with the
    /// noun of what the character is `known` to be.
    pub(crate) fn caption(
        &self,
        record: &mut Record,
        found: &[Contradiction],
        known: Option<&Known>,
    ) -> Result<()> {
        let Plan { policy, budget, .. } = &self.plan;
        let mut left_out = pieces::left_out(policy, record)?;
        let head = self.head(record, &mut left_out)?;
        let mended = mended(record, known)?;
        let read = mended.as_ref().unwrap_or(record);
        let mut pieces = pieces::pieces(policy, read, known, &mut left_out)?;
        pieces = pieces::without(pieces, found, &mut left_out);
        let speechless = pieces.iter().all(|piece| piece.phrase.is_empty());
        if let (true, true, Some(text)) = (speechless, head.is_empty(), &policy.otherwise) {
            pieces.push(Piece::otherwise(text, !pieces.is_empty()));
        }
        let (tags, _) = self.fitted(Form::Tags, &head, &pieces);
        let (sentence, _) = self.fitted(Form::Sentence, &head, &pieces);
        let form = self.form.unwrap_or_default();
        let limit = budget.of(form);
        let (caption, kept) = self.fitted(form, &head, &pieces);
        ensure!(
            !caption.is_empty(),
            "no caption: no fact of the policy for {} is known, and there is no --trigger for it",
            policy.name
        );
        let texts = pieces.iter().zip(&kept);
        let texts = texts.map(|(piece, kept)| (piece.pointer.as_str(), piece.text(form), *kept));
        let texts: Vec<_> = texts.filter(|(_, text, _)| !text.is_empty()).collect();
        for (pointer, text, _) in texts.iter().filter(|(.., kept)| !kept) {
            let why = format!("over the budget of {} tokens: {text}", limit.tokens);
            left_out.push(((*pointer).to_owned(), why));
        }
        let said = texts.iter().filter(|(.., kept)| *kept);
        let said = said.map(|(pointer, text, _)| (*pointer, *text)).collect();
        let tokens = limit.count(&caption);
        let facts = Facts {
            r#type: &policy.name,
            trigger: &head,
            form: self.form,
            said,
            left_out,
            tags,
            sentence,
            tokens,
            contradictions: found,
        };
        record.put("facts", &facts)?;
        // What a person wrote is the caption; the facts say what would have been.
        let written = record.at::<String>("/review/caption")?;
        let written = written.filter(|_| !self.over_written);
        Ok(record.put("caption", &written.unwrap_or(caption))?)
    }

    /// What the caption begins with: the trigger and the class, as far as there are any.
    fn head(&self, record: &Record, left_out: &mut Vec<(String, String)>) -> Result<String> {
        let trigger = &self.plan.trigger;
        Ok(match trigger.of(record)? {
            Chosen::Word(word) => trigger.with_class(&word),
            Chosen::None => trigger.class().to_owned(),
            Chosen::Lacking(why) => {
                left_out.push(("trigger".to_owned(), why));
                trigger.class().to_owned()
            }
        })
    }

    /// The text of as many pieces as the budget holds, and which they are.
    ///
    /// The least important goes first, and of equals the last.
    fn fitted(&self, form: Form, head: &str, pieces: &[Piece]) -> (String, Vec<bool>) {
        let mut kept: Vec<bool> = pieces
            .iter()
            .map(|piece| !piece.text(form).is_empty())
            .collect();
        let mut order: Vec<usize> = (0..pieces.len()).filter(|&at| kept[at]).collect();
        order.sort_by_key(|&at| pieces[at].importance);
        loop {
            let left = pieces
                .iter()
                .zip(&kept)
                .filter_map(|(piece, kept)| kept.then_some(piece));
            let text = joined(form, head, &left.collect::<Vec<_>>());
            if self.plan.budget.of(form).holds(&text) {
                return (text, kept);
            }
            match order.pop() {
                Some(least) => kept[least] = false,
                None => return (text, kept),
            }
        }
    }
}

/// The record with the words of a model that fit the character; `None` where nothing contradicts.
fn mended(record: &Record, known: Option<&Known>) -> Result<Option<Record>> {
    let captioner: Option<Map<String, Value>> = record.at("/captioner")?;
    let new = { known.zip(captioner) }.and_then(|(known, said)| known.rewritten(&said));
    let Some((captioner, _)) = new else {
        return Ok(None);
    };
    let mut mended = record.clone();
    mended.put("captioner", &captioner)?;
    Ok(Some(mended))
}
