//! The shapes of objects, with every field that Stripe always sends.

use serde_json::{Value, json};

use crate::world::{World, number, text};

/// A list inside of an object.
pub(crate) fn list(url: &str, data: &[Value]) -> Value {
    json!({"object": "list", "data": data, "has_more": false, "url": url, "total_count": data.len()})
}

/// What was given as metadata, and nothing else.
pub(crate) fn metadata(params: &Value) -> Value {
    params.get("metadata").filter(|given| given.is_object()).cloned().unwrap_or_else(|| json!({}))
}

pub(crate) fn customer(world: &mut World, params: &Value) -> Value {
    let (id, now) = (world.id("cus"), world.now());
    json!({
        "id": id, "object": "customer", "address": null, "balance": 0, "created": now, "currency": null,
        "default_source": null, "delinquent": false, "description": params["description"],
        "email": params["email"], "invoice_prefix": "DOUBLE", "name": params["name"], "phone": null,
        "invoice_settings": {"custom_fields": null, "default_payment_method": null, "footer": null,
                             "rendering_options": null},
        "livemode": false, "metadata": metadata(params), "next_invoice_sequence": 1, "preferred_locales": [],
        "shipping": null, "tax_exempt": "none", "test_clock": null,
    })
}

pub(crate) fn product(world: &mut World, params: &Value) -> Value {
    let (id, now) = (world.id("prod"), world.now());
    json!({
        "id": id, "object": "product", "active": true, "created": now, "default_price": null, "description": null,
        "images": [], "livemode": false, "marketing_features": [], "metadata": metadata(params),
        "name": params["name"], "package_dimensions": null, "shippable": null, "statement_descriptor": null,
        "tax_code": null, "type": "service", "unit_label": null, "updated": now, "url": null,
    })
}

pub(crate) fn price(world: &mut World, params: &Value, product: &str) -> Value {
    let (id, now) = (world.id("price"), world.now());
    let recurring = &params["recurring"];
    let is_metered = recurring["usage_type"] == "metered" || recurring["meter"].is_string();
    let amount = number(&params["unit_amount"]).unwrap_or(0);
    json!({
        "id": id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": now,
        "currency": text(&params["currency"]).to_lowercase(), "custom_unit_amount": null, "livemode": false,
        "lookup_key": params["lookup_key"], "metadata": metadata(params), "nickname": params["nickname"],
        "product": product,
        "recurring": {
            "interval": recurring["interval"].as_str().unwrap_or("month"),
            "interval_count": number(&recurring["interval_count"]).unwrap_or(1),
            "meter": recurring["meter"], "trial_period_days": null,
            "usage_type": if is_metered { "metered" } else { "licensed" },
        },
        "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null, "type": "recurring",
        "unit_amount": amount, "unit_amount_decimal": amount.to_string(),
    })
}

/// The old form of a price, which items still carry.
fn plan(price: &Value) -> Value {
    json!({
        "id": price["id"], "object": "plan", "active": true, "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"], "billing_scheme": "per_unit", "created": price["created"],
        "currency": price["currency"], "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"], "livemode": false, "metadata": {},
        "meter": price["recurring"]["meter"], "nickname": null, "product": price["product"], "tiers_mode": null,
        "transform_usage": null, "trial_period_days": null, "usage_type": price["recurring"]["usage_type"],
    })
}

pub(crate) fn item(world: &mut World, price: &Value, subscription: &str, (start, end): (i64, i64)) -> Value {
    let (id, now) = (world.id("si"), world.now());
    let is_metered = price["recurring"]["usage_type"] == "metered";
    let mut item = json!({
        "id": id, "object": "subscription_item", "billing_thresholds": null, "created": now,
        "current_period_end": end, "current_period_start": start, "discounts": [], "metadata": {},
        "plan": plan(price), "price": price, "subscription": subscription, "tax_rates": [],
    });
    if !is_metered {
        item["quantity"] = 1.into();
    }
    item
}

/// Puts another price into an item.
pub(crate) fn reprice(item: &mut Value, price: &Value) {
    item["price"] = price.clone();
    item["plan"] = plan(price);
}

pub(crate) fn subscription(world: &mut World, id: &str, customer: &str, items: &[Value], metadata: &Value) -> Value {
    let now = world.now();
    let currency = items.first().map_or(Value::Null, |item| item["price"]["currency"].clone());
    json!({
        "id": id, "object": "subscription", "application": null, "application_fee_percent": null,
        "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
        "billing_cycle_anchor": now, "billing_cycle_anchor_config": null,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": null},
        "billing_schedules": [], "billing_thresholds": null, "cancel_at": null, "cancel_at_period_end": false,
        "canceled_at": null, "cancellation_details": {"comment": null, "feedback": null, "reason": null},
        "collection_method": "charge_automatically", "created": now, "currency": currency, "customer": customer,
        "customer_account": null, "days_until_due": null, "default_payment_method": null, "default_source": null,
        "default_tax_rates": [], "description": null, "discounts": [], "ended_at": null,
        "invoice_settings": {"account_tax_ids": null, "issuer": {"type": "self"}},
        "items": list(&format!("/v1/subscription_items?subscription={id}"), items),
        "latest_invoice": null, "livemode": false, "metadata": metadata, "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null, "pause_collection": null,
        "payment_settings": {"payment_method_options": null, "payment_method_types": null,
                             "save_default_payment_method": "off"},
        "pending_invoice_item_interval": null, "pending_setup_intent": null, "pending_update": null,
        "schedule": null, "start_date": now, "status": "incomplete", "test_clock": null, "transfer_data": null,
        "trial_end": null, "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": null,
    })
}

pub(crate) fn invoice(world: &mut World, subscription: &Value, amount: i64, reason: &str) -> Value {
    let (id, line, now) = (world.id("in"), world.id("il"), world.now());
    let item = &subscription["items"]["data"][0];
    let (start, end) = (&item["current_period_start"], &item["current_period_end"]);
    let line = json!({
        "id": line, "object": "line_item", "amount": amount, "currency": subscription["currency"],
        "description": null, "discount_amounts": [], "discountable": true, "discounts": [], "invoice": id,
        "livemode": false, "metadata": {}, "parent": null, "period": {"end": end, "start": start},
        "pretax_credit_amounts": [], "pricing": null, "quantity": 1, "subtotal": amount, "taxes": [],
    });
    json!({
        "id": id, "object": "invoice", "account_country": "DE", "account_name": "Double", "account_tax_ids": null,
        "amount_due": amount, "amount_overpaid": 0, "amount_paid": 0, "amount_remaining": amount,
        "amount_shipping": 0, "application": null, "attempt_count": 0, "attempted": false, "auto_advance": true,
        "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null, "provider": null,
                          "status": null},
        "automatically_finalizes_at": null, "billing_reason": reason, "collection_method": "charge_automatically",
        "created": now, "currency": subscription["currency"], "custom_fields": null,
        "customer": subscription["customer"], "customer_account": null, "customer_address": null,
        "customer_email": null, "customer_name": null, "customer_phone": null, "customer_shipping": null,
        "customer_tax_exempt": "none", "customer_tax_ids": [], "default_payment_method": null,
        "default_source": null, "default_tax_rates": [], "description": null, "discounts": [], "due_date": null,
        "effective_at": now, "ending_balance": 0, "footer": null, "from_invoice": null,
        "hosted_invoice_url": null, "invoice_pdf": null, "issuer": {"type": "self"},
        "last_finalization_error": null, "latest_revision": null,
        "lines": list(&format!("/v1/invoices/{id}/lines"), &[line]), "livemode": false, "metadata": {},
        "next_payment_attempt": null, "number": null, "on_behalf_of": null,
        "parent": {"quote_details": null, "type": "subscription_details", "subscription_details": {
            "metadata": subscription["metadata"], "subscription": subscription["id"],
            "subscription_proration_date": null}},
        "payment_settings": {"default_mandate": null, "payment_method_options": null, "payment_method_types": null},
        "period_end": end, "period_start": start, "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0, "receipt_number": null, "rendering": null, "shipping_cost": null,
        "shipping_details": null, "starting_balance": 0, "statement_descriptor": null, "status": "open",
        "status_transitions": {"finalized_at": now, "marked_uncollectible_at": null, "paid_at": null,
                               "voided_at": null},
        "subtotal": amount, "subtotal_excluding_tax": amount, "test_clock": null, "total": amount,
        "total_discount_amounts": [], "total_excluding_tax": amount, "total_pretax_credit_amounts": [],
        "total_taxes": [], "webhooks_delivered_at": now,
    })
}

pub(crate) fn charge(world: &mut World, invoice: &Value, amount: i64) -> Value {
    let (id, now) = (world.id("ch"), world.now());
    json!({
        "id": id, "object": "charge", "amount": amount, "amount_captured": amount, "amount_refunded": 0,
        "application": null, "application_fee": null, "application_fee_amount": null, "balance_transaction": null,
        "billing_details": {"address": null, "email": null, "name": null, "phone": null, "tax_id": null},
        "calculated_statement_descriptor": null, "captured": true, "created": now, "currency": invoice["currency"],
        "customer": invoice["customer"], "description": null, "disputed": false, "failure_code": null,
        "failure_message": null, "fraud_details": {}, "livemode": false, "metadata": {}, "on_behalf_of": null,
        "outcome": null, "paid": true, "payment_intent": null, "payment_method": null,
        "payment_method_details": null, "receipt_email": null, "receipt_url": null, "refunded": false,
        "shipping": null, "status": "succeeded",
    })
}

pub(crate) fn session(world: &mut World, params: &Value, line_items: &[Value], amount: i64) -> Value {
    let (id, now) = (world.id("cs_test"), world.now());
    let url = format!("{}/c/pay/{id}", world.base);
    let currency = line_items.first().map_or(Value::Null, |item| item["price"]["currency"].clone());
    let expires = number(&params["expires_at"]).unwrap_or(now + 86_400);
    json!({
        "id": id, "object": "checkout.session", "adaptive_pricing": null, "after_expiration": null,
        "allow_promotion_codes": null, "amount_subtotal": amount, "amount_total": amount,
        "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
        "billing_address_collection": null, "cancel_url": params["cancel_url"],
        "client_reference_id": params["client_reference_id"], "client_secret": null, "collected_information": null,
        "consent": null, "consent_collection": null, "created": now, "currency": currency,
        "currency_conversion": null, "custom_fields": [],
        "custom_text": {"after_submit": null, "shipping_address": null, "submit": null,
                        "terms_of_service_acceptance": null},
        "customer": params["customer"], "customer_account": null, "customer_creation": null,
        "customer_details": null, "customer_email": params["customer_email"], "discounts": [],
        "expires_at": expires, "invoice": null, "invoice_creation": null, "livemode": false, "locale": null,
        "metadata": metadata(params), "mode": params["mode"], "origin_context": null, "payment_intent": null,
        "payment_link": null, "payment_method_collection": "always", "payment_method_configuration_details": null,
        "payment_method_options": {}, "payment_method_types": ["card"], "payment_status": "unpaid",
        "permissions": null, "phone_number_collection": {"enabled": false}, "recovered_from": null,
        "saved_payment_method_options": null, "setup_intent": null, "shipping_address_collection": null,
        "shipping_cost": null, "shipping_options": [], "status": "open", "submit_type": null,
        "subscription": null, "success_url": params["success_url"], "total_details": null, "ui_mode": "hosted_page",
        "url": url, "wallet_options": null,
    })
}

/// The agreement to go on with another price when the running period ends.
pub(crate) fn schedule(world: &mut World, subscription: &Value, next: &Value) -> Value {
    let (id, now) = (world.id("sub_sched"), world.now());
    let item = &subscription["items"]["data"][0];
    let (start, end) = (&item["current_period_start"], &item["current_period_end"]);
    let phase = |price: &Value, start: &Value, end: Value| {
        json!({
            "add_invoice_items": [], "application_fee_percent": null, "automatic_tax": null,
            "billing_cycle_anchor": null, "collection_method": null, "currency": price["currency"],
            "default_payment_method": null, "default_tax_rates": [], "description": null, "discounts": [],
            "end_date": end, "invoice_settings": null, "items": [{
                "billing_thresholds": null, "discounts": [], "metadata": {}, "plan": price["id"],
                "price": price["id"], "quantity": 1, "tax_rates": []}],
            "metadata": {}, "on_behalf_of": null, "proration_behavior": "none", "start_date": start,
            "transfer_data": null, "trial_end": null,
        })
    };
    let after = end.as_i64().unwrap_or(now) + 30 * 86_400;
    json!({
        "id": id, "object": "subscription_schedule", "application": null,
        "billing_mode": subscription["billing_mode"], "canceled_at": null, "completed_at": null, "created": now,
        "current_phase": {"end_date": end, "start_date": start}, "customer": subscription["customer"],
        "customer_account": null,
        "default_settings": {"application_fee_percent": null,
            "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
            "billing_cycle_anchor": "automatic", "billing_thresholds": null,
            "collection_method": "charge_automatically", "default_payment_method": null, "description": null,
            "invoice_settings": {"account_tax_ids": null, "days_until_due": null, "issuer": {"type": "self"}},
            "on_behalf_of": null, "transfer_data": null},
        "end_behavior": "release", "livemode": false, "metadata": {},
        "phases": [phase(&item["price"], start, end.clone()), phase(next, end, after.into())],
        "released_at": null, "released_subscription": null, "status": "active",
        "subscription": subscription["id"], "test_clock": null,
    })
}
