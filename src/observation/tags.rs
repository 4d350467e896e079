//! Sets of tags, shared by all observations that carry the same.

use crate::base::limits;
use crate::base::print::cut_bytes;
use crate::base::value::Text;
use std::sync::Arc;

/// An immutable set of tags in the order in which they were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSet(Arc<[Text]>);

impl Default for TagSet {
    fn default() -> Self {
        TagSet(Arc::new([]))
    }
}

impl TagSet {
    /// A set of these; repeats go, tags that are too long are cut, and what passes the limit of a
    /// set is left out.
    pub fn new(tags: Vec<Text>) -> Self {
        let mut kept: Vec<Text> = Vec::with_capacity(tags.len());
        for tag in tags {
            let tag = if tag.len() > limits::TAG_BYTES { cut_bytes(&tag, limits::TAG_BYTES).into() } else { tag };
            if kept.len() < limits::TAGS && !kept.contains(&tag) {
                kept.push(tag);
            }
        }
        TagSet(kept.into())
    }

    /// The tags.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Text> {
        self.0.iter()
    }

    /// True without tags.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
