//! Report usage beyond the plan to the provider, for plans with a metered price: each record once, also after a crash.

use common::{DateTime, TenantId};
use db::{Connection, DbError};
use payments::{ProviderError, UsageReport};

use crate::app::App;
use crate::domain::{Metered, Period, Plan};
use crate::store::{customers, profiles, usage, usage_reports};

/// Why usage was not reported this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportUsageError {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Reports what the tenant used beyond the plan in the month of `at` and was not reported. The sum is noted before it
/// is sent, and sent again under the same key until the provider took it.
pub(crate) async fn report_usage(
    app: &App,
    tenant: TenantId,
    plan: &Plan,
    metered: &Metered,
    at: DateTime,
) -> Result<u64, ReportUsageError> {
    let Some(provider) = app.providers.serving() else { return Ok(0) };
    let name = provider.name();
    let begun = app
        .db
        .tenant(tenant, async |connection: &mut Connection| {
            let Some(customer) = customers::find(connection, tenant, name).await? else { return Ok(None) };
            let period = Period::of(at, profiles::zone(connection, tenant).await?);
            let used = usage::of(connection, tenant, period).await?.records;
            let included = i64::try_from(plan.entitlements.records_per_month).unwrap_or(i64::MAX);
            let month = period.first_day();
            let sending = usage_reports::begin(connection, tenant, month, (used - included).max(0), at).await?;
            Ok::<_, DbError>(sending.map(|sending| (customer, month, sending)))
        })
        .await?;
    let Some((customer, month, sending)) = begun else { return Ok(0) };
    let quantity = u64::try_from(sending.sending - sending.reported).unwrap_or(0);
    let report = UsageReport {
        customer,
        meter: metered.meter.clone(),
        quantity,
        at: sending.begun_at,
        idempotency_key: format!("usage-{tenant}-{month}-{}-{}", sending.reported, sending.sending),
    };
    provider.report_usage(report).await?;
    let arrived = async |connection: &mut Connection| usage_reports::arrived(connection, tenant, month, sending).await;
    app.db.tenant(tenant, arrived).await?;
    Ok(quantity)
}
