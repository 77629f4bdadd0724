//! What the audit is given of every record, and how it is said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use captions::audit::{Audit, Finding, Forbidden, Item, Level, Report, Rules};
use captions::text;
use policies::contradictions::Contradiction;
use policies::facts::{Fact, fact};
use policies::policy::{Say, spoken, words};
use policies::trigger::Chosen;
use policies::{Form, Plan, Policy, Trigger};
use serde::Serialize;
use stage::log::{error, info, warn};
use stage::{Context, Record, Result, machine};

/// Where the group names of the audit come from.
const PLACE: &str = "/tags/location";
/// How many findings are said; the file has all.
const SAID: usize = 20;

/// Looks at the captions of a run.
pub(crate) struct Check {
    plan: Plan,
    form: Form,
    captions: Mutex<Audit>,
    sentences: Mutex<Audit>,
}

/// What `--summary` writes.
#[derive(Serialize)]
struct Summary<'a> {
    r#type: &'a str,
    #[serde(flatten)]
    captions: &'a Report,
    /// Of the sentences that other trainers get, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences: Option<&'a Report>,
}

impl Check {
    /// Looks at captions that were made by a plan, and `caption` in this form.
    pub(crate) fn new(plan: Plan, form: Form) -> Result<Self> {
        let look = &plan.policy.audit;
        let mut forbidden = Vec::new();
        for name in &look.forbidden {
            forbidden.push(Forbidden::family(words(name)?));
        }
        if !look.words.is_empty() {
            forbidden.push(Forbidden::new(
                "policy",
                look.words.iter().map(String::as_str),
            ));
        }
        for name in &look.warn {
            forbidden.push(Forbidden::family(words(name)?).warn());
        }
        let rules = |form| Rules {
            expected: expected(&plan.policy, &plan.trigger),
            forbidden: forbidden.clone(),
            budget: Some(plan.budget.of(form).tokens),
        };
        Ok(Self {
            captions: Mutex::new(Audit::new(rules(form))),
            sentences: Mutex::new(Audit::new(rules(Form::Sentence))),
            plan,
            form,
        })
    }

    /// Looks at the caption of one record, and at the sentence that other trainers get for it.
    pub(crate) fn look(&self, record: &Record, contradictions: &[Contradiction]) -> Result<()> {
        let caption: String = record.get("caption")?;
        let trigger = match self.plan.trigger.of(record)? {
            Chosen::Word(word) => Some(word),
            Chosen::None => None,
            Chosen::Lacking(why) => Some(format!("({why})")),
        };
        let told: Vec<_> = contradictions.iter().map(Contradiction::told).collect();
        let item = Item {
            id: &record.id()?,
            caption: &caption,
            trigger: trigger.as_deref(),
            groups: &groups(record)?,
            allowed: &self.allowed(record)?,
            contradictions: &told,
            tokens: Some(self.plan.budget.of(self.form).count(&caption)),
        };
        locked(&self.captions).add(item);
        let sentence: Option<String> = record.at("/facts/sentence")?;
        let one_for_all = record.at::<String>("/facts/form")?.is_some();
        if let Some(sentence) = sentence.filter(|text| *text != caption && !one_for_all) {
            locked(&self.sentences).add(Item {
                caption: &sentence,
                contradictions: &[],
                tokens: Some(self.plan.budget.of(Form::Sentence).count(&sentence)),
                ..item
            });
        }
        Ok(())
    }

    /// What the trigger stands for may be said.
    fn allowed(&self, record: &Record) -> Result<Vec<String>> {
        let mut allowed = Vec::new();
        for pointer in &self.plan.policy.trigger_by {
            let says = |say: &&Say| say.from.contains(pointer);
            if let (Some(_), Fact::Known(values)) = (
                self.plan.policy.say.iter().find(says),
                fact(record, pointer, 1, 0.0)?,
            ) {
                allowed.extend(values.iter().map(|value| spoken(value)));
            }
        }
        // What is said only where the trigger does not stand for it may be said too.
        for say in self
            .plan
            .policy
            .say
            .iter()
            .filter(|say| say.unless.is_some())
        {
            if say.unless(record)?.is_some() {
                continue;
            }
            for pointer in &say.from {
                if let Fact::Known(values) = fact(record, pointer, say.most, say.at_least)? {
                    allowed.extend(values.iter().map(|value| say.words(value).0));
                }
            }
        }
        Ok(allowed)
    }

    /// Says what was found, writes it to `file` and as a table to `table`, and returns the number
    /// of errors.
    pub(crate) fn say(&self, file: Option<&Path>, table: Option<&Path>) -> Result<usize> {
        let captions = locked(&self.captions).report();
        let sentences = Some(locked(&self.sentences).report()).filter(|found| found.captions > 0);
        if let Some(file) = file {
            let summary = Summary {
                r#type: &self.plan.policy.name,
                captions: &captions,
                sentences: sentences.as_ref(),
            };
            let mut text = serde_json::to_vec_pretty(&summary)?;
            text.push(b'\n');
            machine::file::write(file, &text).with_context(|| file.display().to_string())?;
        }
        let reports = [
            ("caption", Some(&captions)),
            ("sentence", sentences.as_ref()),
        ];
        let reports = reports.map(|(name, report)| report.map(|report| (name, report)));
        let reports: Vec<_> = reports.into_iter().flatten().collect();
        if let Some(table) = table {
            crate::table::write(table, &reports).with_context(|| table.display().to_string())?;
        }
        for (name, report) in &reports {
            said(name, report);
        }
        let findings = reports.iter().flat_map(|(_, report)| &report.findings);
        Ok(findings
            .filter(|finding| finding.level == Level::Error)
            .count())
    }
}

fn locked(audit: &Mutex<Audit>) -> MutexGuard<'_, Audit> {
    audit.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says the first findings, and how many there are.
fn said(name: &str, report: &Report) {
    for finding in report.findings.iter().take(SAID) {
        let line = line(name, finding, report.captions);
        match finding.level {
            Level::Error => error!("{line}"),
            Level::Warning => warn!("{line}"),
        }
    }
    let more = report.findings.len().saturating_sub(SAID);
    if more > 0 {
        warn!("{more} more findings of {name}s; --summary FILE writes them all");
    }
    info!(
        "{} {name}s, {} distinct, {} findings",
        report.captions,
        report.distinct,
        report.findings.len()
    );
}

/// One line of the table: level, how many of all, what, and where to look.
fn line(name: &str, finding: &Finding, of: usize) -> String {
    let level = if finding.level == Level::Error {
        "error"
    } else {
        "warning"
    };
    let examples = if finding.examples.is_empty() {
        String::new()
    } else {
        format!(" ({})", finding.examples.join(", "))
    };
    format!(
        "{level}: {:>5} of {of} {name}s: {}{examples}",
        finding.captions, finding.what
    )
}

/// What the record belongs to: its shot, its place.
fn groups(record: &Record) -> Result<Vec<(&'static str, String)>> {
    let mut groups = Vec::new();
    if let Some(source) = record.source()? {
        groups.push(("shot", format!("{} of {}", source.shot, source.film)));
    }
    if let Fact::Known(place) = fact(record, PLACE, 1, 0.0)? {
        groups.extend(place.iter().map(|place| ("place", spoken(place))));
    }
    Ok(groups)
}

/// Words that captions are built with: those of the class word and of the
/// templates, and those that several values of one kind share, as "view".
fn expected(policy: &Policy, trigger: &Trigger) -> Vec<String> {
    let mut expected: BTreeSet<String> = text::words(trigger.class()).into_iter().collect();
    for say in &policy.say {
        let templates = say.tag.clone() + " " + &say.phrase;
        expected.extend(text::words(&templates.replace("{a}", " ")));
        for values in [&say.values, &say.phrases] {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for word in values.values().flat_map(|value| text::words(value)) {
                *counts.entry(word).or_default() += 1;
            }
            expected.extend(
                counts
                    .into_iter()
                    .filter(|(_, count)| *count > 1)
                    .map(|(word, _)| word),
            );
        }
    }
    expected.into_iter().collect()
}
