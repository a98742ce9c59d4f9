//! Two tenants: no call of one ever sees, counts or changes the other's.

use common::{Role, TenantId};
use db::Connection;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use serde_json::json;

use crate::sender::connect;
use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn routes_show_only_ones_own() {
    let app = start().await;
    let (mine, theirs) = (TenantId::generate(), TenantId::generate());
    let source = connect(&app, theirs, "generic").await;
    let receipt = source.send("d-1", &json!({"id": "m-1", "text": "theirs"})).await.body;
    let text = |key: &str| receipt[key].as_str().expect("an id").to_owned();
    let (record, delivery) = (text("recordId"), text("deliveryId"));
    let own = format!("/api/v1/integrations/{}", source.id);
    let me = app.caller(mine, Role::Owner);
    for (method, path, body) in [
        ("GET", format!("/api/v1/records/{record}"), None),
        ("GET", own.clone(), None),
        ("PATCH", own.clone(), Some(json!({"name": "stolen"}))),
        ("DELETE", own.clone(), None),
        ("POST", format!("{own}/mapping/test"), Some(json!({"payload": {}}))),
        ("POST", format!("{own}/oauth/authorize"), None),
        ("POST", format!("{own}/oauth/disconnect"), None),
        ("POST", format!("{own}/sync"), None),
        ("GET", format!("{own}/syncs"), None),
        ("GET", format!("{own}/deliveries"), None),
        ("GET", format!("{own}/deliveries/{delivery}"), None),
        ("POST", format!("{own}/deliveries/{delivery}/replay"), Some(json!({}))),
        ("POST", format!("{own}/deliveries/replay"), Some(json!({"filter": {}}))),
        ("POST", format!("{own}/mapping/apply"), Some(json!({}))),
        ("GET", format!("{own}/quarantine"), None),
        ("POST", format!("{own}/quarantine/reverify"), Some(json!({}))),
    ] {
        let answer = me.send(method, &path, &[], body).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (404, Some("not_found")),
            "{method} {path} {answer:?}"
        );
    }
    for path in [
        "/api/v1/records".to_owned(),
        "/api/v1/records?q=theirs".to_owned(),
        "/api/v1/records?externalId=m-1".to_owned(),
        format!("/api/v1/records?integrationId={}", source.id),
        "/api/v1/integrations".to_owned(),
    ] {
        let answer = me.get(&path).await;
        assert_eq!((answer.status, answer.body), (200, json!([])), "{path}");
    }
    let same_name = json!({"provider": "generic", "name": "generic source"});
    assert_eq!(me.post("/api/v1/integrations", same_name).await.status, 201, "names are each tenant's own");
    let them = app.caller(theirs, Role::Owner);
    assert_eq!(them.get(&own).await.body["version"], 1);
    assert_eq!(them.get("/api/v1/records").await.body.as_array().map(Vec::len), Some(1));
    app.finish().await;
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(connection: &mut Connection, table: &str) -> Result<i64, db::DbError> {
    let sql = format!("SELECT count(*) AS count FROM {table}");
    Ok(diesel::sql_query(sql).get_result::<Count>(connection).await?.count)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_role_sees_only_the_tenants_it_names() {
    let app = start().await;
    let (mine, theirs) = (TenantId::generate(), TenantId::generate());
    for tenant in [mine, theirs] {
        let source = connect(&app, tenant, "generic").await;
        assert_eq!(source.send("d-1", &json!({"text": "x"})).await.status, 202);
    }
    let db = app.db();
    for table in ["integrations", "deliveries", "records"] {
        let one = db.tenant(mine, async |connection| count(connection, table).await).await.expect("counts");
        let both =
            db.tenants(&[mine, theirs], async |connection| count(connection, table).await).await.expect("counts");
        let none = db.tenants(&[], async |connection| count(connection, table).await).await.expect("counts");
        assert_eq!((one, both, none), (1, 2, 0), "{table}");
    }
    let changed = db
        .tenant(mine, async |connection| {
            let sql = format!("UPDATE records SET label = 'stolen' WHERE tenant_id = '{theirs}'");
            Ok::<_, db::DbError>(diesel::sql_query(sql).execute(connection).await?)
        })
        .await
        .expect("runs");
    assert_eq!(changed, 0);
    let planted = db
        .tenant(mine, async |connection| {
            let sql = format!("UPDATE records SET tenant_id = '{theirs}'");
            Ok::<_, db::DbError>(diesel::sql_query(sql).execute(connection).await?)
        })
        .await;
    assert!(planted.is_err(), "a row cannot be moved to another tenant");
    app.finish().await;
}
