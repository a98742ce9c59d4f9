//! What happens to subscriptions: begun, changed, paid, ended. Each step emits the events that Stripe would.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::objects;
use crate::world::{Card, World, number, text};

/// A day in seconds.
pub(crate) const DAY: i64 = 86_400;

/// A subscription to be begun.
#[derive(Debug)]
pub(crate) struct Begin<'a> {
    pub(crate) customer: &'a str,
    pub(crate) prices: Vec<Value>,
    pub(crate) metadata: Value,
    pub(crate) trial_end: Option<i64>,
    /// Whether the payment takes its time, as a debit does.
    pub(crate) is_delayed: bool,
}

/// Begins a subscription; its first payment decides how it stands.
pub(crate) fn begin(world: &mut World, begin: &Begin<'_>) -> Value {
    let (id, now) = (world.id("sub"), world.now());
    let price = begin.prices.first().cloned().unwrap_or(Value::Null);
    let end = begin.trial_end.unwrap_or_else(|| period_end(&price, now));
    let items: Vec<Value> = begin.prices.iter().map(|price| objects::item(world, price, &id, (now, end))).collect();
    let mut subscription = objects::subscription(world, &id, begin.customer, &items, &begin.metadata);
    if let Some(trial_end) = begin.trial_end {
        subscription["status"] = "trialing".into();
        subscription["trial_start"] = now.into();
        subscription["trial_end"] = trial_end.into();
        subscription["billing_cycle_anchor"] = trial_end.into();
    }
    world.add("subscription", subscription.clone());
    world.emit("customer.subscription.created", &subscription, None);
    if begin.trial_end.is_none() {
        bill(world, &id, "subscription_create", begin.is_delayed);
    }
    world.find(&id).cloned().unwrap_or(Value::Null)
}

/// When a period of the price that begins at `start` ends.
pub(crate) fn period_end(price: &Value, start: i64) -> i64 {
    use chrono::{DateTime, Months};
    let recurring = &price["recurring"];
    let count = u32::try_from(number(&recurring["interval_count"]).unwrap_or(1)).unwrap_or(1);
    let months = |months: u32| {
        DateTime::from_timestamp(start, 0)
            .and_then(|time| time.checked_add_months(Months::new(months)))
            .map_or(start, |time| time.timestamp())
    };
    match text(&recurring["interval"]) {
        "day" => start + DAY * i64::from(count),
        "week" => start + 7 * DAY * i64::from(count),
        "year" => months(12 * count),
        _ => months(count),
    }
}

/// What a period costs.
pub(crate) fn amount(subscription: &Value) -> i64 {
    let items = subscription["items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().map(|item| number(&item["price"]["unit_amount"]).unwrap_or(0) * quantity(item)).sum()
}

fn quantity(item: &Value) -> i64 {
    item["quantity"].as_i64().unwrap_or(0)
}

/// Makes an invoice for the running period and tries to have it paid.
pub(crate) fn bill(world: &mut World, id: &str, reason: &str, is_delayed: bool) {
    let Some(subscription) = world.find(id).cloned() else { return };
    let invoice = objects::invoice(world, &subscription, amount(&subscription), reason);
    let invoice_id = text(&invoice["id"]).to_owned();
    world.add("invoice", invoice.clone());
    world.change(id, |subscription| subscription["latest_invoice"] = invoice["id"].clone());
    world.emit("invoice.created", &invoice, None);
    world.emit("invoice.finalized", &invoice, None);
    if !is_delayed {
        let _ = pay(world, &invoice_id);
    }
}

/// Tries to have an open invoice paid.
pub(crate) fn pay(world: &mut World, invoice_id: &str) -> Result<Value, ApiError> {
    let invoice = world.get("invoice", invoice_id)?.clone();
    if invoice["status"] != "open" {
        return Err(ApiError::invalid("Invoice is already paid"));
    }
    let customer = text(&invoice["customer"]).to_owned();
    let is_first = invoice["billing_reason"] == "subscription_create";
    let card = world.cards.get(&customer).copied().unwrap_or(Card::Good);
    let succeeds = match card {
        Card::Good => true,
        Card::FailsLater => is_first,
        Card::Bad => false,
    };
    settle(world, invoice_id, succeeds);
    if succeeds { world.get("invoice", invoice_id).cloned() } else { Err(ApiError::card_declined()) }
}

/// Ends one try to have an invoice paid.
pub(crate) fn settle(world: &mut World, invoice_id: &str, succeeds: bool) {
    let Some(invoice) = world.find(invoice_id).cloned() else { return };
    let now = world.now();
    let subscription_id = text(&invoice["parent"]["subscription_details"]["subscription"]).to_owned();
    let due = invoice["amount_due"].as_i64().unwrap_or(0);
    if succeeds {
        let charge = objects::charge(world, &invoice, due);
        if due > 0 {
            world.add("charge", charge);
        }
        let (paid, _) = world.change(invoice_id, |invoice| {
            invoice["status"] = "paid".into();
            invoice["amount_paid"] = due.into();
            invoice["amount_remaining"] = 0.into();
            invoice["attempted"] = true.into();
            invoice["next_payment_attempt"] = Value::Null;
            invoice["status_transitions"]["paid_at"] = now.into();
        });
        stand(world, &subscription_id, "active");
        world.emit("invoice.paid", &paid, None);
        world.emit("invoice.payment_succeeded", &paid, None);
        return;
    }
    let attempts = invoice["attempt_count"].as_i64().unwrap_or(0) + 1;
    let is_first = invoice["billing_reason"] == "subscription_create";
    let next = if is_first || attempts >= 4 { Value::Null } else { (now + 3 * DAY).into() };
    let (failed, _) = world.change(invoice_id, |invoice| {
        invoice["attempted"] = true.into();
        invoice["attempt_count"] = attempts.into();
        invoice["next_payment_attempt"] = next;
    });
    stand(world, &subscription_id, if is_first { "incomplete" } else { "past_due" });
    world.emit("invoice.payment_failed", &failed, None);
}

/// Gives a subscription another status, and tells it if it is another one. What is over stays over.
pub(crate) fn stand(world: &mut World, id: &str, status: &str) {
    let is_over =
        world.find(id).is_none_or(|known| matches!(text(&known["status"]), "canceled" | "incomplete_expired"));
    if !is_over {
        update(world, id, |subscription| subscription["status"] = status.into());
    }
}

/// Changes a subscription and tells what changed, if anything did.
pub(crate) fn update(world: &mut World, id: &str, change: impl FnOnce(&mut Value)) {
    let (after, previous) = world.change(id, change);
    if previous.as_object().is_some_and(|changed| !changed.is_empty()) {
        world.emit("customer.subscription.updated", &after, Some(previous));
    }
}

/// Switches to another price now; what a dearer one costs more is billed at once.
pub(crate) fn switch(world: &mut World, id: &str, price: &Value) {
    let Some(before) = world.find(id).cloned() else { return };
    release_schedule(world, id);
    update(world, id, |subscription| objects::reprice(&mut subscription["items"]["data"][0], price));
    let Some(after) = world.find(id).cloned() else { return };
    if amount(&after) > amount(&before) && before["status"] == "active" {
        bill(world, id, "subscription_update", false);
    }
}

/// Agrees to another price from the end of the running period on.
pub(crate) fn switch_later(world: &mut World, id: &str, price: &Value) {
    release_schedule(world, id);
    let Some(subscription) = world.find(id).cloned() else { return };
    let schedule = objects::schedule(world, &subscription, price);
    world.add("subscription_schedule", schedule.clone());
    world.emit("subscription_schedule.created", &schedule, None);
    update(world, id, |subscription| subscription["schedule"] = schedule["id"].clone());
}

/// Lets go of what was agreed for later.
pub(crate) fn release_schedule(world: &mut World, id: &str) {
    let schedule = world.find(id).map(|subscription| text(&subscription["schedule"]).to_owned()).unwrap_or_default();
    if schedule.is_empty() {
        return;
    }
    let now = world.now();
    let (released, _) = world.change(&schedule, |schedule| {
        schedule["status"] = "released".into();
        schedule["released_at"] = now.into();
        schedule["current_phase"] = Value::Null;
    });
    world.emit("subscription_schedule.released", &released, None);
    update(world, id, |subscription| subscription["schedule"] = Value::Null);
}

/// Ends a subscription now.
pub(crate) fn cancel(world: &mut World, id: &str, status: &str, reason: &str) {
    let now = world.now();
    let (ended, _) = world.change(id, |subscription| {
        subscription["status"] = status.into();
        subscription["canceled_at"] = now.into();
        subscription["ended_at"] = now.into();
        subscription["cancellation_details"]["reason"] = reason.into();
        subscription["schedule"] = Value::Null;
    });
    let kind = if status == "canceled" { "customer.subscription.deleted" } else { "customer.subscription.updated" };
    world.emit(kind, &ended, None);
}

/// Pauses collection, or resumes it.
pub(crate) fn pause(world: &mut World, id: &str, is_paused: bool) {
    let pause = if is_paused { json!({"behavior": "void", "resumes_at": null}) } else { Value::Null };
    update(world, id, |subscription| subscription["pause_collection"] = pause);
    if let Some(now) = world.find(id).cloned() {
        world.emit(
            if is_paused { "customer.subscription.paused" } else { "customer.subscription.resumed" },
            &now,
            None,
        );
    }
}

/// Deletes a customer, and ends all that they subscribe to.
pub(crate) fn delete_customer(world: &mut World, id: &str) {
    let theirs: Vec<String> = world
        .all("subscription")
        .iter()
        .filter(|one| one["customer"] == id && !matches!(text(&one["status"]), "canceled" | "incomplete_expired"))
        .map(|one| text(&one["id"]).to_owned())
        .collect();
    for subscription in theirs {
        cancel(world, &subscription, "canceled", "cancellation_requested");
    }
    let (customer, _) = world.change(id, |customer| customer["deleted"] = true.into());
    world.emit("customer.deleted", &customer, None);
}

/// Completes a checkout: the customer now pays by this means.
pub(crate) fn complete(world: &mut World, session_id: &str, card: Card, is_delayed: bool) -> Result<Value, ApiError> {
    let session = world.get("checkout.session", session_id)?.clone();
    if session["status"] != "open" {
        return Err(ApiError::invalid("This checkout session is not open any more."));
    }
    if card == Card::Bad && !is_delayed {
        return Err(ApiError::card_declined());
    }
    let customer = match text(&session["customer"]) {
        "" => {
            let made = objects::customer(world, &json!({"email": session["customer_email"]}));
            world.add("customer", made.clone());
            world.emit("customer.created", &made, None);
            text(&made["id"]).to_owned()
        }
        known => known.to_owned(),
    };
    world.cards.insert(customer.clone(), card);
    let data = &session["double"];
    let prices = data["prices"].as_array().cloned().unwrap_or_default();
    let trial_end = data["trial_days"].as_i64().map(|days| world.now() + days * DAY);
    let metadata = data["metadata"].clone();
    let subscription = begin(world, &Begin { customer: &customer, prices, metadata, trial_end, is_delayed });
    let payment_status = match (trial_end, is_delayed) {
        (Some(_), _) => "no_payment_required",
        (None, true) => "unpaid",
        (None, false) => "paid",
    };
    let (completed, _) = world.change(session_id, |session| {
        session["status"] = "complete".into();
        session["payment_status"] = payment_status.into();
        session["customer"] = customer.into();
        session["subscription"] = subscription["id"].clone();
        session["invoice"] = subscription["latest_invoice"].clone();
        session["url"] = Value::Null;
    });
    world.emit("checkout.session.completed", &completed, None);
    Ok(completed)
}

/// Ends the wait for a delayed payment.
pub(crate) fn settle_delayed(world: &mut World, session_id: &str, succeeds: bool) -> Result<Value, ApiError> {
    let session = world.get("checkout.session", session_id)?.clone();
    settle(world, text(&session["invoice"]), succeeds);
    let (after, _) = world.change(session_id, |session| {
        session["payment_status"] = if succeeds { "paid" } else { "unpaid" }.into();
    });
    let kind = if succeeds { "async_payment_succeeded" } else { "async_payment_failed" };
    world.emit(&format!("checkout.session.{kind}"), &after, None);
    Ok(after)
}
