//! The table of who may do what to a question in which state.

use chrono::Duration;
use common::decision::{Reasoning, Thresholds};
use common::record::{NormalizedRecord, Stage};
use common::{Clock as _, Principal, RecordId, Role, SystemClock, TenantId};
use uuid::Uuid;

use super::*;

fn person(name: &str) -> Identity {
    Identity {
        tenant_id: TenantId::generate(),
        principal: Principal::User(Uuid::new_v4()),
        role: Role::Reviewer,
        scopes: None,
        display_name: name.to_owned(),
    }
}

fn question(now: DateTime) -> Approval {
    let reasoning = Reasoning {
        summary: "no rule matched".into(),
        rule: None,
        rule_set_version: None,
        rules_evaluated: 3,
        thresholds: Thresholds::default(),
        why_human: None,
        ..Reasoning::default()
    };
    let decision_id = DecisionId::generate();
    Approval {
        id: ApprovalId::generate(),
        sequence: 1,
        status: ApprovalStatus::Pending,
        proposal: Proposal { decision_id, label: None, stage: Stage::None, confidence: None, reasoning },
        candidates: Vec::new(),
        record: RecordSnapshot {
            record_id: RecordId::generate(),
            external_id: None,
            source: "generic".into(),
            integration_id: None,
            received_at: now,
            normalized: NormalizedRecord::default(),
        },
        lease: None,
        answer: None,
        requested_at: now,
        version: 1,
    }
}

fn answer(by: &Identity, at: DateTime) -> Answer {
    Answer {
        by: by.actor(),
        at,
        outcome: ApprovalOutcome::Override,
        label: "fee".into(),
        comment: None,
        rule_id: None,
        decision_id: DecisionId::generate(),
    }
}

#[test]
fn a_lease_keeps_others_out_until_it_ends() {
    let now = SystemClock.now();
    let (ann, bob) = (person("ann"), person("bob"));
    let mut approval = question(now);
    assert_eq!(approval.claim(&ann, now), Action::Claimed);
    assert!(matches!(approval.require_open_to(&bob, now), Err(Refusal::Claimed(lease)) if lease.name == "ann"));
    assert!(approval.require_open_to(&ann, now).is_ok());

    let later = now + Duration::minutes(9);
    assert_eq!(approval.claim(&ann, later), Action::Renewed);
    assert!(approval.require_open_to(&bob, later + Duration::minutes(9)).is_err(), "renewed");
    let end = later + Duration::minutes(10);
    assert!(approval.require_open_to(&bob, end).is_ok(), "void at its very end");
    assert_eq!(approval.claim(&bob, end), Action::Claimed);
    assert_eq!(approval.version, 4);
}

#[test]
fn releasing_what_nobody_holds_changes_nothing() {
    let now = SystemClock.now();
    let ann = person("ann");
    let mut approval = question(now);
    assert_eq!(approval.release(now), None);
    assert_eq!(approval.version, 1);
    approval.claim(&ann, now);
    assert_eq!(approval.release(now + Duration::minutes(10)), None, "void already");
    approval.claim(&ann, now);
    assert_eq!(approval.release(now), Some(Action::Released));
    assert!(approval.current_lease(now).is_none());
}

#[test]
fn an_answer_is_final() {
    let now = SystemClock.now();
    let (ann, bob) = (person("ann"), person("bob"));
    let mut approval = question(now);
    assert_eq!(approval.decide(answer(&ann, now)), Action::Overridden);
    assert_eq!(approval.status, ApprovalStatus::Overridden);
    for who in [&ann, &bob] {
        let refused = approval.require_open_to(who, now + Duration::days(1));
        assert!(matches!(refused, Err(Refusal::Decided(first)) if first.by == ann.actor()));
    }
}

#[test]
fn a_replaced_question_takes_no_answer() {
    let now = SystemClock.now();
    let mut approval = question(now);
    approval.status = ApprovalStatus::Expired;
    assert!(matches!(approval.require_open_to(&person("ann"), now), Err(Refusal::Replaced)));
}
