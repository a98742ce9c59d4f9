//! Looking at a service's rows as superuser, and at what its database still holds of a tenant.

use std::collections::BTreeMap;

use common::TenantId;
use common::event::{Cause, Event, TenantDeleted};
use common::trace::TraceContext;
use common::{Actor, Clock as _, SystemClock};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};

use crate::{TestApp, wait_until};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    of: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Every column that names a tenant, whatever it is called in tables without a policy; the tombstone and events that are
/// on their way out do not count.
const COLUMNS: &str = "SELECT a.attname::text AS name, c.relname::text AS of FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('tenant_id', 'owner') AND a.atttypid = 'uuid'::regtype \
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ('deleted_tenants', 'outbox')";

/// The one text that a query names `text`.
///
/// # Panics
/// When there is not exactly one row.
pub async fn text(connection: &mut AsyncPgConnection, sql: &str) -> String {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        text: String,
    }
    diesel::sql_query(sql).get_result::<Found>(connection).await.expect("one row with a text").text
}

/// Counts rows: `count(connection, "records WHERE status = 'failed'")`.
///
/// # Panics
/// When the server refuses it.
pub async fn count(connection: &mut AsyncPgConnection, what: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {what}"));
    query.get_result::<Count>(connection).await.expect("the count runs").count
}

/// How many rows of the tenant each table has; tables without any are left out.
///
/// # Panics
/// When the database does not answer.
pub async fn rows_of(connection: &mut AsyncPgConnection, tenant: &str) -> BTreeMap<String, i64> {
    let columns: Vec<Column> = diesel::sql_query(COLUMNS).load(connection).await.expect("the catalogue is readable");
    let mut rows = BTreeMap::new();
    for Column { name, of } in columns {
        let found = count(connection, &format!("{of} WHERE {name} = '{tenant}'")).await;
        if found > 0 {
            rows.insert(of, found);
        }
    }
    rows
}

/// `TENANT_DELETED` as the gateway tells it.
#[must_use]
pub fn tenant_deleted(tenant: TenantId) -> Event {
    let (actor, trace) = (Actor::service("an owner"), TraceContext::random());
    let cause = Cause { tenant_id: tenant, actor, trace, at: SystemClock.now() };
    Event::new(&cause, "gateway", &TenantDeleted { tenant_id: tenant, name: "acme".into() })
}

impl TestApp {
    /// How many rows of the tenant each table has; tables without any are left out.
    pub async fn rows_of(&self, tenant: TenantId) -> BTreeMap<String, i64> {
        rows_of(&mut self.database().superuser().await, &tenant.to_string()).await
    }

    /// Tells that the tenant was deleted, and waits until the service found nothing of it any more.
    pub async fn delete_tenant(&self, tenant: TenantId) {
        self.publish(&[tenant_deleted(tenant)]).await;
        wait_until("nothing of the tenant is left", async || {
            let emptied = format!("deleted_tenants WHERE tenant_id = '{tenant}' AND emptied_at IS NOT NULL");
            (self.count(&emptied).await == 1).then_some(())
        })
        .await;
    }
}
