//! Customers, products, prices, webhook endpoints and events.

use serde_json::{Value, json};

use super::{Request, required};
use crate::error::ApiError;
use crate::world::{World, is_true, text};
use crate::{engine, lists, objects};

pub(super) fn answer(world: &mut World, request: &Request<'_>) -> Option<Result<Value, ApiError>> {
    let params = request.params;
    Some(match (request.method, request.path) {
        ("POST", ["customers"]) => Ok(create_customer(world, params)),
        ("GET", ["customers"]) => {
            let there: Vec<Value> =
                world.all("customer").iter().filter(|one| one["deleted"].is_null()).cloned().collect();
            lists::page(&there, "/v1/customers", params)
        }
        ("GET", ["customers", id]) => show_customer(world, id),
        ("POST", ["customers", id]) => update_customer(world, id, params),
        ("DELETE", ["customers", id]) => delete_customer(world, id),
        ("POST", ["products"]) => required(params, "name").map(|_| ()).map(|()| {
            let made = objects::product(world, params);
            world.add("product", made)
        }),
        ("GET", ["products"]) => lists::page(world.all("product"), "/v1/products", params),
        ("GET", ["products", id]) => world.get("product", id).cloned(),
        ("POST", ["prices"]) => create_price(world, params),
        ("GET", ["prices"]) => list_prices(world, params),
        ("GET", ["prices", id]) => world.get("price", id).cloned(),
        ("POST", ["webhook_endpoints"]) => create_endpoint(world, params),
        ("GET", ["webhook_endpoints"]) => {
            let mut page = lists::page(world.all("webhook_endpoint"), "/v1/webhook_endpoints", params);
            if let Ok(page) = &mut page {
                page["data"].as_array_mut().into_iter().flatten().for_each(hide_secret);
            }
            page
        }
        ("GET", ["webhook_endpoints", id]) => world.get("webhook_endpoint", id).cloned().map(|mut endpoint| {
            hide_secret(&mut endpoint);
            endpoint
        }),
        ("POST", ["webhook_endpoints", id]) => update_endpoint(world, id, params),
        ("DELETE", ["webhook_endpoints", id]) => world.get("webhook_endpoint", id).map(|_| ()).map(|()| {
            world.change(id, |endpoint| endpoint["status"] = "disabled".into());
            json!({"id": id, "object": "webhook_endpoint", "deleted": true})
        }),
        ("GET", ["events"]) => list_events(world, params),
        ("GET", ["events", id]) => world.get("event", id).cloned(),
        _ => return None,
    })
}

fn create_customer(world: &mut World, params: &Value) -> Value {
    let made = objects::customer(world, params);
    world.add("customer", made.clone());
    world.emit("customer.created", &made, None);
    made
}

fn show_customer(world: &World, id: &str) -> Result<Value, ApiError> {
    let found = world.get("customer", id)?;
    if is_true(&found["deleted"]) {
        return Ok(json!({"id": id, "object": "customer", "deleted": true}));
    }
    Ok(found.clone())
}

fn update_customer(world: &mut World, id: &str, params: &Value) -> Result<Value, ApiError> {
    world.get("customer", id)?;
    let (after, previous) = world.change(id, |customer| {
        for field in ["name", "email", "description"] {
            if let Some(value) = params.get(field) {
                customer[field] = value.clone();
            }
        }
        merge_metadata(customer, params);
    });
    world.emit("customer.updated", &after, Some(previous));
    Ok(after)
}

/// Metadata is merged key by key; an empty value takes the key away.
pub(super) fn merge_metadata(object: &mut Value, params: &Value) {
    for (key, value) in params["metadata"].as_object().into_iter().flatten() {
        match (value.as_str(), object["metadata"].as_object_mut()) {
            (Some(""), Some(map)) => {
                map.remove(key);
            }
            (_, Some(map)) => {
                map.insert(key.clone(), value.clone());
            }
            (_, None) => {}
        }
    }
}

fn delete_customer(world: &mut World, id: &str) -> Result<Value, ApiError> {
    world.get("customer", id)?;
    engine::delete_customer(world, id);
    Ok(json!({"id": id, "object": "customer", "deleted": true}))
}

fn create_price(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    required(params, "currency")?;
    let product = match params["product"].as_str() {
        Some(id) => text(&world.get("product", id)?["id"]).to_owned(),
        None => {
            let made = objects::product(world, &params["product_data"]);
            text(&world.add("product", made)["id"]).to_owned()
        }
    };
    if let Some(key) = params["lookup_key"].as_str()
        && world.all("price").iter().any(|price| price["lookup_key"] == key)
    {
        return Err(ApiError::invalid(format!("A price already uses the lookup key `{key}`.")));
    }
    let made = objects::price(world, params, &product);
    Ok(world.add("price", made))
}

fn list_prices(world: &World, params: &Value) -> Result<Value, ApiError> {
    let keys: Vec<&str> = params["lookup_keys"].as_array().into_iter().flatten().map(text).collect();
    let is_wanted = |price: &&Value| {
        (keys.is_empty() || keys.contains(&text(&price["lookup_key"])))
            && params["product"].as_str().is_none_or(|product| price["product"] == product)
    };
    let found: Vec<Value> = world.all("price").iter().filter(is_wanted).cloned().collect();
    lists::page(&found, "/v1/prices", params)
}

fn create_endpoint(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let url = required(params, "url")?.to_owned();
    if params["enabled_events"].as_array().is_none_or(Vec::is_empty) {
        return Err(ApiError::missing_param("enabled_events"));
    }
    let (id, now) = (world.id("we"), world.now());
    let secret = world.id("whsec").replacen("whsec_", "whsec_double", 1);
    let made = json!({
        "id": id, "object": "webhook_endpoint", "api_version": params["api_version"], "application": null,
        "created": now, "description": params["description"], "enabled_events": params["enabled_events"],
        "livemode": false, "metadata": objects::metadata(params), "secret": secret, "status": "enabled", "url": url,
    });
    Ok(world.add("webhook_endpoint", made))
}

fn update_endpoint(world: &mut World, id: &str, params: &Value) -> Result<Value, ApiError> {
    world.get("webhook_endpoint", id)?;
    let (mut after, _) = world.change(id, |endpoint| {
        for field in ["url", "enabled_events", "description"] {
            if let Some(value) = params.get(field) {
                endpoint[field] = value.clone();
            }
        }
        if let Some(disabled) = params.get("disabled") {
            endpoint["status"] = if is_true(disabled) { "disabled" } else { "enabled" }.into();
        }
    });
    hide_secret(&mut after);
    Ok(after)
}

/// A secret is shown when it is made and never again.
fn hide_secret(endpoint: &mut Value) {
    if let Some(map) = endpoint.as_object_mut() {
        map.remove("secret");
        map.remove("previous_secret");
    }
}

fn list_events(world: &World, params: &Value) -> Result<Value, ApiError> {
    let types: Vec<&str> = params["types"].as_array().into_iter().flatten().map(text).collect();
    let is_wanted = |event: &&Value| {
        (types.is_empty() || types.contains(&text(&event["type"])))
            && params["type"].as_str().is_none_or(|kind| event["type"] == kind)
    };
    let found: Vec<Value> = world.all("event").iter().filter(is_wanted).cloned().collect();
    lists::page(&found, "/v1/events", params)
}
