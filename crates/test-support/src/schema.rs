//! What must hold of every service's schema.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl as _;

use crate::TestApp;

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    finding: String,
}

/// Each query returns what breaks a rule.
const RULES: [&str; 5] = [
    "SELECT format('%s has tenant_id and no forced row-level security', c.relname) AS finding \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped \
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace \
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    "SELECT format('%s.%s is a timestamp without time zone', c.relname, a.attname) AS finding \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.atttypid = 'timestamp'::regtype \
       AND c.relname <> '__diesel_schema_migrations'",
    "SELECT format('foreign key %s of %s has no index', k.conname, k.conrelid::regclass) AS finding \
     FROM pg_constraint k WHERE k.contype = 'f' AND NOT EXISTS ( \
         SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid \
           AND (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey)",
    "SELECT format('%s is owned by the application role', c.relname) AS finding FROM pg_class c \
     WHERE c.relowner = 'verdict_app'::regrole",
    "SELECT format('role verdict_app may %s', p) AS finding FROM pg_roles r, \
         LATERAL (VALUES ('bypass row-level security', r.rolbypassrls), ('do anything', r.rolsuper)) AS v (p, held) \
     WHERE r.rolname = 'verdict_app' AND held",
];

/// Tenant tables are under forced row-level security, times have a zone, foreign keys an index, and the
/// application's role owns nothing.
///
/// # Panics
/// When a rule is broken; says where.
pub async fn assert_invariants(app: &TestApp) {
    let mut connection = app.database().superuser().await;
    let mut found = Vec::new();
    for rule in RULES {
        let findings: Vec<Finding> =
            diesel::sql_query(rule).load(&mut connection).await.expect("the rule's query runs");
        found.extend(findings.into_iter().map(|row| row.finding));
    }
    assert!(found.is_empty(), "the schema breaks rules:\n{}", found.join("\n"));
}
