//! Set a subscription by hand, for a customer who is invoiced.

use common::event::Cause;
use common::{DateTime, TenantId};
use db::DbError;
use payments::{ProviderSubscription, SubscriptionStatus};

use crate::app::App;
use crate::domain::{Knowledge, MANUAL};
use crate::store::provider_subscriptions;
use crate::usecases::restate::{Origin, restate};

/// What an operator says.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) tenant: TenantId,
    pub(crate) plan: String,
    pub(crate) status: SubscriptionStatus,
    /// Until when it was paid.
    pub(crate) until: Option<DateTime>,
}

/// Why nothing was set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetSubscriptionError {
    #[error("there is no plan {0:?}")]
    UnknownPlan(String),
    #[error("the plan {0:?} has no priceRef by which a subscription could name it")]
    NoPrice(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Sets it, and returns what changed as the log shows it.
pub(crate) async fn set_subscription(
    app: &App,
    cause: &Cause,
    setting: Setting,
) -> Result<Vec<serde_json::Value>, SetSubscriptionError> {
    let plan = app.plans.find(&setting.plan).ok_or_else(|| SetSubscriptionError::UnknownPlan(setting.plan.clone()))?;
    let price = plan.price_ref.clone().ok_or_else(|| SetSubscriptionError::NoPrice(setting.plan.clone()))?;
    let tenant = setting.tenant;
    app.db
        .tenant(tenant, async |connection| {
            let id = format!("{MANUAL}-{tenant}");
            let known = provider_subscriptions::find(connection, tenant, MANUAL, &id).await?;
            let created_at = known.as_ref().map_or(cause.at, |known| known.held.state.created_at);
            let began = known.and_then(|known| known.held.state.current_period_start);
            let state = ProviderSubscription {
                customer: tenant.to_string(),
                tenant: Some(tenant),
                price_refs: vec![price],
                status: setting.status,
                cancel_at_period_end: false,
                trial_end: setting.until.filter(|_| setting.status == SubscriptionStatus::Trialing),
                current_period_start: began.or(Some(cause.at)),
                current_period_end: setting.until,
                scheduled: None,
                created_at,
                ended_at: setting.status.is_final().then_some(cause.at),
                id,
            };
            provider_subscriptions::put(connection, tenant, MANUAL, &state, Knowledge::Event(cause.at)).await?;
            let origin = Origin {
                provider: Some(MANUAL.to_owned()),
                event_type: Some("operator".to_owned()),
                unless_changed: Some("unchanged"),
                note: Some("an operator set it".to_owned()),
                ..Origin::default()
            };
            Ok(restate(connection, app, cause, cause.at, origin).await?)
        })
        .await
}
