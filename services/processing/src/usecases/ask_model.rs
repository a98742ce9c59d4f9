//! Asks the tenant's language model about one record, because somebody wants to see what it says. Nothing is decided.

use common::TenantId;
use common::decision::LlmReasoning;
use common::event::RecordSnapshot;
use db::DbError;

use crate::app::App;
use crate::domain::preview::Past;
use crate::stages::model::{ModelExample, ModelRequest, ask};
use crate::store::{history, settings};

/// People's newest decisions that are shown as examples.
const EXAMPLES: i64 = 12;

#[derive(Debug, thiserror::Error)]
pub(crate) enum AskModelError {
    #[error("the tenant's llm stage is off")]
    StageOff,
    #[error("the model cannot be asked")]
    Db(#[from] DbError),
}

/// What the model says of the record; it is paid for as any other question, and an answer that is kept costs nothing.
pub(crate) async fn ask_model(
    app: &App,
    tenant: TenantId,
    record: &RecordSnapshot,
) -> Result<LlmReasoning, AskModelError> {
    let examples = app
        .db
        .tenant(tenant, async |connection| {
            if !settings::find(connection, tenant).await?.stages.llm {
                return Err(AskModelError::StageOff);
            }
            let newest = history::decided_by_people(connection, tenant, EXAMPLES).await?;
            let mut examples = Vec::with_capacity(newest.len());
            for row in newest {
                let past = Past::try_from(row)?;
                // A record is no example of itself.
                let label = past.standing.label.filter(|_| past.id != record.record_id);
                examples.extend(label.map(|label| ModelExample {
                    record: past.normalized,
                    source: past.source,
                    label,
                }));
            }
            examples.reverse();
            Ok(examples)
        })
        .await?;
    let request = ModelRequest {
        tenant,
        record: record.normalized.clone(),
        source: record.source.clone(),
        possible: Vec::new(),
        examples,
    };
    Ok(ask(app, &request).await.receipt)
}
