//! Fields of a PATCH: left out, or given. `null` is a value, refused where the field has none.

use serde::{Deserialize, Deserializer};

/// Reads a field that is there; use with `#[serde(default, deserialize_with = "given")]`.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// The body of an act that takes none: left out, or `{}`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl web::Check for Nothing {}
