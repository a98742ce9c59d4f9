//! Why a tenant may have how much of each thing: what `GET /billing/status` answers to "what now?".

use common::event::{Access, Allowance};

use super::{Money, Plan, Plans, Subscription};

/// One entitlement, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) name: &'static str,
    /// How much there may be; `None` without a limit.
    pub(crate) limit: Option<u64>,
    /// How much there may be before anything is refused, where that is more.
    pub(crate) hard_limit: Option<u64>,
    /// How much there is, where that is counted.
    pub(crate) used: Option<u64>,
    /// Where the limit comes from.
    pub(crate) source: String,
    /// Why it is as it is, in words.
    pub(crate) reason: String,
    pub(crate) state: State,
}

/// How use stands to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Within,
    /// More than the plan has, and still taken in.
    Over,
    /// Refused.
    Exhausted,
    /// Nothing new is taken in, whatever is left.
    ReadOnly,
}

/// What is counted now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) records: u64,
    pub(crate) seats: u64,
    pub(crate) integrations: u64,
}

impl State {
    /// The name in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Over => "over",
            Self::Exhausted => "exhausted",
            Self::ReadOnly => "read_only",
        }
    }
}

/// Every entitlement with its value, use, source and reason.
pub(crate) fn explain(plans: &Plans, subscription: Option<&Subscription>, counted: Counted) -> Vec<Explained> {
    let id = subscription.map_or(super::FREE_PLAN, |known| known.plan.as_str());
    let plan = plans.find_or_free(id);
    let Allowance { records_soft, records_hard, seats, integrations, model_calls, file_bytes, retention_days } =
        plan.allowance();
    let is_read_only = subscription.is_some_and(|known| known.access == Access::ReadOnly);
    let source = source(plan, subscription);
    let why = subscription.and_then(|known| known.reason.clone());
    let one = |name, limit: Option<u64>, hard: Option<u64>, used: Option<u64>| {
        let state = match used {
            Some(_) if is_read_only => State::ReadOnly,
            Some(used) if hard.is_some_and(|hard| used >= hard) => State::Exhausted,
            Some(used) if limit.is_some_and(|limit| used > limit) => State::Over,
            _ => State::Within,
        };
        let reason = match state {
            State::ReadOnly => why.clone().unwrap_or_default(),
            State::Exhausted => format!("used up: {}", way_out(plans, plan)),
            State::Over if hard.is_none() => "more than the plan has; each is billed".to_owned(),
            State::Over => format!("more than the plan has, and still taken in; {}", way_out(plans, plan)),
            State::Within => format!("the plan {} has it", plan.name),
        };
        Explained {
            name,
            limit,
            hard_limit: hard.filter(|_| hard != limit),
            used,
            source: source.clone(),
            reason,
            state,
        }
    };
    vec![
        one("recordsPerMonth", records_soft, records_hard, Some(counted.records)),
        one("seats", seats, seats, Some(counted.seats)),
        one("integrations", integrations, integrations, Some(counted.integrations)),
        one("modelCalls", model_calls, None, None),
        one("retentionDays", retention_days, None, None),
        one("fileBytes", file_bytes, None, None),
    ]
}

fn source(plan: &Plan, subscription: Option<&Subscription>) -> String {
    match subscription.and_then(|known| known.provider.as_deref().map(|provider| (provider, known))) {
        Some((provider, known)) => format!("plan {} by {provider}, {}", plan.id, known.status),
        None => format!("plan {}", plan.id),
    }
}

/// What an owner can do about a limit.
fn way_out(plans: &Plans, plan: &Plan) -> String {
    let price = |money: &Money| money.minor;
    let larger =
        plans.all().iter().filter(|other| other.price_ref.is_some() && price(&other.price) > price(&plan.price));
    match larger.min_by_key(|other| price(&other.price)) {
        Some(next) => format!("the plan {} has more", next.name),
        None => "ask the operator of this installation for more".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_beyond_the_plan_is_told_with_its_way_out() {
        let plans = Plans::built_in().expect("checked in");
        let of = |records| explain(&plans, None, Counted { records, seats: 5, integrations: 0 });
        let states = |records| {
            let found = of(records);
            (found[0].state, found[1].state, found[2].state)
        };
        assert_eq!(states(100_000), (State::Within, State::Exhausted, State::Within));
        assert_eq!(states(100_001), (State::Over, State::Exhausted, State::Within));
        assert_eq!(states(110_000).0, State::Exhausted);
        assert!(of(110_000)[0].reason.contains("Team"), "{:?}", of(110_000)[0]);
        assert_eq!((of(0)[0].limit, of(0)[0].hard_limit), (Some(100_000), Some(110_000)));
    }

    #[test]
    fn who_can_only_read_is_told_why() {
        let plans = Plans::built_in().expect("checked in");
        let now = common::DateTime::from_timestamp(0, 0).expect("a time");
        let reason = Some("read-only since then".to_owned());
        let subscription = Subscription { access: Access::ReadOnly, reason, ..Subscription::free(now) };
        let found = explain(&plans, Some(&subscription), Counted::default());
        assert_eq!((found[0].state, found[0].reason.as_str()), (State::ReadOnly, "read-only since then"));
    }
}
