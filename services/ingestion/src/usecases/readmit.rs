//! Taking in rejected deliveries that verify by now: what replaying one and re-verifying many have in common.

use common::event::Cause;
use common::{DeliveryId, IntegrationId, RecordId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::delivery::{NewDelivery, Reason, dedupe_key};
use crate::domain::entry::{Entry, NewRecord, Origin, Stored};
use crate::domain::examiner::Examiner;
use crate::domain::integration::Integration;
use crate::domain::source::{Source, SourceError};
use crate::store;
use crate::store::quarantine::RejectedRow;

/// A source as it judges now.
pub(super) struct Gate {
    source: Source,
    pub(super) examiner: Examiner,
}

/// What became of a delivery that was judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readmission {
    /// It has a record now; that of the first receipt when it is a duplicate.
    Taken { record_id: RecordId, duplicate: bool },
    /// It stays where it is, for this reason.
    Rejected(Reason),
}

impl Gate {
    pub(super) fn prepare(app: &App, integration: &Integration) -> Result<Self, SourceError> {
        let source = Source::prepare(integration, &app.sealer, app.catalogue)?;
        Ok(Self { source, examiner: Examiner::prepare(integration, &app.sealer, app.catalogue)? })
    }

    /// Judges a delivery by its time of receipt, with the secrets, settings and mapping of now.
    fn judge(&self, cause: &Cause, row: &RejectedRow) -> Result<Entry, Reason> {
        let header = |name: &str| self.examiner.header(&row.headers, name);
        let header: crate::domain::Header<'_> = &header;
        let (received_at, now) = (row.received_at.timestamp(), cause.at.timestamp());
        let verifier = &self.source.verifier;
        verifier.verify_again(header, &row.body, received_at, now).map_err(Reason::Signature)?;
        let text = std::str::from_utf8(&row.body).map_err(|_| Reason::UnparseableBody)?;
        let mapped = self.source.mapping.apply(header, text).map_err(|_| Reason::UnparseableBody)?;
        let id = DeliveryId(row.id);
        let delivery = NewDelivery {
            id,
            tenant_id: self.source.tenant_id,
            integration_id: self.source.id,
            dedupe_key: dedupe_key(mapped.delivery_id.as_deref().or_else(|| verifier.delivery_id(header)), &row.body),
            headers: row.headers.to_string(),
            body: row.body.clone().into(),
            received_at: row.received_at,
        };
        let origin = Origin {
            source: self.source.provider.clone(),
            external_id: mapped.external_id,
            integration_id: Some(self.source.id),
            delivery_id: Some(id),
            raw: None,
        };
        let record = Box::new(NewRecord::new(cause, origin, mapped.normalized));
        Ok(Entry::Delivered { delivery, record, hold: self.source.paused })
    }

    /// Judges locked deliveries and takes in those that verify, as the intake would have: the same statement, the
    /// same recognition of repetitions. A delivery keeps its id, its time and the reason of its rejection.
    pub(super) async fn readmit(
        &self,
        connection: &mut Connection,
        cause: &Cause,
        rows: &[RejectedRow],
    ) -> Result<Vec<Readmission>, DbError> {
        let judged: Vec<Result<Entry, Reason>> = rows.iter().map(|row| self.judge(cause, row)).collect();
        let entries: Vec<&Entry> = judged.iter().flatten().collect();
        let mut stored = Vec::new();
        if !entries.is_empty() {
            let verified = rows.iter().zip(&judged).filter(|(_, entry)| entry.is_ok()).map(|(row, _)| row);
            let verified: Vec<&RejectedRow> = verified.collect();
            let of: (_, IntegrationId) = (self.source.tenant_id, self.source.id);
            store::quarantine::remove(connection, of, &verified).await?;
            stored = store::intake::store(connection, &entries).await?;
            store::quarantine::mark_replayed(connection, of, &verified, cause.at).await?;
        }
        let mut stored = stored.into_iter();
        let readmission = |entry: &Result<Entry, Reason>| match entry {
            Err(reason) => Readmission::Rejected(*reason),
            Ok(_) => match stored.next() {
                Some(Stored { record_id: Some(record_id), duplicate, .. }) => {
                    Readmission::Taken { record_id, duplicate }
                }
                // A delivery that is stored as believed has a record.
                _ => Readmission::Rejected(Reason::UnparseableBody),
            },
        };
        Ok(judged.iter().map(readmission).collect())
    }
}
