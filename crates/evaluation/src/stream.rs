//! A tenant's first weeks: records arrive, the pipeline decides or a person does, and every answer is learnt from.
//!
//! The file's labels are the person. A record is scored before it is learnt from. What is accepted is audited by chance,
//! and only audits, weighted, speak of what is above the threshold.

use std::collections::VecDeque;

use anyhow::Result;
use learning::confidence::AuditSettings;
use learning::{Closed, Memory, Model, Policy, Route, Scored, Standing, decide};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;

use crate::acceptance::{self, Settings, close};
use crate::measures::share;
use crate::world::{World, id};

/// The model and the thresholds are made anew after this many records.
const REFIT: usize = 500;
/// Closed decisions that thresholds rest on: the youngest.
const WINDOW: usize = 3_000;
/// Before this many closed decisions nothing is accepted.
const COLD: usize = 50;

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
    policy: Option<Policy>,
    closed: VecDeque<(u32, Scored, f64)>,
    audits: VecDeque<Closed>,
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
    for batch in order.chunks(REFIT) {
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

impl<'a> Tenant<'a> {
    fn new(world: &'a World, settings: &'a Settings) -> Self {
        Self {
            world,
            settings,
            audit: AuditSettings::default(),
            memory: Memory::new(world.dimensions),
            model: Model::blank(world.data.names.len(), world.dimensions, world.settings)
                .fit(&Memory::new(world.dimensions), &world.descriptions),
            policy: None,
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
        let accepted = self.policy.as_ref().is_some_and(|policy| decide(&scored, policy).route == Route::Accept);
        count.records += 1;
        count.right += usize::from(scored.top == truth);
        if !accepted {
            return self.close(record, scored, 1.0);
        }
        count.accepted += 1;
        count.wrong += usize::from(scored.top != truth);
        let rate = self.audit.rate_at(self.by_people);
        if AuditSettings::draws(id(record).as_bytes(), b"simulation", rate) {
            self.audited += 1;
            self.audits.push_back(close(truth, &scored, 1.0));
            return self.close(record, scored, rate.recip());
        }
        self.world.show(&mut self.memory, &[record])
    }

    fn close(&mut self, record: usize, scored: Scored, weight: f64) -> Result<()> {
        self.by_people += 1;
        self.closed.push_back((self.world.data.labels[record], scored, weight));
        if self.closed.len() > WINDOW {
            self.closed.pop_front();
        }
        self.world.teach(&mut self.memory, record)
    }

    fn refit(&mut self) {
        self.model = self.model.fit(&self.memory, &self.world.descriptions);
        self.model.infer(&mut self.memory);
        let closed: Vec<(u32, Scored)> =
            self.closed.iter().map(|(truth, scored, _)| (*truth, scored.clone())).collect();
        let weights: Vec<f64> = self.closed.iter().map(|one| one.2).collect();
        let standing = Standing::of(self.audits.make_contiguous(), self.settings.target);
        self.steps_back += usize::from(standing != Standing::Trusted);
        let target = standing.target(self.settings.target).filter(|_| closed.len() >= COLD);
        self.policy = target.map(|target| {
            acceptance::weighted_policy(
                &closed,
                &weights,
                self.world.data.names.len(),
                &Settings { target, ..*self.settings },
            )
        });
    }
}
