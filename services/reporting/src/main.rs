//! The `verdict-reporting` binary.

use std::process::ExitCode;

use reporting::Reporting;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    web::run::<Reporting>().await
}
