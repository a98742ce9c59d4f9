//! A record's decisions as full receipts: each rule's outcome, expanded from the rule set of the time.

use classifier::RuleOutcome;
use common::page::Page;
use common::{RecordId, TenantId};
use db::{Connection, DbError};

use crate::domain::decision::Decision;
use crate::store::decisions::DecisionKey;
use crate::store::{decisions, records, rule_sets};

/// A decision with everything that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct FullReceipt {
    pub(crate) decision: Decision,
    /// Whether it is the one that stands.
    pub(crate) current: bool,
    /// Every rule of the rule set, in the order in which they were tried.
    pub(crate) rules: Vec<RuleOutcome>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ListOutcomesError {
    #[error("there is no such record")]
    NotFound,
    #[error("the decisions cannot be read")]
    Db(#[from] DbError),
}

pub(crate) async fn list_outcomes(
    connection: &mut Connection,
    tenant: TenantId,
    record: RecordId,
    before: Option<DecisionKey>,
    limit: u32,
    cursor_of: impl FnOnce(&Decision) -> String,
) -> Result<Page<FullReceipt>, ListOutcomesError> {
    let current = records::current_decision(connection, tenant, record).await?.ok_or(ListOutcomesError::NotFound)?;
    let rows = decisions::list(connection, tenant, record, before, i64::from(limit) + 1).await?;
    let page = Page::cut(rows, limit, cursor_of);
    let versions = page.items.iter().filter_map(|decision| decision.receipt.reasoning.rule_set_version).collect();
    let lists = rule_sets::lists(connection, tenant, versions).await?;
    Ok(page.map(|decision| {
        let list = decision.receipt.reasoning.rule_set_version.and_then(|version| lists.get(&version));
        let rules = list.map(|list| classifier::expand(list, &decision.receipt.of_rules())).unwrap_or_default();
        FullReceipt { current: decision.id == current, decision, rules }
    }))
}
