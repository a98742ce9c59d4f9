//! The embedding stage on real servers, with vectors that know words and no meaning.

mod accepting;
mod asking;
mod learning;
mod model;
mod replicas;
mod weights;

use common::event::{ApprovalOutcome, Event, RecordSnapshot};
use common::{Clock as _, RecordId, SystemClock};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, snapshot};

pub(super) const SETTINGS: &str = "/api/v1/processing/settings";
pub(super) const CALIBRATION: &str = "/api/v1/processing/calibration";

/// A tenant that classifies into refunds and invoices, with the embedding stage on.
pub(crate) async fn tenant(app: &TestApp) -> Tenant {
    let tenant = Tenant::with_labels(app, &["refund", "invoice"]).await;
    let on = json!({"stages": {"embedding": true}, "autoAcceptThreshold": 0.5, "targetErrorRate": 0.2});
    let answer = tenant.admin.patch(SETTINGS, on).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    tenant
}

/// A text that only its number tells from others of its label.
pub(super) fn text_of(label: &str, number: usize) -> String {
    match label {
        "refund" => format!("please send my money back for the broken order {number}"),
        _ => format!("amount payable within thirty days by bank transfer number {number}"),
    }
}

/// So many records of both labels, in turn.
pub(crate) fn records(from: usize, count: usize) -> Vec<(RecordSnapshot, &'static str)> {
    let label = |number: usize| if number.is_multiple_of(2) { "refund" } else { "invoice" };
    (from..from + count).map(|number| (snapshot(&text_of(label(number), number)), label(number))).collect()
}

/// The machine's decision of each, once they are all there.
pub(super) async fn decided(app: &TestApp, tenant: &Tenant, records: &[(RecordSnapshot, &str)]) {
    let events: Vec<Event> = records.iter().map(|(record, _)| ingested(tenant.id, record)).collect();
    app.publish(&events).await;
    let scope = format!("decisions WHERE tenant_id = '{}' AND record_id IN ({})", tenant.id, quoted(records));
    wait_until("all are decided", async || {
        (app.count(&scope).await >= i64::try_from(records.len()).expect("few")).then_some(())
    })
    .await;
}

/// Lets the machine decide the records, and a person afterwards; waits until a model knows of it.
pub(crate) async fn teach(app: &TestApp, tenant: &Tenant, records: &[(RecordSnapshot, &str)]) {
    decided(app, tenant, records).await;
    let now = SystemClock.now();
    let events: Vec<Event> = records
        .iter()
        .map(|(record, label)| {
            event(tenant.id, "approvals", person("Ann"), &approved(record, ApprovalOutcome::Override, label, now))
        })
        .collect();
    app.publish(&events).await;
    let scope = format!(
        "exemplar_changes WHERE tenant_id = '{}' AND label_id IS NOT NULL AND model_id IS NOT NULL \
         AND record_id IN ({})",
        tenant.id,
        quoted(records)
    );
    wait_until("all are learnt", async || {
        (app.count(&scope).await >= i64::try_from(records.len()).expect("few")).then_some(())
    })
    .await;
    fitted(app, tenant).await;
}

/// Waits until the newest model knows all that was learnt.
pub(super) async fn fitted(app: &TestApp, tenant: &Tenant) {
    let current = format!(
        "memory_heads h WHERE h.tenant_id = '{}' AND h.embedded_version = h.version AND h.version = \
         (SELECT max(memory_version) FROM tenant_models m WHERE m.tenant_id = h.tenant_id)",
        tenant.id
    );
    wait_until("the model is fitted", async || (app.count(&current).await == 1).then_some(())).await;
}

pub(super) fn quoted(records: &[(RecordSnapshot, &str)]) -> String {
    records.iter().map(|(record, _)| format!("'{}'", record.record_id)).collect::<Vec<_>>().join(", ")
}

/// Lets the machine decide one text, and returns the receipt.
pub(super) async fn receipt(app: &TestApp, tenant: &Tenant, text: &str) -> (RecordId, Value) {
    let record = snapshot(text);
    app.publish(&[ingested(tenant.id, &record)]).await;
    (record.record_id, tenant.current(record.record_id).await)
}

/// Waits until the calibration is as wanted.
pub(super) async fn wait_for_policy(tenant: &Tenant, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait_until(what, async || Some(tenant.admin.get(CALIBRATION).await.body).filter(|shown| is_so(shown))).await
}
