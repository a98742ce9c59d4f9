//! The passing of time: trials and periods end, payments are tried again, sessions and first payments expire.

use serde_json::Value;

use crate::engine::{self, DAY};
use crate::objects;
use crate::world::{World, text};

/// Before a trial ends, so long.
const NOTICE: i64 = 3 * DAY;
/// For so long a first payment is awaited.
const FIRST_PAYMENT: i64 = 23 * 3_600;

/// Something that is due at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    SessionExpires(String),
    FirstPaymentExpires(String),
    TrialEndsSoon(String),
    PaymentRetry(String),
    PeriodEnds(String),
}

/// Moves the double's time forward, and lets everything happen that is due until then, in its order.
pub(crate) fn advance(world: &mut World, seconds: i64) {
    let (machine, until) = (world.now() - world.ahead, world.now() + seconds.max(0));
    // Whatever happens makes new things due; far more than a subscription sees in years is a defect of the double.
    for _ in 0..10_000 {
        let Some((at, due)) = next(world, until) else { break };
        world.ahead = world.ahead.max(at - machine);
        happen(world, &due);
    }
    world.ahead = until - machine;
}

fn next(world: &World, until: i64) -> Option<(i64, Due)> {
    let sessions = world.all("checkout.session").iter().filter(|one| one["status"] == "open").map(|session| {
        (session["expires_at"].as_i64().unwrap_or(i64::MAX), Due::SessionExpires(text(&session["id"]).to_owned()))
    });
    let invoices = world.all("invoice").iter().filter(|one| one["status"] == "open").filter_map(|invoice| {
        Some((invoice["next_payment_attempt"].as_i64()?, Due::PaymentRetry(text(&invoice["id"]).to_owned())))
    });
    let subscriptions = world.all("subscription").iter().flat_map(due_of);
    sessions.chain(invoices).chain(subscriptions).filter(|(at, _)| *at <= until).min()
}

fn due_of(subscription: &Value) -> Vec<(i64, Due)> {
    let id = || text(&subscription["id"]).to_owned();
    let at = |field: &Value| field.as_i64().unwrap_or(i64::MAX);
    let end = at(&subscription["items"]["data"][0]["current_period_end"]);
    match text(&subscription["status"]) {
        "trialing" => {
            let mut due = vec![(end, Due::PeriodEnds(id()))];
            if subscription["double_noticed"].is_null() {
                due.push((at(&subscription["trial_end"]).saturating_sub(NOTICE), Due::TrialEndsSoon(id())));
            }
            due
        }
        "active" | "past_due" | "unpaid" => vec![(end, Due::PeriodEnds(id()))],
        "incomplete" => vec![(at(&subscription["created"]) + FIRST_PAYMENT, Due::FirstPaymentExpires(id()))],
        _ => Vec::new(),
    }
}

fn happen(world: &mut World, due: &Due) {
    match due {
        Due::SessionExpires(id) => {
            let (expired, _) = world.change(id, |session| {
                session["status"] = "expired".into();
                session["url"] = Value::Null;
            });
            world.emit("checkout.session.expired", &expired, None);
        }
        Due::FirstPaymentExpires(id) => {
            let invoice = world.find(id).map(|one| text(&one["latest_invoice"]).to_owned()).unwrap_or_default();
            world.change(&invoice, |invoice| invoice["status"] = "void".into());
            engine::cancel(world, id, "incomplete_expired", "payment_failed");
        }
        Due::TrialEndsSoon(id) => {
            world.change(id, |subscription| subscription["double_noticed"] = true.into());
            if let Some(subscription) = world.find(id).cloned() {
                world.emit("customer.subscription.trial_will_end", &subscription, None);
            }
        }
        Due::PaymentRetry(id) => retry(world, id),
        Due::PeriodEnds(id) => renew(world, id),
    }
}

fn retry(world: &mut World, invoice_id: &str) {
    let _ = engine::pay(world, invoice_id);
    let given_up = world
        .find(invoice_id)
        .cloned()
        .filter(|invoice| invoice["status"] == "open" && invoice["next_payment_attempt"].is_null());
    if let Some(invoice) = given_up {
        let id = text(&invoice["parent"]["subscription_details"]["subscription"]).to_owned();
        world.change(invoice_id, |invoice| invoice["status"] = "uncollectible".into());
        engine::cancel(world, &id, "canceled", "payment_failed");
    }
}

fn renew(world: &mut World, id: &str) {
    let Some(subscription) = world.find(id).cloned() else { return };
    if subscription["cancel_at_period_end"] == true {
        engine::cancel(world, id, "canceled", "cancellation_requested");
        return;
    }
    let next_price = scheduled_price(world, &subscription);
    let item = &subscription["items"]["data"][0];
    let start = item["current_period_end"].as_i64().unwrap_or_else(|| world.now());
    let end = engine::period_end(next_price.as_ref().unwrap_or(&item["price"]), start);
    let is_trial = subscription["status"] == "trialing";
    engine::update(world, id, |subscription| {
        if let Some(price) = &next_price {
            objects::reprice(&mut subscription["items"]["data"][0], price);
        }
        for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
            item["current_period_start"] = start.into();
            item["current_period_end"] = end.into();
        }
        if is_trial {
            subscription["status"] = "active".into();
        }
    });
    if next_price.is_some() {
        engine::release_schedule(world, id);
    }
    if subscription["pause_collection"].is_null() {
        engine::bill(world, id, "subscription_cycle", false);
    }
}

/// The price that was agreed for the next period.
fn scheduled_price(world: &World, subscription: &Value) -> Option<Value> {
    let schedule = world.find(text(&subscription["schedule"]))?;
    let price = &schedule["phases"][1]["items"][0]["price"];
    world.find(text(price)).cloned()
}
