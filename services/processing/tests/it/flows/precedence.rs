//! Which rule wins, and who wins over whom.

use chrono::Duration;
use common::event::ApprovalOutcome;
use common::{Clock as _, SystemClock};
use serde_json::json;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start};

/// Priority, condition and status of a rule.
type Given = (i32, &'static str, &'static str);

/// The rules `r0`, `r1`, …, and the index of the one that must win.
const RULES: [(&str, &[Given], Option<usize>); 8] = [
    ("the lowest number wins", &[(20, "true", "active"), (10, "true", "active")], Some(1)),
    ("at one priority the older wins", &[(10, "true", "active"), (10, "true", "active")], Some(0)),
    ("one that does not match lets the next", &[(1, "false", "active"), (2, "true", "active")], Some(1)),
    (
        "one without a value lets the next",
        &[(1, "record.attributes[\"a\"] == 1", "active"), (2, "true", "active")],
        Some(1),
    ),
    ("a shadow never decides", &[(1, "true", "shadow"), (2, "true", "active")], Some(1)),
    ("a disabled one never decides", &[(1, "true", "disabled"), (2, "true", "active")], Some(1)),
    ("zero is the strongest", &[(1, "true", "active"), (0, "true", "active"), (1_000_000, "true", "active")], Some(1)),
    ("none that decides", &[(1, "false", "active"), (2, "true", "shadow")], None),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_right_rule_wins() {
    let app = start().await;
    for (case, rules, winner) in RULES {
        let tenant = Tenant::new(&app);
        for (index, (priority, condition, status)) in rules.iter().enumerate() {
            let name = format!("r{index}");
            tenant.label(&name).await;
            tenant.rule_with(json!({"name": name, "label": name, "condition": condition, "priority": priority, "status": status})).await;
        }
        let record = snapshot("x");
        app.publish(&[ingested(tenant.id, &record)]).await;
        let current = tenant.current(record.record_id).await;
        assert_eq!(current["label"], json!(winner.map(|index| format!("r{index}"))), "{case}");
        assert_eq!(current["status"] == "classified", winner.is_some(), "{case}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_stands_over_machines_and_earlier_people() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["machine", "ann", "bob"]).await;
    tenant.rule("All", "true", "machine").await;
    let now = SystemClock.now();
    // Long before the machine's, and still it stands: precedence goes before time.
    let table = [
        ("one person, earlier than the machine", vec![("ann", -3600)], "ann"),
        ("the later of two", vec![("ann", 10), ("bob", 20)], "bob"),
        ("the later of two, heard first", vec![("bob", 20), ("ann", 10)], "bob"),
    ];
    for (case, people, standing) in table {
        let record = snapshot("x");
        app.publish(&[ingested(tenant.id, &record)]).await;
        tenant.outcomes(record.record_id, 1).await;
        let mut heard = 1;
        for (label, seconds) in people {
            let approval = approved(&record, ApprovalOutcome::Override, label, now + Duration::seconds(seconds));
            app.publish(&[event(tenant.id, "approvals", person(label), &approval)]).await;
            heard += 1;
            tenant.outcomes(record.record_id, heard).await;
        }
        app.publish(&[ingested(tenant.id, &record)]).await;
        assert_eq!(tenant.current(record.record_id).await["label"], standing, "{case}");
    }
    app.finish().await;
}
