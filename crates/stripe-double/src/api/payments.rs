//! Invoices, charges, refunds and disputes.

use serde_json::{Value, json};

use super::{Request, required};
use crate::error::ApiError;
use crate::world::{World, number};
use crate::{engine, lists};

pub(super) fn answer(world: &mut World, request: &Request<'_>) -> Option<Result<Value, ApiError>> {
    let params = request.params;
    Some(match (request.method, request.path) {
        ("GET", ["invoices"]) => {
            let is_wanted = |one: &&Value| {
                params["customer"].as_str().is_none_or(|customer| one["customer"] == customer)
                    && params["subscription"].as_str().is_none_or(|subscription| {
                        one["parent"]["subscription_details"]["subscription"] == subscription
                    })
            };
            let found: Vec<Value> = world.all("invoice").iter().filter(is_wanted).cloned().collect();
            lists::page(&found, "/v1/invoices", params)
        }
        ("GET", ["invoices", id]) => world.get("invoice", id).cloned(),
        ("POST", ["invoices", id, "pay"]) => engine::pay(world, id),
        ("GET", ["charges"]) => {
            let is_wanted =
                |one: &&Value| params["customer"].as_str().is_none_or(|customer| one["customer"] == customer);
            let found: Vec<Value> = world.all("charge").iter().filter(is_wanted).cloned().collect();
            lists::page(&found, "/v1/charges", params)
        }
        ("GET", ["charges", id]) => world.get("charge", id).cloned(),
        ("POST", ["refunds"]) => refund(world, params),
        _ => return None,
    })
}

fn refund(world: &mut World, params: &Value) -> Result<Value, ApiError> {
    let id = required(params, "charge")?.to_owned();
    let charge = world.get("charge", &id)?.clone();
    let left = charge["amount"].as_i64().unwrap_or(0) - charge["amount_refunded"].as_i64().unwrap_or(0);
    let amount = number(&params["amount"]).unwrap_or(left);
    if amount <= 0 || amount > left {
        return Err(ApiError::invalid("Refund amount is greater than unrefunded amount on charge"));
    }
    let (after, previous) = world.change(&id, |charge| {
        charge["amount_refunded"] = (charge["amount_refunded"].as_i64().unwrap_or(0) + amount).into();
        charge["refunded"] = (amount == left).into();
    });
    let (refund_id, now) = (world.id("re"), world.now());
    let made = json!({
        "id": refund_id, "object": "refund", "amount": amount, "balance_transaction": null, "charge": id,
        "created": now, "currency": charge["currency"], "metadata": {}, "payment_intent": null, "reason": null,
        "receipt_number": null, "source_transfer_reversal": null, "status": "succeeded", "transfer_reversal": null,
    });
    world.add("refund", made.clone());
    world.emit("charge.refunded", &after, Some(previous));
    Ok(made)
}

/// Has the payer dispute a charge, as only their bank can.
pub(crate) fn dispute(world: &mut World, charge_id: &str) -> Result<Value, ApiError> {
    let charge = world.get("charge", charge_id)?.clone();
    let (id, now) = (world.id("du"), world.now());
    world.change(charge_id, |charge| charge["disputed"] = true.into());
    let made = json!({
        "id": id, "object": "dispute", "amount": charge["amount"], "balance_transactions": [], "charge": charge_id,
        "created": now, "currency": charge["currency"], "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {"due_by": now + 7 * engine::DAY, "enhanced_eligibility": {}, "has_evidence": false,
                             "past_due": false, "submission_count": 0},
        "is_charge_refundable": true, "livemode": false, "metadata": {}, "network_reason_code": null,
        "payment_intent": null, "reason": "fraudulent", "status": "needs_response",
    });
    world.add("dispute", made.clone());
    world.emit("charge.dispute.created", &made, None);
    Ok(made)
}
