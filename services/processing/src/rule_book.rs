//! Compiled rule sets in memory, each good for one version.
//!
//! The version is asked of the database for every batch, so the book never has to be told of a change.

use std::collections::HashMap;
use std::sync::Arc;

use classifier::RuleSet;
use common::{LabelId, RuleId, TenantId};
use db::{Connection, DbError};
use moka::sync::Cache;

use crate::settings::RulesSettings;
use crate::store::rule_sets::{self, Head, LoadedRules};

/// What a compiled rule takes beside its condition's own size, and that size's factor; measured roughly, since
/// the memory of a compiled pattern is not told.
const RULE_BYTES: usize = 4 << 10;
const BYTES_PER_CONDITION_BYTE: usize = 64;

/// A tenant's active rules at one version.
#[derive(Debug, Default)]
pub(crate) struct TenantRules {
    set: RuleSet,
    labels: HashMap<RuleId, LabelId>,
    bytes: u32,
}

/// Rule sets of the tenants that are busy.
#[derive(Clone, Debug)]
pub(crate) struct RuleBook {
    compiled: Cache<TenantId, Arc<TenantRules>>,
}

impl TenantRules {
    /// The rules in order.
    pub(crate) const fn set(&self) -> &RuleSet {
        &self.set
    }

    /// The label that the rule gives.
    pub(crate) fn label_of(&self, rule: RuleId) -> Option<LabelId> {
        self.labels.get(&rule).copied()
    }

    fn compile(loaded: LoadedRules) -> Self {
        let labels = loaded.rules.iter().map(|(rule, label)| (rule.id, *label)).collect();
        let sizes = loaded.rules.iter().map(|(rule, _)| RULE_BYTES + rule.condition.len() * BYTES_PER_CONDITION_BYTE);
        let bytes = u32::try_from(sizes.sum::<usize>() + RULE_BYTES).unwrap_or(u32::MAX);
        let set = RuleSet::compile(loaded.version, loaded.rules.into_iter().map(|(rule, _)| rule));
        for rule in set.broken() {
            tracing::error!(rule = %rule.source().id, "a stored condition no longer compiles; the rule is passed over");
        }
        Self { set, labels, bytes }
    }
}

impl RuleBook {
    /// An empty book.
    pub(crate) fn new(settings: &RulesSettings) -> Self {
        let weigh = |_: &TenantId, rules: &Arc<TenantRules>| rules.bytes;
        Self { compiled: Cache::builder().max_capacity(settings.cache_bytes).weigher(weigh).build() }
    }

    /// The rules of that head; loaded and compiled when the book has none or older ones.
    pub(crate) async fn rules(&self, connection: &mut Connection, head: &Head) -> Result<Arc<TenantRules>, DbError> {
        if head.version == 0 {
            return Ok(Arc::default());
        }
        if let Some(known) = self.compiled.get(&head.tenant).filter(|known| known.set.version() >= head.version) {
            return Ok(known);
        }
        let loaded = rule_sets::load(connection, head.tenant).await?;
        // Hundreds of patterns take tens of milliseconds, too long for a runtime thread.
        let compiled = tokio::task::spawn_blocking(move || TenantRules::compile(loaded)).await;
        let rules = Arc::new(compiled.expect("compiling does not panic"));
        self.compiled.insert(head.tenant, Arc::clone(&rules));
        Ok(rules)
    }
}
