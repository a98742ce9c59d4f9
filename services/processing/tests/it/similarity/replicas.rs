//! Several processes, and processes that die: each record is decided once, and by any of them the same.

use std::net::TcpListener;
use std::sync::Mutex;
use std::thread::JoinHandle;

use common::event::{ApprovalOutcome, Event, ReprocessRequested, Reprocessed};
use common::{Clock as _, OperationId, SystemClock};
use diesel_async::SimpleAsyncConnection as _;
use processing::{EmbeddingsSettings, Processing, ProcessingSettings};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};
use tokio_util::sync::CancellationToken;
use web::{Roles, Service as _};

use super::{quoted, receipt, records, teach, tenant, text_of};
use crate::support::{Tenant, approved, embeddings, event, ingested, person, settings, snapshot, start};

/// A further process of the service.
struct Replica {
    shutdown: CancellationToken,
    killed: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Replica {
    fn start(settings: ProcessingSettings) -> Self {
        let (shutdown, killed) = (CancellationToken::new(), CancellationToken::new());
        let (stop, kill) = (shutdown.clone(), killed.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let runtime = runtime.expect("a runtime");
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let serve = Processing::serve(settings, Roles { api: false, worker: true }, listener, stop);
            runtime.block_on(async {
                tokio::select! {
                    ended = serve => ended.expect("the service runs"),
                    () = kill.cancelled() => {}
                }
            });
            // Whatever it was at is dropped where it stands, as by SIGKILL: nothing is rolled back by hand.
            runtime.shutdown_background();
        });
        Self { shutdown, killed, thread: Some(thread) }
    }

    async fn stop(mut self) {
        self.shutdown.cancel();
        self.ended().await;
    }

    async fn kill(mut self) {
        self.killed.cancel();
        self.ended().await;
    }

    async fn ended(&mut self) {
        let thread = self.thread.take().expect("it ends once");
        tokio::task::spawn_blocking(|| thread.join().expect("it ends without a panic")).await.expect("joined");
    }
}

/// A service without workers, and what replicas of it are started with.
async fn without_workers() -> (TestApp, ProcessingSettings) {
    let made = Mutex::new(None);
    let app = TestApp::start_as::<Processing>(Roles { api: true, worker: false }, |resources| {
        let settings = ProcessingSettings {
            embeddings: EmbeddingsSettings { lease_seconds: 1, ..embeddings() },
            ..settings(resources)
        };
        *made.lock().expect("alone") = Some(settings.clone());
        settings
    })
    .await;
    let settings = made.into_inner().expect("alone").expect("it was configured");
    (app, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_between_claim_and_commit_leaves_nothing_undecided_and_nothing_decided_twice() {
    let (app, settings) = without_workers().await;
    let tenant = tenant(&app).await;
    let victim = Replica::start(settings.clone());
    teach(&app, &tenant, &records(0, 6)).await;

    // Holds up the commit, not the claim.
    let record = snapshot(&text_of("refund", 42));
    let mut hold = app.database().superuser().await;
    hold.batch_execute("BEGIN; LOCK TABLE decisions IN SHARE ROW EXCLUSIVE MODE").await.expect("locked");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let claimed = format!("pending_decisions WHERE record_id = '{}' AND lease IS NOT NULL", record.record_id);
    wait_until("it is claimed", async || (app.count(&claimed).await == 1).then_some(())).await;
    victim.kill().await;
    hold.batch_execute("COMMIT").await.expect("unlocked");

    let next = Replica::start(settings);
    let current = tenant.current(record.record_id).await;
    assert_eq!((&current["stage"], &current["label"]), (&json!("embedding"), &json!("refund")));
    assert_eq!(app.count(&format!("decisions WHERE record_id = '{}'", record.record_id)).await, 1);
    wait_until("nothing waits", async || (app.count("pending_decisions").await == 0).then_some(())).await;
    wait_until("it is told", async || {
        let told = app.events_of("REVIEW_REQUESTED").await;
        let told = told.iter().filter(|event| event.subject.id == record.record_id.to_string()).count();
        assert!(told <= 1, "it is told {told} times");
        (told == 1).then_some(())
    })
    .await;
    wait_until("the outbox is empty", async || (app.count("outbox").await == 0).then_some(())).await;
    next.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_versions_give_the_same_decision_in_any_process() {
    let (app, settings) = without_workers().await;
    let tenant = tenant(&app).await;
    let text = text_of("invoice", 7);
    let first = Replica::start(settings.clone());
    teach(&app, &tenant, &records(0, 40)).await;
    let (_, before) = receipt(&app, &tenant, &text).await;
    first.stop().await;
    // Another process, whose memory is loaded instead of grown.
    let second = Replica::start(settings);
    let (_, after) = receipt(&app, &tenant, &text).await;
    second.stop().await;
    let grounds = |receipt: &Value| {
        let reasoning = &receipt["reasoning"];
        (receipt["label"].clone(), receipt["confidence"].clone(), receipt["status"].clone(), reasoning.clone())
    };
    assert_eq!(before["reasoning"]["embedding"]["version"], after["reasoning"]["embedding"]["version"]);
    assert_eq!(grounds(&before), grounds(&after), "to the last bit");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_machines_racing_leave_one_decision_and_a_memory_of_it() {
    let (app, settings) = without_workers().await;
    let tenant = tenant(&app).await;
    let replicas = [Replica::start(settings.clone()), Replica::start(settings.clone()), Replica::start(settings)];
    let all = records(0, 60);
    let now = SystemClock.now();
    for chunk in all.chunks(7) {
        let told: Vec<Event> = chunk.iter().map(|(record, _)| ingested(tenant.id, record)).collect();
        let people: Vec<Event> = chunk
            .iter()
            .step_by(2)
            .map(|(record, label)| {
                event(tenant.id, "approvals", person("Ann"), &approved(record, ApprovalOutcome::Override, label, now))
            })
            .collect();
        app.publish(&told).await;
        app.publish(&people).await;
    }
    let decided = format!(
        "records r JOIN decisions d ON d.record_id = r.id AND d.id = r.current_decision_id WHERE r.id IN ({})",
        quoted(&all)
    );
    wait_until("all have a decision", async || (app.count(&decided).await == 60).then_some(())).await;
    let people: usize = all.chunks(7).map(|chunk| chunk.len().div_ceil(2)).sum();
    let people = i64::try_from(people).expect("few");
    wait_until("people's stand", async || {
        (app.count(&format!("{decided} AND d.stage = 'human'")).await == people).then_some(())
    })
    .await;
    wait_until("nothing waits", async || (app.count("pending_decisions").await == 0).then_some(())).await;
    let twice = "(SELECT record_id FROM decisions WHERE stage <> 'human' GROUP BY record_id HAVING count(*) > 1) AS d";
    assert_eq!(app.count(twice).await, 0, "a machine decides a record once");
    let remembered = "(SELECT DISTINCT ON (record_id) label_id FROM exemplar_changes ORDER BY record_id, version DESC) AS e \
                      WHERE e.label_id IS NOT NULL";
    assert_eq!(app.count(remembered).await, people);
    let gaps =
        "(SELECT version - row_number() OVER (ORDER BY version) AS gap FROM exemplar_changes) AS v WHERE gap <> 0";
    assert_eq!(app.count(gaps).await, 0, "versions are without gaps");
    for replica in replicas {
        replica.stop().await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deciding_again_goes_through_the_later_stages_and_is_answered() {
    let app = start().await;
    let tenant = tenant(&app).await;
    let (id, before) = receipt(&app, &tenant, &text_of("refund", 5)).await;
    teach(&app, &tenant, &records(10, 8)).await;
    let record = common::event::RecordSnapshot { record_id: id, ..snapshot(&text_of("refund", 5)) };
    let again = reprocess(&app, &tenant, &record).await;
    assert_eq!((again.sequence, again.label.as_deref()), (2, Some("refund")));
    assert_eq!(json!(again.previous_decision_id), before["id"]);
    let current = tenant.current(id).await;
    assert_eq!((&current["sequence"], &current["stage"]), (&json!(2), &json!("embedding")));
    let same = reprocess(&app, &tenant, &record).await;
    assert_eq!((same.outcome, same.sequence), (common::event::ReprocessOutcome::Unchanged, 2));
    // A person's decision is not touched.
    let approval = approved(&record, ApprovalOutcome::Override, "invoice", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("Ann"), &approval)]).await;
    tenant.outcomes(id, 3).await;
    assert_eq!(reprocess(&app, &tenant, &record).await.outcome, common::event::ReprocessOutcome::Pinned);
    app.finish().await;
}

async fn reprocess(app: &TestApp, tenant: &Tenant, record: &common::event::RecordSnapshot) -> Reprocessed {
    let operation_id = Some(OperationId::generate());
    let data = ReprocessRequested { record: record.clone(), operation_id, decision_id: None };
    app.publish(&[event(tenant.id, "ingestion", person("ann"), &data)]).await;
    wait_until("the answer", async || {
        let told = app.events_of("REPROCESSED").await;
        let mut answers = told.iter().map(|event| event.decode::<Reprocessed>().expect("its shape"));
        answers.find(|answer| answer.operation_id == operation_id)
    })
    .await
}
