//! Events: their envelope, and what each kind means for us.

use std::collections::HashMap;

use common::TenantId;
use payments::{CheckoutOutcome, InvoiceOutcome, Money, Notice, ProviderError, ProviderEvent};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use stripe_shared::Subscription;

use crate::read;

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

/// A reference that may have been expanded to the whole object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
    object: Option<String>,
    customer: Option<Reference>,
}

#[derive(Deserialize)]
struct Checkout {
    mode: String,
    customer: Option<Reference>,
    client_reference_id: Option<String>,
    subscription: Option<Reference>,
    payment_status: String,
}

#[derive(Deserialize)]
struct Invoice {
    customer: Option<Reference>,
    amount_due: i64,
    amount_paid: i64,
    currency: String,
    next_payment_attempt: Option<i64>,
    parent: Option<Parent>,
    // Where it was before API version 2025-03.
    subscription: Option<Reference>,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    subscription: Option<Reference>,
}

#[derive(Deserialize)]
struct Dispute {
    charge: Reference,
    amount: i64,
    currency: String,
    status: String,
}

#[derive(Deserialize)]
struct Charge {
    customer: Option<Reference>,
    amount_refunded: i64,
    currency: String,
}

impl Reference {
    fn into_id(self) -> String {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

/// Reads one event.
pub(crate) fn parse(body: &[u8]) -> Result<ProviderEvent, ProviderError> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(body).map_err(|error| ProviderError::Malformed(error.to_string()))?;
    let notice = notice(&envelope.kind, envelope.data.object.get())?;
    Ok(ProviderEvent {
        occurred_at: read::time(envelope.created)?,
        id: envelope.id,
        kind: envelope.kind,
        notice,
        body: body.to_vec(),
    })
}

fn notice(kind: &str, object: &str) -> Result<Notice, ProviderError> {
    match kind {
        "customer.subscription.trial_will_end" => subscription(object).map(|notice| match notice {
            Notice::Subscription(subscription) => Notice::TrialEnding(subscription),
            other => other,
        }),
        kind if kind.starts_with("customer.subscription.") => subscription(object),
        kind if kind.starts_with("checkout.session.") => checkout(kind, object),
        "invoice.paid" | "invoice.payment_succeeded" => invoice(object, InvoiceOutcome::Paid),
        "invoice.payment_failed" => invoice(object, InvoiceOutcome::PaymentFailed),
        "invoice.payment_action_required" => invoice(object, InvoiceOutcome::ActionRequired),
        "customer.deleted" => {
            let customer = from_json::<Named>(object)?.id;
            customer.map(|customer| Notice::CustomerDeleted { customer }).ok_or_else(|| lacks("id"))
        }
        kind if kind.starts_with("charge.dispute.") => dispute(object),
        "charge.refunded" => refund(object),
        _ => Ok(other(object)),
    }
}

fn subscription(object: &str) -> Result<Notice, ProviderError> {
    let theirs = miniserde::json::from_str::<Subscription>(object).ok();
    if let Some(read) = theirs.and_then(|theirs| read::subscription(&theirs).ok()) {
        return Ok(Notice::Subscription(Box::new(read)));
    }
    // Another API version, or something that only a fetch shows whole.
    let named: Named = from_json(object)?;
    let (Some(id), Some(customer)) = (named.id, named.customer) else { return Err(lacks("id or customer")) };
    Ok(Notice::UnreadableSubscription { id, customer: customer.into_id() })
}

fn checkout(kind: &str, object: &str) -> Result<Notice, ProviderError> {
    let session: Checkout = from_json(object)?;
    let customer = session.customer.map(Reference::into_id);
    if session.mode != "subscription" {
        return Ok(Notice::Other { customer });
    }
    let outcome = match kind {
        "checkout.session.completed" if session.payment_status == "unpaid" => CheckoutOutcome::AwaitingPayment,
        "checkout.session.completed" => CheckoutOutcome::Completed,
        "checkout.session.async_payment_succeeded" => CheckoutOutcome::PaymentSucceeded,
        "checkout.session.async_payment_failed" => CheckoutOutcome::PaymentFailed,
        "checkout.session.expired" => CheckoutOutcome::Expired,
        _ => return Ok(Notice::Other { customer }),
    };
    Ok(Notice::Checkout {
        customer,
        tenant: session.client_reference_id.and_then(|id| id.parse().ok()).map(TenantId),
        subscription: session.subscription.map(Reference::into_id),
        outcome,
    })
}

fn invoice(object: &str, outcome: InvoiceOutcome) -> Result<Notice, ProviderError> {
    let invoice: Invoice = from_json(object)?;
    let subscription = invoice.parent.and_then(|parent| parent.subscription_details?.subscription);
    let minor = if outcome == InvoiceOutcome::Paid { invoice.amount_paid } else { invoice.amount_due };
    Ok(Notice::Invoice {
        customer: invoice.customer.ok_or_else(|| lacks("customer"))?.into_id(),
        subscription: subscription.or(invoice.subscription).map(Reference::into_id),
        outcome,
        amount: money(minor, &invoice.currency),
        next_attempt: invoice.next_payment_attempt.map(read::time).transpose()?,
    })
}

fn dispute(object: &str) -> Result<Notice, ProviderError> {
    let dispute: Dispute = from_json(object)?;
    Ok(Notice::Dispute {
        customer: from_json::<HashMap<String, serde_json::Value>>(object)?
            .get("customer")
            .and_then(|customer| customer.as_str().map(str::to_owned)),
        payment: dispute.charge.into_id(),
        amount: money(dispute.amount, &dispute.currency),
        status: dispute.status,
    })
}

fn refund(object: &str) -> Result<Notice, ProviderError> {
    let charge: Charge = from_json(object)?;
    Ok(Notice::Refund {
        customer: charge.customer.map(Reference::into_id),
        amount: money(charge.amount_refunded, &charge.currency),
    })
}

fn other(object: &str) -> Notice {
    let named = serde_json::from_str::<Named>(object).ok();
    let customer = named.and_then(|named| match named.object.as_deref() {
        Some("customer") => named.id,
        _ => named.customer.map(Reference::into_id),
    });
    Notice::Other { customer }
}

fn money(minor: i64, currency: &str) -> Money {
    Money { minor, currency: currency.to_ascii_uppercase() }
}

fn from_json<T: DeserializeOwned>(object: &str) -> Result<T, ProviderError> {
    serde_json::from_str(object).map_err(|error| ProviderError::Malformed(error.to_string()))
}

fn lacks(what: &str) -> ProviderError {
    ProviderError::Malformed(format!("the event's object has no {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, object: &serde_json::Value) -> Notice {
        let body =
            serde_json::json!({"id": "evt_1", "type": kind, "created": 1_760_000_000, "data": {"object": object}});
        parse(body.to_string().as_bytes()).expect("an event").notice
    }

    #[test]
    fn each_kind_means_something_or_is_only_noted() {
        let session = |status: &str| {
            serde_json::json!({"object": "checkout.session", "mode": "subscription", "customer": "cus_1",
                "client_reference_id": TenantId::generate().to_string(), "subscription": "sub_1", "payment_status": status})
        };
        let outcome = |kind: &str, status: &str| match event(kind, &session(status)) {
            Notice::Checkout { outcome, subscription, .. } => (outcome, subscription),
            other => panic!("{other:?}"),
        };
        let sub = Some("sub_1".to_owned());
        assert_eq!(outcome("checkout.session.completed", "paid"), (CheckoutOutcome::Completed, sub.clone()));
        assert_eq!(outcome("checkout.session.completed", "unpaid"), (CheckoutOutcome::AwaitingPayment, sub.clone()));
        assert_eq!(
            outcome("checkout.session.async_payment_succeeded", "paid"),
            (CheckoutOutcome::PaymentSucceeded, sub.clone())
        );
        assert_eq!(outcome("checkout.session.expired", "unpaid"), (CheckoutOutcome::Expired, sub));
        let invoice = serde_json::json!({"object": "invoice", "customer": "cus_1", "amount_due": 4900,
            "amount_paid": 0, "currency": "eur", "next_payment_attempt": 1_760_086_400,
            "parent": {"subscription_details": {"subscription": "sub_1"}}});
        let failed = event("invoice.payment_failed", &invoice);
        assert_eq!((failed.customer(), failed.subscription()), (Some("cus_1"), Some("sub_1")));
        let unreadable =
            event("customer.subscription.updated", &serde_json::json!({"id": "sub_1", "customer": "cus_1"}));
        assert!(matches!(unreadable, Notice::UnreadableSubscription { .. }), "{unreadable:?}");
        let unknown = event("payment_method.attached", &serde_json::json!({"id": "pm_1", "customer": {"id": "cus_9"}}));
        assert_eq!((unknown.is_handled(), unknown.customer()), (false, Some("cus_9")));
        assert!(!event("entitlements.active_entitlement_summary.updated", &serde_json::json!({})).is_handled());
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for body in ["", "{", "[]", "{}", r#"{"id":"evt_1","type":"x","created":"now","data":{"object":{}}}"#] {
            assert!(matches!(parse(body.as_bytes()), Err(ProviderError::Malformed(_))), "{body}");
        }
    }
}
