//! Subscriptions, their schedules, checkout and portal sessions, meters and the clock.

use serde_json::{Value, json};

use super::catalogue::merge_metadata;
use super::{Request, required};
use crate::engine::{self, Begin, DAY};
use crate::error::ApiError;
use crate::renewal;
use crate::world::{World, is_true, number, text};
use crate::{lists, objects};

pub(super) fn answer(world: &mut World, request: &Request<'_>) -> Option<Result<Value, ApiError>> {
    let params = request.params;
    Some(match (request.method, request.path) {
        ("POST", ["subscriptions"]) => create(world, params),
        ("GET", ["subscriptions"]) => list(world, params),
        ("GET", ["subscriptions", id]) => world.get("subscription", id).cloned(),
        ("POST", ["subscriptions", id]) => update(world, id, params),
        ("DELETE", ["subscriptions", id]) => cancel(world, id),
        ("POST", ["subscriptions", id, "resume"]) => resume(world, id),
        ("POST", ["subscription_schedules"]) => schedule(world, params),
        ("GET", ["subscription_schedules", id]) => world.get("subscription_schedule", id).cloned(),
        ("POST", ["subscription_schedules", id, "release"]) => release(world, id),
        ("POST", ["checkout", "sessions"]) => create_session(world, params),
        ("GET", ["checkout", "sessions"]) => {
            lists::page(world.all("checkout.session"), "/v1/checkout/sessions", params)
        }
        ("GET", ["checkout", "sessions", id]) => world.get("checkout.session", id).cloned(),
        ("POST", ["checkout", "sessions", id, "expire"]) => expire(world, id),
        ("POST", ["billing_portal", "sessions"]) => create_portal(world, params),
        ("POST", ["billing", "meter_events"]) => meter_event(world, params),
        ("POST", ["test_helpers", "test_clocks"]) => Ok(clock(world)),
        ("GET", ["test_helpers", "test_clocks", _]) => Ok(clock(world)),
        ("POST", ["test_helpers", "test_clocks", _, "advance"]) => advance(world, params),
        _ => return None,
    })
}

fn prices_of(world: &World, items: &Value) -> Result<Vec<Value>, ApiError> {
    let items = items.as_array().filter(|items| !items.is_empty());
    let items = items.ok_or_else(|| ApiError::missing_param("items"))?;
    items.iter().map(|item| world.get("price", required(item, "price")?).cloned()).collect()
}

fn trial_end(world: &World, params: &Value) -> Option<i64> {
    let days = number(&params["trial_period_days"]).map(|days| world.now() + days * DAY);
    days.or_else(|| number(&params["trial_end"]))
}

fn create(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let customer = required(params, "customer")?;
    world.get("customer", customer)?;
    let prices = prices_of(world, &params["items"])?;
    let (metadata, trial_end) = (objects::metadata(params), trial_end(world, params));
    Ok(engine::begin(world, &Begin { customer, prices, metadata, trial_end, is_delayed: false }))
}

fn list(world: &World, params: &Value) -> Result<Value, ApiError> {
    let status = text(&params["status"]);
    let is_over = |one: &Value| matches!(text(&one["status"]), "canceled" | "incomplete_expired");
    let is_wanted = |one: &&Value| {
        let fits = match status {
            "all" => true,
            "" => one["status"] != "canceled",
            "ended" => is_over(one),
            other => one["status"] == other,
        };
        fits && params["customer"].as_str().is_none_or(|customer| one["customer"] == customer)
    };
    let found: Vec<Value> = world.all("subscription").iter().filter(is_wanted).cloned().collect();
    lists::page(&found, "/v1/subscriptions", params)
}

fn update(world: &mut World, id: &str, params: &Value) -> Result<Value, ApiError> {
    let known = world.get("subscription", id)?;
    if matches!(text(&known["status"]), "canceled" | "incomplete_expired") {
        return Err(ApiError::no_such("subscription", id));
    }
    if let Some(price) = params["items"][0]["price"].as_str() {
        let price = world.get("price", price)?.clone();
        engine::switch(world, id, &price);
    }
    if let Some(wish) = params.get("pause_collection") {
        engine::pause(world, id, wish.is_object());
    }
    let ends_trial = params["trial_end"] == "now";
    let now = world.now();
    engine::update(world, id, |subscription| {
        if let Some(wish) = params.get("cancel_at_period_end") {
            cancel_later(subscription, is_true(wish), now);
        }
        merge_metadata(subscription, params);
        if let Some(end) = number(&params["trial_end"]) {
            subscription["trial_end"] = end.into();
            subscription["items"]["data"][0]["current_period_end"] = end.into();
        }
        if ends_trial {
            subscription["trial_end"] = now.into();
            subscription["items"]["data"][0]["current_period_end"] = now.into();
        }
    });
    if ends_trial {
        renewal::advance(world, 0);
    }
    world.get("subscription", id).cloned()
}

/// Has a subscription end with its period, or not any more.
pub(crate) fn cancel_later(subscription: &mut Value, wish: bool, now: i64) {
    subscription["cancel_at_period_end"] = wish.into();
    let end = subscription["items"]["data"][0]["current_period_end"].clone();
    subscription["cancel_at"] = if wish { end } else { Value::Null };
    subscription["canceled_at"] = if wish { now.into() } else { Value::Null };
    let reason = if wish { Value::from("cancellation_requested") } else { Value::Null };
    subscription["cancellation_details"]["reason"] = reason;
}

fn cancel(world: &mut World, id: &str) -> Result<Value, ApiError> {
    let known = world.get("subscription", id)?;
    if matches!(text(&known["status"]), "canceled" | "incomplete_expired") {
        return Err(ApiError::no_such("subscription", id));
    }
    engine::cancel(world, id, "canceled", "cancellation_requested");
    world.get("subscription", id).cloned()
}

fn resume(world: &mut World, id: &str) -> Result<Value, ApiError> {
    world.get("subscription", id)?;
    engine::pause(world, id, false);
    engine::stand(world, id, "active");
    world.get("subscription", id).cloned()
}

/// A schedule from a subscription, with the price of its second phase.
fn schedule(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let id = required(params, "from_subscription")?;
    world.get("subscription", id)?;
    let price = params["phases"][1]["items"][0]["price"].as_str();
    let price = price.ok_or_else(|| ApiError::missing_param("phases[1][items][0][price]"))?;
    let price = world.get("price", price)?.clone();
    engine::switch_later(world, id, &price);
    let schedule = text(&world.get("subscription", id)?["schedule"]).to_owned();
    world.get("subscription_schedule", &schedule).cloned()
}

fn release(world: &mut World, id: &str) -> Result<Value, ApiError> {
    let subscription = text(&world.get("subscription_schedule", id)?["subscription"]).to_owned();
    engine::release_schedule(world, &subscription);
    world.get("subscription_schedule", id).cloned()
}

fn create_session(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    if required(params, "mode")? != "subscription" {
        return Err(ApiError::invalid("This double sells subscriptions only: mode must be subscription."));
    }
    required(params, "success_url")?;
    if let Some(customer) = params["customer"].as_str() {
        world.get("customer", customer)?;
    }
    let prices = prices_of(world, &params["line_items"]).map_err(|_| ApiError::missing_param("line_items"))?;
    let licensed = prices.iter().filter(|price| price["recurring"]["usage_type"] == "licensed");
    let amount = licensed.map(|price| number(&price["unit_amount"]).unwrap_or(0)).sum();
    let items: Vec<Value> = prices.iter().map(|price| json!({"price": price})).collect();
    let mut session = objects::session(world, params, &items, amount);
    let data = &params["subscription_data"];
    session["double"] = json!({
        "prices": prices, "metadata": objects::metadata(data), "trial_days": number(&data["trial_period_days"]),
    });
    Ok(world.add("checkout.session", session))
}

fn expire(world: &mut World, id: &str) -> Result<Value, ApiError> {
    if world.get("checkout.session", id)?["status"] != "open" {
        return Err(ApiError::invalid("Only open sessions can be expired."));
    }
    let (expired, _) = world.change(id, |session| {
        session["status"] = "expired".into();
        session["url"] = Value::Null;
    });
    world.emit("checkout.session.expired", &expired, None);
    Ok(expired)
}

fn create_portal(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let customer = required(params, "customer")?;
    let known = world.get("customer", customer)?;
    if is_true(&known["deleted"]) {
        return Err(ApiError::no_such("customer", customer));
    }
    let (id, now) = (world.id("bps"), world.now());
    let url = format!("{}/p/session/{id}", world.base);
    let made = json!({
        "id": id, "object": "billing_portal.session", "configuration": "bpc_double", "created": now,
        "customer": customer, "customer_account": null, "flow": null, "livemode": false, "locale": null,
        "on_behalf_of": null, "return_url": params["return_url"], "url": url,
    });
    Ok(world.add("billing_portal.session", made))
}

fn meter_event(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let name = required(params, "event_name")?;
    let payload = &params["payload"];
    let customer = required(payload, "stripe_customer_id")?;
    world.get("customer", customer)?;
    required(payload, "value")?;
    let identifier = params["identifier"].as_str().map_or_else(|| world.id("mev"), str::to_owned);
    if world.meter_events.contains_key(&identifier) {
        return Err(ApiError::invalid(format!("An event already exists with identifier {identifier}.")));
    }
    let now = world.now();
    let made = json!({
        "object": "billing.meter_event", "created": now, "event_name": name, "identifier": identifier,
        "livemode": false, "payload": payload, "timestamp": number(&params["timestamp"]).unwrap_or(now),
    });
    world.meter_events.insert(identifier, made.clone());
    Ok(made)
}

/// The one clock, which is everybody's.
fn clock(world: &World) -> Value {
    let now = world.now();
    json!({
        "id": "clock_double", "object": "test_helpers.test_clock", "created": now, "deletes_after": now + 30 * DAY,
        "frozen_time": now, "livemode": false, "name": "the double's", "status": "ready", "status_details": {},
    })
}

fn advance(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let to = number(&params["frozen_time"]).ok_or_else(|| ApiError::missing_param("frozen_time"))?;
    if to < world.now() {
        return Err(ApiError::invalid("frozen_time must not be in the past"));
    }
    renewal::advance(world, to - world.now());
    Ok(clock(world))
}
