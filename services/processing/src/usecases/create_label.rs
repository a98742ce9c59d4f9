//! Makes a label.

use common::LabelId;
use common::event::{Cause, Event};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::label::Label;
use crate::store::labels;

/// A label to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewLabel {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) examples: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateLabelError {
    #[error("a label of the name {0:?} exists")]
    NameTaken(String),
    #[error("the label cannot be stored")]
    Db(#[from] DbError),
}

pub(crate) async fn create_label(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    new: NewLabel,
) -> Result<Label, CreateLabelError> {
    let label = Label {
        id: LabelId::generate(),
        tenant_id: cause.tenant_id,
        name: new.name,
        description: new.description,
        examples: new.examples,
        version: 1,
        created_at: cause.at,
        updated_at: cause.at,
    };
    labels::insert(connection, &label).await.map_err(|error| match error.unique_constraint() {
        Some(labels::NAME_UNIQUE) => CreateLabelError::NameTaken(label.name.clone()),
        Some(_) | None => CreateLabelError::Db(error),
    })?;
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &label.created())]).await?;
    Ok(label)
}
