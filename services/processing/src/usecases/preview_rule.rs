//! Tries a rule on past records, without making it.

use std::sync::Arc;

use common::event::Cause;
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::preview::{Candidate, Past, Preview};
use crate::rule_book::TenantRules;
use crate::store::history::{self, PastRow, Span};
use crate::store::labels;

/// Records of a batch: enough that the next one is read while one is evaluated, little enough to hold.
const BATCH: u32 = 4_000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PreviewRuleError {
    #[error("there is no label of the name {0:?}")]
    UnknownLabel(String),
    #[error("nobody listens any more")]
    Abandoned,
    #[error("the records cannot be read")]
    Db(#[from] DbError),
}

/// How far it is; an answer of `false` ends it.
pub(crate) trait Progress {
    /// Tells how many records were tried and matched.
    async fn tell(&mut self, preview: &Preview) -> bool;
}

/// For those who wait for the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silent;

impl Progress for Silent {
    async fn tell(&mut self, _: &Preview) -> bool {
        true
    }
}

/// Tries the candidate on the newest `limit` records of the span.
pub(crate) async fn preview_rule(
    connection: &mut Connection,
    rules: &Arc<TenantRules>,
    cause: &Cause,
    candidate: Candidate,
    (span, limit): (Span, u32),
    mut progress: impl Progress,
) -> Result<Preview, PreviewRuleError> {
    let candidate = Arc::new(candidate);
    let mut preview = Preview::default();
    let mut left = limit;
    let tenant = cause.tenant_id;
    let mut rows = history::batch(connection, tenant, span, span.start(cause.at), left.min(BATCH)).await?;
    while let Some(last) = rows.last() {
        let place = last.place();
        let is_full = rows.len() == left.min(BATCH) as usize;
        left = left.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        let (rules, candidate) = (Arc::clone(rules), Arc::clone(&candidate));
        // Evaluated on another thread while the next batch is on its way.
        let evaluating = tokio::task::spawn_blocking(move || evaluate(preview, &candidate, &rules, rows));
        rows = if is_full && left > 0 {
            history::batch(connection, tenant, span, place, left.min(BATCH)).await?
        } else {
            Vec::new()
        };
        preview = evaluating.await.expect("counting does not panic")?;
        if !progress.tell(&preview).await {
            return Err(PreviewRuleError::Abandoned);
        }
    }
    Ok(preview)
}

fn evaluate(
    mut preview: Preview,
    candidate: &Candidate,
    rules: &TenantRules,
    rows: Vec<PastRow>,
) -> Result<Preview, DbError> {
    for row in rows {
        preview.add(candidate, rules.set(), &Past::try_from(row)?);
    }
    Ok(preview)
}

/// The tenant's rules of this moment.
pub(crate) async fn rules_of_now(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
) -> Result<Arc<TenantRules>, DbError> {
    let rules = super::decide_records::rules_of(connection, app, &[cause.tenant_id]).await?;
    Ok(rules.into_values().next().map(|(_, rules)| rules).unwrap_or_default())
}

/// Refuses a label that is not the tenant's.
pub(crate) async fn check_label(
    connection: &mut Connection,
    cause: &Cause,
    label: &str,
) -> Result<(), PreviewRuleError> {
    let found = labels::find_by_name(connection, cause.tenant_id, label).await?;
    found.map(drop).ok_or_else(|| PreviewRuleError::UnknownLabel(label.to_owned()))
}
