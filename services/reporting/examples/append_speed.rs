//! How much processor time an event costs on its way into the feed.
//!
//! Writes batches of a record's usual events by the production code into a database of its own and prints events
//! per second and CPU microseconds per event, this process and the PostgreSQL backend apart. Needs the test server
//! of `make test` in `VERDICT_TEST_DATABASE_URL`: `cargo run --release -p reporting --example append_speed`.

use std::io::Write as _;
use std::time::Instant;

use chrono::TimeDelta;
use common::decision::{Reasoning, RuleRef, Thresholds};
use common::event::{Cause, Classified, Event, EventData, Ingested, RecordSnapshot};
use common::record::{NormalizedRecord, Stage};
use common::trace::TraceContext;
use common::{Actor, Clock as _, DateTime, DecisionId, RecordId, RuleId, SystemClock, TenantId};
use diesel::QueryableByName;
use diesel_async::RunQueryDsl as _;
use reporting::{Reporting, log_events};
use test_support::TestDb;
use web::Service as _;

const EVENTS: usize = 40_960;
/// Linux counts CPU time in hundredths of a second.
const MICROS_PER_TICK: u64 = 10_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "batch  tenants   events/s   µs/event here   µs/event in PostgreSQL")?;
    for (batch, tenants) in [(512, 1), (512, 16), (128, 1), (32, 1), (8, 1)] {
        let database = TestDb::create(Reporting::NAME, Reporting::migrations).await;
        let (db, events) = (database.pool(), events(tenants));
        log_events(&db, &events[..batch]).await?;
        let backend = backend(&database).await?;
        let (begun, here, there) = (Instant::now(), ticks("self")?, ticks(&backend)?);
        for chunk in events[batch..].chunks(batch) {
            log_events(&db, chunk).await?;
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (here, there) = (ticks("self")? - here, ticks(&backend)? - there);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (rate, here, there) = ((EVENTS - batch) as f64 / seconds, per_event(here, batch), per_event(there, batch));
        writeln!(out, "{batch:5}  {tenants:7}   {rate:8.0}   {here:13.1}   {there:22.1}")?;
        database.drop().await;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn per_event(ticks: u64, batch: usize) -> f64 {
    (ticks * MICROS_PER_TICK) as f64 / (EVENTS - batch) as f64
}

/// CPU time of a process, in ticks.
fn ticks(process: &str) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
}

/// The process id of the one backend that serves the pool.
async fn backend(database: &TestDb) -> anyhow::Result<String> {
    #[derive(QueryableByName)]
    struct Pid {
        #[diesel(sql_type = diesel::sql_types::Text)]
        pid: String,
    }
    let sql = "SELECT pid::text AS pid FROM pg_stat_activity WHERE datname = current_database() \
               AND usename = 'verdict_app'";
    let row: Pid = diesel::sql_query(sql).get_result(&mut database.superuser().await).await?;
    Ok(row.pid)
}

/// Records of several sources and labels, each received and then decided by a rule.
fn events(tenants: usize) -> Vec<Event> {
    let tenants: Vec<TenantId> = (0..tenants).map(|_| TenantId::generate()).collect();
    let now = SystemClock.now();
    (0..EVENTS / 2).flat_map(|n| journey(tenants[n % tenants.len()], n, now)).collect()
}

fn journey(tenant: TenantId, n: usize, received_at: DateTime) -> [Event; 2] {
    let record = RecordSnapshot {
        record_id: RecordId::generate(),
        external_id: Some(format!("ext-{n}")),
        source: ["github", "generic", "shop"][n % 3].into(),
        integration_id: None,
        received_at,
        normalized: NormalizedRecord {
            title: Some("Card payment declined at the till".into()),
            text: "My card was declined twice today although there is money on the account; what can I do? ".repeat(2),
            ..NormalizedRecord::default()
        },
    };
    let decided = Classified {
        record_id: record.record_id,
        decision_id: DecisionId::generate(),
        sequence: 1,
        label: format!("label-{}", n % 12),
        stage: Stage::Rule,
        confidence: 1.0,
        reasoning: Reasoning {
            summary: "The rule \"declined cards\" matched; no other rule came before it.".into(),
            rule: Some(RuleRef { id: RuleId::generate(), version: 3, name: "declined cards".into() }),
            rule_set_version: Some(17),
            rules_evaluated: 12,
            thresholds: Thresholds { auto_accept: 0.9, ..Thresholds::default() },
            why_human: None,
            ..Reasoning::default()
        },
        source: record.source.clone(),
        received_at,
        withdraws: None,
    };
    let ingested = Ingested { record, delivery_id: None };
    [
        told(tenant, "ingestion", received_at, &ingested),
        told(tenant, "processing", received_at + TimeDelta::milliseconds(40), &decided),
    ]
}

fn told<D: EventData>(tenant_id: TenantId, agent: &str, at: DateTime, data: &D) -> Event {
    let cause = Cause { tenant_id, actor: Actor::service(agent), trace: TraceContext::random(), at };
    Event::new(&cause, agent, data)
}
