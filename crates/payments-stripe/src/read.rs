//! Stripe's objects in our words.

use std::collections::HashMap;

use common::{DateTime, TenantId};
use payments::{ProviderError, ProviderSubscription, ScheduledChange, SubscriptionStatus};
use stripe_shared::{Price, Subscription, SubscriptionSchedule, SubscriptionStatus as Theirs};
use stripe_types::Expandable;

/// The key in `metadata` under which our objects carry their tenant.
pub(crate) const TENANT: &str = "verdict_tenant";

/// A subscription as it is; an error when it cannot be told without asking again.
pub(crate) fn subscription(theirs: &Subscription) -> Result<ProviderSubscription, ProviderError> {
    // The plan is the item that has a quantity; a metered price beside it has none.
    let items = &theirs.items.data;
    let item = items.iter().find(|item| item.quantity.is_some()).or_else(|| items.first());
    Ok(ProviderSubscription {
        id: theirs.id.as_str().to_owned(),
        customer: theirs.customer.id().as_str().to_owned(),
        tenant: tenant(&theirs.metadata),
        price_refs: item.map(|item| price_refs(&item.price)).unwrap_or_default(),
        status: status(theirs)?,
        cancel_at_period_end: theirs.cancel_at_period_end || theirs.cancel_at.is_some(),
        trial_end: theirs.trial_end.map(time).transpose()?,
        current_period_start: item.map(|item| time(item.current_period_start)).transpose()?,
        current_period_end: item.map(|item| time(item.current_period_end)).transpose()?,
        scheduled: scheduled(theirs)?,
        created_at: time(theirs.created)?,
        ended_at: theirs.ended_at.map(time).transpose()?,
    })
}

/// The tenant that our objects carry.
pub(crate) fn tenant(metadata: &HashMap<String, String>) -> Option<TenantId> {
    metadata.get(TENANT)?.parse().ok().map(TenantId)
}

/// A time of theirs.
pub(crate) fn time(seconds: i64) -> Result<DateTime, ProviderError> {
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| ProviderError::Malformed(format!("{seconds} is no time")))
}

fn status(theirs: &Subscription) -> Result<SubscriptionStatus, ProviderError> {
    Ok(match &theirs.status {
        Theirs::Active | Theirs::Trialing if theirs.pause_collection.is_some() => SubscriptionStatus::Paused,
        Theirs::Active => SubscriptionStatus::Active,
        Theirs::Trialing => SubscriptionStatus::Trialing,
        Theirs::Canceled => SubscriptionStatus::Canceled,
        Theirs::Incomplete => SubscriptionStatus::Incomplete,
        Theirs::IncompleteExpired => SubscriptionStatus::IncompleteExpired,
        Theirs::PastDue => SubscriptionStatus::PastDue,
        Theirs::Paused => SubscriptionStatus::Paused,
        Theirs::Unpaid => SubscriptionStatus::Unpaid,
        Theirs::Unknown(other) => return Err(ProviderError::Malformed(format!("{other:?} is no known status"))),
        _ => return Err(ProviderError::Malformed("a status that is not known".into())),
    })
}

fn price_refs(price: &Price) -> Vec<String> {
    [Some(price.id.as_str().to_owned()), price.lookup_key.clone()].into_iter().flatten().collect()
}

/// What a schedule will change. One that is only named cannot be read: the caller asks for it whole.
fn scheduled(theirs: &Subscription) -> Result<Option<ScheduledChange>, ProviderError> {
    match &theirs.schedule {
        None => Ok(None),
        Some(Expandable::Id(_)) => Err(ProviderError::Malformed("the schedule is only named".into())),
        Some(Expandable::Object(schedule)) => next_phase(schedule),
    }
}

fn next_phase(schedule: &SubscriptionSchedule) -> Result<Option<ScheduledChange>, ProviderError> {
    let Some(current) = &schedule.current_phase else { return Ok(None) };
    let next = schedule.phases.iter().find(|phase| phase.start_date >= current.end_date);
    let Some(next) = next else { return Ok(None) };
    let prices = next.items.iter().map(|item| match &item.price {
        Expandable::Id(id) => vec![id.as_str().to_owned()],
        Expandable::Object(price) => price_refs(price),
    });
    Ok(Some(ScheduledChange { price_refs: prices.flatten().collect(), at: time(next.start_date)? }))
}
