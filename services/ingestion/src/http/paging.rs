//! Which page of a list: what all lists without filters take.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use web::{ApiError, decode_cursor, page_limit};

/// Which page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

impl Paging {
    /// How many rows, and the key behind which they begin.
    ///
    /// # Errors
    /// 400 when the limit is out of its range, or the cursor none of the list's.
    pub(crate) fn read<K: DeserializeOwned>(&self) -> Result<(u32, Option<K>), ApiError> {
        Ok((page_limit(self.limit)?, decode_cursor(self.cursor.as_deref())?))
    }
}
