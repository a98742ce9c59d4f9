//! The `verdict-billing` binary.

use std::process::ExitCode;

use billing::Billing;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    web::run::<Billing>().await
}
