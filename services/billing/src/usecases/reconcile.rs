//! Reconcile: list what the provider told and we never heard, compare every subscription, repair, and say what was done.

use chrono::TimeDelta;
use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, DateTime, TenantId};
use db::DbError;
use payments::{Fetched, PaymentProvider, ProviderError, ProviderSubscription};
use uuid::Uuid;

use crate::app::{AGENT, App};
use crate::domain::Knowledge;
use crate::store::{customers, provider_events, provider_subscriptions};
use crate::usecases::restate::{Origin, restate};

/// Customers looked at in one step.
const STEP: i64 = 100;
/// Providers keep events for thirty days.
const OLDEST: TimeDelta = TimeDelta::days(30);
/// What is listed again before the newest known event: deliveries may overtake each other.
const OVERLAP: TimeDelta = TimeDelta::hours(72);

/// What was found and done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Customers whose subscriptions were compared.
    pub(crate) customers: usize,
    /// Events that the provider lists and that had never come.
    pub(crate) missed_events: usize,
    /// What differed and was repaired, in words.
    pub(crate) repairs: Vec<String>,
    /// Customers who could not be compared, and why.
    pub(crate) failures: Vec<String>,
}

/// Why nothing was reconciled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    #[error("no payment provider is configured; there is nothing to compare with")]
    NotConfigured,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Reconciles all tenants, or one.
pub(crate) async fn reconcile(app: &App, only: Option<TenantId>) -> Result<Report, ReconcileError> {
    let provider = app.providers.serving().ok_or(ReconcileError::NotConfigured)?.as_ref();
    let mut report = Report { missed_events: take_missed_events(app, provider).await?, ..Report::default() };
    let mut after: Option<Uuid> = None;
    loop {
        let page = app
            .db
            .system(async |connection| customers::list(connection, provider.name(), only, after, STEP).await)
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.tenant_id);
        for known in &page {
            report.customers += 1;
            let tenant = TenantId(known.tenant_id);
            match compare(app, provider, tenant, &known.customer_id).await {
                Ok(repairs) => report.repairs.extend(repairs),
                Err(error) => report.failures.push(format!("tenant {tenant}: {error}")),
            }
        }
    }
    Ok(report)
}

/// Stores what the provider lists and we do not have; it is handled as if it had been sent.
async fn take_missed_events(app: &App, provider: &dyn PaymentProvider) -> Result<usize, ReconcileError> {
    let now = app.clock.now();
    let newest = app.db.system(async |connection| provider_events::newest(connection, provider.name()).await).await?;
    let since = newest.map_or(now - OLDEST, |newest| newest - OVERLAP).max(now - OLDEST);
    let (mut missed, mut cursor) = (0, None);
    loop {
        let page = provider.events_since(since, cursor.as_deref()).await?;
        for event in page.events.iter().filter(|event| event.notice.is_handled()) {
            let stored = app.db.system(async |connection| {
                provider_events::insert(connection, provider.name(), event, None, now).await
            });
            missed += usize::from(stored.await?);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if missed > 0 {
        app.received.notify_one();
    }
    Ok(missed)
}

async fn compare(
    app: &App,
    provider: &dyn PaymentProvider,
    tenant: TenantId,
    customer: &str,
) -> Result<Vec<String>, ReconcileError> {
    let Fetched { value, as_of } = provider.subscriptions_of(customer).await?;
    let cause =
        Cause { tenant_id: tenant, actor: Actor::service(AGENT), trace: TraceContext::random(), at: app.clock.now() };
    app.db
        .tenant(tenant, async |connection| {
            let mut drifted = Vec::new();
            for theirs in value {
                let id = theirs.id.clone();
                let known = provider_subscriptions::find(connection, tenant, provider.name(), &id).await?;
                if let Some(drift) = drift(known.as_ref().map(|known| (&known.held.state, known.by)), &theirs, as_of) {
                    let by = Knowledge::Fetch(as_of);
                    provider_subscriptions::put(connection, tenant, provider.name(), &theirs, by).await?;
                    drifted.push(format!("tenant {tenant}: subscription {id}: {drift}"));
                }
            }
            // Also without drift: a plan may have been given to a price that belonged to none.
            let origin = Origin {
                provider: Some(provider.name().to_owned()),
                event_type: Some("reconcile".to_owned()),
                note: (!drifted.is_empty()).then(|| drifted.join("; ")),
                ..Origin::default()
            };
            let changes = restate(connection, app, &cause, as_of, origin).await?;
            if drifted.is_empty() && !changes.is_empty() {
                drifted.push(format!("tenant {tenant}: the standing was judged anew"));
            }
            Ok(drifted)
        })
        .await
}

/// How what is known differs, if the provider's word is newer than it.
fn drift(
    known: Option<(&ProviderSubscription, Knowledge)>,
    theirs: &ProviderSubscription,
    as_of: DateTime,
) -> Option<String> {
    let Some((ours, by)) = known else { return Some(format!("was unknown, is {}", theirs.status.as_str())) };
    // What was learnt while the list was on its way is newer than the list; of the same second it may be. Another round
    // will tell, and a missed event is handled by itself.
    if by.at() >= as_of || ours == theirs {
        return None;
    }
    if ours.status != theirs.status {
        return Some(format!("was {}, is {}", ours.status.as_str(), theirs.status.as_str()));
    }
    Some("its price, period or end differed".to_owned())
}
