//! A `json` column's text, handed on as it is.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Json;
use serde_json::value::RawValue;

/// JSON that nobody here looks into.
#[derive(Debug, FromSqlRow)]
pub(crate) struct RawJson(pub(crate) Box<RawValue>);

impl FromSql<Json, Pg> for RawJson {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let text = std::str::from_utf8(value.as_bytes())?;
        Ok(Self(RawValue::from_string(text.to_owned())?))
    }
}
