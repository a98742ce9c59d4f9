//! What must hold of the schema.

use test_support::schema::assert_invariants;

use crate::support::start;

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_keeps_the_house_rules() {
    let app = start().await;
    assert_invariants(&app).await;
    let may_change = app
        .count("information_schema.role_table_grants WHERE grantee = 'verdict_app' AND table_name = 'events' AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')")
        .await;
    assert_eq!(may_change, 0, "what was logged stays as it was logged");
    app.finish().await;
}
