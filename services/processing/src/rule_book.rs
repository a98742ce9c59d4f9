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

/// What an entry takes however few rules it has.
const ENTRY_BYTES: usize = 1 << 10;

/// A tenant's rules at one version: those that decide and those on trial. Never changed once made.
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
    /// Sets of the past, which never change.
    past: Cache<(TenantId, i64), Arc<TenantRules>>,
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

    /// Compiles what `before` does not have already: of ten thousand rules mostly one has changed.
    fn compile(loaded: LoadedRules, before: Option<&Self>) -> Self {
        let labels = loaded.rules.iter().filter_map(|(rule, label)| Some((rule.id, (*label)?))).collect();
        let none = RuleSet::default();
        let before = before.map_or(&none, Self::set);
        let rules = loaded.rules.into_iter().map(|(rule, _)| rule);
        let set = RuleSet::compile_after(before, loaded.version, rules, loaded.lists);
        let bytes = u32::try_from(set.bytes() + ENTRY_BYTES).unwrap_or(u32::MAX);
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
        let weigh_past = |_: &(TenantId, i64), rules: &Arc<TenantRules>| rules.bytes;
        Self {
            compiled: Cache::builder().max_capacity(settings.cache_bytes).weigher(weigh).build(),
            past: Cache::builder().max_capacity(settings.cache_bytes / 4).weigher(weigh_past).build(),
        }
    }

    /// The rules that decided at a version of the tenant's set; `None` when there was no such version.
    pub(crate) async fn rules_at(
        &self,
        connection: &mut Connection,
        tenant: TenantId,
        version: i64,
    ) -> Result<Option<Arc<TenantRules>>, DbError> {
        if version == 0 {
            return Ok(Some(Arc::default()));
        }
        if let Some(known) = self.past.get(&(tenant, version)) {
            return Ok(Some(known));
        }
        let Some(loaded) = rule_sets::load_past(connection, tenant, version).await? else { return Ok(None) };
        let compiled = tokio::task::spawn_blocking(move || TenantRules::compile(loaded, None)).await;
        let rules = Arc::new(compiled.expect("compiling does not panic"));
        self.past.insert((tenant, version), Arc::clone(&rules));
        Ok(Some(rules))
    }

    /// The rules of that head; loaded and compiled when the book has none or older ones.
    pub(crate) async fn rules(&self, connection: &mut Connection, head: &Head) -> Result<Arc<TenantRules>, DbError> {
        if head.version == 0 {
            return Ok(Arc::default());
        }
        let known = self.compiled.get(&head.tenant);
        if let Some(known) = known.as_ref().filter(|known| known.set.version() >= head.version) {
            return Ok(Arc::clone(known));
        }
        let loaded = rule_sets::load(connection, head.tenant).await?;
        // Hundreds of patterns take tens of milliseconds, too long for a runtime thread.
        let compiled = tokio::task::spawn_blocking(move || TenantRules::compile(loaded, known.as_deref())).await;
        let rules = Arc::new(compiled.expect("compiling does not panic"));
        self.compiled.insert(head.tenant, Arc::clone(&rules));
        Ok(rules)
    }
}
