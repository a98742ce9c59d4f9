//! Events to tell, and a service to tell them to.

use billing::{Billing, BillingSettings, HousekeepingSettings, PaymentsSettings, PlansSettings};
use common::event::{
    Cause, Event, EventData, Ingested, IntegrationConnected, IntegrationDeleted, MemberJoined, MemberRemoved,
    RecordSnapshot, TenantCreated,
};
use common::record::NormalizedRecord;
use common::trace::TraceContext;
use common::{Actor, Clock as _, DateTime, IntegrationId, RecordId, Role, SystemClock, TenantId, UserId};
use serde_json::Value;
use test_support::{Resources, TestApp, wait_until};

/// Settings on the test's own parts.
pub(crate) fn settings(parts: &Resources) -> BillingSettings {
    BillingSettings {
        server: parts.server(),
        database: parts.database(),
        broker: parts.broker(),
        internal: parts.internal(),
        telemetry: parts.telemetry(),
        plans: PlansSettings::default(),
        payments: PaymentsSettings::default(),
        outbound: Default::default(),
        housekeeping: HousekeepingSettings::default(),
    }
}

/// The service in all its roles.
pub(crate) async fn start() -> TestApp {
    TestApp::start::<Billing>(settings).await
}

/// The current time.
pub(crate) fn now() -> DateTime {
    SystemClock.now()
}

/// An event of the tenant.
pub(crate) fn event<D: EventData>(tenant: TenantId, at: DateTime, data: &D) -> Event {
    let cause = Cause { tenant_id: tenant, actor: Actor::service("test"), trace: TraceContext::random(), at };
    Event::new(&cause, "test", data)
}

/// A record was stored at that time.
pub(crate) fn ingested_at(tenant: TenantId, at: DateTime) -> Event {
    let record = RecordSnapshot {
        record_id: RecordId::generate(),
        external_id: None,
        source: "generic".into(),
        integration_id: None,
        received_at: at,
        normalized: NormalizedRecord { text: "hello".into(), ..Default::default() },
    };
    event(tenant, at, &Ingested { record, delivery_id: None })
}

/// Records were stored just now.
pub(crate) fn ingested(tenant: TenantId, count: usize) -> Vec<Event> {
    (0..count).map(|_| ingested_at(tenant, now())).collect()
}

/// The tenant was created.
pub(crate) fn created(tenant: TenantId, owner: UserId) -> Event {
    let data = TenantCreated { tenant_id: tenant, name: "Acme".into(), timezone: "UTC".into(), owner };
    event(tenant, now(), &data)
}

/// Somebody became a member at that time.
pub(crate) fn joined(tenant: TenantId, user_id: UserId, at: DateTime) -> Event {
    event(tenant, at, &MemberJoined { user_id, email: "ann@example.com".into(), role: Role::Analyst, invite_id: None })
}

/// Somebody left at that time.
pub(crate) fn left(tenant: TenantId, user_id: UserId, at: DateTime) -> Event {
    event(tenant, at, &MemberRemoved { user_id, role: Role::Analyst })
}

/// A source was connected at that time.
pub(crate) fn connected(tenant: TenantId, integration_id: IntegrationId, at: DateTime) -> Event {
    event(tenant, at, &IntegrationConnected { integration_id, provider: "generic".into(), name: "bank".into() })
}

/// A source was removed at that time.
pub(crate) fn removed(tenant: TenantId, integration_id: IntegrationId, at: DateTime) -> Event {
    event(tenant, at, &IntegrationDeleted { integration_id, name: "bank".into() })
}

/// The tenant's status as a member sees it.
pub(crate) async fn status(app: &TestApp, tenant: TenantId) -> Value {
    let answer = app.caller(tenant, Role::Analyst).get("/api/v1/billing/status").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// Waits until everything told so far is counted: a source connected last is told last.
pub(crate) async fn settle(app: &TestApp) {
    let marker = IntegrationId::generate();
    app.publish(&[connected(TenantId::generate(), marker, now())]).await;
    wait_until("the marker is counted", async || {
        (app.count(&format!("holdings WHERE subject_id = '{marker}'")).await == 1).then_some(())
    })
    .await;
}
