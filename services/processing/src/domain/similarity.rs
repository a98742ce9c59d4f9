//! What becomes of a record that rules left open, by what is like it: the label stands, or a person is asked and why.

use std::collections::HashMap;

use common::decision::{Candidate, EmbeddingReasoning, Neighbour, Reasoning, Thresholds, WhyHuman};
use common::record::{RecordStatus, Stage};
use common::{DateTime, LabelId, RecordId};
use learning::confidence::AuditSettings;
use learning::settled::settled;
use learning::{Reason, Route, Scored};
use uuid::Uuid;

use super::decision::{Decision, StoredReceipt};
use super::pending::Pending;
use super::scored::ScoredDecision;
use super::settings::TenantSettings;
use super::tenant_model::TenantModel;

/// How many neighbours a receipt names.
const NEIGHBOURS: usize = 5;
/// How many labels' probabilities are kept for the proofs.
const KEPT_CANDIDATES: usize = 50;

/// What a decision by similarity rests on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grounds<'g> {
    pub(crate) model: &'g TenantModel,
    pub(crate) memory_version: i64,
    pub(crate) names: &'g HashMap<LabelId, String>,
    pub(crate) settings: &'g TenantSettings,
    pub(crate) audit_salt: Uuid,
    pub(crate) at: DateTime,
}

/// The decision, and what is to be remembered of how it was scored.
pub(crate) type Made = (Decision, ScoredDecision);

/// Decides a pending record by its score. None when the likeliest label is gone by now.
pub(crate) fn decide(
    pending: &Pending,
    scored: &Scored,
    verdict: &learning::Decision,
    grounds: Grounds<'_>,
) -> Option<Made> {
    let label = grounds.model.label_of(verdict.label)?;
    let name = grounds.names.get(&label)?;
    let policy = &grounds.model.policy;
    let is_accepted = verdict.route == Route::Accept && verdict.confidence >= grounds.settings.auto_accept_threshold;
    let is_audited = is_accepted && is_drawn(pending.record.record_id, grounds);
    let why = match (is_accepted, is_audited, verdict.reason) {
        (true, false, _) => None,
        (true, true, _) => Some(WhyHuman::Audit),
        (false, _, Some(reason)) => Some(why_human(reason)),
        (false, _, None) => Some(WhyHuman::LowConfidence),
    };
    let reasoning = Reasoning {
        summary: summary_of(name, verdict, scored, why),
        neighbours: neighbours(scored, grounds),
        embedding: Some(embedding(scored, verdict, grounds)),
        thresholds: Thresholds {
            auto_accept: grounds.settings.auto_accept_threshold,
            target_error_rate: Some(policy.target.error_rate),
            score: policy.in_force.threshold_of(verdict.label).score,
            familiarity: policy.in_force.novelty.least,
            audit_rate: Some(policy.audit_rate),
        },
        why_human: why,
        ..pending.receipt.reasoning.clone()
    };
    let decision = Decision {
        id: pending.decision,
        record_id: pending.record.record_id,
        tenant_id: pending.tenant,
        sequence: Some(pending.sequence),
        label_id: Some(label),
        label: Some(name.clone()),
        stage: Stage::Embedding,
        confidence: Some(settled(verdict.confidence.clamp(0.0, 1.0))),
        status: if why.is_some() { RecordStatus::PendingReview } else { RecordStatus::Classified },
        receipt: StoredReceipt { reasoning, candidates: candidates(verdict, grounds), ..pending.receipt.clone() },
        decided_by: None,
        decided_at: grounds.at,
    };
    let remembered = ScoredDecision {
        record: decision.record_id,
        decision: decision.id,
        tenant: pending.tenant,
        embedding_model: grounds.model.embedding_model.clone(),
        model_version: grounds.model.version,
        memory_version: grounds.memory_version,
        label,
        score: scored.score,
        confidence: verdict.confidence,
        margin: scored.margin,
        similarity: scored.similarity,
        familiarity: verdict.familiarity,
        candidates: likeliest(scored, grounds),
        is_accepted,
        is_audited,
        propensity: if is_accepted { policy.audit_rate } else { 1.0 },
        scored_at: grounds.at,
    };
    Some((decision, remembered))
}

/// A pending record as the rules left it: a person is asked, and told why nothing better came of it.
pub(crate) fn undecided(pending: &Pending, why: WhyHuman, because: &str, at: DateTime) -> Decision {
    let mut receipt = pending.receipt.clone();
    if !because.is_empty() {
        receipt.reasoning.summary = and_so_a_person_is_asked(&receipt.reasoning.summary, because);
    }
    receipt.reasoning.why_human = Some(why);
    Decision {
        id: pending.decision,
        record_id: pending.record.record_id,
        tenant_id: pending.tenant,
        sequence: Some(pending.sequence),
        label_id: None,
        label: None,
        stage: Stage::None,
        confidence: None,
        status: RecordStatus::PendingReview,
        receipt,
        decided_by: None,
        decided_at: at,
    }
}

/// What the rules came to, and what kept the later stages from it.
pub(crate) fn and_so_a_person_is_asked(summary: &str, because: &str) -> String {
    let said = summary.trim_end_matches(", so a person is asked.").trim_end_matches('.');
    format!("{said}; {because}, so a person is asked.")
}

fn is_drawn(record: RecordId, grounds: Grounds<'_>) -> bool {
    AuditSettings::draws(record.0.as_bytes(), grounds.audit_salt.as_bytes(), grounds.model.policy.audit_rate)
}

const fn why_human(reason: Reason) -> WhyHuman {
    match reason {
        Reason::Novel => WhyHuman::Novel,
        Reason::NoThreshold => WhyHuman::NoThreshold,
        Reason::BelowThreshold => WhyHuman::BelowThreshold,
        Reason::Close => WhyHuman::Close,
        Reason::Ambiguous => WhyHuman::Ambiguous,
        Reason::Suspended => WhyHuman::Suspended,
    }
}

fn because(why: WhyHuman) -> &'static str {
    match why {
        WhyHuman::Novel => "nothing like it was decided before",
        WhyHuman::NoThreshold => "not enough decided records prove yet when that can be relied on",
        WhyHuman::BelowThreshold => "its score is below the proven threshold",
        WhyHuman::Close => "another label is nearly as likely",
        WhyHuman::Ambiguous => "by its score it is not among the possible labels",
        WhyHuman::Suspended => "audits found too many errors",
        WhyHuman::Audit => "it was drawn for an audit",
        WhyHuman::LowConfidence => "that is below the tenant's threshold",
        _ => "no step may decide it",
    }
}

fn summary_of(name: &str, verdict: &learning::Decision, scored: &Scored, why: Option<WhyHuman>) -> String {
    let sure = (verdict.confidence * 100.0).floor();
    let near = scored.neighbours.first().map_or_else(String::new, |nearest| {
        format!("; the nearest decided record has similarity {:.2}", nearest.similarity)
    });
    match why {
        None => format!("By similarity it is \"{name}\" with {sure} % confidence{near}."),
        Some(why) => format!(
            "By similarity it is most likely \"{name}\" ({sure} % confidence{near}), but {}, so a person is asked.",
            because(why)
        ),
    }
}

fn name_of(number: u32, grounds: Grounds<'_>) -> Option<String> {
    grounds.names.get(&grounds.model.label_of(number)?).cloned()
}

fn neighbours(scored: &Scored, grounds: Grounds<'_>) -> Vec<Neighbour> {
    let neighbour = |near: &learning::Neighbour| {
        let label = name_of(near.label, grounds)?;
        Some(Neighbour { record_id: RecordId(near.id), label, similarity: settled(f64::from(near.similarity)) })
    };
    scored.neighbours.iter().filter_map(neighbour).take(NEIGHBOURS).collect()
}

fn candidates(verdict: &learning::Decision, grounds: Grounds<'_>) -> Vec<Candidate> {
    let candidate = |(number, score): &(u32, f64)| {
        Some(Candidate { label: name_of(*number, grounds)?, score: settled(score.clamp(0.0, 1.0)) })
    };
    verdict.candidates.iter().filter_map(candidate).collect()
}

fn likeliest(scored: &Scored, grounds: Grounds<'_>) -> Vec<(LabelId, f64)> {
    let mut all: Vec<(LabelId, f64)> = (0..)
        .zip(&scored.probabilities)
        .filter_map(|(number, probability)| Some((grounds.model.label_of(number)?, *probability)))
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(KEPT_CANDIDATES);
    all
}

fn embedding(scored: &Scored, verdict: &learning::Decision, grounds: Grounds<'_>) -> EmbeddingReasoning {
    EmbeddingReasoning {
        model_id: grounds.model.embedding_model.clone(),
        version: grounds.model.version,
        head_version: grounds.model.head.version().to_owned(),
        memory_version: grounds.memory_version,
        score: scored.score,
        margin: settled(scored.margin),
        familiarity: settled(verdict.familiarity),
        possible: verdict
            .possible
            .iter()
            .filter_map(|number| name_of(*number, grounds))
            .take(KEPT_CANDIDATES)
            .collect(),
    }
}
