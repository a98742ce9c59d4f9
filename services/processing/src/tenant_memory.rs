//! Tenants' memories: what people decided, with the model fitted to it, in memory and searched there.
//!
//! PostgreSQL is the truth. A memory is loaded when it is first needed, catches up by the version of the log of lessons,
//! and is thrown away when memory is short. It is a function of two numbers, the model's version and the memory's, so that
//! every replica, and a later replay, comes to the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use common::{LabelId, RecordId, TenantId};
use db::{Connection, DbError};
use learning::{Decision, Memory, Policy, Scored, Seen};
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::domain::tenant_model::TenantModel;
use crate::settings::EmbeddingsSettings;
use crate::store::exemplars::{self, Lesson};
use crate::store::memory_heads::{self, MemoryHead};
use crate::store::{embeddings, tenant_models};
use crate::vectors::VectorSource;

/// What an entry takes however little was learnt.
const ENTRY_BYTES: usize = 1 << 10;

/// The memories of the tenants that are busy.
#[derive(Clone)]
pub(crate) struct Memories {
    kept: Cache<TenantId, Arc<Kept>>,
}

/// A tenant's memory, or none yet; used by one at a time.
#[derive(Default)]
pub(crate) struct Kept {
    bytes: AtomicU32,
    memory: Arc<Mutex<Option<TenantMemory>>>,
}

/// A tenant's memory as of a version.
pub(crate) struct TenantMemory {
    model: Arc<TenantModel>,
    numbers: HashMap<LabelId, u32>,
    version: i64,
    memory: Memory,
}

impl std::fmt::Debug for Memories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memories").field("tenants", &self.kept.entry_count()).finish()
    }
}

impl Memories {
    /// No memories.
    pub(crate) fn new(settings: &EmbeddingsSettings) -> Self {
        let weigh = |_: &TenantId, kept: &Arc<Kept>| kept.bytes.load(Ordering::Relaxed);
        Self { kept: Cache::builder().max_capacity(settings.cache_bytes).weigher(weigh).build() }
    }

    /// The tenant's place, which its memory is loaded into.
    pub(crate) fn of(&self, tenant: TenantId) -> Arc<Kept> {
        self.kept.get_with(tenant, Arc::default)
    }

    /// Says how much the memory takes now, so that others can be thrown away for it.
    pub(crate) fn weigh(&self, tenant: TenantId, kept: Arc<Kept>, memory: &TenantMemory) {
        let bytes = u32::try_from(memory.bytes() + ENTRY_BYTES).unwrap_or(u32::MAX);
        if kept.bytes.swap(bytes, Ordering::Relaxed) != bytes {
            self.kept.insert(tenant, kept);
        }
    }
}

impl Kept {
    /// The memory itself.
    pub(crate) fn memory(&self) -> Arc<Mutex<Option<TenantMemory>>> {
        Arc::clone(&self.memory)
    }
}

/// Brings the memory up to date: the newest model and every lesson committed before. None while the tenant has no
/// model of this source's vectors.
pub(crate) async fn catch_up(
    place: &mut Option<TenantMemory>,
    connection: &mut Connection,
    tenant: TenantId,
    source: &dyn VectorSource,
) -> Result<Option<MemoryHead>, DbError> {
    // The model first: it is never fitted to more than the head that is read after it has.
    let Some(newest) = tenant_models::newest_version(connection, tenant, source.model_id()).await? else {
        return Ok(None);
    };
    let head = memory_heads::find_or_make(connection, tenant).await?;
    if place.as_ref().is_none_or(|memory| memory.model.version != newest) {
        let Some(model) = tenant_models::find(connection, tenant, newest).await? else { return Ok(None) };
        *place = Some(TenantMemory::load(connection, tenant, model, source.dimensions()).await?);
    }
    if let Some(memory) = place.as_mut().filter(|memory| memory.version < head.version) {
        let model_id = source.model_id();
        let lessons = exemplars::lessons(connection, tenant, model_id, memory.version, head.version).await?;
        memory.learn(lessons, head.version);
    }
    Ok(Some(head))
}

/// The memory as of two versions, made anew for a replay. None when the model of that version is gone.
pub(crate) async fn as_of(
    connection: &mut Connection,
    tenant: TenantId,
    dimensions: usize,
    (model_version, memory_version): (i64, i64),
) -> Result<Option<TenantMemory>, DbError> {
    let Some(model) = tenant_models::find(connection, tenant, model_version).await? else { return Ok(None) };
    let mut memory = TenantMemory::load(connection, tenant, model, dimensions).await?;
    let model_id = memory.model.embedding_model.clone();
    let lessons = exemplars::lessons(connection, tenant, &model_id, 0, memory_version).await?;
    memory.learn(lessons, memory_version);
    Ok(Some(memory))
}

impl TenantMemory {
    /// The model with what it inferred of undecided records; nothing is learnt yet.
    async fn load(
        connection: &mut Connection,
        tenant: TenantId,
        model: TenantModel,
        dimensions: usize,
    ) -> Result<Self, DbError> {
        let records: Vec<RecordId> = model.inferred.iter().map(|one| one.record).collect();
        let vectors = embeddings::find(connection, tenant, &model.embedding_model, &records).await?;
        let mut memory = Memory::new(dimensions);
        for record in &records {
            if let Some(embedded) = vectors.get(record) {
                // One that does not fit was made by another build under the same name; it is left out.
                let _ = memory.notice(record.0, &embedded.vector);
            }
        }
        memory.infer(model.inferred());
        let numbers = (0..).zip(&model.labels).map(|(number, label)| (*label, number)).collect();
        Ok(Self { model: Arc::new(model), numbers, version: 0, memory })
    }

    /// Takes the lessons in, in whatever order.
    fn learn(&mut self, lessons: Vec<Lesson>, version: i64) {
        for lesson in lessons {
            match (lesson.label, lesson.seen) {
                (Some(label), Some((vector, words))) => match self.numbers.get(&label) {
                    Some(number) => {
                        // False for a record that has nothing to embed.
                        let _ = self.memory.learn(lesson.record.0, *number, Seen { vector: &vector, words: &words });
                    }
                    // Of a label that is newer than the model; the next one will know it.
                    None => {
                        self.memory.forget(lesson.record.0);
                    }
                },
                // What the model knew to be undecided stays.
                (None, _) if lesson.version <= self.model.memory_version => {}
                (Some(_), None) | (None, _) => {
                    self.memory.forget(lesson.record.0);
                }
            }
        }
        self.version = version;
    }

    /// What model and memory say of a text, and what follows from it by the thresholds in force.
    pub(crate) fn decide(&self, seen: Seen<'_>, model_stage: bool) -> (Scored, Decision) {
        let scored = self.model.head.score(&self.memory, seen);
        let policy = Policy { model_stage, ..self.model.policy.in_force.clone() };
        let decision = learning::decide(&scored, &policy);
        (scored, decision)
    }

    /// The model in force.
    pub(crate) fn model(&self) -> Arc<TenantModel> {
        Arc::clone(&self.model)
    }

    /// What has been learnt.
    pub(crate) const fn version(&self) -> i64 {
        self.version
    }

    /// The decided and undecided records themselves.
    pub(crate) const fn records(&self) -> &Memory {
        &self.memory
    }

    fn bytes(&self) -> usize {
        self.memory.bytes() + self.model.bytes()
    }
}
