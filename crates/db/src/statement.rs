//! Hand-written SQL that is prepared once per connection.
//!
//! `diesel::sql_query` prepares its text anew at every call, which on a hot path costs more than the work.
//! A [`Statement`] is cached by its text, so use it with constant SQL and bind all values.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// Constant SQL with bound values.
#[derive(Debug)]
pub struct Statement<B = ()> {
    sql: &'static str,
    binds: B,
}

/// Begins a statement; `$1`, `$2`, … take the values given by [`Statement::bind`] in order.
#[must_use]
pub const fn statement(sql: &'static str) -> Statement {
    Statement { sql, binds: () }
}

/// One bound value behind those bound before it.
#[derive(Debug)]
pub struct Bound<Before, SqlType, Value> {
    before: Before,
    value: Value,
    sql_type: std::marker::PhantomData<fn() -> SqlType>,
}

impl<B> Statement<B> {
    /// Binds the next value.
    #[must_use]
    pub fn bind<SqlType, Value>(self, value: Value) -> Statement<Bound<B, SqlType, Value>> {
        let binds = Bound { before: self.binds, value, sql_type: std::marker::PhantomData };
        Statement { sql: self.sql, binds }
    }
}

/// Pushes bound values in order.
pub trait PushBinds {
    /// Pushes all of them.
    ///
    /// # Errors
    /// When a value cannot be written in PostgreSQL's form.
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

impl PushBinds for () {
    fn push<'b>(&'b self, _: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        Ok(())
    }
}

impl<Before, SqlType, Value> PushBinds for Bound<Before, SqlType, Value>
where
    Before: PushBinds,
    Value: ToSql<SqlType, Pg>,
    Pg: HasSqlType<SqlType>,
{
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.before.push(out)?;
        out.push_bind_param_value_only(&self.value)
    }
}

impl<B> QueryId for Statement<B> {
    type QueryId = ();
    // The text differs between statements of one type, so the cache must go by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<B: PushBinds> QueryFragment<Pg> for Statement<B> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.sql);
        self.binds.push(&mut out)
    }
}

impl<B> Query for Statement<B> {
    type SqlType = Untyped;
}

impl<B, Conn> diesel::query_dsl::RunQueryDsl<Conn> for Statement<B> {}
