//! The end of a tenant: nothing more comes in, and nothing of it stays, neither rows nor bytes.

use std::path::Path;
use std::sync::Arc;

use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::provider::Provider;
use test_support::{Client, TestApp, tenant_deleted, wait_until};
use tokio::sync::Notify;

use crate::files::{FORM, form, part};
use crate::pulling::{connect as authorize, create, run_with, start_pulling};
use crate::sender::{Sender, connect};
use crate::{start, start_with};

/// Files of a tenant in the store.
fn stored(folder: &str, tenant: TenantId) -> usize {
    let entries = std::fs::read_dir(Path::new(folder).join(tenant.to_string())).into_iter().flatten();
    entries.flatten().count()
}

async fn upload(client: &Client, content: &[u8]) -> test_support::Answer {
    let body = form(&[part("name=\"file\"; filename=\"f.txt\"", Some("text/plain"), content)]);
    client.send_raw("POST", "/api/v1/files", &[FORM], body).await
}

/// Something of everything.
async fn furnish(app: &TestApp, tenant: TenantId) -> (Sender, Client) {
    let (source, owner) = (connect(app, tenant, "generic").await, app.caller(tenant, Role::Owner));
    assert_eq!(source.send("d-1", &json!({"id": "m-1", "text": "hook"})).await.status, 202);
    assert_eq!(source.send("d-1", &json!({"id": "m-1", "text": "hook"})).await.status, 200);
    assert_eq!(source.with_secret("another").send("d-2", &json!({"text": "forged"})).await.status, 401);
    assert_eq!(owner.post(&format!("/api/v1/integrations/{}/secret/rotate", source.id), json!({})).await.status, 200);
    let raws: Vec<Value> = (0..30).map(|n| json!({"raw": format!("raw {n}")})).collect();
    assert_eq!(owner.post("/api/v1/records/batch", json!(raws)).await.status, 202);
    let csv = b"externalId,text\n1,one\n2,\n".to_vec();
    let import = owner.send_raw("POST", "/api/v1/records/import", &[("content-type", "text/csv")], csv).await;
    assert_eq!(import.status, 202, "{import:?}");
    let import = format!("/api/v1/records/imports/{}", import.body["id"].as_str().expect("an id"));
    wait_until("the import has ended", async || (!owner.get(&import).await.body["finishedAt"].is_null()).then_some(()))
        .await;
    assert_eq!(upload(&owner, b"bytes").await.status, 201);
    let key = [("idempotency-key", "k-1")];
    let archive = json!({"action": "archive", "filter": {"q": "raw"}});
    wait_until("all are in the lists", async || {
        let found = owner.get("/api/v1/records?q=raw&limit=200").await.body;
        (found.as_array().is_some_and(|found| found.len() == 30)).then_some(())
    })
    .await;
    let asked = owner.send("POST", "/api/v1/records/bulk", &key, Some(archive)).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    let operation = format!("/api/v1/operations/{}", asked.body["operationId"].as_str().expect("an id"));
    wait_until("all are archived", async || (owner.get(&operation).await.body["status"] == "completed").then_some(()))
        .await;
    (source, owner)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_words_and_bytes_of_a_deleted_tenant_go_and_no_others() {
    let mut folder = String::new();
    let app = start_with(|settings| folder.clone_from(&settings.files.store.folder)).await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    let (our_source, us) = furnish(&app, ours).await;
    let (their_source, them) = furnish(&app, theirs).await;
    let (before, kept) = (app.rows_of(ours).await, app.rows_of(theirs).await);
    for table in [
        "integrations",
        "deliveries",
        "records",
        "record_facets",
        "record_words",
        "record_history",
        "operations",
        "operation_items",
        "imports",
        "import_rejections",
        "files",
        "blobs",
        "record_quota",
        "idempotency_keys",
    ] {
        assert!(before.contains_key(table), "there is something to remove from {table}: {before:?}");
    }
    assert_eq!((stored(&folder, ours), stored(&folder, theirs)), (1, 1));

    app.delete_tenant(ours).await;
    let late = our_source.send("d-3", &json!({"text": "late"})).await;
    assert_eq!((late.status, late.body["code"].as_str()), (404, Some("not_found")), "{late:?}");
    let late = upload(&us, b"late").await;
    assert_eq!((late.status, late.body["code"].as_str()), (404, Some("not_found")), "{late:?}");
    assert_eq!(app.rows_of(ours).await, Default::default());
    assert_eq!(stored(&folder, ours), 0);

    assert_eq!(app.rows_of(theirs).await, kept);
    assert_eq!(stored(&folder, theirs), 1);
    assert_eq!(their_source.with_secret("x").send("d-4", &json!({"text": "x"})).await.status, 401);
    assert_eq!(them.get("/api/v1/records?q=raw&limit=200").await.body.as_array().map(Vec::len), Some(30));
    let removed = app.count("deleted_tenants t, generate_series(1, t.removed)").await;
    assert!(removed >= before.values().sum::<i64>(), "{removed} of {before:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_on_its_way_is_not_stored_for_a_deleted_tenant() {
    let app = start_pulling().await;
    let tenant = TenantId::generate();
    let (provider, admin) = (Provider::start(4).await, app.caller(tenant, Role::Admin));
    let hang = Arc::new(Notify::new());
    provider.state.lock().expect("it").held = Some(("2".into(), Arc::clone(&hang)));
    let own = create(&admin, &provider).await;
    authorize(&app, &admin, &own, &provider).await;
    wait_until("the second page is asked for", async || {
        (provider.state.lock().expect("it").asked == ["", "2"]).then_some(())
    })
    .await;
    app.publish(&[tenant_deleted(tenant)]).await;
    wait_until("it was heard", async || (app.count("deleted_tenants").await == 1).then_some(())).await;
    hang.notify_one();
    app.delete_tenant(tenant).await;
    assert_eq!(app.rows_of(tenant).await, Default::default());

    // Others go on being pulled.
    let other = app.caller(TenantId::generate(), Role::Admin);
    let own = create(&other, &provider).await;
    authorize(&app, &other, &own, &provider).await;
    assert_eq!(run_with(&other, &own, "completed").await["records"], 4);
    assert_eq!(provider.state.lock().expect("it").asked.len(), 4, "no page of the deleted one was asked for again");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_sources_end_with_the_news_itself() {
    let app = start().await;
    let tenant = TenantId::generate();
    let source = connect(&app, tenant, "generic").await;
    assert_eq!(source.send("d-1", &json!({"text": "known"})).await.status, 202);
    // Nothing may be removed yet: a table that cannot be changed holds the worker up, not the end of intake.
    app.owner_sql(
        "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$; \
         CREATE TRIGGER stay BEFORE DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION stay()",
    )
    .await;
    app.publish(&[tenant_deleted(tenant)]).await;
    wait_until("nothing is taken in any more", async || {
        (source.send("d-2", &json!({"text": "late"})).await.status == 404).then_some(())
    })
    .await;
    assert_eq!(app.count("integrations WHERE deleted_at IS NOT NULL AND secret_sealed = ''").await, 1);
    assert!(app.count("deliveries").await > 0, "what came before is still there");
    app.owner_sql("DROP TRIGGER stay ON deliveries").await;
    app.delete_tenant(tenant).await;
    assert_eq!(app.rows_of(tenant).await, Default::default());
    app.finish().await;
}
