//! The hosted pages: checkout and portal, in plain forms that a browser, or a test, can click.

use serde_json::Value;

use crate::api::cancel_later;
use crate::engine;
use crate::error::ApiError;
use crate::world::{Card, World, number, text};

/// Where a click leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Click {
    /// To another page, by address.
    Redirect(String),
    /// To a page with a word about what went wrong or was done.
    Page(String),
}

/// The page of a checkout.
pub(crate) fn checkout(world: &World, id: &str, told: &str) -> Result<String, ApiError> {
    let session = world.get("checkout.session", id)?;
    if session["status"] != "open" {
        return Ok(frame("Checkout", "<p>This page has been used or has expired.</p>"));
    }
    let prices = session["double"]["prices"].as_array().map_or(&[][..], Vec::as_slice);
    let lines: String = prices.iter().map(|price| format!("<li>{}</li>", escape(&describe(world, price)))).collect();
    let trial = number(&session["double"]["trial_days"])
        .map_or_else(String::new, |days| format!("<p>{days} days on trial, then paid.</p>"));
    let cancel = session["cancel_url"].as_str().map_or_else(String::new, |url| {
        format!("<p><a id=\"cancel\" href=\"{}\">Back without paying</a></p>", escape(url))
    });
    Ok(frame(
        "Checkout",
        &format!(
            "<p role=\"status\">{}</p><ul>{lines}</ul>{trial}<form method=\"post\" action=\"/c/pay/{id}\">\
             <label>Card <select name=\"card\" id=\"card\">\
             <option value=\"4242\">4242 4242 4242 4242: succeeds</option>\
             <option value=\"0002\">4000 0000 0000 0002: is declined</option>\
             <option value=\"0341\">4000 0000 0000 0341: succeeds now, fails at renewal</option>\
             <option value=\"debit\">Debit: takes its time</option></select></label> \
             <button id=\"pay\">Subscribe</button></form>{cancel}",
            escape(told)
        ),
    ))
}

/// What the button of the checkout does.
pub(crate) fn pay(world: &mut World, id: &str, form: &Value) -> Result<Click, ApiError> {
    let (card, is_delayed) = match text(&form["card"]) {
        "0002" => (Card::Bad, false),
        "0341" => (Card::FailsLater, false),
        "debit" => (Card::Good, true),
        _ => (Card::Good, false),
    };
    match engine::complete(world, id, card, is_delayed) {
        Ok(session) => {
            let url = text(&session["success_url"]).replace("{CHECKOUT_SESSION_ID}", id);
            Ok(Click::Redirect(url))
        }
        Err(declined) if declined.status == 402 => {
            Ok(Click::Page(checkout(world, id, "The card was declined. Try another one.")?))
        }
        Err(other) => Err(other),
    }
}

/// The portal's page.
pub(crate) fn portal(world: &World, id: &str, told: &str) -> Result<String, ApiError> {
    let session = world.get("billing_portal.session", id)?;
    let customer = text(&session["customer"]);
    let live = live(world, customer);
    let mut body = format!("<p role=\"status\">{}</p>", escape(told));
    for subscription in &live {
        body += &subscription_form(world, id, subscription);
    }
    if live.is_empty() {
        body += "<p>Nothing is subscribed to.</p>";
    }
    body += &format!(
        "<form method=\"post\" action=\"/p/session/{id}\"><label>Means of payment <select name=\"card\">\
         <option value=\"4242\">succeeds</option><option value=\"0002\">fails</option></select></label> \
         <button name=\"act\" value=\"card\" id=\"update-card\">Use it, and pay what is open</button></form>"
    );
    if let Some(url) = session["return_url"].as_str() {
        body += &format!("<p><a id=\"return\" href=\"{}\">Back</a></p>", escape(url));
    }
    Ok(frame("Customer portal", &body))
}

fn subscription_form(world: &World, id: &str, subscription: &Value) -> String {
    let current = &subscription["items"]["data"][0]["price"];
    let is_ending = subscription["cancel_at_period_end"] == true;
    let others = world
        .all("price")
        .iter()
        .filter(|price| price["id"] != current["id"] && price["recurring"]["usage_type"] == "licensed");
    let options: String = others
        .map(|price| format!("<option value=\"{}\">{}</option>", text(&price["id"]), escape(&describe(world, price))))
        .collect();
    let end = if is_ending {
        "<button name=\"act\" value=\"keep\" id=\"keep\">Keep it</button>"
    } else {
        "<button name=\"act\" value=\"cancel\" id=\"cancel-at-period-end\">Cancel at the period's end</button>"
    };
    format!(
        "<h2>{}: {}</h2><form method=\"post\" action=\"/p/session/{id}\">\
         <input type=\"hidden\" name=\"subscription\" value=\"{}\">\
         <select name=\"price\" id=\"price\">{options}</select> \
         <button name=\"act\" value=\"switch\" id=\"switch\">Switch now</button> \
         <button name=\"act\" value=\"later\" id=\"switch-later\">Switch at the period's end</button> {end} \
         <button name=\"act\" value=\"cancel-now\" id=\"cancel-now\">Cancel now</button></form>",
        escape(&describe(world, current)),
        text(&subscription["status"]),
        text(&subscription["id"]),
    )
}

/// What the portal's buttons do. Only the session's own customer's things can be touched.
pub(crate) fn manage(world: &mut World, id: &str, form: &Value) -> Result<Click, ApiError> {
    let customer = text(&world.get("billing_portal.session", id)?["customer"]).to_owned();
    if form["act"] == "card" {
        use_card(world, &customer, text(&form["card"]));
        return Ok(Click::Page(portal(world, id, "The means of payment was changed.")?));
    }
    let wanted = text(&form["subscription"]);
    let subscription = live(world, &customer).into_iter().find(|one| one["id"] == wanted);
    let subscription = subscription.ok_or_else(|| ApiError::no_such("subscription", wanted))?;
    let price = || world.get("price", text(&form["price"])).cloned();
    let sub = text(&subscription["id"]).to_owned();
    let now = world.now();
    match text(&form["act"]) {
        "switch" => {
            let price = price()?;
            engine::switch(world, &sub, &price);
        }
        "later" => {
            let price = price()?;
            engine::switch_later(world, &sub, &price);
        }
        "cancel" => engine::update(world, &sub, |one| cancel_later(one, true, now)),
        "keep" => engine::update(world, &sub, |one| cancel_later(one, false, now)),
        "cancel-now" => engine::cancel(world, &sub, "canceled", "cancellation_requested"),
        other => return Err(ApiError::invalid(format!("There is no button {other:?}."))),
    }
    Ok(Click::Page(portal(world, id, "It was done.")?))
}

/// Gives a customer another means of payment and tries what is open.
pub(crate) fn use_card(world: &mut World, customer: &str, card: &str) {
    let card = match card {
        "0002" => Card::Bad,
        "0341" => Card::FailsLater,
        _ => Card::Good,
    };
    world.cards.insert(customer.to_owned(), card);
    let open: Vec<String> = world
        .all("invoice")
        .iter()
        .filter(|invoice| invoice["customer"] == customer && invoice["status"] == "open")
        .map(|invoice| text(&invoice["id"]).to_owned())
        .collect();
    if card == Card::Good {
        for invoice in open {
            let _ = engine::pay(world, &invoice);
        }
    }
}

fn live(world: &World, customer: &str) -> Vec<Value> {
    let is_live = |one: &&Value| {
        one["customer"] == customer && !matches!(text(&one["status"]), "canceled" | "incomplete_expired")
    };
    world.all("subscription").iter().filter(is_live).cloned().collect()
}

fn describe(world: &World, price: &Value) -> String {
    let product = world.find(text(&price["product"])).map_or("Something", |product| text(&product["name"]));
    let minor = number(&price["unit_amount"]).unwrap_or(0);
    let currency = text(&price["currency"]).to_uppercase();
    format!("{product}, {}.{:02} {currency} a {}", minor / 100, minor % 100, text(&price["recurring"]["interval"]))
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} (double)</title></head>\
         <body><h1>{title}</h1><p>A double of Stripe: no money moves here.</p>{body}</body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
