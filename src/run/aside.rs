//! Long work without holding up others: what takes milliseconds leaves the worker to other runs.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Rows or observations from which on they are worked through aside.
pub const MANY: usize = 2_000;
/// Bytes of an answer from which on it is decoded aside.
pub const LARGE: usize = 256 << 10;

/// Does the work; where it is heavy, the other tasks of this worker move to another thread first.
pub fn aside<T>(heavy: bool, work: impl FnOnce() -> T) -> T {
    let several = || Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if heavy && several() { tokio::task::block_in_place(work) } else { work() }
}
