//! `ENTITLEMENTS_UPDATED`.

use common::event::{Access, Allowance, EntitlementsUpdated};
use common::{Actor, TenantId};
use test_support::wait_until;

use crate::support::{event, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_version_stands_in_whatever_order_it_is_told() {
    let app = start().await;
    let tenant = TenantId::generate();
    let told = |version, calls, access| {
        let data = EntitlementsUpdated {
            tenant_id: tenant,
            plan: "team".into(),
            status: "active".into(),
            access,
            reason: None,
            grace_ends_at: None,
            allowance: Allowance { model_calls: calls, ..Allowance::default() },
            timezone: "Europe/Berlin".into(),
            version,
        };
        event(tenant, "billing", Actor::service("billing"), &data)
    };
    let (old, new) = (told(2, Some(10), Access::Full), told(3, None, Access::ReadOnly));
    app.publish(&[new.clone(), old, new]).await;
    let known = "entitlements WHERE version = 3 AND model_calls IS NULL AND access = 'read_only'";
    wait_until("it is known", async || (app.count(known).await == 1).then_some(())).await;
    app.publish(&[told(1, Some(1), Access::Full), told(4, Some(5), Access::Full)]).await;
    let known = "entitlements WHERE version = 4 AND model_calls = 5 AND timezone = 'Europe/Berlin'";
    wait_until("the next is known", async || (app.count(known).await == 1).then_some(())).await;
    app.finish().await;
}
