//! The figures of a report, summed up from counted facts. Where there is nothing to divide, it says so.

use std::collections::BTreeMap;

use common::DateTime;

use super::{Measure, Period};

/// Sources listed by themselves; the rest is one entry without a name.
const MAX_SOURCES: usize = 100;

/// A count of one measure, over a step or a whole period, by one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SumRow {
    /// In the step of that index.
    Step { index: i64, measure: Measure, n: i64 },
    /// From that source.
    Source { source: String, measure: Measure, n: i64 },
    /// Decided by that step of the cascade.
    Stage { stage: String, n: i64 },
    /// Decided as that label.
    Label { label: String, measure: Measure, n: i64 },
}

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) received: i64,
    pub(crate) decided_by_machine: i64,
    pub(crate) review_requested: i64,
    pub(crate) approved: i64,
    pub(crate) overridden: i64,
    pub(crate) redecided: i64,
}

/// The figures of one source; `None` stands for all that are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFigures {
    pub(crate) source: Option<String>,
    pub(crate) figures: Figures,
}

/// The decisions for one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LabelFigures {
    pub(crate) label: String,
    pub(crate) figures: Figures,
}

/// The decisions of one step of the cascade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StageFigures {
    pub(crate) stage: String,
    pub(crate) decided: i64,
}

/// Everything that is summed up over a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) totals: Figures,
    pub(crate) by_label: Vec<LabelFigures>,
    pub(crate) by_stage: Vec<StageFigures>,
    pub(crate) by_source: Vec<SourceFigures>,
    pub(crate) series: Vec<(DateTime, DateTime, Figures)>,
}

impl Figures {
    fn add(&mut self, measure: Measure, n: i64) {
        *match measure {
            Measure::Received => &mut self.received,
            Measure::Classified => &mut self.decided_by_machine,
            Measure::ReviewRequested => &mut self.review_requested,
            Measure::Approved => &mut self.approved,
            Measure::Overridden => &mut self.overridden,
            Measure::Redecided => &mut self.redecided,
        } += n;
    }

    fn add_all(&mut self, other: &Self) {
        self.received += other.received;
        self.decided_by_machine += other.decided_by_machine;
        self.review_requested += other.review_requested;
        self.approved += other.approved;
        self.overridden += other.overridden;
        self.redecided += other.redecided;
    }

    /// Answers by people.
    pub(crate) const fn decided_by_human(&self) -> i64 {
        self.approved + self.overridden
    }

    /// Decisions by anyone.
    pub(crate) const fn decided(&self) -> i64 {
        self.decided_by_machine + self.decided_by_human()
    }

    /// Share of decisions that needed no person; `None` when nothing was decided.
    pub(crate) fn automation_rate(&self) -> Option<f64> {
        share(self.decided_by_machine, self.decided())
    }

    /// Share of people's answers that replaced the proposal; `None` when nobody answered.
    pub(crate) fn override_rate(&self) -> Option<f64> {
        share(self.overridden, self.decided_by_human())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Sums the rows up; the totals are those of the series, so the two always agree.
pub(crate) fn sum_up(period: &Period, rows: Vec<SumRow>) -> Summary {
    let mut steps: BTreeMap<i64, Figures> = BTreeMap::new();
    let mut sources: BTreeMap<String, Figures> = BTreeMap::new();
    let mut labels: BTreeMap<String, Figures> = BTreeMap::new();
    let mut by_stage = Vec::new();
    for row in rows {
        match row {
            SumRow::Step { index, measure, n } => steps.entry(index).or_default().add(measure, n),
            SumRow::Source { source, measure, n } => sources.entry(source).or_default().add(measure, n),
            SumRow::Label { label, measure, n } => labels.entry(label).or_default().add(measure, n),
            SumRow::Stage { stage, n } => by_stage.push(StageFigures { stage, decided: n }),
        }
    }
    let mut totals = Figures::default();
    steps.values().for_each(|figures| totals.add_all(figures));
    let step = |index| steps.get(&index).copied().unwrap_or_default();
    let series = (0..).zip(period.steps()).map(|(index, (from, to))| (from, to, step(index))).collect();
    let mut by_label: Vec<_> = labels.into_iter().map(|(label, figures)| LabelFigures { label, figures }).collect();
    by_label.sort_by_key(|entry| std::cmp::Reverse(entry.figures.decided()));
    by_stage.sort_by_key(|entry| std::cmp::Reverse(entry.decided));
    Summary { totals, by_label, by_stage, by_source: biggest_sources(sources), series }
}

/// The biggest sources by records received, and all others together.
fn biggest_sources(sources: BTreeMap<String, Figures>) -> Vec<SourceFigures> {
    let mut all: Vec<_> =
        sources.into_iter().map(|(source, figures)| SourceFigures { source: Some(source), figures }).collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.figures.received));
    let rest = all.split_off(all.len().min(MAX_SOURCES));
    if !rest.is_empty() {
        let mut figures = Figures::default();
        rest.iter().for_each(|entry| figures.add_all(&entry.figures));
        all.push(SourceFigures { source: None, figures });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Interval;

    fn day() -> Period {
        let time = |text: &str| Some(text.parse().expect("a time"));
        let (from, to) = (time("2026-03-01T00:00:00Z"), time("2026-03-03T00:00:00Z"));
        Period::new(from, to, Interval::Day, to.expect("given")).expect("a period")
    }

    #[test]
    fn nothing_to_divide_is_not_zero() {
        let empty = sum_up(&day(), Vec::new());
        assert_eq!(empty.totals.automation_rate(), None);
        assert_eq!(empty.totals.override_rate(), None);
        assert_eq!(empty.series.len(), 2, "filled with zeros");
        let approved = Figures { approved: 1, ..Figures::default() };
        assert_eq!((approved.automation_rate(), approved.override_rate()), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn small_sources_are_one_entry() {
        let rows =
            (0..105).map(|n| SumRow::Source { source: format!("s{n:03}"), measure: Measure::Received, n: n + 1 });
        let sources = sum_up(&day(), rows.collect()).by_source;
        assert_eq!(sources.len(), 101);
        assert_eq!(sources[0].source.as_deref(), Some("s104"));
        assert_eq!((sources[100].source.as_deref(), sources[100].figures.received), (None, 1 + 2 + 3 + 4 + 5));
    }
}
