//! Sets of tags, shared by all observations that carry the same.
//!
//! A set is one text: each tag stands behind a character whose code is the tag's length. A row with
//! three tags costs one allocation that way instead of four, and equal sets are equal texts.

use crate::base::limits;
use crate::base::print::cut_bytes;
use crate::base::share::Share;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// An immutable set of tags in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TagSet(Arc<str>);

// The length of the longest tag is a character.
const _: () = assert!(limits::TAG_BYTES < 0xd800);

impl TagSet {
    /// A set of these; repeats go, tags that are too long are cut, and what passes the limit of a
    /// set is left out.
    pub fn new(tags: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut writer = TagWriter::default();
        tags.into_iter().for_each(|tag| writer.push(tag.as_ref()));
        writer.finish()
    }

    /// The tags.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        tags_of(&self.0)
    }

    /// The whole set as bytes, equal for equal sets.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The set that [`TagSet::as_bytes`] gave as text; `None` for a text that is no set.
    pub fn from_text(text: &str) -> Option<TagSet> {
        let tags: usize =
            tags_of(text).map(|tag| tag.len() + u32::try_from(tag.len()).ok().and_then(char::from_u32).map_or(0, char::len_utf8)).sum();
        (tags == text.len()).then(|| TagSet(text.into()))
    }

    /// The whole set as one text, which [`TagSet::from_text`] takes.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// The same tags in the order of their characters: equal for sets with the same tags.
    pub fn sorted(&self) -> TagSet {
        if self.iter().is_sorted() {
            return self.clone();
        }
        let mut tags: Vec<&str> = self.iter().collect();
        tags.sort_unstable();
        TagSet::new(tags)
    }

    /// True for the same set, which may be told from an equal one.
    pub fn is_same(&self, other: &TagSet) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// True without tags.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// As a list of texts.
impl Serialize for TagSet {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.iter())
    }
}

fn tags_of(set: &str) -> impl Iterator<Item = &str> {
    let mut rest = set;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        let length = u32::from(chars.next()?) as usize;
        let (tag, after) = chars.as_str().split_at_checked(length)?;
        rest = after;
        Some(tag)
    })
}

/// Sets that a writer makes before it looks for equal ones. Most runs make fewer, and need no table.
const APART: usize = 64;
/// Sets that are found again.
const SLOTS: usize = 256;

/// A set in the making; its memory serves one set after the other. The rows of a log have the same few
/// sets again and again, so equal ones are shared as far as they are found.
#[derive(Debug)]
pub struct TagWriter {
    set: String,
    n_tags: usize,
    tag: String,
    n_sets: usize,
    made: Share,
}

impl Default for TagWriter {
    fn default() -> Self {
        TagWriter { set: String::new(), n_tags: 0, tag: String::new(), n_sets: 0, made: Share::with_slots(SLOTS) }
    }
}

impl TagWriter {
    /// Adds a tag.
    pub fn push(&mut self, tag: &str) {
        let tag = if tag.len() > limits::TAG_BYTES { cut_bytes(tag, limits::TAG_BYTES) } else { tag };
        let length = u32::try_from(tag.len()).ok().and_then(char::from_u32);
        let Some(length) = length.filter(|_| self.n_tags < limits::TAGS && tags_of(&self.set).all(|known| known != tag)) else { return };
        self.n_tags += 1;
        self.set.push(length);
        self.set.push_str(tag);
    }

    /// Adds the tag that `write` writes.
    pub fn write(&mut self, write: impl FnOnce(&mut String)) {
        let mut tag = std::mem::take(&mut self.tag);
        tag.clear();
        write(&mut tag);
        self.push(&tag);
        self.tag = tag;
    }

    /// Adds all tags of a set.
    pub fn extend(&mut self, set: &TagSet) {
        set.iter().for_each(|tag| self.push(tag));
    }

    /// The set; the next one begins empty.
    pub fn finish(&mut self) -> TagSet {
        self.n_sets += 1;
        let set = match &*self.set {
            "" => TagSet::default(),
            set if self.n_sets <= APART => TagSet(set.into()),
            set => TagSet(self.made.get(set)),
        };
        self.set.clear();
        self.n_tags = 0;
        set
    }

    /// Forgets the sets that it made: those of another run are others.
    pub fn forget(&mut self) {
        self.n_sets = 0;
        self.made.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(set: &TagSet) -> Vec<&str> {
        set.iter().collect()
    }

    #[test]
    fn a_set_keeps_its_order_and_has_each_tag_once() {
        assert_eq!(listed(&TagSet::new(["b:1", "a", "b:1", "", "é\0\n"])), ["b:1", "a", "", "é\0\n"]);
        assert!(TagSet::default().is_empty() && !TagSet::new([""]).is_empty());
        assert_eq!(TagSet::new(["a", "b"]), TagSet::new(["a", "b", "a"]));
    }

    #[test]
    fn a_set_comes_back_from_its_text_and_no_other_text_does() {
        let set = TagSet::new(["b:1", "", "é"]);
        assert_eq!(TagSet::from_text(set.as_text()), Some(set));
        assert_eq!(TagSet::from_text(""), Some(TagSet::default()));
        for broken in ["b", "\u{1}", "\u{1}é", "\u{3}ab"] {
            assert_eq!(TagSet::from_text(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn the_order_of_tags_makes_no_other_sorted_set() {
        assert_eq!(TagSet::new(["b", "a", "c"]).sorted(), TagSet::new(["c", "b", "a"]).sorted());
        assert_eq!(listed(&TagSet::new(["b", "a"]).sorted()), ["a", "b"]);
    }

    #[test]
    fn long_tags_are_cut_and_a_set_has_a_limit() {
        let long = "é".repeat(200);
        let set = TagSet::new([long.as_str()]);
        assert_eq!(listed(&set), ["é".repeat(limits::TAG_BYTES / 2)]);
        let many = TagSet::new((0..100).map(|n| n.to_string()));
        assert_eq!(many.iter().count(), limits::TAGS);
    }

    #[test]
    fn a_writer_begins_each_set_empty() {
        let mut writer = TagWriter::default();
        writer.extend(&TagSet::new(["x"]));
        writer.write(|tag| tag.push_str("y:1"));
        assert_eq!(listed(&writer.finish()), ["x", "y:1"]);
        writer.push("z");
        assert_eq!(listed(&writer.finish()), ["z"]);
    }
}
