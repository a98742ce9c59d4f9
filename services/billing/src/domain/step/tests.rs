//! The property that all of billing rests on: whatever order, repetition and gaps events come in, nothing goes
//! backwards, and the end is the provider's own.

use std::collections::HashSet;

use payments::{InvoiceOutcome, Money, SubscriptionStatus};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

const BEGIN_MILLIS: i64 = 1_760_000_000_000;

/// A subscription's life at its provider: every state, and when it began, in milliseconds.
struct Life {
    states: Vec<(i64, ProviderSubscription)>,
}

/// What is sent of it.
#[derive(Clone)]
struct Sent {
    id: usize,
    happened_millis: i64,
    notice: Notice,
    /// The place among the states that it was made by.
    version: usize,
}

fn time(millis: i64) -> DateTime {
    // Providers date to the second.
    DateTime::from_timestamp(millis.div_euclid(1_000), 0).expect("a time")
}

fn state(version: usize, millis: i64, status: SubscriptionStatus) -> ProviderSubscription {
    ProviderSubscription {
        id: "s".into(),
        customer: "c".into(),
        tenant: None,
        // The version can be read off the state.
        price_refs: vec![version.to_string()],
        status,
        cancel_at_period_end: false,
        trial_end: None,
        current_period_start: None,
        current_period_end: None,
        scheduled: None,
        created_at: time(BEGIN_MILLIS),
        ended_at: status.is_final().then(|| time(millis)),
    }
}

impl Life {
    fn random(rng: &mut StdRng) -> (Self, Vec<Sent>) {
        use SubscriptionStatus::{Active, Canceled, Incomplete, PastDue, Paused, Trialing};
        let length = rng.random_range(2..=12);
        let (mut states, mut sent, mut millis) = (Vec::new(), Vec::new(), BEGIN_MILLIS);
        for version in 0..length {
            let status = if version == length - 1 && rng.random_bool(0.5) {
                Canceled
            } else {
                [Incomplete, Trialing, Active, PastDue, Paused][rng.random_range(0..5)]
            };
            let now = state(version, millis, status);
            states.push((millis, now.clone()));
            let notice = Notice::Subscription(Box::new(now));
            sent.push(Sent { id: sent.len(), happened_millis: millis, notice, version });
            if rng.random_bool(0.3) {
                let notice = Notice::Invoice {
                    customer: "c".into(),
                    subscription: Some("s".into()),
                    outcome: InvoiceOutcome::Paid,
                    amount: Money { minor: 4_900, currency: "EUR".into() },
                    next_attempt: None,
                };
                sent.push(Sent { id: sent.len(), happened_millis: millis, notice, version });
            }
            // Often within the same second, sometimes a month later.
            millis += [rng.random_range(1..900), rng.random_range(900..20_000), 2_600_000_000][rng.random_range(0..3)];
        }
        (Self { states }, sent)
    }

    /// The state at that time.
    fn at(&self, millis: i64) -> &ProviderSubscription {
        &self.states.iter().rev().find(|(since, _)| *since <= millis).expect("it has begun").1
    }

    fn last(&self) -> &ProviderSubscription {
        &self.states.last().expect("at least one").1
    }
}

/// The receiving side, as `handle_event` does it.
#[derive(Default)]
struct Ledger {
    known: Option<(ProviderSubscription, Knowledge)>,
    handled: HashSet<usize>,
    fetches: usize,
}

impl Ledger {
    fn receive(&mut self, life: &Life, sent: &Sent, now_millis: i64) {
        // Stored once under its id; a second delivery finds it there.
        if !self.handled.insert(sent.id) {
            return;
        }
        let known = self.known.as_ref().map(|(state, by)| (state, *by));
        let happened_at = time(sent.happened_millis);
        match decide(known, &sent.notice, happened_at) {
            Step::Take(state) => self.put(*state, Knowledge::Event(happened_at)),
            Step::Fetch { .. } => self.fetch(life, now_millis),
            Step::Late | Step::Note => {}
        }
    }

    fn fetch(&mut self, life: &Life, now_millis: i64) {
        self.fetches += 1;
        self.put(life.at(now_millis).clone(), Knowledge::Fetch(time(now_millis)));
    }

    fn put(&mut self, state: ProviderSubscription, by: Knowledge) {
        let version = |state: &ProviderSubscription| state.price_refs[0].parse::<usize>().expect("a version");
        if let Some((before, _)) = &self.known {
            assert!(version(&state) >= version(before), "from {} back to {}", version(before), version(&state));
        }
        self.known = Some((state, by));
    }

    fn state(&self) -> &ProviderSubscription {
        &self.known.as_ref().expect("something came").0
    }
}

/// Deliveries of a life: each event once to thrice, at random times after it happened, some never.
fn deliveries(rng: &mut StdRng, sent: &[Sent], gaps: bool) -> Vec<(i64, Sent)> {
    let mut all = Vec::new();
    for one in sent {
        if gaps && rng.random_bool(0.25) {
            continue;
        }
        for _ in 0..rng.random_range(1..=3) {
            let delay =
                [rng.random_range(5..1_500), rng.random_range(0..60_000), rng.random_range(0..4_000_000_000_i64)];
            all.push((one.happened_millis + delay[rng.random_range(0..3)], one.clone()));
        }
    }
    all.shuffle(rng);
    all.sort_by_key(|(at, _)| *at);
    all
}

#[test]
fn a_thousand_random_orders_with_repetitions_end_in_the_provider_s_state() {
    for seed in 0..1_000 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (life, sent) = Life::random(rng);
        let mut ledger = Ledger::default();
        for (at, one) in deliveries(rng, &sent, false) {
            ledger.receive(&life, &one, at);
        }
        assert_eq!(ledger.state(), life.last(), "seed {seed}");
    }
}

#[test]
fn a_thousand_permutations_that_come_when_all_is_over_end_in_the_provider_s_state() {
    let mut fetches = 0;
    for seed in 0..1_000 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (life, mut sent) = Life::random(rng);
        let end = life.states.last().expect("at least one").0 + 86_400_000;
        let again = sent.clone();
        sent.extend(again);
        sent.shuffle(rng);
        let mut ledger = Ledger::default();
        for one in &sent {
            ledger.receive(&life, one, end);
        }
        assert_eq!(ledger.state(), life.last(), "seed {seed}");
        fetches += ledger.fetches;
    }
    assert!(fetches > 0, "some orders cannot be told without asking");
}

#[test]
fn a_thousand_orders_with_gaps_never_go_back_and_are_made_whole_by_a_comparison() {
    let mut incomplete = 0;
    for seed in 0..1_000 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (life, sent) = Life::random(rng);
        let mut ledger = Ledger::default();
        let delivered = deliveries(rng, &sent, true);
        for (at, one) in &delivered {
            ledger.receive(&life, one, *at);
        }
        let last = sent.iter().map(|one| one.version).max().expect("something was sent");
        let last_came = delivered.iter().any(|(_, one)| one.version == last);
        if last_came {
            assert_eq!(ledger.state(), life.last(), "seed {seed}: the last word came");
        } else {
            incomplete += 1;
        }
        // Reconciling: the provider is asked, whatever is known.
        ledger.fetch(&life, i64::MAX / 2_000);
        assert_eq!(ledger.state(), life.last(), "seed {seed}");
    }
    assert!(incomplete > 50, "gaps at the end are tried too");
}
