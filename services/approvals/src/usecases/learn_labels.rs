//! Learn labels: keep up with what processing tells of them, in whatever order it arrives.

use std::collections::HashMap;

use common::{LabelId, TenantId};
use db::{Connection, DbError};

use crate::store::labels::{LabelState, upsert};

/// Takes over the newest state of each label.
pub(crate) async fn learn_labels(connection: &mut Connection, states: Vec<LabelState>) -> Result<(), DbError> {
    upsert(connection, &newest(states)).await
}

fn newest(states: Vec<LabelState>) -> Vec<LabelState> {
    let mut newest: HashMap<(TenantId, LabelId), LabelState> = HashMap::new();
    for state in states {
        let key = (state.tenant, state.label);
        match newest.get(&key) {
            Some(known) if (known.deleted, known.version) >= (state.deleted, state.version) => {}
            Some(_) | None => {
                newest.insert(key, state);
            }
        }
    }
    newest.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_comes_down_to_the_newest_state_whatever_its_order() {
        let (tenant, label) = (TenantId::generate(), LabelId::generate());
        let state = |version, deleted| LabelState { tenant, label, name: format!("v{version}"), version, deleted };
        let orders = [[1, 2, 3], [3, 2, 1], [2, 3, 1]];
        for order in orders {
            let states = order.map(|version| state(version, false));
            let kept = newest(states.to_vec());
            assert_eq!(kept.iter().map(|state| state.version).collect::<Vec<_>>(), [3], "{order:?}");
        }
        let kept = newest(vec![state(2, true), state(2, false), state(3, false)]);
        assert!(kept[0].deleted, "nothing undoes a deletion");
    }
}
