//! Filters together: every combination finds what a plain query over the records finds, page by page.

use common::{IntegrationId, Role, TenantId};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl as _;
use test_support::{Client, TestApp};

use crate::start_api_only;

const PATH: &str = "/api/v1/records";
const COUNT: usize = 4_000;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Records whose states are mixed, a few of which share their time; none of them of another tenant's.
async fn fill(app: &TestApp, tenants: [TenantId; 2], integration: IntegrationId) {
    for tenant in tenants {
        app.owner_sql(&format!(
            "INSERT INTO records (id, tenant_id, source, integration_id, text, attributes, status, label, stage, confidence, \
                 received_at, updated_at) \
             SELECT gen_random_uuid(), '{tenant}', CASE WHEN n % 50 = 3 THEN 'rare' WHEN n % 3 = 0 THEN 'crm' ELSE 'api' END, \
                 CASE WHEN n % 4 = 1 THEN '{integration}'::uuid END, \
                 concat_ws(' ', 'hay', CASE WHEN n % 7 = 0 THEN 'seventh' END, CASE WHEN n % 400 = 0 THEN 'sparse' END), '{{}}', \
                 (ARRAY['classified', 'pending_review', 'approved', 'archived', 'failed'])[1 + n % 5], \
                 (ARRAY['a', 'b', 'c', NULL])[1 + (n / 5) % 4], (ARRAY['rule', 'llm', 'human'])[1 + (n / 7) % 3], \
                 CASE WHEN n % 6 > 0 THEN (n % 101) / 100.0 END, \
                 timestamptz '2026-01-01' + (n / 3) * interval '1 second', now() FROM generate_series(1, {COUNT}) n"
        ))
        .await;
    }
    app.owner_sql(
        "INSERT INTO record_words SELECT id, tenant_id, received_at, to_tsvector('simple', text) FROM records; \
         INSERT INTO record_facets (record_id, tenant_id, received_at, version, status, label, stage, confidence, \
             source, integration_id) SELECT id, tenant_id, received_at, version, status, label, stage, confidence, \
             source, integration_id FROM records; ANALYZE",
    )
    .await;
}

/// Every page of the list.
async fn listed(client: &Client, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{PATH}?limit=200&{query}{cursor}")).await;
        assert_eq!(answer.status, 200, "{query} {answer:?}");
        let rows = answer.body.as_array().expect("a list");
        seen.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        match answer.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

async fn plainly(app: &TestApp, tenant: TenantId, condition: &str) -> Vec<String> {
    let sql = format!(
        "SELECT id::text AS id FROM records WHERE tenant_id = '{tenant}' AND {condition} ORDER BY received_at DESC, records.id DESC"
    );
    let rows: Vec<Id> =
        diesel::sql_query(sql).load(&mut app.database().superuser().await).await.expect("the query runs");
    rows.into_iter().map(|row| row.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_combination_agrees_with_a_plain_query() {
    let app = start_api_only().await;
    let (tenant, integration) = (TenantId::generate(), IntegrationId::generate());
    fill(&app, [tenant, TenantId::generate()], integration).await;
    let client = app.caller(tenant, Role::Analyst);
    let words = |q: &str| format!("to_tsvector('simple', text) @@ websearch_to_tsquery('simple', '{q}')");
    let filters: Vec<(String, String)> = vec![
        ("status=classified".into(), "status = 'classified'".into()),
        ("label=a".into(), "label = 'a'".into()),
        ("stage=llm".into(), "stage = 'llm'".into()),
        ("source=rare".into(), "source = 'rare'".into()),
        (format!("integrationId={integration}"), "integration_id IS NOT NULL".into()),
        ("minConfidence=0.25".into(), "confidence >= 0.25".into()),
        ("maxConfidence=0.5".into(), "confidence <= 0.5".into()),
        ("from=2026-01-01T00:05:00Z".into(), "received_at >= '2026-01-01T00:05:00Z'".into()),
        ("to=2026-01-01T00:15:00Z".into(), "received_at < '2026-01-01T00:15:00Z'".into()),
        ("q=seventh".into(), words("seventh")),
        ("q=sparse".into(), words("sparse")),
    ];
    let mut compared = 0;
    for one in 0..filters.len() {
        for other in one..filters.len() {
            for third in [other, (other + 3) % filters.len()] {
                let mut picked = vec![one, other, third];
                picked.sort_unstable();
                picked.dedup();
                if picked.iter().filter(|index| **index >= 9).count() > 1 {
                    continue;
                }
                let join = |part: fn(&(String, String)) -> &str, with: &str| {
                    picked.iter().map(|index| part(&filters[*index])).collect::<Vec<_>>().join(with)
                };
                let (query, condition) = (join(|filter| &filter.0, "&"), join(|filter| &filter.1, " AND "));
                let expected = plainly(&app, tenant, &condition).await;
                assert_eq!(listed(&client, &query).await, expected, "{query}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared} combinations");
    app.stop().await;
}
