//! One chart: axes from 0 to 1 upwards, lines over a linear or logarithmic x.

use super::canvas::{Canvas, Colour, FAINT, INK};

const PALETTE: [Colour; 6] =
    [[32, 98, 190], [214, 96, 36], [38, 140, 82], [150, 70, 170], [190, 40, 60], [110, 110, 110]];

/// A named line.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) dots: bool,
}

/// What one chart shows.
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) across: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
    pub(crate) logarithmic: bool,
}

struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Chart {
    /// Draws itself into the rectangle.
    pub(crate) fn draw(&self, canvas: &mut Canvas, left: f64, top: f64, width: f64, height: f64) {
        let area = Area { left: left + 64.0, top: top + 40.0, width: width - 88.0, height: height - 122.0 };
        canvas.text((area.left, top + 12.0), &self.title, INK);
        self.axes(canvas, &area);
        for (line, colour) in self.lines.iter().zip(PALETTE.iter().cycle()) {
            let points: Vec<_> = line.points.iter().map(|point| self.place(&area, *point)).collect();
            for pair in points.windows(2) {
                canvas.line(pair[0], pair[1], *colour, 2.5);
            }
            if line.dots {
                points.iter().for_each(|point| canvas.dot(*point, *colour));
            }
        }
        self.legend(canvas, &area);
    }

    fn axes(&self, canvas: &mut Canvas, area: &Area) {
        for step in 0..=5 {
            let value = self.lowest + (self.highest - self.lowest) * f64::from(step) / 5.0;
            let y = area.top + area.height * (1.0 - f64::from(step) / 5.0);
            canvas.line((area.left, y), (area.left + area.width, y), FAINT, 1.0);
            let text = format!("{:.0} %", value * 100.0);
            canvas.text((area.left - 8.0 - Canvas::text_width(&text), y - 8.0), &text, INK);
        }
        for x in self.ticks() {
            let at = self.place(area, (x, self.lowest)).0;
            canvas.line((at, area.top), (at, area.top + area.height), FAINT, 1.0);
            let text = if x.fract() == 0.0 { format!("{x:.0}") } else { format!("{x:.1}") };
            canvas.text((at - Canvas::text_width(&text) / 2.0, area.top + area.height + 6.0), &text, INK);
        }
        let middle = area.left + (area.width - Canvas::text_width(&self.across)) / 2.0;
        canvas.text((middle, area.top + area.height + 26.0), &self.across, INK);
    }

    // Below the axis, where no line runs.
    fn legend(&self, canvas: &mut Canvas, area: &Area) {
        let width = |line: &Line| Canvas::text_width(&line.name) + 54.0;
        let mut left = area.left + (area.width - self.lines.iter().map(width).sum::<f64>()) / 2.0;
        let top = area.top + area.height + 48.0;
        for (line, colour) in self.lines.iter().zip(PALETTE.iter().cycle()) {
            canvas.line((left, top + 9.0), (left + 22.0, top + 9.0), *colour, 3.0);
            canvas.text((left + 30.0, top), &line.name, INK);
            left += width(line);
        }
    }

    fn place(&self, area: &Area, (x, y): (f64, f64)) -> (f64, f64) {
        let (low, high) = self.span();
        let scale = |value: f64| if self.logarithmic { value.max(1e-9).ln() } else { value };
        let across = (scale(x) - scale(low)) / (scale(high) - scale(low)).max(1e-9);
        let up = ((y - self.lowest) / (self.highest - self.lowest)).clamp(0.0, 1.0);
        (area.left + area.width * across, area.top + area.height * (1.0 - up))
    }

    fn span(&self) -> (f64, f64) {
        let xs = || self.lines.iter().flat_map(|line| &line.points).map(|point| point.0);
        (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max))
    }

    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let mut xs: Vec<f64> = self.lines.iter().flat_map(|line| &line.points).map(|point| point.0).collect();
            xs.sort_by(f64::total_cmp);
            xs.dedup();
            return xs;
        }
        let (low, high) = self.span();
        (0..=5)
            .map(|step| low + (high - low) * f64::from(step) / 5.0)
            .map(|x| if high > 20.0 { x.round() } else { x })
            .collect()
    }
}
