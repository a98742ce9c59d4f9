//! The end of a tenant, from an owner's call to the last row in the last service.

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::rows::{count, rows_of};
use test_support::{Stack, wait_until};

use crate::api::{Api, Source, assert_feed_is_exact};

/// Those that part with everything; billing keeps what was billed, the gateway has seen to its own.
const PARTING: [&str; 4] = ["ingestion", "processing", "approvals", "reporting"];

async fn database(stack: &Stack, service: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(&stack.database_url(service)).await.expect("connects")
}

async fn tenant_of(owner: &Api) -> String {
    owner.get("/auth/me").await.expect(200)["tenant"]["id"].as_str().expect("an id").to_owned()
}

async fn deliver(owner: &Api, source: &Source, delivery: &str, text: &str) -> String {
    let receipt = owner.deliver(source, delivery, text).await.expect(202);
    receipt["recordId"].as_str().expect("an id").to_owned()
}

/// Records that were decided by a rule, by a person, and not yet; and a file.
async fn furnish(owner: &Api) -> Source {
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    for n in 0..20 {
        let text = if n % 2 == 0 { "refund please" } else { "hello there" };
        let record = deliver(owner, &source, &format!("d-{n}"), text).await;
        owner.wait_for_status(&record, &["classified", "pending_review"]).await;
    }
    let pending = wait_until("there are questions", async || {
        let list = owner.get("/approvals?status=pending").await.expect(200);
        (list.as_array().map(Vec::len) == Some(10)).then(|| list[0].clone())
    })
    .await;
    let path = format!("/approvals/{}/override", pending["id"].as_str().expect("an id"));
    owner.post(&path, json!({"label": "complaint"})).await.expect(200);
    let form = [("content-type", "multipart/form-data; boundary=b".to_owned())];
    let body = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\nhello\r\n--b--\r\n";
    owner.send(Method::POST, "/files", &form, body.to_vec()).await.expect(201);
    source
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_deleted_tenant_is_left_whoever_dies_on_the_way() {
    let mut stack = Stack::start().await;
    let api = Api::new(stack.gateway());
    let (ours, theirs) = (api.sign_up("acme").await, api.sign_up("globex").await);
    let (our_source, their_source) = (furnish(&ours).await, furnish(&theirs).await);
    let (our_id, their_id) = (tenant_of(&ours).await, tenant_of(&theirs).await);
    let feed = theirs.wait_for_feed("all of it", |events| count_of(events, "APPROVED") == 1).await.len();
    // The removal comes as far as the records, and no further until somebody lets it.
    database(&stack, "ingestion")
        .await
        .batch_execute(
            "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$; \
             CREATE TRIGGER stay BEFORE DELETE ON records FOR EACH ROW EXECUTE FUNCTION stay()",
        )
        .await
        .expect("runs");
    let sure = json!({"name": "acme", "password": "a long enough passphrase"});
    ours.send_json(Method::DELETE, "/tenants/current", &sure).await.expect(200);
    assert_eq!(ours.get("/records").await.status, 401);
    wait_until("webhooks are refused", async || {
        let late = api.try_deliver(&our_source, "late", "hello").await.ok()?;
        (late.status == 404).then_some(())
    })
    .await;
    let mut ingestion = database(&stack, "ingestion").await;
    wait_until("the removal is at the records", async || {
        (count(&mut ingestion, "deleted_tenants WHERE at_table = 'records'").await == 1).then_some(())
    })
    .await;
    stack.kill("ingestion").await;
    stack.kill("processing").await;
    ingestion.batch_execute("DROP TRIGGER stay ON records").await.expect("runs");
    stack.restart("processing").await;
    stack.restart("ingestion").await;
    for service in PARTING {
        let mut connection = database(&stack, service).await;
        wait_until(&format!("nothing is left in {service}"), async || {
            let emptied = format!("deleted_tenants WHERE tenant_id = '{our_id}' AND emptied_at IS NOT NULL");
            (count(&mut connection, &emptied).await == 1).then_some(())
        })
        .await;
        assert_eq!(rows_of(&mut connection, &our_id).await, Default::default(), "{service}");
        assert!(!rows_of(&mut connection, &their_id).await.is_empty(), "{service}");
    }
    let ours_stored = std::fs::read_dir(stack.files_folder().join(&our_id)).into_iter().flatten().count();
    let theirs_stored = std::fs::read_dir(stack.files_folder().join(&their_id)).into_iter().flatten().count();
    assert_eq!((ours_stored, theirs_stored), (0, 1));

    // The other tenant has lost nothing and goes on.
    let kept = theirs.feed().await;
    assert!(kept.len() >= feed, "{feed} and more, not {}", kept.len());
    assert_feed_is_exact(&kept);
    let record = deliver(&theirs, &their_source, "next", "refund please").await;
    theirs.wait_for_status(&record, &["classified"]).await;
    assert_eq!(theirs.get("/records?limit=200").await.expect(200).as_array().map(Vec::len), Some(21));
    stack.finish().await;
}

fn count_of(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["type"] == kind).count()
}
