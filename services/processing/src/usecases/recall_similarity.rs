//! Makes the embedding stage's part of a decision again: the tenant's model and memory of the versions that its receipt names.

use std::collections::HashMap;

use common::LabelId;
use common::event::RecordSnapshot;
use common::trace::TraceContext;
use db::{Connection, DbError};
use learning::Seen;

use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::pending::Pending;
use crate::domain::settings::TenantSettings;
use crate::domain::similarity::{self, Grounds};
use crate::store::embeddings::{self, Embedded};
use crate::store::{labels, memory_heads};
use crate::tenant_memory::{TenantMemory, as_of};
use crate::vectors::Passage;

/// What the decision rested on.
pub(super) struct Recalled {
    memory: TenantMemory,
    names: HashMap<LabelId, String>,
    audit_salt: uuid::Uuid,
    embedded: Embedded,
    auto_accept: f64,
}

/// Recalls it; none when similarity had no part in the decision, or some of it is not kept any more.
pub(super) async fn recall_similarity(
    connection: &mut Connection,
    app: &App,
    stored: &Decision,
    record: &RecordSnapshot,
) -> Result<Option<Recalled>, DbError> {
    let reasoning = &stored.receipt.reasoning;
    let (Some(grounds), Ok(source)) = (&reasoning.embedding, &app.vectors) else { return Ok(None) };
    let tenant = stored.tenant_id;
    let mut vectors = embeddings::find(connection, tenant, &grounds.model_id, &[stored.record_id]).await?;
    let hash = Passage::of_record(&record.normalized).hash();
    let Some(embedded) = vectors.remove(&stored.record_id).filter(|found| found.text_hash == hash) else {
        return Ok(None);
    };
    let versions = (grounds.version, grounds.memory_version);
    let Some(memory) = as_of(connection, tenant, source.dimensions(), versions).await? else { return Ok(None) };
    Ok(Some(Recalled {
        memory,
        names: labels::names(connection, tenant).await?,
        audit_salt: memory_heads::find_or_make(connection, tenant).await?.audit_salt,
        embedded,
        auto_accept: reasoning.thresholds.auto_accept,
    }))
}

impl Recalled {
    /// What similarity makes of a record that rules left open.
    pub(super) fn decide(self, by_rules: Decision, record: &RecordSnapshot) -> Decision {
        let seen = Seen { vector: &self.embedded.vector, words: &self.embedded.words };
        let (scored, verdict) = self.memory.decide(seen, false);
        let pending = Pending {
            tenant: by_rules.tenant_id,
            record: record.clone(),
            decision: by_rules.id,
            sequence: by_rules.sequence.unwrap_or_default(),
            receipt: by_rules.receipt.clone(),
            trace: TraceContext::random(),
            asked: Vec::new(),
            queued_at: by_rules.decided_at,
        };
        let settings = TenantSettings { auto_accept_threshold: self.auto_accept, ..TenantSettings::default() };
        let model = self.memory.model();
        let grounds = Grounds {
            model: &model,
            memory_version: self.memory.version(),
            names: &self.names,
            settings: &settings,
            audit_salt: self.audit_salt,
            at: by_rules.decided_at,
        };
        similarity::decide(&pending, &scored, &verdict, grounds).map_or(by_rules, |(decision, _)| decision)
    }
}
