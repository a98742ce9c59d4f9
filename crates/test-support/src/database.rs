//! A database for one test, cloned from a template that is migrated once for each state of the migrations.

use std::path::{Path, PathBuf};

use db::{Db, EmbeddedMigrations};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use settings::DatabaseSettings;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Taken while a template is made, so that test processes that start together make it once.
const TEMPLATE_LOCK: &str = "SELECT pg_advisory_lock(4242001)";

/// A migrated, empty database.
#[derive(Debug)]
pub struct TestDb {
    admin: String,
    name: String,
}

impl TestDb {
    /// Clones the template of a service, making it first if its migrations changed.
    ///
    /// # Panics
    /// When the test server is not there; `make test` starts it.
    pub async fn create(service: &str, migrations: impl Fn() -> EmbeddedMigrations) -> Self {
        let admin = variable("VERDICT_TEST_DATABASE_URL");
        let template = format!("template_{service}_{}", digest(service));
        let mut connection = connect(&admin).await;
        connection.batch_execute(TEMPLATE_LOCK).await.expect("lock");
        if !exists(&mut connection, &template).await {
            make_template(&mut connection, &admin, &template, migrations()).await;
        }
        let name = format!("test_{service}_{}", Uuid::new_v4().simple());
        let clone = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY OWNER verdict_owner");
        connection.batch_execute(&clone).await.expect("clone the template");
        Self { admin, name }
    }

    /// The database's name, for people who look at what a failed test left.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Settings with the application's role, which owns nothing.
    #[must_use]
    pub fn settings(&self) -> DatabaseSettings {
        DatabaseSettings {
            url: self.url("verdict_app").into(),
            migration_url: Some(self.url("verdict_owner").into()),
            pool_size: 8,
            wait_timeout_millis: 10_000,
        }
    }

    /// Runs statements as superuser.
    ///
    /// # Panics
    /// When the server refuses them.
    pub async fn execute(&self, sql: &str) {
        self.superuser().await.batch_execute(sql).await.expect("the SQL runs");
    }

    /// Counts rows as superuser: `count("records WHERE status = 'failed'")`.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn count(&self, what: &str) -> i64 {
        crate::rows::count(&mut self.superuser().await, what).await
    }

    /// A pool with the application's role.
    ///
    /// # Panics
    /// Never: the settings are complete.
    #[must_use]
    pub fn pool(&self) -> Db {
        Db::new(&self.settings()).expect("complete settings")
    }

    /// A connection as superuser, whom row-level security does not bind: for looking, and for planting rows.
    pub async fn superuser(&self) -> AsyncPgConnection {
        connect(&with_database(&self.admin, &self.name)).await
    }

    /// Drops the database.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn drop(self) {
        let mut connection = connect(&self.admin).await;
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        connection.batch_execute(&drop).await.expect("drop the database");
    }

    fn url(&self, role: &str) -> String {
        as_role(&with_database(&self.admin, &self.name), role)
    }
}

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run the tests by `make test`"))
}

pub(crate) async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url).await.expect("the test database server answers")
}

pub(crate) fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let (server, _) = base.rsplit_once('/').expect("a URL with a database");
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

/// Names the state of a service's migrations: a hash over their files.
fn digest(service: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<PathBuf> = ["shared", service].iter().flat_map(|folder| sql_files(&root.join(folder))).collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.file_name().expect("a file").as_encoded_bytes());
        hash.update(std::fs::read(&file).expect("a readable migration"));
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn sql_files(folder: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    entries(folder).flat_map(|migration| entries(&migration).collect::<Vec<_>>()).collect()
}

async fn exists(connection: &mut AsyncPgConnection, name: &str) -> bool {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let found: Found = db::statement("SELECT count(*) AS count FROM pg_database WHERE datname = $1")
        .bind::<Text, _>(name)
        .get_result(connection)
        .await
        .expect("pg_database is readable");
    found.count > 0
}

/// Migrates under another name and renames at the end, so that a half-made template is never taken for one.
async fn make_template(admin: &mut AsyncPgConnection, url: &str, name: &str, migrations: EmbeddedMigrations) {
    let half = format!("{name}_half");
    let make = format!("CREATE DATABASE {half} OWNER verdict_owner");
    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {half} WITH (FORCE)")).await.expect("drop a half template");
    admin.batch_execute(&make).await.expect("create the template");
    let owner = as_role(&with_database(url, &half), "verdict_owner");
    db::migrate(&owner, migrations).await.expect("the migrations run");
    admin.batch_execute(&format!("ALTER DATABASE {half} RENAME TO {name}")).await.expect("name the template");
}

pub(crate) fn as_role(url: &str, role: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{role}:{role}@{host}")
}
