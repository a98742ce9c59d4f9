//! Answers that are given again, to their own tenant only, until they are too old or a person says otherwise.

use common::decision::{Proposal, Reasoning};
use common::event::{ApprovalOutcome, Approved, RecordSnapshot};
use common::record::Stage;
use common::{Actor, Clock as _, DecisionId, RecordId};

use super::bench::{Bench, record};
use crate::domain::model_answer::ModelAnswer;
use crate::usecases::accept_approvals::{Approval, accept_approvals};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_record_is_asked_about_once_by_all_processes() {
    let bench = Bench::new().await;
    let first = bench.ask("a taxi").await;
    let asked = bench.fake.count();
    let other = bench.another();
    for answer in [bench.ask("a taxi").await, super::super::ask(&other, &bench.request("a taxi")).await] {
        assert_eq!(answer.receipt.label, first.receipt.label);
        assert!(answer.receipt.cached && answer.receipt.cost.trim_matches(['0', '.']).is_empty(), "{answer:?}");
        assert_eq!(answer.receipt.prompt_hash, first.receipt.prompt_hash);
    }
    assert_eq!(bench.fake.count(), asked);
    assert_eq!(bench.count("model_usage WHERE calls = 2").await, 0, "counted once");
    bench.clock.advance(chrono::Duration::days(31));
    assert!(!bench.ask("a taxi").await.receipt.cached, "too old");
    drop(other);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_labels_or_words_are_another_question() {
    let bench = Bench::new().await;
    bench.ask("a taxi").await;
    assert!(!bench.ask("a train").await.receipt.cached);
    bench.label(bench.tenant, "Rent", &[]).await;
    assert!(!bench.ask("a taxi").await.receipt.cached);
    let mut narrower = bench.request("a taxi");
    narrower.possible = vec!["Travel".into(), "Meals".into()];
    assert!(!bench.put(&narrower).await.receipt.cached);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_is_never_given_an_answer() {
    let bench = Bench::new().await;
    let theirs = bench.tenant_with_budget("1000").await;
    for label in ["Travel", "Meals", "Office"] {
        bench.label(theirs, label, &[]).await;
    }
    let (ours, others) = (bench.ask("a taxi").await, bench.ask_as(theirs, "a taxi").await);
    assert!(!others.receipt.cached, "the same words, and asked anew");
    assert_ne!(ours.receipt.answer_key, others.receipt.answer_key);
    let key = ours.receipt.answer_key.unwrap();
    let seen = format!("model_answers WHERE tenant_id = '{theirs}' AND digest = '\\x{key}'");
    assert_eq!(bench.count(&seen).await, 0);
    bench.end().await;
}

fn decided_by_person(answer: &ModelAnswer, label: &str, bench: &Bench) -> Approval {
    let reasoning = Reasoning { llm: Some(answer.receipt.clone()), ..Reasoning::default() };
    let now = bench.clock.now();
    let proposal = Proposal {
        decision_id: DecisionId::generate(),
        label: answer.receipt.label.clone(),
        stage: Stage::Llm,
        confidence: None,
        reasoning,
    };
    let snapshot = RecordSnapshot {
        record_id: RecordId::generate(),
        external_id: None,
        source: "bank".into(),
        integration_id: None,
        received_at: now,
        normalized: record("a taxi"),
    };
    let approved = Approved {
        approval_id: None,
        was_pending: true,
        decision_id: DecisionId::generate(),
        outcome: ApprovalOutcome::Override,
        label: label.to_owned(),
        proposal,
        record: snapshot,
        comment: None,
        rule_id: None,
        requested_at: now,
        decided_at: now,
    };
    Approval { tenant: bench.tenant, actor: Actor::service("test"), approved }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_person_corrects_is_forgotten() {
    let bench = Bench::new().await;
    bench.fake.choose("taxi", "Travel");
    let first = bench.ask("a taxi").await;
    for (label, forgotten) in [("Travel", false), ("Meals", true)] {
        let approval = decided_by_person(&first, label, &bench);
        let heard: Result<(), db::DbError> = bench
            .app
            .db
            .tenant(bench.tenant, async |connection| {
                accept_approvals(connection, &bench.app, &[bench.tenant], std::slice::from_ref(&approval)).await
            })
            .await;
        heard.unwrap();
        assert_eq!(bench.count("model_answers").await == 0, forgotten, "{label}");
    }
    assert!(!bench.ask("a taxi").await.receipt.cached);
    bench.end().await;
}
