//! Measures the classifier on a labelled file, with the code that runs in production: run through `make eval`.

mod acceptance;
mod curve;
mod data;
mod measures;
mod plot;
mod report;
mod scope;
mod stream;
#[cfg(test)]
mod tests;
mod world;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use encoder::{Embedder, Encoder, ModelFiles, Precision, WorkerSettings, Workers};
use learning::{Memory, ModelSettings, Target};

use crate::acceptance::Settings;
use crate::data::Labelled;
use crate::report::Report;
use crate::world::World;

/// With fewer examples a label nothing is accepted, and being known means little.
const LEAST_FOR_SCOPE: usize = 10;

/// Measures the classifier on a labelled file.
#[derive(Parser)]
struct Arguments {
    /// A CSV with the columns text,category.
    #[arg(long)]
    data: PathBuf,
    /// Where report.json and report.png go.
    #[arg(long, default_value = ".dev/eval")]
    out: PathBuf,
    /// Examples a label; `all` is always measured too.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 3, 5, 10, 30])]
    sizes: Vec<usize>,
    /// Seeds of the splits.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1, 2])]
    seeds: Vec<u64>,
    /// Records of each label that are held out, a third at most.
    #[arg(long, default_value_t = 20)]
    held_out: usize,
    /// The permitted share of errors among accepted records.
    #[arg(long, default_value_t = 0.05)]
    target_error: f64,
    /// How sure one must be of it.
    #[arg(long, default_value_t = 0.9)]
    confidence: f64,
    /// Weights as f32 instead of int8.
    #[arg(long)]
    f32: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let precision = if arguments.f32 { Precision::F32 } else { Precision::Int8 };
    let encoder = Arc::new(Encoder::load(&ModelFiles::found(), precision)?);
    let workers = Workers::start(encoder, WorkerSettings::default())?;
    let data = Labelled::read(&arguments.data)?;
    say(format_args!("embedding {} texts", data.texts.len()));
    let world = World::embed(data, &workers, ModelSettings::default()).await?;
    let report = evaluate(&world, workers.model_id(), &arguments)?;
    fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    fs::write(arguments.out.join("report.json"), serde_json::to_vec_pretty(&report)?)?;
    plot::write(&report.charts(), &arguments.out.join("report.png"))?;
    say(format_args!("{}\nwritten: {} and report.png", report.table(), arguments.out.join("report.json").display()));
    Ok(())
}

fn evaluate(world: &World, model_id: &str, arguments: &Arguments) -> Result<Report> {
    let settings = Settings {
        target: Target { error_rate: arguments.target_error, confidence: arguments.confidence },
        miss_rate: 0.1,
        held_out: arguments.held_out,
    };
    let sizes = arguments.sizes.iter().map(|size| Some(*size)).chain([None]);
    let (mut curve, mut pairs) = (Vec::new(), Vec::new());
    for size in sizes {
        let (point, runs) = curve::point(world, size, &arguments.seeds, &settings)?;
        say(format_args!(
            "{}: {:.2} %",
            size.map_or("all".to_owned(), |size| size.to_string()),
            point.accuracy * 100.0
        ));
        curve.push(point);
        pairs = runs.iter().flat_map(|run| run.pairs.iter().copied()).collect();
    }
    say(format_args!("leaving labels out"));
    let enough = arguments.sizes.iter().filter(|size| **size >= LEAST_FOR_SCOPE).map(|size| Some(*size));
    let out_of_scope = enough
        .chain([None])
        .map(|size| scope::measure(world, size, &arguments.seeds, &settings))
        .collect::<Result<Vec<_>>>()?;
    say(format_args!("playing the stream"));
    let stream = stream::simulate(world, arguments.seeds.first().copied().unwrap_or(0), &settings)?;
    Ok(Report {
        data: arguments.data.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        records: world.data.texts.len(),
        labels: world.data.names.len(),
        model_id: model_id.to_owned(),
        seeds: arguments.seeds.clone(),
        target_error_rate: arguments.target_error,
        confidence: arguments.confidence,
        held_out_per_label: arguments.held_out,
        texts_per_second: world.texts_per_second,
        memory_bytes_per_10_000: memory_per_10_000(world)?,
        curve,
        per_label: measures::per_label(&pairs, &world.data.names),
        confusion: measures::confusion(&pairs, &world.data.names, 30),
        out_of_scope,
        stream,
    })
}

fn memory_per_10_000(world: &World) -> Result<usize> {
    let mut memory = Memory::new(world.dimensions);
    let records = world.data.texts.len();
    for record in 0..records {
        world.teach(&mut memory, record)?;
    }
    Ok(memory.bytes() * 10_000 / records)
}

#[expect(clippy::print_stderr, reason = "a command line tool's progress and result are for the terminal")]
fn say(text: std::fmt::Arguments<'_>) {
    eprintln!("{text}");
}
