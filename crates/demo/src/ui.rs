//! Everything this tool shows. Results go to standard output, progress and complaints to standard error.
//!
//! A reader that went away (a closed pipe) is nobody's error, so failed writes are let go.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often plain progress lines appear where nothing can be redrawn.
const PLAIN_EVERY: Duration = Duration::from_secs(3);

/// One line of the result.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// One line beside the result.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A heading of the result.
pub(crate) fn heading(text: &str) {
    say(format_args!("\n{text}\n{}", "─".repeat(text.chars().count())));
}

/// A view that is redrawn in place on a terminal and written now and then anywhere else.
pub(crate) struct Live {
    bar: Option<ProgressBar>,
    last_plain: Option<Instant>,
}

impl Live {
    pub(crate) fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        Self { bar, last_plain: None }
    }

    /// Shows `full` on a terminal; elsewhere `line`, at most every few seconds.
    pub(crate) fn show(&mut self, full: &str, line: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(full.to_owned());
                bar.tick();
            }
            None if self.last_plain.is_none_or(|at| at.elapsed() >= PLAIN_EVERY) => {
                self.last_plain = Some(Instant::now());
                note(line);
            }
            None => {}
        }
    }

    /// Removes the moving view, so that its last state can be written for good.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A share of `total` as a bar of blocks, for example `█████░░░░░  50 %`.
pub(crate) fn share_bar(done: usize, total: usize) -> String {
    const WIDTH: usize = 24;
    let total = total.max(1);
    let filled = (done.min(total) * WIDTH) / total;
    format!("{}{} {:>3} %", "█".repeat(filled), "░".repeat(WIDTH - filled), done.min(total) * 100 / total)
}

/// Rows under headings; the first column is left-aligned, the others are numbers and right-aligned.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("  {}", padded.collect::<Vec<_>>().join("  "))
    };
    let head = line(&mut headings.iter().copied());
    let body = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    [head].into_iter().chain(body).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up() {
        let rows = [vec!["épicerie".to_owned(), "7".to_owned()], vec!["a".to_owned(), "120".to_owned()]];
        assert_eq!(table(&["label", "n"], &rows), "  label       n\n  épicerie    7\n  a         120");
    }

    #[test]
    fn a_bar_never_overflows() {
        assert!(share_bar(9, 3).ends_with("100 %"));
        assert!(share_bar(0, 0).ends_with("  0 %"));
    }
}
