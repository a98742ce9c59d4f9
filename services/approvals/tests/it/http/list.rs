//! `GET /approvals`: order, pages and filters.

use common::record::Stage;
use common::{Role, TenantId};

use crate::support::{Question, act, all, start};

#[tokio::test(flavor = "multi_thread")]
async fn pages_run_from_the_oldest_and_skip_and_repeat_nothing() {
    let app = start().await;
    let tenant = TenantId::generate();
    let reader = app.caller(tenant, Role::Analyst);
    // Several at the same moment, so that the id has to settle the order.
    let mut records = Vec::new();
    for age in [50, 40, 30, 20, 10] {
        let question = Question::of(tenant).seconds_ago(age);
        for _ in 0..3 {
            let twin = Question { record: common::RecordId::generate(), ..question.clone() };
            twin.open(&app).await;
            records.push((age, twin.record.to_string()));
        }
    }

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("/api/v1/approvals?limit=4{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body.as_array().expect("a list");
        assert!(items.len() <= 4);
        seen.extend(items.iter().map(|item| item["recordId"].as_str().expect("an id").to_owned()));
        if seen.len() == 4 {
            // Rows that come in meanwhile do not disturb.
            Question::of(tenant).seconds_ago(100).open(&app).await;
        }
        match page.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let age = |record: &String| records.iter().find(|(_, known)| known == record).map(|(age, _)| *age);
    let ages: Vec<i64> = seen.iter().map(|record| age(record).expect("known when paging began")).collect();
    assert_eq!(ages, [50, 50, 50, 40, 40, 40, 30, 30, 30, 20, 20, 20, 10, 10, 10]);
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 15);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_keeps_what_it_says() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let old = Question { confidence: Some(0.2), ..Question::of(tenant).seconds_ago(3_600) }.open(&app).await;
    let travel = Question { label: Some("travel"), stage: Stage::Llm, confidence: Some(0.9), ..Question::of(tenant) };
    let travel = travel.open(&app).await;
    let blank = Question::of(tenant).undecided().open(&app).await;
    let done = Question::of(tenant).open(&app).await;
    assert_eq!(ann.post(&act(&done, "approve"), serde_json::json!({})).await.status, 200);
    let claimed = ann.post(&act(&travel, "claim"), serde_json::json!({})).await;
    let me = claimed.body["claimedBy"].as_str().expect("held").to_owned();

    let cases = [
        ("status=pending".to_owned(), vec![&old, &travel, &blank]),
        ("status=approved".to_owned(), vec![&done]),
        ("status=expired".to_owned(), vec![]),
        ("label=travel".to_owned(), vec![&travel]),
        ("stage=none".to_owned(), vec![&blank]),
        ("assignee=me".to_owned(), vec![&travel, &done]),
        (format!("assignee={me}&status=pending"), vec![&travel]),
        (format!("assignee={}", TenantId::generate()), vec![]),
        ("minConfidence=0.5&status=pending".to_owned(), vec![&travel]),
        ("maxConfidence=0.5".to_owned(), vec![&old]),
        ("olderThanSeconds=600".to_owned(), vec![&old]),
        ("olderThanSeconds=4294967295".to_owned(), vec![]),
    ];
    for (filter, expected) in cases {
        let ids: Vec<_> = all(&ann, &filter).await.into_iter().map(|approval| approval["id"].clone()).collect();
        let expected: Vec<_> = expected.into_iter().map(|approval| approval["id"].clone()).collect();
        assert_eq!(ids, expected, "{filter}");
    }
    app.owner_sql("UPDATE approvals SET claim_expires_at = now() - interval '1 s' WHERE status = 'pending'").await;
    assert!(all(&ann, "assignee=me&status=pending").await.is_empty(), "an ended lease is nobody's");
    app.finish().await;
}
