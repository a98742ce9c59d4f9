//! Lists of records: every filter, and pages that neither skip nor repeat.

use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::{Client, TestApp, wait_until};

use crate::sender::connect;
use crate::start;

const PATH: &str = "/api/v1/records";

async fn texts(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("{PATH}?{query}")).await;
    assert_eq!(answer.status, 200, "{query} {answer:?}");
    let rows = answer.body.as_array().expect("a list").clone();
    rows.iter().map(|row| row["normalized"]["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Waits until the lists have taken in so many records.
async fn indexed(app: &TestApp, records: i64) {
    wait_until("the lists have the records", async || (app.count("record_words").await == records).then_some(())).await;
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
    indexed(app, 4).await;
    app.owner_sql(
        "UPDATE records SET status = 'classified', label = 'refund', stage = 'rule', confidence = 0.75 \
         WHERE external_id = 'e-1'; \
         UPDATE records SET received_at = '2026-01-01T00:00:00Z' WHERE external_id = 'e-2'; \
         UPDATE record_facets f SET status = r.status, label = r.label, stage = r.stage, confidence = r.confidence, \
             received_at = r.received_at FROM records r WHERE r.id = f.record_id; \
         UPDATE record_words w SET received_at = r.received_at FROM records r WHERE r.id = w.record_id",
    )
    .await;
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
        ("q=PLEASE", vec![first]),
        ("q=100%25", vec![first]),
        ("q=complaint", vec![first]),
        ("q=please+complaint", vec![first]),
        ("q=please+return", vec![]),
        ("q=please+or+return", vec![third, first]),
        ("q=%22100%25+please%22", vec![first]),
        ("q=%22please+100%22", vec![]),
        ("q=-please", vec![third, hook, second]),
        ("q=gr%C3%B6%C3%9Fe", vec![third]),
        ("q=e-2", vec![second]),
        ("q=%5C", vec![]),
        ("q=please&source=crm&status=classified", vec![first]),
        ("q=please&status=ingested", vec![]),
        ("q=please&externalId=e-1", vec![first]),
        ("q=please&externalId=e-2", vec![]),
        ("q=return&from=2026-06-01T00:00:00Z&minConfidence=0.1", vec![]),
        ("status=classified&label=refund&stage=rule&source=crm&minConfidence=0.7", vec![first]),
        ("minConfidence=0.1&to=2026-06-01T00:00:00Z", vec![]),
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
    let batch: Value = (0..25).map(|n| json!({"raw": format!("word r{n:02}")})).collect();
    // Records of one batch share their time, so the id must tell them apart.
    assert_eq!(client.post("/api/v1/records/batch", batch).await.status, 202);
    indexed(&app, 25).await;
    for extra in ["", "&q=word", "&status=ingested", "&q=word&source=api"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = client.get(&format!("{PATH}?limit=7{extra}{cursor}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let rows = answer.body.as_array().expect("a list");
            seen.extend(rows.iter().map(|row| row["id"].as_str().expect("id").to_owned()));
            // What comes meanwhile is newer than any page to come.
            client.post(PATH, json!({"raw": "word late"})).await;
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
async fn a_search_finds_what_is_old_and_rare_and_pages_through_what_is_frequent() {
    let app = start().await;
    let tenant = TenantId::generate();
    let client = app.caller(tenant, Role::Admin);
    app.owner_sql(&format!(
        "INSERT INTO records (id, tenant_id, source, text, attributes, status, received_at, updated_at) \
         SELECT gen_random_uuid(), '{tenant}', 'api', concat_ws(' ', 'hay', CASE WHEN n = 1 THEN 'needle' END, \
                CASE WHEN n % 1000 = 0 THEN 'sparse' END), '{{}}', 'ingested', \
                timestamptz '2026-01-01' + n * interval '1 second', now() FROM generate_series(1, 9000) n; \
         INSERT INTO record_words SELECT id, tenant_id, received_at, to_tsvector('simple', text) FROM records; \
         INSERT INTO record_facets (record_id, tenant_id, received_at, version, status, label, stage, confidence, \
                source, integration_id) SELECT id, tenant_id, received_at, version, status, label, stage, confidence, \
                source, integration_id FROM records"
    ))
    .await;
    assert_eq!(texts(&client, "q=needle").await, ["hay needle"]);
    assert_eq!(texts(&client, "q=needle&source=api").await, ["hay needle"]);
    assert_eq!(texts(&client, "q=needle&source=shop").await, Vec::<String>::new());
    assert_eq!(texts(&client, "q=hay&limit=200").await.len(), 200);
    let first = client.get(&format!("{PATH}?q=sparse&limit=5")).await;
    let second = client.get(&format!("{PATH}?q=sparse&limit=5&cursor={}", first.next_cursor().expect("goes on"))).await;
    assert_eq!((first.body.as_array().map(Vec::len), second.body.as_array().map(Vec::len)), (Some(5), Some(4)));
    assert_eq!(second.next_cursor(), None);
    let stranger = app.caller(TenantId::generate(), Role::Admin);
    assert_eq!(texts(&stranger, "q=needle").await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_reads_no_words_past_its_tenant() {
    let app = start().await;
    let (mine, theirs) = (TenantId::generate(), TenantId::generate());
    let sent = app.caller(theirs, Role::Agent).post(PATH, json!({"raw": "secret"})).await;
    assert_eq!(sent.status, 202);
    indexed(&app, 1).await;
    let find = "SELECT FROM record_words_find('secret', '-infinity', 'infinity', gen_random_uuid(), 10)";
    let id = sent.body["id"].as_str().expect("an id");
    let among = format!("SELECT FROM record_words_among('secret', ARRAY['{id}'::uuid])");
    for (tenant, sql, expected) in [
        (theirs, find, Some(1)),
        (mine, find, Some(0)),
        (theirs, &among, Some(1)),
        (mine, &among, Some(0)),
        (theirs, "SELECT FROM record_words", None),
        (theirs, "DELETE FROM record_words", None),
    ] {
        let seen = app
            .db()
            .tenant(tenant, async |connection| {
                Ok::<_, db::DbError>(diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), connection).await?)
            })
            .await;
        assert_eq!(seen.ok(), expected, "{sql}");
    }
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
