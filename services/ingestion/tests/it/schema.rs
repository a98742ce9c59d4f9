//! What must hold of the tables.

use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn invariants() {
    let app = start().await;
    test_support::schema::assert_invariants(&app).await;
    app.finish().await;
}
