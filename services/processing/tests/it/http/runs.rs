//! `/processing/run` and `/processing/runs`.

use common::event::{ApprovalOutcome, RecordSnapshot};
use common::{Clock as _, RunId, SystemClock};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start, text};

const RUN: &str = "/api/v1/processing/run";
const RUNS: &str = "/api/v1/processing/runs";

/// Records with these texts, decided.
async fn records(app: &TestApp, tenant: &Tenant, texts: &[&str]) -> Vec<RecordSnapshot> {
    let records: Vec<RecordSnapshot> = texts.iter().map(|text| snapshot(text)).collect();
    let events: Vec<_> = records.iter().map(|record| ingested(tenant.id, record)).collect();
    app.publish(&events).await;
    for record in &records {
        tenant.outcomes(record.record_id, 1).await;
    }
    records
}

async fn started(tenant: &Tenant, body: Value) -> Value {
    let answer = tenant.admin.post(RUN, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!((&answer.body["status"], &answer.body["done"]), (&json!("running"), &json!(0)));
    answer.body
}

/// The run at its end.
async fn ended(tenant: &Tenant, run: &Value) -> Value {
    let path = format!("{RUNS}/{}", text(&run["id"]));
    wait_until("the end of the run", async || {
        let run = tenant.admin.get(&path).await.body;
        (run["status"] != "running").then_some(run)
    })
    .await
}

async fn run(tenant: &Tenant, body: Value) -> Value {
    let begun = started(tenant, body).await;
    ended(tenant, &begun).await
}

async fn outcomes(tenant: &Tenant, run: &Value) -> Vec<Value> {
    let answer = tenant.admin.get(&format!("{RUNS}/{}/outcomes?limit=200", text(&run["id"]))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().expect("a list").clone()
}

fn counts(run: &Value) -> [i64; 6] {
    ["total", "done", "changed", "unchanged", "pinned", "conflicts"].map(|key| run[key].as_i64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_before_and_after_and_a_real_one_does_just_that() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["travel", "meals"]).await;
    let all = records(&app, &tenant, &["taxi", "taxi", "lunch", "rent"]).await;
    let decision = approved(&all[1], ApprovalOutcome::Override, "meals", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("ann"), &decision)]).await;
    tenant.outcomes(all[1].record_id, 2).await;
    tenant.rule("Taxis", "record.text == \"taxi\"", "travel").await;
    tenant
        .rule_with(json!({"name": "Lunch", "condition": "record.text == \"lunch\"", "label": "meals",
                            "requiresReview": true}))
        .await;

    let dry = run(&tenant, json!({"scope": {}, "dryRun": true})).await;
    assert_eq!((&dry["status"], counts(&dry)), (&json!("completed"), [4, 4, 2, 1, 1, 0]), "{dry}");
    assert_eq!((&dry["dryRun"], &dry["ruleSetVersion"], &dry["failed"]), (&json!(true), &json!(2), &json!(0)));
    let shown = outcomes(&tenant, &dry).await;
    let of = |record: &RecordSnapshot| {
        shown.iter().find(|one| one["recordId"] == json!(record.record_id)).expect("every record is there").clone()
    };
    let taxi = of(&all[0]);
    assert_eq!(
        (&taxi["result"], &taxi["before"]["label"], &taxi["before"]["status"]),
        (&json!("changed"), &json!(null), &json!("pending_review"))
    );
    assert_eq!(
        taxi["after"],
        json!({"decisionId": null, "label": "travel", "stage": "rule", "confidence": 1.0,
                                     "status": "classified", "rule": "Taxis"})
    );
    let pinned = of(&all[1]);
    assert_eq!((&pinned["result"], &pinned["reason"]), (&json!("pinned"), &json!("decided_by_person")));
    assert_eq!((&pinned["before"]["label"], &pinned["after"]["label"]), (&json!("meals"), &json!("meals")));
    assert_eq!(of(&all[2])["after"]["status"], "pending_review");
    assert_eq!(of(&all[3])["result"], "unchanged");
    for record in &all {
        assert_eq!(tenant.current(record.record_id).await["sequence"].as_i64().unwrap_or(1), 1, "nothing changed");
    }
    assert!(app.events_of("REPROCESSED").await.is_empty());

    let real = run(&tenant, json!({"dryRunId": dry["id"]})).await;
    assert_eq!((&real["status"], counts(&real)), (&json!("completed"), [2, 2, 2, 0, 0, 0]), "{real}");
    assert_eq!(real["dryRunId"], dry["id"]);
    let current = tenant.current(all[0].record_id).await;
    assert_eq!((&current["label"], &current["sequence"]), (&json!("travel"), &json!(2)));
    let done = outcomes(&tenant, &real).await;
    let taxi = done.iter().find(|one| one["recordId"] == json!(all[0].record_id)).expect("there");
    assert_eq!(taxi["after"]["decisionId"], current["id"]);
    assert_eq!(tenant.current(all[1].record_id).await["label"], "meals", "the person's stands");
    assert_eq!(tenant.outcomes(all[3].record_id, 1).await.len(), 1);
    wait_until("all is told", async || (app.events_of("REPROCESSED").await.len() == 2).then_some(())).await;
    assert_eq!(app.events_of("CLASSIFIED").await.len(), 1);
    assert_eq!(app.events_of("RUN_STARTED").await.len(), 2);
    wait_until("both ends are told", async || (app.events_of("RUN_COMPLETED").await.len() == 2).then_some(())).await;
    let again = run(&tenant, json!({"scope": {}})).await;
    assert_eq!(counts(&again), [4, 4, 0, 3, 1, 0], "a second one finds nothing to do");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_dry_run_is_left_alone() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b"]).await;
    let all = records(&app, &tenant, &["x", "x", "x", "x"]).await;
    let rule = tenant.rule("X", "record.text == \"x\"", "a").await;
    let dry = run(&tenant, json!({"scope": {}, "dryRun": true})).await;
    assert_eq!(counts(&dry), [4, 4, 4, 0, 0, 0]);
    // One is decided by a person, one by another run; and the rules become others, which binds no dry run.
    let decision = approved(&all[0], ApprovalOutcome::Override, "b", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("ann"), &decision)]).await;
    tenant.outcomes(all[0].record_id, 2).await;
    let one = run(&tenant, json!({"scope": {"recordIds": [all[1].record_id]}})).await;
    assert_eq!(counts(&one), [1, 1, 1, 0, 0, 0]);
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    assert_eq!(tenant.admin.patch(&path, json!({"label": "b"})).await.status, 200);
    let real = run(&tenant, json!({"dryRunId": dry["id"]})).await;
    assert_eq!(counts(&real), [4, 4, 2, 0, 1, 1], "{real}");
    assert_eq!(tenant.current(all[0].record_id).await["label"], "b");
    for record in &all[1..] {
        assert_eq!(tenant.current(record.record_id).await["label"], "a", "as the dry run said");
    }
    let refused = outcomes(&tenant, &real).await;
    let refused = refused.iter().find(|one| one["result"] == "conflict").expect("one");
    assert_eq!((&refused["recordId"], &refused["reason"]), (&json!(all[1].record_id), &json!("decided_since")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_a_former_time_or_version_decide() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["old", "new"]).await;
    let record = records(&app, &tenant, &["x"]).await.remove(0);
    let before = SystemClock.now();
    let rule = tenant.rule("X", "true", "old").await;
    let between = SystemClock.now();
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    assert_eq!(tenant.admin.patch(&path, json!({"label": "new", "name": "Y"})).await.status, 200);
    for (wish, version, label) in [
        (json!({}), 2, json!("new")),
        (json!({"asOf": between}), 1, json!("old")),
        (json!({"ruleSetVersion": 1}), 1, json!("old")),
        (json!({"asOf": before}), 0, json!(null)),
        (json!({"ruleSetVersion": 0}), 0, json!(null)),
        (json!({"stages": []}), 2, json!(null)),
        (json!({"stages": {"rule": true}}), 2, json!("new")),
    ] {
        let mut body = json!({"scope": {}, "dryRun": true});
        body.as_object_mut().expect("an object").extend(wish.as_object().expect("an object").clone());
        let dry = run(&tenant, body).await;
        assert_eq!(dry["ruleSetVersion"], json!(version), "{wish}");
        assert_eq!(outcomes(&tenant, &dry).await[0]["after"]["label"], label, "{wish}");
    }
    // For real too, under the label's present name; a label that is gone decides nothing.
    let labels = tenant.admin.get("/api/v1/labels").await.body;
    let old = labels.as_array().and_then(|all| all.iter().find(|label| label["name"] == "old")).expect("there");
    let path = format!("/api/v1/labels/{}", text(&old["id"]));
    assert_eq!(tenant.admin.patch(&path, json!({"name": "older"})).await.status, 200);
    let real = run(&tenant, json!({"scope": {}, "ruleSetVersion": 1})).await;
    assert_eq!(counts(&real), [1, 1, 1, 0, 0, 0]);
    let current = tenant.current(record.record_id).await;
    assert_eq!((&current["label"], &current["reasoning"]["ruleSetVersion"]), (&json!("older"), &json!(1)));
    run(&tenant, json!({"scope": {}})).await;
    assert_eq!(tenant.admin.delete(&path).await.status, 200);
    let gone = run(&tenant, json!({"scope": {}, "ruleSetVersion": 1})).await;
    assert_eq!((&gone["failed"], &outcomes(&tenant, &gone).await[0]["reason"]), (&json!(1), &json!("label_is_gone")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_is_what_fits_all_that_it_names() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b"]).await;
    tenant.rule("A", "record.text == \"a\"", "a").await;
    let all = records(&app, &tenant, &["a", "a", "other"]).await;
    let other = Tenant::with_labels(&app, &["a"]).await;
    let theirs = records(&app, &other, &["a"]).await;
    let later = SystemClock.now() + chrono::Duration::hours(1);
    for (scope, total) in [
        (json!({}), 3),
        (json!({"recordIds": [all[0].record_id, all[2].record_id, theirs[0].record_id]}), 2),
        (json!({"recordIds": []}), 0),
        (json!({"source": "generic"}), 3),
        (json!({"source": "bank"}), 0),
        (json!({"status": "pending_review"}), 1),
        (json!({"label": "a"}), 2),
        (json!({"label": "b"}), 0),
        (json!({"label": "a", "recordIds": [all[0].record_id, all[2].record_id]}), 1),
        (json!({"from": later}), 0),
        (json!({"to": later, "from": "2020-01-01T00:00:00Z"}), 3),
        (json!({"integrationId": RunId::generate()}), 0),
    ] {
        let begun = started(&tenant, json!({"scope": scope, "dryRun": true})).await;
        assert_eq!(begun["total"], json!(total), "{scope}");
        let done = ended(&tenant, &begun).await;
        assert_eq!((&done["status"], &done["done"]), (&json!("completed"), &json!(total)), "{scope}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_refused() {
    let app = start().await;
    let (tenant, other) = (Tenant::with_labels(&app, &["a"]).await, Tenant::new(&app));
    let dry = run(&tenant, json!({"scope": {}, "dryRun": true})).await;
    let real = run(&tenant, json!({"scope": {}})).await;
    for (body, path, rule) in [
        (json!({}), "scope", "exactly_one"),
        (json!({"scope": {}, "dryRunId": dry["id"]}), "scope", "exactly_one"),
        (json!({"dryRunId": dry["id"], "asOf": "2026-01-01T00:00:00Z"}), "asOf", "of_dry_run"),
        (json!({"scope": {}, "asOf": "2026-01-01T00:00:00Z", "ruleSetVersion": 1}), "asOf", "exactly_one"),
        (json!({"scope": {}, "asOf": "2999-01-01T00:00:00Z"}), "asOf", "in_the_past"),
        (json!({"scope": {}, "ruleSetVersion": 7}), "ruleSetVersion", "unknown"),
        (json!({"scope": {}, "ruleSetVersion": -1}), "ruleSetVersion", "range"),
        (json!({"scope": {}, "stages": ["llm"]}), "stages", "not_available"),
        (json!({"scope": {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}), "scope.to", "after_from"),
    ] {
        let answer = tenant.admin.post(RUN, body.clone()).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("validation_failed")), "{body}: {answer:?}");
        let field = &answer.body["context"]["fields"][0];
        assert_eq!((&field["path"], &field["rule"]), (&json!(path), &json!(rule)), "{body}");
    }
    let answer = tenant.admin.post(RUN, json!({"scope": {"label": "nowhere"}})).await;
    assert_eq!((answer.status, &answer.body["code"]), (422, &json!("unknown_label")));
    let answer = tenant.admin.post(RUN, json!({"dryRunId": real["id"]})).await;
    assert_eq!((answer.status, &answer.body["code"]), (409, &json!("conflict")), "it is no dry run");
    for answer in [
        tenant.admin.post(RUN, json!({"dryRunId": RunId::generate()})).await,
        other.admin.post(RUN, json!({"dryRunId": dry["id"]})).await,
    ] {
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{answer:?}");
    }
    assert_eq!(app.count("runs").await, 2, "what is refused leaves nothing");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_begins_one_run() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    records(&app, &tenant, &["a"]).await;
    let send = async |body: Value| tenant.admin.send("POST", RUN, &[("idempotency-key", "k")], Some(body)).await;
    let (first, second) = (send(json!({"scope": {}})).await, send(json!({"scope": {}})).await);
    assert_eq!((first.status, second.status, &first.body), (202, 202, &second.body));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    let other = send(json!({"scope": {}, "dryRun": true})).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency_key_reused")));
    assert_eq!(app.count("runs").await, 1);
    ended(&tenant, &first.body).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_leaves_the_rest_as_it_is() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    let all = records(&app, &tenant, &["x", "x"]).await;
    tenant.rule("All", "true", "a").await;
    // A lock on one of its records holds the run in the middle of its batch.
    let mut holder = app.database().superuser().await;
    use diesel_async::SimpleAsyncConnection as _;
    holder
        .batch_execute(&format!("BEGIN; SELECT FROM records WHERE id = '{}' FOR UPDATE", all[0].record_id))
        .await
        .expect("held");
    let begun = started(&tenant, json!({"scope": {}})).await;
    wait_until("the batch is held", async || {
        let waiting = "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        (app.count(waiting).await >= 1).then_some(())
    })
    .await;
    let path = format!("{RUNS}/{}/cancel", text(&begun["id"]));
    let cancelling = async { tenant.admin.send("POST", &path, &[("idempotency-key", "c")], None).await };
    let release = async {
        wait_until("the cancelling waits for the batch", async || {
            let waiting = "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            (app.count(waiting).await >= 2).then_some(())
        })
        .await;
        holder.batch_execute("COMMIT").await.expect("released");
    };
    let (cancelled, ()) = tokio::join!(cancelling, release);
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    let shown = ended(&tenant, &begun).await;
    assert_eq!((&shown["status"], counts(&shown)), (&json!("cancelled"), [2, 2, 2, 0, 0, 0]), "the batch was done");
    let again = tenant.admin.send("POST", &path, &[("idempotency-key", "c")], None).await;
    assert_eq!((again.status, again.body), (200, cancelled.body));
    assert_eq!(tenant.admin.send("POST", &path, &[], None).await.status, 200, "once more changes nothing");
    app.wait_for_event("RUN_CANCELLED").await;
    let other = run(&tenant, json!({"scope": {}})).await;
    let late = tenant.admin.send("POST", &format!("{RUNS}/{}/cancel", text(&other["id"])), &[], None).await;
    assert_eq!((late.status, &late.body["code"]), (409, &json!("conflict")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_outcomes_come_in_pages_to_their_tenant_only() {
    let app = start().await;
    let (tenant, other) = (Tenant::with_labels(&app, &["a"]).await, Tenant::new(&app));
    let all = records(&app, &tenant, &["a", "b", "c", "d", "e"]).await;
    tenant.rule("Some", "record.text in [\"a\", \"b\", \"c\"]", "a").await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(run(&tenant, json!({"scope": {}, "dryRun": true})).await);
    }
    let (mut seen, mut path) = (Vec::new(), format!("{RUNS}?limit=2"));
    loop {
        let page = tenant.admin.get(&path).await;
        seen.extend(page.body.as_array().expect("a list").clone());
        let Some(cursor) = page.next_cursor().filter(|cursor| !cursor.is_empty()) else { break };
        path = format!("{RUNS}?limit=2&cursor={cursor}");
    }
    made.reverse();
    assert_eq!(seen, made);
    let id = text(&made[0]["id"]);
    let base = format!("{RUNS}/{id}/outcomes?limit=2&result=changed");
    let (mut seen, mut path) = (Vec::new(), base.clone());
    loop {
        let page = tenant.admin.get(&path).await;
        seen.extend(page.body.as_array().expect("a list").iter().map(|one| text(&one["recordId"])));
        let Some(cursor) = page.next_cursor().filter(|cursor| !cursor.is_empty()) else { break };
        path = format!("{base}&cursor={cursor}");
    }
    let mut expected: Vec<String> = all[..3].iter().map(|record| record.record_id.to_string()).collect();
    expected.sort();
    assert_eq!(seen, expected);
    for (method, path) in [
        ("GET", format!("{RUNS}/{id}")),
        ("GET", format!("{RUNS}/{id}/outcomes")),
        ("POST", format!("{RUNS}/{id}/cancel")),
    ] {
        let answer = other.admin.send(method, &path, &[], None).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{method} {path}");
    }
    assert_eq!(other.admin.get(RUNS).await.body, json!([]));
    for path in [format!("{RUNS}?cursor=x"), format!("{RUNS}/{id}/outcomes?result=other")] {
        assert_eq!(tenant.admin.get(&path).await.status, 400, "{path}");
    }
    app.finish().await;
}
