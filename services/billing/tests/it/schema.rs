//! What must hold of the tables, and of row-level security beneath the queries.

use common::{TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl as _;

use crate::support::{created, ingested, settle, start};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn visible(connection: &mut Connection) -> Result<i64, DbError> {
    let sql = "SELECT (SELECT count(*) FROM record_usage) + (SELECT count(*) FROM subscriptions) \
                    + (SELECT count(*) FROM holdings) + (SELECT count(*) FROM billing_events) AS count";
    Ok(statement(sql).get_result::<Count>(connection).await?.count)
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_rules_of_the_house() {
    let app = start().await;
    test_support::schema::assert_invariants(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_keeps_tenants_apart() {
    let app = start().await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    for tenant in [ours, theirs] {
        app.publish(&[created(tenant, UserId::generate())]).await;
        app.publish(&ingested(tenant, 3)).await;
    }
    settle(&app).await;
    let db = app.db();
    assert_eq!(db.tenant(ours, visible).await.expect("the query runs"), 4);
    assert_eq!(db.tenant(TenantId::generate(), visible).await.expect("the query runs"), 0);
    let stolen = db
        .tenant(ours, async |connection| {
            let sql = "UPDATE record_usage SET records = 0 WHERE tenant_id <> ALL (app_tenants())";
            Ok::<_, DbError>(statement(sql).execute(connection).await?)
        })
        .await;
    assert_eq!(stolen.expect("the update runs"), 0);
    app.finish().await;
}
