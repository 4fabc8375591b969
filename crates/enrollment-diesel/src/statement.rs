//! SQL that diesel's query builder cannot say, prepared once a connection all the same.
//!
//! `diesel::sql_query` prepares its text anew each time, which costs a round trip. A [`Statement`] is cached by its text, so
//! that text must come from a small fixed set: never put a value into it, bind it.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{SingleValue, SqlType, Untyped};
use diesel::{PgConnection, expression::AsExpression};
use std::borrow::Cow;
use std::marker::PhantomData;

/// A statement with numbered parameters: `$1` in the text is the value bound first, as often as it occurs. The columns that it
/// answers are read by their names, or, where their types `C` are given, by their places, which is faster.
#[must_use = "a statement does nothing until it is loaded or executed"]
pub(crate) struct Statement<'a, C = Untyped> {
    text: Cow<'static, str>,
    values: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
    columns: PhantomData<C>,
}

impl Statement<'_> {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: Vec::new(), columns: PhantomData }
    }
}

impl<'a, C> Statement<'a, C> {
    /// A statement that answers columns of these types, in this order.
    pub(crate) fn answering(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: Vec::new(), columns: PhantomData }
    }

    /// Binds the next value, as this SQL type.
    pub(crate) fn bind<T, V>(mut self, value: V) -> Self
    where
        T: SqlType + SingleValue,
        V: AsExpression<T>,
        V::Expression: QueryFragment<Pg> + Send + 'a,
    {
        self.values.push(Box::new(value.as_expression()));
        self
    }
}

impl<C> QueryFragment<Pg> for Statement<'_, C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.text);
        // diesel writes a placeholder for each value, numbered in this order. The text has its own, which refer to these by
        // number, so these go into a comment.
        out.push_sql("\n-- ");
        for value in &self.values {
            value.walk_ast(out.reborrow())?;
        }
        Ok(())
    }
}

impl<C> QueryId for Statement<'_, C> {
    type QueryId = ();

    /// So it is cached by its text, not by its type.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> Query for Statement<'_, C> {
    type SqlType = C;
}

impl<C> RunQueryDsl<PgConnection> for Statement<'_, C> {}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::sql_types::{BigInt, Text};

    #[test]
    fn values_are_numbered_as_they_are_bound() {
        let statement = Statement::new("SELECT $2, $1, $2").bind::<BigInt, _>(7_i64).bind::<Text, _>("seven");
        let shown = diesel::debug_query::<Pg, _>(&statement).to_string();
        assert_eq!(shown, "SELECT $2, $1, $2\n-- $1$2 -- binds: [7, \"seven\"]");
    }

    #[test]
    fn a_statement_is_cached_by_its_text() {
        assert!(Statement::new("SELECT 1").is_safe_to_cache_prepared(&Pg).unwrap());
        assert!(<Statement<'_> as QueryId>::query_id().is_none());
    }
}
