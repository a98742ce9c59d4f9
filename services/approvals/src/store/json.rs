//! `json` columns as typed values, read and written without a detour over a JSON tree.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Json;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The content of a `json` column.
#[derive(Clone, Debug, FromSqlRow, AsExpression)]
#[diesel(sql_type = Json)]
pub(super) struct JsonOf<T: std::fmt::Debug>(pub(super) T);

impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Json, Pg> for JsonOf<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Json, Pg> for JsonOf<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

/// A value as JSON text.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("event data is plain JSON")
}
