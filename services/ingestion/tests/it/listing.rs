//! Lists of records: every filter, and pages that neither skip nor repeat.

use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::{Client, TestApp};

use crate::sender::connect;
use crate::start;

const PATH: &str = "/api/v1/records";

async fn texts(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, 200, "{query} {answer:?}");
    let rows = answer.body.as_array().expect("a list").clone();
    rows.iter().map(|row| row["normalized"]["text"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn filled(app: &TestApp) -> (Client, String) {
    let tenant = TenantId::generate();
    let client = app.caller(tenant, Role::Admin);
    let source = connect(app, tenant, "generic").await;
    source.send("d-1", &json!({"id": "hook", "text": "Webhook text"})).await;
    for (id, source, text, title) in [
        ("e-1", "crm", "Refund 100% please", "Complaint"),
        ("e-2", "crm", "refund_now", ""),
        ("e-3", "shop", "Größe passt nicht", "Return"),
    ] {
        let body = json!({"externalId": id, "source": source, "normalized": {"text": text, "title": title}});
        assert_eq!(client.post(PATH, body).await.status, 202);
    }
    app.owner_sql(
        "UPDATE records SET status = 'classified', label = 'refund', stage = 'rule', confidence = 0.75 \
         WHERE external_id = 'e-1'",
    )
    .await;
    app.owner_sql("UPDATE records SET received_at = '2026-01-01T00:00:00Z' WHERE external_id = 'e-2'").await;
    (client, source.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter() {
    let app = start().await;
    let (client, integration) = filled(&app).await;
    let (hook, first, second, third) = ("Webhook text", "Refund 100% please", "refund_now", "Größe passt nicht");
    for (query, expected) in [
        ("", vec![third, first, hook, second]),
        ("status=classified", vec![first]),
        ("status=ingested", vec![third, hook, second]),
        ("label=refund", vec![first]),
        ("stage=rule", vec![first]),
        ("source=crm", vec![first, second]),
        (&format!("integrationId={integration}"), vec![hook]),
        ("externalId=e-3", vec![third]),
        ("externalId=hook", vec![hook]),
        ("from=2026-06-01T00:00:00Z", vec![third, first, hook]),
        ("to=2026-06-01T00:00:00Z", vec![second]),
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:01Z", vec![second]),
        ("minConfidence=0.75", vec![first]),
        ("minConfidence=0.76", vec![]),
        ("maxConfidence=0.8", vec![first]),
        ("q=REFUND", vec![first, second]),
        ("q=100%25", vec![first]),
        ("q=d_n", vec![second]),
        ("q=complaint", vec![first]),
        ("q=gr%C3%B6%C3%9Fe", vec![third]),
        ("q=%5C", vec![]),
        ("q=refund&source=crm&status=ingested", vec![second]),
        ("source=nobody", vec![]),
    ] {
        assert_eq!(texts(&client, query).await, expected, "{query}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_neither_skip_nor_repeat() {
    let app = start().await;
    let tenant = TenantId::generate();
    let client = app.caller(tenant, Role::Admin);
    let batch: Value = (0..25).map(|n| json!({"raw": format!("r{n:02}")})).collect();
    // Records of one batch share their time, so the id must tell them apart.
    assert_eq!(client.post("/api/v1/records/batch", batch).await.status, 202);
    for extra in ["", "&q=r"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = client.get(&format!("{PATH}?limit=7{extra}{cursor}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let rows = answer.body.as_array().expect("a list");
            seen.extend(rows.iter().map(|row| row["id"].as_str().expect("id").to_owned()));
            // What comes meanwhile is newer than any page to come.
            client.post(PATH, json!({"raw": "r-late"})).await;
            match answer.next_cursor() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count, "repeated");
        assert!(count >= 25, "skipped: {count}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_looks_at_a_window_a_page_and_goes_on() {
    let app = start().await;
    let tenant = TenantId::generate();
    let client = app.caller(tenant, Role::Admin);
    app.owner_sql(&format!(
        "INSERT INTO records (id, tenant_id, source, text, attributes, status, received_at, updated_at) \
         SELECT gen_random_uuid(), '{tenant}', 'api', CASE WHEN n = 1 THEN 'needle' ELSE 'hay' END, '{{}}', 'ingested', \
                timestamptz '2026-01-01' + n * interval '1 second', now() FROM generate_series(1, 20500) n"
    ))
    .await;
    let first = client.get(&format!("{PATH}?q=needle")).await;
    assert_eq!((first.status, first.body.as_array().map(Vec::len)), (200, Some(0)), "{first:?}");
    let second = client.get(&format!("{PATH}?q=needle&cursor={}", first.next_cursor().expect("goes on"))).await;
    assert_eq!(second.body[0]["normalized"]["text"], "needle");
    assert_eq!(second.next_cursor(), None);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_queries_are_refused() {
    let app = start().await;
    let client = app.caller(TenantId::generate(), Role::Analyst);
    for query in [
        "status=lost",
        "stage=magic",
        "integrationId=7",
        "from=yesterday",
        "from=-262143-01-01T00:00:00Z",
        "to=%2B262142-12-31T23:59:59Z",
        "minConfidence=2",
        "minConfidence=NaN",
        "maxConfidence=-0.1",
        "maxConfidence=inf",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "cursor=WzEsMl0",
        "colour=red",
        "q=%00",
        "label=%00",
        "status=classified&status=failed",
    ] {
        let answer = client.get(&format!("{PATH}?{query}")).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{query} {answer:?}");
    }
    assert_eq!(client.get(&format!("{PATH}?q={}", "x".repeat(201))).await.status, 400);
    assert_eq!(client.get(&format!("{PATH}?label=%FF")).await.status, 200, "an odd label is just unknown");
    app.finish().await;
}
