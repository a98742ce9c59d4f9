//! Two who decide at once.

use common::{Role, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::support::{Question, act, create_label, start};

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_decisions_one_wins_and_every_other_gets_409() {
    let app = start().await;
    let tenant = TenantId::generate();
    create_label(&app, tenant, "travel").await;
    wait_until("the label is known", async || (app.count("labels").await == 1).then_some(())).await;

    for _ in 0..5 {
        let approval = Question::of(tenant).open(&app).await;
        let (approve, override_) = (act(&approval, "approve"), act(&approval, "override"));
        let callers: Vec<_> = (0..8).map(|_| app.caller(tenant, Role::Reviewer)).collect();
        let mut racing = tokio::task::JoinSet::new();
        for (index, caller) in callers.into_iter().enumerate() {
            let (approve, override_) = (approve.clone(), override_.clone());
            racing.spawn(async move {
                if index % 2 == 0 {
                    caller.post(&approve, json!({})).await
                } else {
                    caller.post(&override_, json!({"label": "travel"})).await
                }
            });
        }
        let answers = racing.join_all().await;
        let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        for loser in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!((loser.status, &loser.body["code"]), (409, &json!("already_decided")));
            assert_eq!(loser.body["context"]["decidedBy"], winners[0].body["decidedBy"]);
        }
    }
    wait_until("five decisions are told", async || (app.events_of("APPROVED").await.len() == 5).then_some(())).await;
    assert_eq!(app.count("approval_events").await, 5, "each act is noted once");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_claims_one_wins() {
    let app = start().await;
    let tenant = TenantId::generate();
    let approval = Question::of(tenant).open(&app).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (caller, path) = (app.caller(tenant, Role::Reviewer), act(&approval, "claim"));
        racing.spawn(async move { caller.post(&path, json!({})).await.status });
    }
    let mut statuses = racing.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    app.finish().await;
}
