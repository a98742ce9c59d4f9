//! What happens when something is away, slow, full or refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Role, TenantId};
use diesel_async::SimpleAsyncConnection as _;
use ingestion::{Ingestion, IngestionSettings, IntakeSettings};
use serde_json::json;
use settings::{ExposeSecret as _, SecretString};
use test_support::{CutProxy, TestApp, wait_until};

use crate::sender::connect;
use crate::{all_at_once, settings, start};

/// The `host:port` of a server that tests run against.
fn server(variable: &str) -> String {
    let url = std::env::var(variable).expect("set by make test");
    let after = url.rsplit_once('@').map_or(url.as_str(), |(_, after)| after).to_owned();
    after.split('/').find(|part| part.contains(':') && !part.ends_with(':')).expect("host and port").to_owned()
}

fn through(line: &CutProxy, url: &SecretString) -> SecretString {
    line.replace_host(url.expose_secret()).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_nothing_is_acknowledged() {
    let line = CutProxy::start(&server("VERDICT_TEST_DATABASE_URL")).await;
    let app = TestApp::start::<Ingestion>(|resources| {
        let mut settings = settings(resources, IntakeSettings::default());
        settings.database.url = through(&line, &settings.database.url);
        settings.database.wait_timeout_millis = 500;
        settings
    })
    .await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    assert_eq!(source.send("d-0", &json!({"text": "before"})).await.status, 202);
    line.cut();
    let answer = source.send("d-1", &json!({"text": "meanwhile"})).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (503, Some("service_unavailable")), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    line.mend();
    let healed = wait_until("it is taken again", async || {
        let answer = source.send("d-1", &json!({"text": "meanwhile"})).await;
        (answer.status != 503).then_some(answer)
    })
    .await;
    assert!(matches!(healed.status, 200 | 202), "{healed:?}");
    assert_eq!(app.count("records").await, 2);
    // An event whose commit the cut took is told again under its own id, and readers know it by that.
    wait_until("both told", async || {
        let told: BTreeSet<_> = app.events_of("INGESTED").await.into_iter().map(|event| event.id).collect();
        (told.len() == 2).then_some(())
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_broker_webhooks_are_taken_and_told_of_later() {
    let line = CutProxy::start(&server("VERDICT_TEST_AMQP_URL")).await;
    line.cut();
    let app = TestApp::start::<Ingestion>(|resources| {
        let mut settings: IngestionSettings = settings(resources, IntakeSettings::default());
        settings.broker.url = through(&line, &settings.broker.url);
        settings
    })
    .await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    assert_eq!(source.send("d-1", &json!({"text": "meanwhile"})).await.status, 202);
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200, "ready without a broker");
    assert!(app.count("outbox").await > 0);
    line.mend();
    app.wait_for_event("INGESTED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_took() {
    let app = TestApp::start::<Ingestion>(|resources| {
        let intake = IntakeSettings { queue_capacity: 4, committers: 1, group_requests: 1, ..Default::default() };
        settings(resources, intake)
    })
    .await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    assert_eq!(source.send("first", &json!({"text": "warm"})).await.status, 202);
    let mut holder = app.database().superuser().await;
    holder.batch_execute("BEGIN; LOCK TABLE deliveries IN EXCLUSIVE MODE").await.expect("locks");
    let sends = (0..30).map(|n| {
        let source = source.clone();
        async move { source.send(&format!("d-{n}"), &json!({"text": "x"})).await }
    });
    let release = async {
        wait_until("a commit waits for the lock", async || {
            (app.count("pg_locks WHERE NOT granted AND relation = 'deliveries'::regclass").await > 0).then_some(())
        })
        .await;
        tokio::time::timeout(Duration::from_secs(20), holder.batch_execute("COMMIT"))
            .await
            .expect("ends")
            .expect("ends");
    };
    let (answers, ()) = tokio::join!(all_at_once(sends), release);
    let taken = answers.iter().filter(|answer| answer.status == 202).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 202).collect();
    for answer in &refused {
        assert_eq!((answer.status, answer.body["code"].as_str()), (503, Some("overloaded")), "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(app.count("records").await, 1 + i64::try_from(taken).expect("few"), "what was refused was not stored");
    assert!(taken >= 5, "{taken}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_unit_takes_no_other_with_it() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    app.owner_sql("ALTER TABLE records ADD CONSTRAINT no_poison CHECK (text <> 'poison')").await;
    let answers = all_at_once((0..40).map(|n| {
        let text = if n == 17 { "poison".to_owned() } else { format!("text {n}") };
        let agent = agent.clone();
        async move { agent.post("/api/v1/records", json!({"raw": text})).await.status }
    }))
    .await;
    for (n, status) in answers.into_iter().enumerate() {
        assert_eq!(status, if n == 17 { 500 } else { 202 }, "{n}");
    }
    assert_eq!(app.count("records").await, 39);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_goes_away_loses_nothing() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    assert_eq!(source.send("warm", &json!({"text": "warm"})).await.status, 202);
    let mut holder = app.database().superuser().await;
    holder.batch_execute("BEGIN; LOCK TABLE deliveries IN EXCLUSIVE MODE").await.expect("locks");
    let impatient = tokio::spawn({
        let source = source.clone();
        async move { source.send("d-1", &json!({"text": "x"})).await }
    });
    wait_until("the commit waits for the lock", async || {
        (app.count("pg_locks WHERE NOT granted AND relation = 'deliveries'::regclass").await > 0).then_some(())
    })
    .await;
    impatient.abort();
    holder.batch_execute("COMMIT").await.expect("ends");
    wait_until("it is stored", async || (app.count("records").await == 2).then_some(())).await;
    assert_eq!(source.send("d-1", &json!({"text": "x"})).await.status, 200, "and known when sent again");
    app.finish().await;
}
