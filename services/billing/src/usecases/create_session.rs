//! Create a session: a page of the provider's on which an owner subscribes.

use common::TenantId;
use common::event::{Cause, CheckoutStarted, Event};
use db::{Connection, DbError};
use payments::{CheckoutRequest, CheckoutSession, NewCustomer, PaymentProvider, ProviderError};

use crate::app::{AGENT, App};
use crate::domain::Plan;
use crate::store::billing_events::BillingEvent;
use crate::store::{billing_events, customers, provider_subscriptions, subscriptions};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateSessionError {
    #[error("the tenant subscribes already")]
    AlreadySubscribed { provider: String },
    #[error("the plan has no price to pay online")]
    NotForSale,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A wish to subscribe, checked.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    /// The same key makes the same page.
    pub(crate) key: String,
}

/// Makes the page, for the tenant's customer, who is made when there is none.
///
/// The provider is asked within the transaction: the lock of a repeated request must outlast the call, and only owners
/// come here, seldom. The call is bounded by the client's timeout.
pub(crate) async fn create_session(
    connection: &mut Connection,
    app: &App,
    provider: &dyn PaymentProvider,
    cause: &Cause,
    wish: Wish<'_>,
) -> Result<CheckoutSession, CreateSessionError> {
    let tenant = cause.tenant_id;
    let price_ref = wish.plan.price_ref.clone().ok_or(CreateSessionError::NotForSale)?;
    let known = provider_subscriptions::of_tenant(connection, tenant).await?;
    if let Some(live) = known.iter().find(|one| serves(one.held.state.status)) {
        return Err(CreateSessionError::AlreadySubscribed { provider: live.held.provider.clone() });
    }
    let customer = customer(connection, provider, cause).await?;
    let is_first = !provider_subscriptions::has_any(connection, tenant).await?;
    let request = CheckoutRequest {
        customer,
        tenant,
        price_ref,
        metered_price_ref: wish.plan.metered.as_ref().map(|metered| metered.price_ref.clone()),
        trial_days: wish.plan.trial_days.filter(|_| is_first),
        success_url: wish.success_url,
        cancel_url: wish.cancel_url,
        idempotency_key: wish.key,
    };
    let session = provider.checkout_session(request).await?;
    tell(connection, app, provider, cause, &wish.plan.id, &session).await?;
    Ok(session)
}

const fn serves(status: payments::SubscriptionStatus) -> bool {
    !status.is_final() && !matches!(status, payments::SubscriptionStatus::Incomplete)
}

/// The tenant's customer at the provider.
async fn customer(
    connection: &mut Connection,
    provider: &dyn PaymentProvider,
    cause: &Cause,
) -> Result<String, CreateSessionError> {
    let tenant: TenantId = cause.tenant_id;
    if let Some(known) = customers::find(connection, tenant, provider.name()).await? {
        return Ok(known);
    }
    let made = provider.create_customer(NewCustomer { tenant }).await?;
    customers::bind(connection, tenant, provider.name(), &made, cause.at).await?;
    // Somebody else of the tenant may have been quicker.
    Ok(customers::find(connection, tenant, provider.name()).await?.unwrap_or(made))
}

async fn tell(
    connection: &mut Connection,
    app: &App,
    provider: &dyn PaymentProvider,
    cause: &Cause,
    plan: &str,
    session: &CheckoutSession,
) -> Result<(), DbError> {
    let data = CheckoutStarted {
        tenant_id: cause.tenant_id,
        plan: plan.to_owned(),
        provider: provider.name().to_owned(),
        expires_at: session.expires_at,
    };
    let event = Event::new(cause, AGENT, &data);
    let standing = subscriptions::find(connection, cause.tenant_id).await?;
    let entry = BillingEvent {
        id: event.id.0,
        kind: event.kind.clone(),
        plan: standing.as_ref().map_or_else(|| crate::domain::FREE_PLAN.to_owned(), |known| known.plan.clone()),
        status: standing.map_or_else(|| "active".to_owned(), |known| known.status),
        at: cause.at,
        provider: Some(provider.name().to_owned()),
        provider_event_id: None,
        provider_event_type: None,
        outcome: "noted".to_owned(),
        changes: serde_json::Value::Array(Vec::new()),
        reason: Some(format!("{} began to subscribe to {plan}", cause.actor.name.as_deref().unwrap_or("somebody"))),
    };
    billing_events::write(connection, cause.tenant_id, &entry).await?;
    app.outbox.append(connection, &[event]).await
}
