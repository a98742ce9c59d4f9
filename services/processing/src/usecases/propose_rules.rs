//! Rules that people's decisions suggest. They are worked out anew for each look; nothing is made unasked.

use std::collections::{HashMap, HashSet};

use common::event::Cause;
use common::{LabelId, RuleProposalId, TenantId};
use db::{Connection, DbError};
use uuid::Uuid;

use super::preview_rule::rules_of_now;
use crate::app::App;
use crate::domain::mining::{Suggestion, suggest};
use crate::domain::preview::Past;
use crate::store::{dismissed_proposals, history, labels, rule_versions};

/// People's newest decisions that are looked at.
const DECISIONS: i64 = 5_000;

/// A suggestion that can be accepted or dismissed.
#[derive(Clone, Debug)]
pub(crate) struct RuleProposal {
    /// Named after what it says, so that it is the same at each look.
    pub(crate) id: RuleProposalId,
    pub(crate) label_id: LabelId,
    pub(crate) suggestion: Suggestion,
}

/// The proposals of this moment, without those that were dismissed, and without what a rule ever said: who deleted one
/// or switched it off does not want it back.
pub(crate) async fn propose_rules(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
) -> Result<Vec<RuleProposal>, DbError> {
    let tenant = cause.tenant_id;
    let rows = history::decided_by_people(connection, tenant, DECISIONS).await?;
    let rules = rules_of_now(connection, app, cause).await?;
    let work = move || {
        let decided: Vec<Past> = rows.into_iter().map(Past::try_from).collect::<Result<_, _>>()?;
        Ok::<_, DbError>(suggest(&decided, rules.set()))
    };
    let found = tokio::task::spawn_blocking(work).await.expect("mining does not panic")?;
    let known = labels::list(connection, tenant, None, i64::MAX).await?;
    let labels: HashMap<String, LabelId> = known.into_iter().map(|label| (label.name, label.id)).collect();
    let dismissed = dismissed_proposals::all(connection, tenant).await?;
    let said: HashSet<String> = rule_versions::conditions(connection, tenant).await?;
    let proposal = |suggestion: Suggestion| {
        // People may have chosen a label that is gone since.
        let label_id = labels.get(&suggestion.label).copied()?;
        Some(RuleProposal { id: id_of(tenant, label_id, &suggestion.condition), label_id, suggestion })
    };
    let proposals = found
        .into_iter()
        .filter_map(proposal)
        .filter(|proposal| !dismissed.contains(&proposal.id) && !said.contains(&proposal.suggestion.condition));
    Ok(proposals.collect())
}

fn id_of(tenant: TenantId, label: LabelId, condition: &str) -> RuleProposalId {
    RuleProposalId(Uuid::new_v5(&tenant.0, format!("{label}\n{condition}").as_bytes()))
}
