//! How a tenant stands, from what its providers last showed: the one place that turns their words into a plan.

use chrono::TimeDelta;
use common::DateTime;
use common::event::Access;
use payments::{ProviderSubscription, SubscriptionStatus};

use super::{FREE_PLAN, Plans, Subscription};

/// The provider of customers who are invoiced; what an operator sets goes before what was bought.
pub(crate) const MANUAL: &str = "manual";

/// One subscription of a tenant, as its provider last showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) provider: String,
    pub(crate) state: ProviderSubscription,
}

/// What decides besides the subscriptions themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) plans: &'a Plans,
    /// How long a failed payment is borne with.
    pub(crate) grace: TimeDelta,
    /// When what is now judged happened.
    pub(crate) happened_at: DateTime,
    pub(crate) now: DateTime,
}

/// How the tenant stands now; the version and the time of the last event are the caller's.
pub(crate) fn stand(before: &Subscription, held: &[Held], terms: Terms<'_>) -> Subscription {
    let Some(chosen) = held.iter().max_by_key(|one| rank(one)) else {
        return Subscription { version: before.version, ..Subscription::free(before.last_event_at) };
    };
    let state = &chosen.state;
    let status = state.status;
    let is_same = before.status == status.as_str() && before.subscription_id.as_deref() == Some(&state.id);
    let since = if is_same { before.status_since.unwrap_or(terms.happened_at) } else { terms.happened_at };
    let plan = terms.plans.by_price(&state.price_refs);
    let serves = !status.is_final() && status != SubscriptionStatus::Incomplete;
    let grace_ends_at = (status == SubscriptionStatus::PastDue).then(|| since + terms.grace);
    let (access, reason) = judge(state, since, grace_ends_at, terms);
    let unknown = (serves && plan.is_none())
        .then(|| format!("the price {} belongs to no plan of this installation", state.price_refs.join(", ")));
    let scheduled = state.scheduled.as_ref().filter(|_| serves);
    Subscription {
        plan: plan.filter(|_| serves).map_or_else(|| FREE_PLAN.to_owned(), |plan| plan.id.clone()),
        status: status.as_str().to_owned(),
        reason: unknown.or(reason),
        access,
        status_since: Some(since),
        cancel_at_period_end: state.cancel_at_period_end && serves,
        trial_end: state.trial_end,
        current_period_start: state.current_period_start.filter(|_| serves),
        current_period_end: state.current_period_end.filter(|_| serves),
        grace_ends_at,
        scheduled_plan: scheduled.and_then(|change| terms.plans.by_price(&change.price_refs)).map(|p| p.id.clone()),
        scheduled_at: scheduled.map(|change| change.at),
        provider: Some(chosen.provider.clone()),
        subscription_id: Some(state.id.clone()),
        last_event_at: before.last_event_at,
        version: before.version,
    }
}

/// Which of several subscriptions counts: one that serves before one that begins before one that is over; of two
/// alike the operator's, then the newest.
fn rank(held: &Held) -> (u8, bool, DateTime, &str) {
    let class = match held.state.status {
        SubscriptionStatus::Active | SubscriptionStatus::Trialing => 4,
        SubscriptionStatus::PastDue => 3,
        SubscriptionStatus::Unpaid | SubscriptionStatus::Paused => 2,
        SubscriptionStatus::Incomplete => 1,
        SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired => 0,
    };
    (class, held.provider == MANUAL, held.state.created_at, &held.state.id)
}

fn judge(
    state: &ProviderSubscription,
    since: DateTime,
    grace_ends_at: Option<DateTime>,
    terms: Terms<'_>,
) -> (Access, Option<String>) {
    let day = |time: DateTime| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    match state.status {
        SubscriptionStatus::Active | SubscriptionStatus::Trialing if state.cancel_at_period_end => {
            let end = state.current_period_end.map_or_else(|| "its period's end".to_owned(), day);
            (Access::Full, Some(format!("ends on {end}, as was asked for")))
        }
        SubscriptionStatus::Active => (Access::Full, None),
        SubscriptionStatus::Trialing => {
            (Access::Full, state.trial_end.map(|end| format!("on trial until {}", day(end))))
        }
        SubscriptionStatus::PastDue => {
            let ends = grace_ends_at.unwrap_or(since);
            if terms.now < ends {
                (Access::Full, Some(format!("payment failed on {}; the grace ends on {}", day(since), day(ends))))
            } else {
                let reason =
                    format!("read-only since {}: payment failed on {}, and the grace has ended", day(ends), day(since));
                (Access::ReadOnly, Some(reason))
            }
        }
        SubscriptionStatus::Unpaid => {
            (Access::ReadOnly, Some(format!("read-only since {}: the payment failed for good", day(since))))
        }
        SubscriptionStatus::Paused => {
            (Access::ReadOnly, Some(format!("read-only since {}: the subscription is paused", day(since))))
        }
        SubscriptionStatus::Incomplete => {
            (Access::Full, Some("the first payment is awaited; the free plan serves meanwhile".to_owned()))
        }
        SubscriptionStatus::IncompleteExpired => {
            (Access::Full, Some("the first payment never came; the free plan serves".to_owned()))
        }
        SubscriptionStatus::Canceled => {
            let ended = state.ended_at.unwrap_or(since);
            (Access::Full, Some(format!("the subscription ended on {}; the free plan serves", day(ended))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime {
        DateTime::from_timestamp(1_760_000_000 + day * 86_400, 0).expect("a time")
    }

    fn held(id: &str, status: SubscriptionStatus, price: &str, created: i64) -> Held {
        let state = ProviderSubscription {
            id: id.to_owned(),
            customer: "c".to_owned(),
            tenant: None,
            price_refs: vec![price.to_owned()],
            status,
            cancel_at_period_end: false,
            trial_end: None,
            current_period_start: Some(at(0)),
            current_period_end: Some(at(30)),
            scheduled: None,
            created_at: at(created),
            ended_at: None,
        };
        Held { provider: "p".to_owned(), state }
    }

    fn standing(held: &[Held], before: &Subscription, happened: i64, now: i64) -> Subscription {
        let plans = Plans::built_in().expect("checked in");
        let terms = Terms { plans: &plans, grace: TimeDelta::days(14), happened_at: at(happened), now: at(now) };
        stand(before, held, terms)
    }

    #[test]
    fn each_status_gives_its_plan_access_and_reason() {
        use SubscriptionStatus as S;
        let free = Subscription::free(at(0));
        let cases = [
            (S::Active, "team", Access::Full, None),
            (S::Trialing, "team", Access::Full, None),
            (S::PastDue, "team", Access::Full, Some("the grace ends on")),
            (S::Unpaid, "team", Access::ReadOnly, Some("failed for good")),
            (S::Paused, "team", Access::ReadOnly, Some("paused")),
            (S::Incomplete, "free", Access::Full, Some("awaited")),
            (S::IncompleteExpired, "free", Access::Full, Some("never came")),
            (S::Canceled, "free", Access::Full, Some("ended on")),
        ];
        for (status, plan, access, reason) in cases {
            let found = standing(&[held("s", status, "verdict_team_monthly", 0)], &free, 1, 1);
            assert_eq!((found.plan.as_str(), found.access, found.status.as_str()), (plan, access, status.as_str()));
            match reason {
                Some(part) => assert!(found.reason.as_ref().is_some_and(|text| text.contains(part)), "{found:?}"),
                None => assert_eq!(found.reason, None),
            }
        }
        assert_eq!(standing(&[], &free, 1, 1), free);
        let unknown = standing(&[held("s", S::Active, "price_of_nobody", 0)], &free, 1, 1);
        assert_eq!(unknown.plan, "free");
        assert!(unknown.reason.is_some_and(|text| text.contains("price_of_nobody")));
    }

    #[test]
    fn the_grace_runs_from_the_first_failure_and_ends_in_reading_only() {
        let free = Subscription::free(at(0));
        let held = [held("s", SubscriptionStatus::PastDue, "verdict_team_monthly", 0)];
        let first = standing(&held, &free, 1, 1);
        assert_eq!((first.access, first.grace_ends_at), (Access::Full, Some(at(15))));
        let again = standing(&held, &first, 10, 10);
        assert_eq!((again.access, again.grace_ends_at), (Access::Full, Some(at(15))), "a second failure adds nothing");
        let over = standing(&held, &again, 15, 15);
        assert_eq!((over.access, over.plan.as_str()), (Access::ReadOnly, "team"));
        assert!(over.reason.is_some_and(|text| text.starts_with("read-only since")));
    }

    #[test]
    fn of_several_subscriptions_the_one_that_serves_counts() {
        use SubscriptionStatus as S;
        let free = Subscription::free(at(0));
        let (team, business) = ("verdict_team_monthly", "verdict_business_monthly");
        let mut invoiced = held("m", S::Active, business, 0);
        invoiced.provider = MANUAL.to_owned();
        let cases = [
            (vec![held("a", S::Active, team, 0), held("b", S::Canceled, business, 5)], "a"),
            (vec![held("a", S::Active, team, 0), held("b", S::Incomplete, business, 5)], "a"),
            (vec![held("a", S::PastDue, team, 0), held("b", S::Active, business, 5)], "b"),
            (vec![held("a", S::Active, team, 0), held("b", S::Active, business, 5)], "b"),
            (vec![held("a", S::Active, team, 9), invoiced], "m"),
            (vec![held("a", S::Canceled, team, 0), held("b", S::Canceled, business, 5)], "b"),
        ];
        for (mut several, expected) in cases {
            assert_eq!(standing(&several, &free, 1, 1).subscription_id.as_deref(), Some(expected));
            several.reverse();
            assert_eq!(standing(&several, &free, 1, 1).subscription_id.as_deref(), Some(expected), "in any order");
        }
    }
}
