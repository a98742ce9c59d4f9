//! Texts per second, on one thread and on all, and the distance of int8 from f32. `make bench` runs it beside Python.
//!
//! Reads lines from standard input; prints one JSON object a line: `{threads, precision, batch, textsPerSecond}`.

use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use encoder::{Embedder, Encoder, ModelFiles, Precision, WorkerSettings, Workers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let texts: Vec<String> = stdin().lock().lines().collect::<Result<_, _>>()?;
    let mut reference = Vec::new();
    for precision in [Precision::F32, Precision::Int8] {
        let began = Instant::now();
        let encoder = Arc::new(Encoder::load(&ModelFiles::found(), precision)?);
        let load_ms = began.elapsed().as_millis();
        for threads in [1, 2] {
            let workers = Workers::start(Arc::clone(&encoder), WorkerSettings { threads, queue: 8 })?;
            workers.embed(texts[..texts.len().min(64)].to_vec()).await?;
            let began = Instant::now();
            let vectors = workers.embed(texts.clone()).await?;
            let rate = texts.len() as f64 / began.elapsed().as_secs_f64();
            print(format_args!(
                r#"{{"engine":"encoder","precision":"{precision:?}","threads":{threads},"textsPerSecond":{rate:.1},"loadMs":{load_ms}}}"#
            ));
            if precision == Precision::F32 {
                reference = vectors;
            } else if threads == 1 {
                let cosines: Vec<f32> =
                    vectors.iter().zip(&reference).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum()).collect();
                let least = cosines.iter().copied().fold(1.0_f32, f32::min);
                let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
                print(format_args!(
                    r#"{{"engine":"encoder","int8CosineMean":{mean:.5},"int8CosineLeast":{least:.5}}}"#
                ));
            }
        }
        let one: Vec<&str> = texts.iter().take(200).map(String::as_str).collect();
        let began = Instant::now();
        for text in &one {
            encoder.embed(&[text])?;
        }
        let ms = began.elapsed().as_secs_f64() * 1e3 / one.len() as f64;
        print(format_args!(r#"{{"engine":"encoder","precision":"{precision:?}","oneByOneMs":{ms:.2}}}"#));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark is its output")]
fn print(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}
