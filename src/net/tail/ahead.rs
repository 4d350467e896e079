//! How far one run has read ahead: the rest of its last look, and how far a packed file is unpacked.
//!
//! A decoder goes only forward, so each piece of a packed file would be unpacked from the file's
//! beginning. The looks of one run hand the decoder on instead. It is only ever an answer found
//! sooner: where it does not fit, the file is unpacked from its beginning.

use super::rest::Rest;
use super::rotation::Opened;
use super::spot::{Node, Spot, Unpacking};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one run has read ahead; clones share it.
#[derive(Clone, Default)]
pub struct Ahead(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stop: Option<Stop>,
    /// With the number of the look that it answers.
    rest: Option<(usize, Rest)>,
}

/// Where unpacking has stopped.
struct Stop {
    node: Node,
    size: u64,
    spot: Spot,
    unpacking: Unpacking,
}

impl Ahead {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if a rest answers the look with this number.
    pub fn has_rest(&self, round: usize) -> bool {
        self.state().rest.as_ref().is_some_and(|(known, _)| *known == round)
    }

    /// The rest that answers the look with this number; another one is dropped.
    pub fn take_rest(&self, round: usize) -> Option<Rest> {
        self.state().rest.take().filter(|(known, _)| *known == round).map(|(_, rest)| rest)
    }

    /// Keeps what answers the look with this number.
    pub fn keep_rest(&self, round: usize, rest: Rest) {
        self.state().rest = Some((round, rest));
    }

    /// The decoder, if it stopped at this place of this file.
    pub fn take(&self, opened: &Opened, spot: &Spot) -> Option<Unpacking> {
        let fits = |stop: &mut Stop| stop.node == opened.node && stop.size == opened.size && is_at(&stop.spot, spot);
        self.state().stop.take_if(fits).map(|stop| stop.unpacking)
    }

    /// Keeps the decoder for the next look.
    pub fn keep(&self, opened: &Opened, spot: &Spot, unpacking: Unpacking) {
        let stop = Stop { node: opened.node, size: opened.size, spot: spot.clone(), unpacking };
        self.state().stop = Some(stop);
    }

    /// The file in which unpacking has stopped at this place.
    pub fn file_at(&self, spot: &Spot) -> Option<Node> {
        self.state().stop.as_ref().filter(|stop| is_at(&stop.spot, spot)).map(|stop| stop.node)
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
