//! What a provider's event calls for, given what is known: the one place that decides between its word and a question.

use common::DateTime;
use payments::{Notice, ProviderSubscription};

use super::{Knowledge, Order};

/// The known state of a subscription, and from when it is.
pub(crate) type KnownState<'a> = (&'a ProviderSubscription, Knowledge);

/// What to do about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Take over the state that it tells.
    Take(Box<ProviderSubscription>),
    /// Ask the provider: the event does not tell the state, or its time cannot tell whether it is newer.
    Fetch { id: String, customer: String },
    /// Nothing: what is known is newer.
    Late,
    /// Nothing: it is only noted.
    Note,
}

/// Decides; `known` is what is known of the subscription that the event is about.
pub(crate) fn decide(known: Option<KnownState<'_>>, notice: &Notice, happened_at: DateTime) -> Step {
    let order = known.map_or(Order::Newer, |(state, by)| {
        // What is over stays over, whatever the times say.
        let is_revival = state.status.is_final() && !tells_end(notice);
        if is_revival { Order::Late } else { by.order(happened_at) }
    });
    match notice {
        Notice::Subscription(told) | Notice::TrialEnding(told) => match order {
            Order::Newer => Step::Take(told.clone()),
            Order::Late => Step::Late,
            Order::Unclear => Step::Fetch { id: told.id.clone(), customer: told.customer.clone() },
        },
        Notice::UnreadableSubscription { id, customer } => match order {
            Order::Late => Step::Late,
            Order::Newer | Order::Unclear => Step::Fetch { id: id.clone(), customer: customer.clone() },
        },
        // These tell of a payment, not of the subscription: what came of it is asked for, unless it is known.
        Notice::Checkout { .. } | Notice::Invoice { .. } => match (notice.subscription(), notice.customer()) {
            (Some(id), Some(customer)) if order != Order::Late => {
                Step::Fetch { id: id.to_owned(), customer: customer.to_owned() }
            }
            _ => Step::Note,
        },
        Notice::CustomerDeleted { .. } | Notice::Dispute { .. } | Notice::Refund { .. } | Notice::Other { .. } => {
            Step::Note
        }
    }
}

fn tells_end(notice: &Notice) -> bool {
    matches!(notice, Notice::Subscription(told) | Notice::TrialEnding(told) if told.status.is_final())
}

#[cfg(test)]
mod tests;
