//! What must hold of the schema.

use crate::support::start;

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_keeps_the_rules() {
    let app = start().await;
    test_support::schema::assert_invariants(&app).await;
    app.finish().await;
}
