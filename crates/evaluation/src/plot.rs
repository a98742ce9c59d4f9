//! The evaluation as a picture: four charts on one sheet.

mod canvas;
mod chart;

use std::path::Path;

use anyhow::Result;

use canvas::Canvas;
pub(crate) use chart::{Chart, Line};

const WIDTH: usize = 760;
const HEIGHT: usize = 460;

/// Draws the charts two by two.
pub(crate) fn write(charts: &[Chart], path: &Path) -> Result<()> {
    let mut canvas = Canvas::new(2 * WIDTH, charts.len().div_ceil(2) * HEIGHT);
    for (place, chart) in charts.iter().enumerate() {
        let (left, top) = ((place % 2 * WIDTH) as f64, (place / 2 * HEIGHT) as f64);
        chart.draw(&mut canvas, left, top, WIDTH as f64, HEIGHT as f64);
    }
    canvas.write(path)
}
