//! Handle a stored event of a provider: find whose it is, ask the provider where order cannot tell, and make of it
//! what it says, all in one transaction that also ends the event.

use chrono::TimeDelta;
use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, DateTime, TenantId};
use db::{Connection, DbError};
use payments::{Fetched, Notice, PaymentProvider, ProviderError, ProviderSubscription, SubscriptionStatus};

use crate::app::{AGENT, App};
use crate::domain::{Knowledge, Step, decide};
use crate::store::provider_events::{Claimed, Ending};
use crate::store::provider_subscriptions::Known;
use crate::store::{customers, provider_events, provider_subscriptions};
use crate::usecases::restate::{Origin, restate};

/// The kind of the event by which we tell ourselves that a tenant is gone.
pub(crate) const TENANT_DELETED: &str = "verdict.tenant_deleted";
/// Tries before an event is set apart for somebody to look at.
const MAX_ATTEMPTS: i32 = 16;
/// Tries for a customer that nobody knows: our own answer to who made it may be on its way.
const MAX_STRANGER_ATTEMPTS: i32 = 5;

/// Why an event was not handled this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandleEventError {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("no tenant has this customer")]
    Stranger,
    #[error("subscription {0} belongs to somebody else")]
    Foreign(String),
    #[error("the provider {0} is not configured any more")]
    NoProvider(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What an event makes of the subscriptions, before anything is stored.
#[derive(Debug, Default)]
struct Plan {
    /// States to store, and from when they are.
    states: Vec<(ProviderSubscription, Knowledge)>,
    customer_deleted: bool,
    /// What the log says when the states change nothing.
    otherwise: &'static str,
    note: Option<String>,
}

/// Handles one event in hand, or puts it back for later.
pub(crate) async fn handle_event(app: &App, event: &Claimed) -> Result<(), DbError> {
    let Err(error) = try_handle(app, event).await else { return Ok(()) };
    let now = app.clock.now();
    let reason = error.to_string();
    let tries_left = match &error {
        HandleEventError::Stranger => MAX_STRANGER_ATTEMPTS,
        HandleEventError::Provider(ProviderError::Malformed(_)) | HandleEventError::Foreign(_) => 0,
        HandleEventError::Provider(_) | HandleEventError::NoProvider(_) | HandleEventError::Db(_) => MAX_ATTEMPTS,
    } - event.attempts;
    let ending = match &error {
        HandleEventError::Stranger => Ending { state: "done", outcome: "ignored", reason: Some(&reason), at: now },
        _ => Ending { state: "failed", outcome: "failed", reason: Some(&reason), at: now },
    };
    app.db
        .system(async |connection| {
            if tries_left > 0 {
                return provider_events::put_back(connection, event, &reason, now + pause(event.attempts)).await;
            }
            tracing::error!(provider = event.provider, event = event.event_id, reason, "an event is set apart");
            provider_events::end(connection, event, ending).await.map(|_| ())
        })
        .await
}

/// One second, then twice as long each time, up to an hour.
fn pause(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1_i64 << attempts.clamp(1, 12).saturating_sub(1)).min(TimeDelta::hours(1))
}

async fn try_handle(app: &App, event: &Claimed) -> Result<(), HandleEventError> {
    let no_provider = || HandleEventError::NoProvider(event.provider.clone());
    let provider = app.providers.named(&event.provider).ok_or_else(no_provider)?.as_ref();
    let notice = match &event.body {
        Some(body) => provider.parse_webhook(body)?.notice,
        None => Notice::Other { customer: event.customer_id.clone() },
    };
    let Some(tenant) = whose(app, event, &notice).await? else {
        if notice.is_handled() {
            return Err(HandleEventError::Stranger);
        }
        return Ok(ignore(app, event).await?);
    };
    let plan = make_plan(app, provider, event, &notice, tenant).await?;
    let cause =
        Cause { tenant_id: tenant, actor: Actor::service(AGENT), trace: TraceContext::random(), at: app.clock.now() };
    app.db.tenant(tenant, async |connection| carry_out(connection, app, &cause, event, &notice, plan).await).await
}

/// Whose an event is: by our own record of the customer, or else by the tenant that we named when we began.
async fn whose(app: &App, event: &Claimed, notice: &Notice) -> Result<Option<TenantId>, DbError> {
    if let Some(tenant) = event.tenant_id {
        return Ok(Some(TenantId(tenant)));
    }
    let Some(customer) = notice.customer() else { return Ok(None) };
    app.db
        .system(async |connection| {
            let mut found = customers::owner(connection, &event.provider, customer).await?;
            if let (None, Some(named)) = (found, notice.tenant())
                && customers::bind(connection, named, &event.provider, customer, event.occurred_at).await?
            {
                found = Some(named);
            }
            if let Some(tenant) = found {
                provider_events::assign(connection, event, tenant).await?;
            }
            Ok(found)
        })
        .await
}

async fn ignore(app: &App, event: &Claimed) -> Result<(), DbError> {
    let ending = Ending { state: "done", outcome: "ignored", reason: None, at: app.clock.now() };
    app.db.system(async |connection| provider_events::end(connection, event, ending).await.map(|_| ())).await
}

/// Decides what to do, and asks the provider where that is needed. No transaction is open meanwhile: the claim keeps
/// every other worker from this customer.
async fn make_plan(
    app: &App,
    provider: &dyn PaymentProvider,
    event: &Claimed,
    notice: &Notice,
    tenant: TenantId,
) -> Result<Plan, HandleEventError> {
    let known = app.db.tenant(tenant, async |connection| provider_subscriptions::of_tenant(connection, tenant).await);
    let mut known: Vec<Known> = known.await?;
    known.retain(|one| one.held.provider == event.provider);
    let mut plan = Plan { otherwise: "unchanged", ..Plan::default() };
    if event.kind == TENANT_DELETED {
        for one in known.iter().filter(|one| !one.held.state.status.is_final()) {
            let ended = or_ended(provider.cancel_subscription(&one.held.state.id).await, &one.held.state, event)?;
            plan.states.push(ended);
        }
        return Ok(plan);
    }
    if let Notice::CustomerDeleted { .. } = notice {
        plan.customer_deleted = true;
        for one in known.iter().filter(|one| !one.held.state.status.is_final()) {
            let state = &one.held.state;
            plan.states.push(or_ended(provider.fetch_subscription(&state.id).await, state, event)?);
        }
        return Ok(plan);
    }
    let about = notice.subscription().and_then(|id| known.iter().find(|one| one.held.state.id == id));
    let about = about.map(|one| (&one.held.state, one.by));
    plan.note = note(notice);
    match decide(about, notice, event.occurred_at) {
        Step::Take(told) => plan.states.push((*told, Knowledge::Event(event.occurred_at))),
        Step::Fetch { id, customer } => plan.states.push(fetch(provider, &id, &customer).await?),
        Step::Late => plan.otherwise = "late",
        Step::Note => plan.otherwise = if notice.is_handled() { "noted" } else { "ignored" },
    }
    Ok(plan)
}

async fn fetch(
    provider: &dyn PaymentProvider,
    id: &str,
    customer: &str,
) -> Result<(ProviderSubscription, Knowledge), HandleEventError> {
    let Fetched { value, as_of } = provider.fetch_subscription(id).await?;
    if value.customer != customer {
        return Err(HandleEventError::Foreign(id.to_owned()));
    }
    Ok((value, Knowledge::Fetch(as_of)))
}

/// The fetched state; where the provider has forgotten the subscription, it is over since the event.
fn or_ended(
    fetched: Result<Fetched<ProviderSubscription>, ProviderError>,
    known: &ProviderSubscription,
    event: &Claimed,
) -> Result<(ProviderSubscription, Knowledge), ProviderError> {
    match fetched {
        Ok(Fetched { value, as_of }) => Ok((value, Knowledge::Fetch(as_of))),
        Err(ProviderError::Missing(_) | ProviderError::NotOffered(_)) => {
            let ended = ProviderSubscription {
                status: SubscriptionStatus::Canceled,
                ended_at: Some(event.occurred_at),
                ..known.clone()
            };
            Ok((ended, Knowledge::Event(event.occurred_at)))
        }
        Err(error) => Err(error),
    }
}

fn note(notice: &Notice) -> Option<String> {
    use payments::{CheckoutOutcome, InvoiceOutcome};
    match notice {
        Notice::Checkout { outcome, .. } => Some(
            match outcome {
                CheckoutOutcome::Completed => "the checkout was completed",
                CheckoutOutcome::AwaitingPayment => "the checkout was completed; its payment is awaited",
                CheckoutOutcome::PaymentSucceeded => "the awaited payment came",
                CheckoutOutcome::PaymentFailed => "the awaited payment failed",
                CheckoutOutcome::Expired => "the checkout expired",
            }
            .to_owned(),
        ),
        Notice::Invoice { outcome, amount, next_attempt, .. } => {
            let sum = format!("{} minor units of {}", amount.minor, amount.currency);
            Some(match (outcome, next_attempt) {
                (InvoiceOutcome::Paid, _) => format!("an invoice of {sum} was paid"),
                (InvoiceOutcome::ActionRequired, _) => format!("an invoice of {sum} needs the customer to act"),
                (InvoiceOutcome::PaymentFailed, Some(next)) => {
                    format!("the payment of {sum} failed; it is tried again on {}", next.format("%Y-%m-%dT%H:%M:%SZ"))
                }
                (InvoiceOutcome::PaymentFailed, None) => format!("the payment of {sum} failed"),
            })
        }
        Notice::Dispute { amount, status, .. } => {
            Some(format!("a payment of {} minor units of {} is disputed: {status}", amount.minor, amount.currency))
        }
        Notice::Refund { amount, .. } => {
            Some(format!("{} minor units of {} were given back", amount.minor, amount.currency))
        }
        _ => None,
    }
}

async fn carry_out(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    event: &Claimed,
    notice: &Notice,
    plan: Plan,
) -> Result<(), HandleEventError> {
    let ending = Ending { state: "done", outcome: plan.otherwise, reason: None, at: cause.at };
    if !provider_events::end(connection, event, ending).await? {
        // Somebody else has it by now; what this worker knows may be old.
        return Ok(());
    }
    for (state, by) in &plan.states {
        if !provider_subscriptions::put(connection, cause.tenant_id, &event.provider, state, *by).await? {
            return Err(HandleEventError::Foreign(state.id.clone()));
        }
    }
    if let (true, Some(customer)) = (plan.customer_deleted, notice.customer()) {
        customers::deleted(connection, cause.tenant_id, &event.provider, customer, event.occurred_at).await?;
    }
    let origin = Origin {
        provider: Some(event.provider.clone()),
        event_id: Some(event.event_id.clone()),
        event_type: Some(event.kind.clone()),
        unless_changed: Some(plan.otherwise),
        note: plan.note,
    };
    restate(connection, app, cause, happened_at(event, cause.at), origin).await?;
    Ok(())
}

/// When a change happened: a provider whose clock is ahead of ours does not move what is shown into the future.
fn happened_at(event: &Claimed, now: DateTime) -> DateTime {
    if event.kind == TENANT_DELETED { now } else { event.occurred_at }
}
