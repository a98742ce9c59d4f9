//! What must hold of the tables.

use crate::support::start;

#[tokio::test(flavor = "multi_thread")]
async fn tables_keep_the_house_rules() {
    let app = start().await;
    test_support::schema::assert_invariants(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_cannot_be_rewritten_by_the_service() {
    let app = start().await;
    for table in ["decisions", "rule_versions", "rule_sets", "value_list_versions"] {
        for verb in ["UPDATE", "DELETE"] {
            let held = format!("(SELECT 1) AS one WHERE has_table_privilege('verdict_app', '{table}', '{verb}')");
            assert_eq!(app.count(&held).await, 0, "verdict_app may {verb} {table}");
        }
    }
    app.finish().await;
}
