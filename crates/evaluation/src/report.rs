//! The whole evaluation: as JSON, as a table, and as charts.

use std::fmt::Write;

use serde::Serialize;

use crate::curve::Point;
use crate::measures::{Confused, PerLabel};
use crate::plot::{Chart, Line};
use crate::scope::OutOfScope;
use crate::stream::Stream;

/// Everything that was measured.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) data: String,
    pub(crate) records: usize,
    pub(crate) labels: usize,
    pub(crate) model_id: String,
    pub(crate) seeds: Vec<u64>,
    pub(crate) target_error_rate: f64,
    pub(crate) confidence: f64,
    pub(crate) held_out_per_label: usize,
    pub(crate) texts_per_second: f64,
    pub(crate) memory_bytes_per_10_000: usize,
    pub(crate) curve: Vec<Point>,
    pub(crate) per_label: Vec<PerLabel>,
    pub(crate) confusion: Vec<Confused>,
    pub(crate) out_of_scope: Vec<OutOfScope>,
    pub(crate) stream: Stream,
}

impl Report {
    /// For the terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_table(&mut text);
        text
    }

    fn write_table(&self, text: &mut String) -> std::fmt::Result {
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        writeln!(
            text,
            "{} records, {} labels, {}; {} seeds",
            self.records,
            self.labels,
            self.model_id,
            self.seeds.len()
        )?;
        writeln!(
            text,
            "embedded {:.0} texts/s; {:.1} MB for 10,000 exemplars",
            self.texts_per_second,
            self.memory_bytes_per_10_000 as f64 / 1e6
        )?;
        writeln!(
            text,
            "\n{:>8} {:>9} {:>9} {:>9} {:>11} {:>9} | {:>10} {:>9} {:>6} {:>9} {:>8}",
            "examples",
            "head",
            "+ neighb.",
            "accuracy",
            "per seed",
            "macro-F1",
            "automation",
            "its error",
            "ECE",
            "fit s",
            "score µs"
        )?;
        for point in &self.curve {
            let seeds: Vec<String> = point.accuracies.iter().map(|one| format!("{:.1}", one * 100.0)).collect();
            writeln!(
                text,
                "{:>8} {:>9} {:>9} {:>9} {:>11} {:>9} | {:>10} {:>9} {:>6.3} {:>9.2} {:>8.0}",
                point.examples.map_or("all".to_owned(), |examples| examples.to_string()),
                percent(point.ingredients.head),
                percent(point.ingredients.head_and_neighbours),
                percent(point.accuracy),
                seeds.join("/"),
                percent(point.macro_f1),
                percent(point.acceptance.automation),
                percent(point.acceptance.error_among_accepted),
                point.acceptance.calibration_error,
                point.timing.fit_seconds,
                point.timing.score_microseconds,
            )?;
        }
        self.write_scope(text)?;
        let stream = &self.stream;
        writeln!(
            text,
            "stream: {} accepted with {} errors; second half {} with {}; {} audits, {} steps back",
            percent(stream.automation),
            percent(stream.error_among_accepted),
            percent(stream.automation_second_half),
            percent(stream.error_second_half),
            stream.audits,
            stream.steps_back
        )?;
        writeln!(text, "\nmost confused (all examples):")?;
        for confused in self.confusion.iter().take(10) {
            writeln!(
                text,
                "  {} taken for {}: {} ({})",
                confused.truth,
                confused.predicted,
                confused.count,
                percent(confused.share)
            )?;
        }
        Ok(())
    }

    fn write_scope(&self, text: &mut String) -> std::fmt::Result {
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let left_out = self.out_of_scope.first().map_or(0, |scope| scope.labels_left_out);
        writeln!(text, "\n{left_out} labels left out, known from unknown (area under the curve):")?;
        writeln!(
            text,
            "{:>8} {:>16} {:>7} {:>12} {:>10} {:>6} | {:>17} {:>13}",
            "examples", "unknown ones are", "all", "probability", "neighbour", "reach", "accepted: unknown", "known"
        )?;
        for scope in &self.out_of_scope {
            for (name, parting) in [("in the stream", &scope.in_stream), ("the first", &scope.first)] {
                writeln!(
                    text,
                    "{:>8} {:>16} {:>7.3} {:>12.3} {:>10.3} {:>6.3} | {:>17} {:>13}",
                    scope.examples.map_or("all".to_owned(), |examples| examples.to_string()),
                    name,
                    parting.auroc,
                    parting.auroc_by_probability,
                    parting.auroc_by_neighbour,
                    parting.auroc_by_reach,
                    percent(parting.accepted_unknown),
                    percent(parting.accepted_known),
                )?;
            }
        }
        writeln!(text)
    }

    /// For the sheet: curve, automation, reliability, stream.
    pub(crate) fn charts(&self) -> Vec<Chart> {
        let by_size = |name: &str, value: &dyn Fn(&Point) -> f64| Line {
            name: name.to_owned(),
            points: self
                .curve
                .iter()
                .map(|point| (point.learnt_from as f64 / self.labels as f64, value(point)))
                .collect(),
            dots: true,
        };
        let lowest = self.curve.iter().map(|point| point.ingredients.head.min(point.accuracy)).fold(1.0, f64::min);
        let last = self.curve.last();
        let bins = last.map(|point| point.acceptance.reliability.bins.clone()).unwrap_or_default();
        let stream = |name: &str, value: fn(&crate::stream::Stretch) -> f64| Line {
            name: name.to_owned(),
            points: self.stream.stretches.iter().map(|stretch| (stretch.records as f64, value(stretch))).collect(),
            dots: false,
        };
        vec![
            Chart {
                title: "Accuracy by examples a label".to_owned(),
                across: "decided records a label".to_owned(),
                lines: vec![
                    by_size("with undecided records", &|point| point.accuracy),
                    by_size("head and neighbours", &|point| point.ingredients.head_and_neighbours),
                    by_size("head alone", &|point| point.ingredients.head),
                ],
                lowest: (lowest * 20.0).floor() / 20.0,
                highest: 1.0,
                logarithmic: true,
            },
            Chart {
                title: format!("Accepted without a person, target {:.0} % errors", self.target_error_rate * 100.0),
                across: "decided records a label".to_owned(),
                lines: vec![
                    by_size("accepted", &|point| point.acceptance.automation),
                    by_size("errors among these", &|point| point.acceptance.error_among_accepted),
                ],
                lowest: 0.0,
                highest: 1.0,
                logarithmic: true,
            },
            Chart {
                title: "Reliability (all examples)".to_owned(),
                across: "confidence".to_owned(),
                lines: vec![
                    Line {
                        name: "measured".to_owned(),
                        points: bins.iter().map(|bin| (bin.confidence, bin.accuracy)).collect(),
                        dots: true,
                    },
                    Line { name: "ideal".to_owned(), points: vec![(0.0, 0.0), (1.0, 1.0)], dots: false },
                ],
                lowest: 0.0,
                highest: 1.0,
                logarithmic: false,
            },
            Chart {
                title: "A stream from nothing, people as oracle".to_owned(),
                across: "records".to_owned(),
                lines: vec![
                    stream("accepted", |stretch| stretch.automation),
                    stream("errors among these", |stretch| stretch.error_among_accepted),
                    stream("proposals right", |stretch| stretch.accuracy),
                ],
                lowest: 0.0,
                highest: 1.0,
                logarithmic: false,
            },
        ]
    }
}
