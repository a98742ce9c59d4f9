//! Frames: what one AMQP message carries.
//!
//! A quorum queue writes, replicates and settles messages one by one, at some 50 µs of processor time each.
//! The relay therefore packs events of one type into one message, a JSON array. Bodies are joined as text and
//! never parsed on the way out. See `proto-docs/adr/0004-events-travel-in-frames.md`.

use common::event::Event;
use serde_json::value::RawValue;

/// Most events in one message.
pub(crate) const MAX_EVENTS: usize = 128;
/// A message is closed once it is this long, in bytes; one larger event still travels, alone.
const MAX_BYTES: usize = 256 << 10;

/// Events of one type, as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The events' type.
    pub routing_key: String,
    /// A JSON array of events.
    pub body: String,
    /// How many events it holds.
    pub len: usize,
}

/// A message that is no frame.
#[derive(Debug, thiserror::Error)]
#[error("the message is not a JSON array of events")]
pub struct FrameError(#[from] serde_json::Error);

impl Frame {
    /// Packs `(type, event as JSON)` pairs, keeping the order inside each type.
    #[must_use]
    pub fn pack<'e>(events: impl IntoIterator<Item = (&'e str, &'e str)>) -> Vec<Self> {
        let mut closed = Vec::new();
        let mut open: Vec<Self> = Vec::new();
        for (key, event) in events {
            let position = open.iter().position(|frame| frame.routing_key == key).unwrap_or_else(|| {
                open.push(Self { routing_key: key.to_owned(), body: String::from("["), len: 0 });
                open.len() - 1
            });
            let frame = &mut open[position];
            if frame.len > 0 {
                frame.body.push(',');
            }
            frame.body.push_str(event);
            frame.len += 1;
            if frame.len == MAX_EVENTS || frame.body.len() >= MAX_BYTES {
                closed.push(open.swap_remove(position));
            }
        }
        closed.extend(open);
        for frame in &mut closed {
            frame.body.push(']');
        }
        closed
    }

    /// Reads a message's body: its events, and whatever in it is none, each as it was and with the reason.
    #[must_use]
    pub fn unpack(body: &[u8]) -> (Vec<Event>, Vec<(Vec<u8>, FrameError)>) {
        match serde_json::from_slice(body) {
            Ok(events) => (events, Vec::new()),
            Err(error) => Self::unpack_each(body, error),
        }
    }

    /// The slow way, for a frame in which something is unreadable: the rest of it is read all the same.
    fn unpack_each(body: &[u8], error: serde_json::Error) -> (Vec<Event>, Vec<(Vec<u8>, FrameError)>) {
        let Ok(parts) = serde_json::from_slice::<Vec<&RawValue>>(body) else {
            return (Vec::new(), vec![(body.to_vec(), FrameError(error))]);
        };
        let (mut events, mut unreadable) = (Vec::new(), Vec::new());
        for part in parts {
            match serde_json::from_str(part.get()) {
                Ok(event) => events.push(event),
                Err(error) => unreadable.push((format!("[{}]", part.get()).into_bytes(), FrameError(error))),
            }
        }
        (events, unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_by_type_in_order_and_closes_full_frames() {
        let events: Vec<(String, String)> =
            (0..300).map(|n| (if n % 3 == 0 { "A" } else { "B" }.to_owned(), n.to_string())).collect();
        let frames = Frame::pack(events.iter().map(|(key, event)| (key.as_str(), event.as_str())));
        assert_eq!(frames.iter().map(|frame| frame.len).sum::<usize>(), 300);
        assert!(frames.iter().all(|frame| frame.len <= MAX_EVENTS));
        let of_b: Vec<u32> = frames
            .iter()
            .filter(|frame| frame.routing_key == "B")
            .flat_map(|frame| serde_json::from_str::<Vec<u32>>(&frame.body).expect("an array"))
            .collect();
        assert_eq!(of_b, (0..300).filter(|n| n % 3 != 0).collect::<Vec<_>>());
    }

    #[test]
    fn a_huge_event_travels_alone() {
        let huge = format!("\"{}\"", "x".repeat(MAX_BYTES));
        let frames = Frame::pack([("A", huge.as_str()), ("A", "1")]);
        assert_eq!(frames.iter().map(|frame| frame.len).collect::<Vec<_>>(), [1, 1]);
    }
}
