//! Restate how a tenant stands: after anything that may have changed it, tell what did.

use chrono::TimeDelta;
use common::event::{Cause, EntitlementsUpdated, Event, SubscriptionUpdated};
use common::{DateTime, EventId, TenantId};
use db::{Connection, DbError};
use serde_json::{Value, json};

use crate::app::{AGENT, App};
use crate::domain::{FREE_PLAN, Held, Subscription, Terms, stand};
use crate::store::billing_events::BillingEvent;
use crate::store::{billing_events, profiles, provider_subscriptions, subscriptions};

/// What the log says of where a change came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) provider: Option<String>,
    pub(crate) event_id: Option<String>,
    pub(crate) event_type: Option<String>,
    /// What is logged when nothing changed; without it nothing is.
    pub(crate) unless_changed: Option<&'static str>,
    /// In words, when the new state has none.
    pub(crate) note: Option<String>,
}

/// Judges the tenant's subscriptions anew, stores and tells what changed, and writes the log.
///
/// Returns the changes as the log shows them.
pub(crate) async fn restate(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    happened_at: DateTime,
    origin: Origin,
) -> Result<Vec<Value>, DbError> {
    let tenant = cause.tenant_id;
    let before = match subscriptions::lock(connection, tenant).await? {
        Some(known) => known,
        None => {
            // A provider may be quicker than the news of the tenant.
            subscriptions::begin(connection, &[(tenant, happened_at)], FREE_PLAN).await?;
            subscriptions::lock(connection, tenant).await?.unwrap_or_else(|| Subscription::free(happened_at))
        }
    };
    let held: Vec<Held> =
        provider_subscriptions::of_tenant(connection, tenant).await?.into_iter().map(|known| known.held).collect();
    let terms = Terms {
        plans: &app.plans,
        grace: TimeDelta::days(i64::from(app.payments.grace_days)),
        happened_at,
        now: cause.at,
    };
    let mut after = stand(&before, &held, terms);
    let changes = differences(&before, &after);
    if changes.is_empty() {
        if let Some(outcome) = origin.unless_changed {
            let entry = entry(EventId::generate(), "PROVIDER_EVENT", outcome, &before, cause, origin, Vec::new());
            billing_events::write(connection, tenant, &entry).await?;
        }
        return Ok(changes);
    }
    after.version = before.version + 1;
    after.last_event_at = before.last_event_at.max(happened_at);
    subscriptions::update(connection, tenant, &after).await?;
    let data = SubscriptionUpdated { tenant_id: tenant, plan: after.plan.clone(), status: after.status.clone() };
    let told = Event::new(cause, AGENT, &data);
    let entry = entry(told.id, "SUBSCRIPTION_UPDATED", "applied", &after, cause, origin, changes.clone());
    billing_events::write(connection, tenant, &entry).await?;
    let zone = profiles::zone(connection, tenant).await?;
    let entitlements = Event::new(cause, AGENT, &entitlements(app, tenant, &after, zone.name()));
    app.outbox.append(connection, &[told, entitlements]).await?;
    subscriptions::told(connection, &[tenant], app.plans.digest()).await?;
    Ok(changes)
}

/// What a tenant that stands like this may do.
pub(crate) fn entitlements(
    app: &App,
    tenant: TenantId,
    subscription: &Subscription,
    timezone: &str,
) -> EntitlementsUpdated {
    EntitlementsUpdated {
        tenant_id: tenant,
        plan: subscription.plan.clone(),
        status: subscription.status.clone(),
        access: subscription.access,
        reason: subscription.reason.clone(),
        grace_ends_at: subscription.grace_ends_at,
        allowance: app.plans.find_or_free(&subscription.plan).allowance(),
        timezone: timezone.to_owned(),
        version: subscription.version,
    }
}

fn entry(
    id: EventId,
    kind: &str,
    outcome: &str,
    state: &Subscription,
    cause: &Cause,
    origin: Origin,
    changes: Vec<Value>,
) -> BillingEvent {
    BillingEvent {
        id: id.0,
        kind: kind.to_owned(),
        plan: state.plan.clone(),
        status: state.status.clone(),
        at: cause.at,
        provider: origin.provider,
        provider_event_id: origin.event_id,
        provider_event_type: origin.event_type,
        outcome: outcome.to_owned(),
        changes: Value::Array(changes),
        reason: origin.note.or_else(|| state.reason.clone()),
    }
}

fn differences(before: &Subscription, after: &Subscription) -> Vec<Value> {
    let fields = |one: &Subscription| {
        [
            ("plan", json!(one.plan)),
            ("status", json!(one.status)),
            ("access", json!(one.access)),
            ("cancelAtPeriodEnd", json!(one.cancel_at_period_end)),
            ("trialEnd", json!(one.trial_end)),
            ("currentPeriodEnd", json!(one.current_period_end)),
            ("graceEndsAt", json!(one.grace_ends_at)),
            ("scheduledPlan", json!(one.scheduled_plan)),
            ("scheduledAt", json!(one.scheduled_at)),
            ("provider", json!(one.provider)),
            ("subscriptionId", json!(one.subscription_id)),
            ("reason", json!(one.reason)),
        ]
    };
    fields(before)
        .into_iter()
        .zip(fields(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| json!({"field": field, "before": old, "after": new}))
        .collect()
}
