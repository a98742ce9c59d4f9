//! A tenant's first weeks: records arrive, the pipeline decides or a person does, and every answer is learnt from.
//!
//! The file's labels are the person. A record is scored before it is learnt from. What is accepted is audited by chance,
//! and only audits, weighted, speak of what is above the threshold.

use std::collections::VecDeque;

use anyhow::Result;
use learning::confidence::AuditSettings;
use learning::{Calibrator, Closed, Memory, Model, Outcome, Policy, PolicySettings, Route, Standing, decide};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;

use crate::acceptance::Settings;
use crate::measures::share;
use crate::world::{World, id};

/// The model and the thresholds are made anew after this many records.
const REFIT: usize = 500;
/// Closed decisions that thresholds rest on: the youngest.
const WINDOW: usize = 3_000;
/// After so many more decisions by people an audit says nothing of today's thresholds; so a suspension ends.
const AUDITS_SPEAK_FOR: usize = 1_000;

/// A stretch of the stream.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stretch {
    /// Records so far.
    pub(crate) records: usize,
    /// Of this stretch: the share accepted, the errors among these, and right proposals in all.
    pub(crate) automation: f64,
    pub(crate) error_among_accepted: f64,
    pub(crate) accuracy: f64,
    /// Decisions by people so far, audits included.
    pub(crate) decided_by_people: usize,
}

/// The whole simulation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stream {
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) automation: f64,
    pub(crate) error_among_accepted: f64,
    pub(crate) automation_second_half: f64,
    pub(crate) error_second_half: f64,
    pub(crate) audits: usize,
    /// How often audits made the pipeline step back.
    pub(crate) steps_back: usize,
}

#[derive(Clone, Copy, Default)]
struct Count {
    records: usize,
    accepted: usize,
    wrong: usize,
    right: usize,
}

struct Tenant<'a> {
    world: &'a World,
    settings: &'a Settings,
    audit: AuditSettings,
    memory: Memory,
    model: Model,
    policy: Policy,
    closed: VecDeque<Outcome>,
    /// Each with the number of decisions by people when it came.
    audits: VecDeque<(usize, Closed)>,
    by_people: usize,
    audited: usize,
    steps_back: usize,
}

/// Plays the file in random order.
pub(crate) fn simulate(world: &World, seed: u64, settings: &Settings) -> Result<Stream> {
    let mut order: Vec<usize> = (0..world.data.texts.len()).collect();
    order.shuffle(&mut StdRng::seed_from_u64(seed));
    let mut tenant = Tenant::new(world, settings);
    let (mut stretches, mut counts) = (Vec::new(), Vec::new());
    let mut seen = 0;
    for batch in stretches_of(&order) {
        let mut count = Count::default();
        for record in batch {
            tenant.meet(*record, &mut count)?;
        }
        seen += batch.len();
        stretches.push(Stretch {
            records: seen,
            automation: share(count.accepted, count.records),
            error_among_accepted: share(count.wrong, count.accepted),
            accuracy: share(count.right, count.records),
            decided_by_people: tenant.by_people,
        });
        counts.push(count);
        tenant.refit();
    }
    let sum = |counts: &[Count]| {
        let total = |value: fn(&Count) -> usize| counts.iter().map(value).sum::<usize>();
        (share(total(|c| c.accepted), total(|c| c.records)), share(total(|c| c.wrong), total(|c| c.accepted)))
    };
    let ((automation, error), (late, late_error)) = (sum(&counts), sum(&counts[counts.len() / 2..]));
    Ok(Stream {
        stretches,
        automation,
        error_among_accepted: error,
        automation_second_half: late,
        error_second_half: late_error,
        audits: tenant.audited,
        steps_back: tenant.steps_back,
    })
}

/// The last few records, too few for a refit, belong to the stretch before.
fn stretches_of(order: &[usize]) -> Vec<&[usize]> {
    let whole = (order.len() / REFIT).max(1) * REFIT;
    let mut stretches: Vec<&[usize]> = order.chunks(REFIT).take(whole / REFIT).collect();
    if order.len() > whole
        && let Some(last) = stretches.last_mut()
    {
        *last = &order[whole - REFIT..];
    }
    stretches
}

impl<'a> Tenant<'a> {
    fn new(world: &'a World, settings: &'a Settings) -> Self {
        Self {
            world,
            settings,
            audit: AuditSettings::default(),
            memory: Memory::new(world.dimensions),
            model: Model::blank(world.data.names.len(), world.dimensions, world.settings)
                .fit(&Memory::new(world.dimensions), &world.descriptions),
            policy: Policy::fit(&[], &Calibrator::default(), &settings.of_policy(world.data.names.len())),
            closed: VecDeque::new(),
            audits: VecDeque::new(),
            by_people: 0,
            audited: 0,
            steps_back: 0,
        }
    }

    fn meet(&mut self, record: usize, count: &mut Count) -> Result<()> {
        let truth = self.world.data.labels[record];
        let scored = self.model.score(&self.memory, self.world.seen(record));
        let accepted = decide(&scored, &self.policy).route == Route::Accept;
        count.records += 1;
        count.right += usize::from(scored.top == truth);
        if !accepted {
            return self.close(record, Outcome::of(&scored, truth, 1.0));
        }
        count.accepted += 1;
        count.wrong += usize::from(scored.top != truth);
        let rate = self.audit.rate_at(self.by_people);
        if AuditSettings::draws(id(record).as_bytes(), b"simulation", rate) {
            self.audited += 1;
            self.audits.push_back((self.by_people, Outcome::of(&scored, truth, 1.0).closed));
            return self.close(record, Outcome::of(&scored, truth, rate.recip()));
        }
        self.world.show(&mut self.memory, &[record])
    }

    fn close(&mut self, record: usize, outcome: Outcome) -> Result<()> {
        self.by_people += 1;
        self.closed.push_back(outcome);
        if self.closed.len() > WINDOW {
            self.closed.pop_front();
        }
        self.world.teach(&mut self.memory, record)
    }

    fn refit(&mut self) {
        self.model = self.model.fit(&self.memory, &self.world.descriptions);
        self.model.infer(&mut self.memory);
        while self.audits.front().is_some_and(|(then, _)| self.by_people - then > AUDITS_SPEAK_FOR) {
            self.audits.pop_front();
        }
        let audits: Vec<Closed> = self.audits.iter().map(|audit| audit.1).collect();
        let standing = Standing::of(&audits, self.settings.target);
        self.steps_back += usize::from(standing != Standing::Trusted);
        let settings = PolicySettings { standing, ..self.settings.of_policy(self.world.data.names.len()) };
        self.policy = Policy::fit(self.closed.make_contiguous(), &Calibrator::default(), &settings);
    }
}
