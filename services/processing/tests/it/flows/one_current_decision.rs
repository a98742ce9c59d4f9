//! Whatever comes in whatever order, on however many replicas: each record has exactly one current decision.

use std::collections::HashMap;

use chrono::Duration;
use common::event::{ApprovalOutcome, Event};
use common::{Clock as _, RecordId, SystemClock};
use processing::Processing;
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, settings, snapshot};

/// A small generator, so that a failing seed can be run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.roll(last + 1));
        }
    }
}

/// Events about some records, with repetitions, in any order; and the label that must stand, if people spoke.
fn story(tenant: &Tenant, dice: &mut Dice) -> (Vec<Event>, HashMap<RecordId, Option<&'static str>>) {
    let (mut events, mut standing) = (Vec::new(), HashMap::new());
    let now = SystemClock.now();
    for _ in 0..30 {
        let record = snapshot(["yes", "no"][dice.roll(2)]);
        events.push(ingested(tenant.id, &record));
        let mut latest: Option<(i64, &'static str)> = None;
        for person_index in 0..dice.roll(3) {
            let label = ["ann", "bob"][person_index];
            // Distinct times, because equal ones are told apart by ids that the test does not know.
            let second = i64::try_from(dice.roll(1000) * 2 + person_index).expect("small") - 1000;
            let approval = approved(&record, ApprovalOutcome::Override, label, now + Duration::seconds(second));
            events.push(event(tenant.id, "approvals", person(label), &approval));
            latest = latest.max(Some((second, label)));
        }
        standing.insert(record.record_id, latest.map(|(_, label)| label));
    }
    let repeated: Vec<Event> = (0..events.len() / 2).map(|_| events[dice.roll(events.len())].clone()).collect();
    events.extend(repeated);
    dice.shuffle(&mut events);
    (events, standing)
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_decision_stands() {
    let app = TestApp::start::<Processing>(settings).await;
    for seed in 1..=4 {
        let mut dice = Dice(seed);
        let tenant = Tenant::with_labels(&app, &["machine", "ann", "bob"]).await;
        tenant.rule("Yes", "record.text == \"yes\"", "machine").await;
        let (events, standing) = story(&tenant, &mut dice);
        // Frames of random size reach the consumers as batches of random size.
        let mut rest = &events[..];
        while !rest.is_empty() {
            let (frame, more) = rest.split_at((dice.roll(9) + 1).min(rest.len()));
            app.publish(frame).await;
            rest = more;
        }
        let people = standing.values().flatten().count();
        wait_until(&format!("all of seed {seed} is taken in"), async || {
            let scope = format!("WHERE tenant_id = '{}'", tenant.id);
            let heard = app.count(&format!("records {scope}")).await == i64::try_from(standing.len()).expect("small");
            let approved = app
                .count(&format!(
                    "records r JOIN decisions d ON d.record_id = r.id AND d.id = r.current_decision_id \
                     WHERE r.tenant_id = '{}' AND d.stage = 'human'",
                    tenant.id
                ))
                .await;
            (heard && approved == i64::try_from(people).expect("small")).then_some(())
        })
        .await;
        for (record, label) in standing {
            let Some(label) = label else {
                assert_ne!(tenant.current(record).await["stage"], "human", "seed {seed}");
                continue;
            };
            // Two people's decisions may be two batches; the later one stands in the end.
            wait_until(&format!("{label} stands for {record}, seed {seed}"), async || {
                (tenant.current(record).await["label"] == label).then_some(())
            })
            .await;
        }
    }
    let broken = "records r WHERE (SELECT count(*) FROM decisions d WHERE d.record_id = r.id AND d.id = r.current_decision_id) <> 1";
    assert_eq!(app.count(broken).await, 0);
    let doubled =
        "(SELECT record_id FROM decisions WHERE stage <> 'human' GROUP BY record_id HAVING count(*) > 1) AS d";
    assert_eq!(app.count(doubled).await, 0, "a machine decides a record once");
    app.finish().await;
}
