//! Runs: many records decided again, and what came of each.

use common::record::{RecordStatus, Stage};
use common::{Actor, DateTime, DecisionId, IntegrationId, RecordId, RunId, TenantId, Violation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decision::Decision;

/// Most records of one run.
pub(crate) const MAX_TOTAL: usize = 100_000;
/// Most records that a run names one by one.
pub(crate) const MAX_NAMED: usize = 10_000;

/// Which records; those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RunScope {
    /// These.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10_000)]
    pub(crate) record_ids: Option<Vec<RecordId>>,
    /// From this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// From this integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<IntegrationId>,
    /// Whose decision that stands left them so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<RecordStatus>,
    /// Whose decision that stands has this label, decided or proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// Received at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<DateTime>,
    /// Received before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<DateTime>,
}

/// A run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) tenant_id: TenantId,
    pub(crate) status: RunStatus,
    pub(crate) dry_run: bool,
    pub(crate) scope: RunScope,
    pub(crate) rule_stage: bool,
    pub(crate) rule_set_version: i64,
    pub(crate) auto_accept_threshold: f64,
    pub(crate) as_of: Option<DateTime>,
    /// The dry run that says what may change.
    pub(crate) dry_run_id: Option<RunId>,
    pub(crate) total: i32,
    pub(crate) tally: Tally,
    pub(crate) created_by: Actor,
    pub(crate) traceparent: String,
    pub(crate) created_at: DateTime,
    pub(crate) ended_at: Option<DateTime>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStatus {
    /// Records have not had their turn yet.
    Running,
    /// All had it.
    Completed,
    /// It was ended early; what was done stays.
    Cancelled,
}

/// What came of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunResult {
    /// There is a new decision, or in a dry run there would be one.
    Changed,
    /// The same comes out on the same grounds, so the decision stands.
    Unchanged,
    /// A person decided it, so nothing was done.
    Pinned,
    /// It is no longer as the dry run found it, so nothing was done.
    Conflict,
    /// It cannot be decided so; `reason` says why.
    Failed,
}

/// How many records came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) changed: i32,
    pub(crate) unchanged: i32,
    pub(crate) failed: i32,
    pub(crate) pinned: i32,
    pub(crate) conflicts: i32,
}

/// What stands of a record, or would stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunState {
    /// Null of a decision that a dry run did not make.
    pub(crate) decision_id: Option<DecisionId>,
    pub(crate) label: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) confidence: Option<f64>,
    pub(crate) status: RecordStatus,
    /// The rule that decided or proposed, by its name of the time.
    pub(crate) rule: Option<String>,
}

/// One record of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunItem {
    pub(crate) record_id: RecordId,
    pub(crate) result: RunResult,
    pub(crate) reason: Option<String>,
    pub(crate) before: Option<RunState>,
    pub(crate) after: Option<RunState>,
}

impl RunScope {
    /// Everything that is wrong with it.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.record_ids.as_ref().is_some_and(|ids| ids.len() > MAX_NAMED) {
            let message = format!("must have at most {MAX_NAMED} entries");
            found.push(Violation::new("scope.recordIds", "max_items", message));
        }
        let texts = [("scope.source", &self.source), ("scope.label", &self.label)];
        for (path, text) in texts {
            if let Some(text) = text {
                common::violation::check_text(&mut found, path, text, 0, common::record::MAX_LINE);
            }
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| from >= to) {
            found.push(Violation::new("scope.to", "after_from", "must be later than from"));
        }
        found
    }
}

impl RunStatus {
    /// The name in tables and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The one of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::Cancelled].into_iter().find(|one| one.as_str() == name)
    }
}

impl RunResult {
    const ALL: [Self; 5] = [Self::Changed, Self::Unchanged, Self::Pinned, Self::Conflict, Self::Failed];

    /// The name in tables and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Pinned => "pinned",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
        }
    }

    /// The one of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl Tally {
    /// Counts items.
    pub(crate) fn of(items: &[RunItem]) -> Self {
        let mut tally = Self::default();
        for item in items {
            *match item.result {
                RunResult::Changed => &mut tally.changed,
                RunResult::Unchanged => &mut tally.unchanged,
                RunResult::Pinned => &mut tally.pinned,
                RunResult::Conflict => &mut tally.conflicts,
                RunResult::Failed => &mut tally.failed,
            } += 1;
        }
        tally
    }

    /// How many there are.
    pub(crate) const fn done(self) -> i32 {
        self.changed + self.unchanged + self.failed + self.pinned + self.conflicts
    }
}

impl RunState {
    /// What a decision leaves.
    pub(crate) fn of(decision: &Decision) -> Self {
        Self {
            decision_id: Some(decision.id),
            label: decision.label.clone(),
            stage: decision.stage,
            confidence: decision.confidence,
            status: decision.status,
            rule: decision.receipt.reasoning.rule.as_ref().map(|rule| rule.name.clone()),
        }
    }

    /// The same of a decision that was not made.
    pub(crate) fn of_dry(decision: &Decision) -> Self {
        Self { decision_id: None, ..Self::of(decision) }
    }

    /// Whether two decisions, made or not, say the same.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        Self { decision_id: None, ..self.clone() } == Self { decision_id: None, ..other.clone() }
    }
}

impl RunItem {
    /// A record that nothing was done with.
    pub(crate) fn left(record_id: RecordId, result: RunResult, reason: Option<&str>, stands: Option<RunState>) -> Self {
        Self { record_id, result, reason: reason.map(str::to_owned), after: stands.clone(), before: stands }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_counts_each_item_once() {
        let items: Vec<RunItem> =
            RunResult::ALL.map(|result| RunItem::left(RecordId::generate(), result, None, None)).into();
        let tally = Tally::of(&items);
        assert_eq!(tally, Tally { changed: 1, unchanged: 1, failed: 1, pinned: 1, conflicts: 1 });
        assert_eq!(tally.done(), 5);
        for result in RunResult::ALL {
            assert_eq!(RunResult::parse(result.as_str()), Some(result));
        }
    }
}
