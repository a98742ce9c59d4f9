//! Making a decision again from what its receipt names, and saying where the two differ.

use classifier::RuleSet;
use common::decision::WhyHuman;
use common::event::RecordSnapshot;
use common::record::Stage;
use serde_json::{Value, json};

use super::decision::{Decision, decide};
use super::model_answer::ModelAnswer;

/// A part of a decision that came out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) field: &'static str,
    pub(crate) stored: Value,
    pub(crate) remade: Value,
}

/// The machine's decision once more: the rules of its version, its thresholds, what `by_similarity` makes of that, and the
/// language model's answer as it was given.
pub(crate) fn remake(
    stored: &Decision,
    rules: &RuleSet,
    record: &RecordSnapshot,
    by_similarity: impl FnOnce(Decision) -> Decision,
) -> Decision {
    let reasoning = &stored.receipt.reasoning;
    // A set of rules of which none was tried says that the stage was off.
    let rule_stage = reasoning.rule.is_some() || reasoning.rules_evaluated > 0 || rules.listed().is_empty();
    let outcome = decide(rules, rule_stage, record, reasoning.thresholds);
    let mut remade = stored.with(outcome);
    if remade.stage == Stage::None {
        remade = by_similarity(remade);
        if remade.stage == Stage::None && reasoning.why_human == Some(WhyHuman::StageUnavailable) {
            // Whether a stage could be tried is no matter of versions.
            remade.receipt.reasoning.why_human = reasoning.why_human;
        }
    }
    match &reasoning.llm {
        Some(llm) => {
            let is_audited = reasoning.why_human == Some(WhyHuman::Audit);
            remade.receipt.reasoning.thresholds = reasoning.thresholds;
            ModelAnswer::replayed(llm).conclude(remade, stored.label_id, llm.accepts_from, is_audited)
        }
        None => remade,
    }
}

/// Where the two differ, in everything that a decision does.
pub(crate) fn differences(stored: &Decision, remade: &Decision) -> Vec<Difference> {
    let (before, after) = (&stored.receipt.reasoning, &remade.receipt.reasoning);
    let fields = [
        ("label", json!(stored.label), json!(remade.label)),
        ("stage", json!(stored.stage), json!(remade.stage)),
        ("confidence", json!(stored.confidence), json!(remade.confidence)),
        ("status", json!(stored.status), json!(remade.status)),
        ("rule", json!(before.rule), json!(after.rule)),
        ("rulesEvaluated", json!(before.rules_evaluated), json!(after.rules_evaluated)),
        ("errors", json!(stored.receipt.errors), json!(remade.receipt.errors)),
        ("whyHuman", json!(before.why_human), json!(after.why_human)),
        ("neighbours", json!(before.neighbours), json!(after.neighbours)),
        ("embedding", json!(before.embedding), json!(after.embedding)),
        ("llm", json!(before.llm), json!(after.llm)),
    ];
    let differ = fields.into_iter().filter(|(_, stored, remade)| stored != remade);
    differ.map(|(field, stored, remade)| Difference { field, stored, remade }).collect()
}
