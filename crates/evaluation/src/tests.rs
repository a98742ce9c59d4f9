//! The whole evaluation on a small invented file, without weights.

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use encoder::{Embedder, HashedEmbedder};
use learning::ModelSettings;

use super::{Arguments, evaluate, plot};
use crate::data::Labelled;
use crate::world::World;

const SUBJECTS: [(&str, [&str; 6]); 5] = [
    ("refund", ["refund", "money", "back", "return", "repaid", "reimburse"]),
    ("delivery", ["parcel", "courier", "late", "shipped", "tracking", "doorstep"]),
    ("login", ["password", "locked", "signin", "account", "code", "reset"]),
    ("invoice", ["invoice", "vat", "billing", "receipt", "tax", "amount"]),
    ("closing", ["close", "cancel", "leave", "terminate", "end", "quit"]),
];

/// Sixty texts a label: three of its own words among common ones, in an order that the numbers decide.
fn file(name: &str) -> PathBuf {
    let mut csv = "text,category\n".to_owned();
    for n in 0..60_usize {
        for (label, words) in SUBJECTS {
            let (a, b, c) = (words[n % 6], words[(n / 6 + 1 + n % 5) % 6], words[(n * 7 + 3) % 6]);
            csv += &format!("please {a} about the {b} thing number {n} with {c},{label}\n");
        }
    }
    let path = std::env::temp_dir().join(format!("evaluation-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    let path = path.join("labelled.csv");
    fs::write(&path, csv).unwrap();
    path
}

#[tokio::test]
async fn every_section_is_measured_and_drawn() {
    let path = file("whole");
    let arguments = Arguments::parse_from([
        "evaluate",
        "--data",
        path.to_str().unwrap(),
        "--sizes",
        "2,10",
        "--seeds",
        "1,2",
        "--held-out",
        "15",
    ]);
    let world = World::embed(Labelled::read(&path).unwrap(), &HashedEmbedder, ModelSettings::default()).await.unwrap();
    let report = evaluate(&world, HashedEmbedder.model_id(), &arguments).unwrap();
    assert_eq!((report.records, report.labels, report.curve.len()), (300, 5, 3));
    assert_eq!(report.curve.iter().map(|point| point.learnt_from).collect::<Vec<_>>(), [10, 50, 225]);
    assert!(report.curve[2].accuracy > 0.95, "{}", report.table());
    assert!(report.curve[2].accuracy >= report.curve[0].accuracy);
    for point in &report.curve {
        assert!(point.acceptance.error_among_accepted <= 0.05, "{}", report.table());
    }
    let last = report.stream.stretches.last().unwrap();
    assert_eq!(last.records, 300);
    assert!(last.decided_by_people <= 300);
    assert_eq!(report.out_of_scope.iter().map(|scope| scope.examples).collect::<Vec<_>>(), [Some(10), None]);
    let scope = report.out_of_scope.last().unwrap();
    assert!(scope.labels_left_out == 1 && scope.in_stream.auroc > 0.5, "{}", report.table());
    let png = path.with_file_name("report.png");
    plot::write(&report.charts(), &png).unwrap();
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["curve"][0]["acceptance"]["reliability"]["bins"].is_array());
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn the_same_file_and_seeds_give_the_same_figures() {
    let path = file("twice");
    let arguments =
        Arguments::parse_from(["evaluate", "--data", path.to_str().unwrap(), "--sizes", "3", "--seeds", "7"]);
    let mut curves = Vec::new();
    for _ in 0..2 {
        let world =
            World::embed(Labelled::read(&path).unwrap(), &HashedEmbedder, ModelSettings::default()).await.unwrap();
        let report = evaluate(&world, "hashed", &arguments).unwrap();
        curves.push(
            report
                .curve
                .iter()
                .map(|point| (point.accuracies.clone(), point.acceptance.automation))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(curves[0], curves[1]);
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_file_without_the_columns_is_refused() {
    let path = file("columns");
    fs::write(&path, "a,b\n1,2\n").unwrap();
    assert!(Labelled::read(&path).is_err());
    fs::write(&path, "text,category\nhello,only\n").unwrap();
    assert!(Labelled::read(&path).err().unwrap().to_string().contains("fewer than two"));
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}
