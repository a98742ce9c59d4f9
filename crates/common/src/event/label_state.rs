//! Labels as their events show them, for whoever keeps a list of its own.

use std::collections::HashMap;

use super::{DecodeError, Event, LabelCreated, LabelDeleted, LabelUpdated};
use crate::{LabelId, TenantId};

/// A label as one event shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelState {
    /// Whose label.
    pub tenant: TenantId,
    /// The label.
    pub label: LabelId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i32,
    /// Whether it is gone; the version is its last one then.
    pub deleted: bool,
}

impl LabelState {
    /// The label as the event leaves it; `None` for a kind that is none of labels.
    ///
    /// # Errors
    /// When the event's data is unreadable.
    pub fn of(event: &Event) -> Result<Option<Self>, DecodeError> {
        let tenant = event.tenant_id;
        if event.is::<LabelCreated>() {
            let LabelCreated { label_id, name, version, .. } = event.decode()?;
            return Ok(Some(Self { tenant, label: label_id, name, version, deleted: false }));
        }
        if event.is::<LabelUpdated>() {
            let LabelUpdated { label_id, name, version, .. } = event.decode()?;
            return Ok(Some(Self { tenant, label: label_id, name, version, deleted: false }));
        }
        if event.is::<LabelDeleted>() {
            let LabelDeleted { label_id, name, version } = event.decode()?;
            return Ok(Some(Self { tenant, label: label_id, name, version, deleted: true }));
        }
        Ok(None)
    }

    /// The newest state of each label in a batch, whatever its order. Nothing undoes a deletion.
    ///
    /// # Errors
    /// When an event's data is unreadable.
    pub fn newest(events: &[Event]) -> Result<Vec<Self>, DecodeError> {
        let mut newest: HashMap<(TenantId, LabelId), Self> = HashMap::new();
        for event in events {
            let Some(state) = Self::of(event)? else { continue };
            let key = (state.tenant, state.label);
            match newest.get(&key) {
                Some(known) if (known.deleted, known.version) >= (state.deleted, state.version) => {}
                Some(_) | None => {
                    newest.insert(key, state);
                }
            }
        }
        Ok(newest.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Cause;
    use crate::trace::TraceContext;
    use crate::{Actor, Clock as _, SystemClock};

    #[test]
    fn a_batch_comes_down_to_the_newest_state_whatever_its_order() {
        let (tenant_id, label_id) = (TenantId::generate(), LabelId::generate());
        let cause =
            Cause { tenant_id, actor: Actor::service("test"), trace: TraceContext::random(), at: SystemClock.now() };
        let updated = |version| {
            let (name, previous_name) = (format!("v{version}"), "before".to_owned());
            Event::new(&cause, "test", &LabelUpdated { label_id, name, previous_name, description: "".into(), version })
        };
        let kept = |events: &[Event]| {
            let states = LabelState::newest(events).expect("readable");
            states.iter().map(|state| (state.version, state.deleted)).collect::<Vec<_>>()
        };
        for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
            assert_eq!(kept(&order.map(updated)), [(3, false)], "{order:?}");
        }
        let deleted = Event::new(&cause, "test", &LabelDeleted { label_id, name: "v2".into(), version: 2 });
        assert_eq!(kept(&[deleted, updated(2), updated(3)]), [(2, true)], "nothing undoes a deletion");
    }
}
