//! How far a packed file is unpacked, within one run.
//!
//! A decoder goes only forward, so each piece of a packed file would be unpacked from the file's
//! beginning. The looks of one run hand the decoder on instead. It is only ever an answer found
//! sooner: where it does not fit, the file is unpacked from its beginning.

use super::rotation::Opened;
use super::spot::{Node, Spot, Unpacking};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The decoder of one run; clones share it.
#[derive(Clone, Default)]
pub struct Ahead(Arc<Mutex<Option<Stop>>>);

/// Where unpacking has stopped.
struct Stop {
    node: Node,
    size: u64,
    spot: Spot,
    unpacking: Unpacking,
}

impl Ahead {
    /// The decoder, if it stopped at this place of this file.
    pub fn take(&self, opened: &Opened, spot: &Spot) -> Option<Unpacking> {
        let mut stop = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |stop: &mut Stop| stop.node == opened.node && stop.size == opened.size && is_at(&stop.spot, spot);
        stop.take_if(fits).map(|stop| stop.unpacking)
    }

    /// Keeps the decoder for the next look.
    pub fn keep(&self, opened: &Opened, spot: &Spot, unpacking: Unpacking) {
        let stop = Stop { node: opened.node, size: opened.size, spot: spot.clone(), unpacking };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
    }

    /// The file in which unpacking has stopped at this place.
    pub fn file_at(&self, spot: &Spot) -> Option<Node> {
        let stop = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stop.as_ref().filter(|stop| is_at(&stop.spot, spot)).map(|stop| stop.node)
    }
}

fn is_at(stop: &Spot, spot: &Spot) -> bool {
    (stop.offset, stop.head_bytes, stop.head, stop.near) == (spot.offset, spot.head_bytes, spot.head, spot.near)
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ahead")
    }
}
