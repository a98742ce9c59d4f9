//! The `verdict-approvals` binary.

use std::process::ExitCode;

use approvals::Approvals;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    web::run::<Approvals>().await
}
