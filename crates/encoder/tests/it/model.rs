//! The weights for tests. They are fetched by `make model` (`make test` does it), never by a test.

use std::sync::{Arc, OnceLock};

use encoder::{Encoder, ModelFiles, Precision};

/// The encoder, loaded once; none without weights, unless `VERDICT_REQUIRE_MODEL` says that they must be there.
pub(crate) fn encoder(precision: Precision) -> Option<Arc<Encoder>> {
    static F32: OnceLock<Option<Arc<Encoder>>> = OnceLock::new();
    static INT8: OnceLock<Option<Arc<Encoder>>> = OnceLock::new();
    let place = if precision == Precision::F32 { &F32 } else { &INT8 };
    place.get_or_init(|| load(precision)).clone()
}

fn load(precision: Precision) -> Option<Arc<Encoder>> {
    let files = ModelFiles::found();
    let required = std::env::var_os("VERDICT_REQUIRE_MODEL").is_some_and(|value| value == "1");
    if !files.are_present() && !required {
        eprintln!("no model in {}: not tested. `make model` fetches it", files.dir().display());
        return None;
    }
    Some(Arc::new(Encoder::load(&files, precision).expect("the model loads")))
}
