//! A source that delivers: judged by its last receipts.
//!
//! A source is silent when nothing believed came for longer than its own rhythm explains: four times the gap that 95
//! of 100 of its last gaps keep below, and no less than a quarter of an hour. A source without a rhythm yet, with
//! fewer than five gaps, is never called silent.
//!
//! Anybody who knows a source's address may send what does not verify, so rejections alone say nothing of the source.
//! It fails when its last five receipts were all rejected and either all were rightly signed, which only the source
//! can do, or believed ones are overdue: none for four times the usual gap, and no less than a minute; without a
//! rhythm, ten minutes; or none ever. It recovers when the last three were all believed or, while others go on to
//! send what does not verify, when three came believed at its usual pace.

use chrono::TimeDelta;
use common::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Alarm, HealthStatus};
use crate::domain::delivery::{DeliveryOutcome, Reason};
use crate::domain::signature::Refusal;

/// Receipts looked at: a hundred gaps have one end more.
pub(crate) const LOOKED_AT: usize = 101;
const LEAST_GAPS: usize = 5;
const LEAST_SILENCE: TimeDelta = TimeDelta::minutes(15);
const LEAST_PATIENCE: TimeDelta = TimeDelta::minutes(1);
const PATIENCE_WITHOUT_RHYTHM: TimeDelta = TimeDelta::minutes(10);
const SILENCE_FACTOR: i32 = 4;
const FAILING_RUN: usize = 5;
const RECOVERED_RUN: usize = 3;
/// One in so many receipts rejected makes a source degraded.
const DEGRADED_SHARE: usize = 10;

/// What is made of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Believed,
    /// Signed by nobody who has the secret: anybody can send such.
    Unsigned,
    /// Rightly signed, and rejected all the same: the source's own.
    Unusable,
}

/// One receipt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) at: DateTime,
    fate: Fate,
}

/// Who is likely behind what does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Suspicion {
    /// Somebody else: the source's own deliveries are believed, at their usual pace.
    Forged,
    /// The source, with another secret or another way to sign: nothing believed comes when it should.
    WrongSecret,
}

/// What is known of a source's receipts, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipts {
    /// The last ones of any fate, at most [`LOOKED_AT`].
    pub(crate) seen: Vec<Seen>,
    /// When the last believed ones came, at most [`LOOKED_AT`], however many others came between.
    believed: Vec<DateTime>,
}

impl Seen {
    /// A receipt by the names of its outcome and reason.
    pub(crate) fn new(at: DateTime, outcome: &str, reason: Option<&str>) -> Self {
        let unsigned = [Refusal::SignatureMissing, Refusal::SignatureMismatch].map(|it| Reason::Signature(it).as_str());
        let fate = match reason {
            _ if outcome != DeliveryOutcome::Rejected.as_str() => Fate::Believed,
            Some(reason) if !unsigned.contains(&reason) => Fate::Unusable,
            _ => Fate::Unsigned,
        };
        Self { at, fate }
    }
}

impl Receipts {
    /// Receipts, and the times of those that made a record, each newest first.
    pub(crate) fn new(seen: Vec<Seen>, records: Vec<DateTime>) -> Self {
        let mut believed = records;
        // A repetition is believed and makes no record.
        believed.extend(seen.iter().filter(|seen| seen.fate == Fate::Believed).map(|seen| seen.at));
        believed.sort_unstable_by(|one, other| other.cmp(one));
        believed.dedup();
        believed.truncate(LOOKED_AT);
        Self { seen, believed }
    }

    pub(super) fn alarm(&self, before: Option<Alarm>, now: DateTime) -> Option<Alarm> {
        let was_failing = before == Some(Alarm::Failing);
        if self.fails(now) || (was_failing && !self.has_recovered(now)) {
            return Some(Alarm::Failing);
        }
        let last = self.believed.first()?;
        silence(&self.believed).is_some_and(|most| now - *last > most).then_some(Alarm::Silent)
    }

    pub(super) fn status(&self, now: DateTime) -> HealthStatus {
        if self.seen.is_empty() {
            return HealthStatus::NeverSeen;
        }
        let day = self.seen.iter().filter(|seen| now - seen.at < TimeDelta::days(1));
        let count = |(all, bad), seen: &Seen| (all + 1, bad + usize::from(seen.fate != Fate::Believed));
        let (all, rejected) = day.fold((0, 0), count);
        let is_degraded = rejected > 0 && rejected * DEGRADED_SHARE >= all;
        if is_degraded { HealthStatus::Degraded } else { HealthStatus::Healthy }
    }

    /// Who is likely behind what did not verify within the last day; nothing when all did.
    pub(crate) fn suspicion(&self, now: DateTime) -> Option<Suspicion> {
        let mut day = self.seen.iter().filter(|seen| now - seen.at < TimeDelta::days(1));
        if !day.any(|seen| seen.fate == Fate::Unsigned) {
            return None;
        }
        Some(if self.is_overdue(now) { Suspicion::WrongSecret } else { Suspicion::Forged })
    }

    fn fails(&self, now: DateTime) -> bool {
        let run = self.seen.get(..FAILING_RUN);
        run.is_some_and(|run| {
            run.iter().all(|seen| seen.fate != Fate::Believed)
                && (run.iter().all(|seen| seen.fate == Fate::Unusable) || self.is_overdue(now))
        })
    }

    fn has_recovered(&self, now: DateTime) -> bool {
        let is_believed_run =
            self.seen.get(..RECOVERED_RUN).is_some_and(|run| run.iter().all(|seen| seen.fate == Fate::Believed));
        if is_believed_run {
            return true;
        }
        let Some((run, older)) = self.believed.split_at_checked(RECOVERED_RUN) else { return false };
        // By the pace of before: the gap that the failure made is no part of it.
        let most = patience(older);
        now - run[0] <= most && run.windows(2).all(|pair| pair[0] - pair[1] <= most)
    }

    /// Whether something believed should have come by now.
    fn is_overdue(&self, now: DateTime) -> bool {
        self.believed.first().is_none_or(|last| now - *last > patience(&self.believed))
    }
}

/// The gap that 95 of 100 keep below; nothing when there is no rhythm yet.
fn usual_gap(times: &[DateTime]) -> Option<TimeDelta> {
    let mut gaps: Vec<TimeDelta> = times.windows(2).map(|pair| pair[0] - pair[1]).collect();
    if gaps.len() < LEAST_GAPS {
        return None;
    }
    gaps.sort_unstable();
    Some(gaps[(gaps.len() * 95).div_ceil(100) - 1])
}

fn patience(times: &[DateTime]) -> TimeDelta {
    usual_gap(times).map_or(PATIENCE_WITHOUT_RHYTHM, |usual| LEAST_PATIENCE.max(usual * SILENCE_FACTOR))
}

/// How long such a source may be quiet; nothing when it has no rhythm yet.
fn silence(times: &[DateTime]) -> Option<TimeDelta> {
    usual_gap(times).map(|usual| LEAST_SILENCE.max(usual * SILENCE_FACTOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};

    const FAILING: Option<Alarm> = Some(Alarm::Failing);

    /// Receipts a minute apart, newest first: `o` believed, `x` not verified, `u` verified and unusable.
    fn seen(now: DateTime, fates: &str) -> Vec<Seen> {
        let at = |n: usize| now - TimeDelta::minutes(i64::try_from(n).expect("few"));
        let fate = |char| match char {
            'x' => Fate::Unsigned,
            'u' => Fate::Unusable,
            _ => Fate::Believed,
        };
        fates.chars().enumerate().map(|(n, char)| Seen { at: at(n), fate: fate(char) }).collect()
    }

    fn receipts(now: DateTime, fates: &str) -> Receipts {
        Receipts::new(seen(now, fates), Vec::new())
    }

    #[test]
    fn an_alarm_begins_when_nothing_is_believed_any_more_and_ends_after_three() {
        let now = SystemClock.now();
        for (fates, before, after) in [
            ("", None, None),
            ("xxxx", None, None),
            ("xxxxx", None, FAILING),
            // A believed one five minutes ago, and no rhythm: it may well be somebody else.
            ("xxxxxo", None, None),
            ("xxxxxxxxxxxo", None, FAILING),
            // With a rhythm of a minute, four minutes are too long.
            ("xxxxxoooooo", None, FAILING),
            ("uuuuuo", None, FAILING),
            ("oxxxxx", None, None),
            ("oxxxxxxxxxxxxxo", FAILING, FAILING),
            ("ooxxxxx", FAILING, FAILING),
            ("oooxxxxx", FAILING, None),
            ("xooo", FAILING, None),
        ] {
            assert_eq!(receipts(now, fates).alarm(before, now), after, "{fates} {before:?}");
        }
    }

    #[test]
    fn a_flood_of_forgeries_neither_fails_a_source_nor_keeps_it_failing() {
        let now = SystemClock.now();
        let flood = seen(now, &"x".repeat(LOOKED_AT));
        let records = |minutes: &[i64]| minutes.iter().map(|ago| now - TimeDelta::minutes(*ago)).collect::<Vec<_>>();
        let well = Receipts::new(flood.clone(), records(&[2, 4, 6, 8, 10, 12, 14]));
        assert_eq!((well.alarm(None, now), well.suspicion(now)), (None, Some(Suspicion::Forged)));
        assert_eq!(well.alarm(FAILING, now), None, "three believed at the usual pace end it");
        let ill = Receipts::new(flood.clone(), records(&[60, 62, 64, 66, 68, 70]));
        assert_eq!((ill.alarm(None, now), ill.suspicion(now)), (FAILING, Some(Suspicion::WrongSecret)));
        let once = Receipts::new(flood, records(&[1, 60, 62, 64, 66, 68, 70, 72, 74]));
        assert_eq!(once.alarm(FAILING, now), FAILING, "one alone ends nothing");
        assert_eq!(receipts(now, "ooo").suspicion(now), None);
    }

    #[test]
    fn silence_is_measured_by_the_sources_own_rhythm() {
        let now = SystemClock.now();
        let quick = receipts(now, "oooooo");
        assert_eq!(silence(&quick.believed), Some(TimeDelta::minutes(15)), "four minutes, but no less than this");
        let daily: Vec<DateTime> = (0..7).map(|n| now - TimeDelta::days(n)).collect();
        assert_eq!(silence(&daily), Some(TimeDelta::days(4)));
        assert_eq!(silence(&quick.believed[1..]), None, "four gaps make no rhythm");
        let later = |minutes: i64| quick.alarm(None, now + TimeDelta::minutes(minutes));
        assert_eq!((later(15), later(16)), (None, Some(Alarm::Silent)));
        // Forgeries are no sign of life.
        let forged = receipts(now, "xxxxoxoxoxoxoxoxo");
        assert_eq!(forged.alarm(None, now + TimeDelta::minutes(30)), Some(Alarm::Silent));
        // One long night among a hundred gaps does not stretch what is usual.
        let mut nightly = receipts(now, &"o".repeat(LOOKED_AT)).believed;
        nightly[100] -= TimeDelta::days(3);
        assert_eq!(silence(&nightly), Some(TimeDelta::minutes(15)));
    }

    #[test]
    fn a_tenth_rejected_is_degraded() {
        let now = SystemClock.now();
        let of = |fates: &str| receipts(now, fates).status(now);
        assert_eq!((of(""), of("ooo")), (HealthStatus::NeverSeen, HealthStatus::Healthy));
        assert_eq!(of("oooxoooooo"), HealthStatus::Degraded);
        assert_eq!(of("oooxooooooo"), HealthStatus::Healthy, "one in eleven");
        let old = seen(now - TimeDelta::days(2), "x");
        assert_eq!(Receipts::new(old, Vec::new()).status(now), HealthStatus::Healthy);
    }

    #[test]
    fn only_the_source_can_be_rightly_signed_and_rejected() {
        let now = SystemClock.now();
        let fate = |outcome: &str, reason| Seen::new(now, outcome, reason).fate;
        assert_eq!(fate("rejected", Some("signature_mismatch")), Fate::Unsigned);
        assert_eq!(fate("rejected", Some("signature_missing")), Fate::Unsigned);
        assert_eq!(fate("rejected", Some("timestamp_too_old")), Fate::Unusable);
        assert_eq!(fate("rejected", Some("unparseable_body")), Fate::Unusable);
        assert_eq!(fate("accepted", Some("timestamp_too_old")), Fate::Believed, "taken in later");
    }
}
