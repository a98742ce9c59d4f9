//! How long raw forms are kept.

use serde_json::Value;

/// The longest that a tenant may ask for, in days; what is longer is kept for good.
const MAX_DAYS: i64 = 3_650;

/// The days that a tenant's settings name; `None` keeps raw forms for good. The gateway has checked them: whatever is
/// no sensible number takes nothing away.
pub(crate) fn days_of(settings: &Value) -> Option<i32> {
    let days = settings.get("retentionDays")?.as_i64()?;
    i32::try_from(days).ok().filter(|_| (1..=MAX_DAYS).contains(&days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_sensible_number_takes_anything_away() {
        for (settings, days) in [
            (json!({"retentionDays": 30}), Some(30)),
            (json!({"retentionDays": 3650}), Some(3650)),
            (json!({"retentionDays": 3651}), None),
            (json!({"retentionDays": 0}), None),
            (json!({"retentionDays": -1}), None),
            (json!({"retentionDays": 1.5}), None),
            (json!({"retentionDays": null}), None),
            (json!({"retentionDays": "30"}), None),
            (json!({}), None),
            (json!(7), None),
        ] {
            assert_eq!(days_of(&settings), days, "{settings}");
        }
    }
}
