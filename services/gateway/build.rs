//! Embeds migrations anew when one is added; without this only changed files are noticed.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    writeln!(std::io::stdout(), "cargo:rerun-if-changed=../../migrations/gateway")
}
