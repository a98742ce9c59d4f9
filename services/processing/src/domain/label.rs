//! Labels: the outcomes that a tenant classifies into.

use common::event::{LabelCreated, LabelDeleted, LabelUpdated};
use common::record::MAX_LINE;
use common::rule::MAX_NAME;
use common::violation::check_text;
use common::{DateTime, LabelId, TenantId, Violation};

/// Most examples of one label.
pub(crate) const MAX_EXAMPLES: usize = 100;

/// An outcome, with what later stages learn it from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) id: LabelId,
    pub(crate) tenant_id: TenantId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) examples: Vec<String>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: DateTime,
}

/// What a change of a label names; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) examples: Option<Vec<String>>,
}

impl Label {
    /// The label after the change; `None` when nothing is different.
    pub(crate) fn changed(&self, change: LabelChange, at: DateTime) -> Option<Self> {
        let after = Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            description: change.description.unwrap_or_else(|| self.description.clone()),
            examples: change.examples.unwrap_or_else(|| self.examples.clone()),
            ..self.clone()
        };
        (after != *self).then(|| Self { version: self.version + 1, updated_at: at, ..after })
    }

    pub(crate) fn created(&self) -> LabelCreated {
        LabelCreated {
            label_id: self.id,
            name: self.name.clone(),
            description: self.description.clone(),
            version: self.version,
        }
    }

    pub(crate) fn updated(&self, before: &Self) -> LabelUpdated {
        LabelUpdated {
            label_id: self.id,
            name: self.name.clone(),
            previous_name: before.name.clone(),
            description: self.description.clone(),
            version: self.version,
        }
    }

    pub(crate) fn deleted(&self) -> LabelDeleted {
        LabelDeleted { label_id: self.id, name: self.name.clone(), version: self.version }
    }
}

impl LabelChange {
    /// What is wrong with the values named.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(name) = &self.name {
            check_text(&mut found, "name", name, 1, MAX_NAME);
        }
        if let Some(description) = &self.description {
            check_text(&mut found, "description", description, 0, MAX_LINE);
        }
        let examples = self.examples.as_deref().unwrap_or_default();
        if examples.len() > MAX_EXAMPLES {
            found.push(Violation::new("examples", "max_items", format!("must have at most {MAX_EXAMPLES} entries")));
        }
        for (index, example) in examples.iter().enumerate() {
            check_text(&mut found, &format!("examples[{index}]"), example, 1, MAX_LINE);
        }
        found
    }
}
