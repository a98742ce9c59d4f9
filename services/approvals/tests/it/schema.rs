//! What must hold of the tables, and of row-level security beneath the queries.

use common::TenantId;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl as _;

use crate::support::{Question, start};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn visible(connection: &mut Connection) -> Result<i64, DbError> {
    Ok(statement("SELECT count(*) AS count FROM approvals").get_result::<Count>(connection).await?.count)
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
    Question::of(ours).open(&app).await;
    Question::of(theirs).open(&app).await;

    let db = app.db();
    assert_eq!(db.tenant(ours, visible).await.expect("the query runs"), 1);
    assert_eq!(db.tenant(TenantId::generate(), visible).await.expect("the query runs"), 0);
    let stolen = db
        .tenant(ours, async |connection| {
            let sql = "UPDATE approvals SET comment = 'stolen' WHERE tenant_id <> ALL (app_tenants())";
            Ok::<_, DbError>(statement(sql).execute(connection).await?)
        })
        .await;
    assert_eq!(stolen.expect("the update runs"), 0);
    app.finish().await;
}
