//! Names of a spec as small numbers: looked up once while reading, slots afterwards.

use std::collections::HashMap;
use std::sync::Arc;

/// A name of a spec: also the index of its slot in a run's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u16);

impl NameId {
    /// The slot index.
    pub fn slot(self) -> usize {
        self.0 as usize
    }
}

/// The interner of one spec. The same text always gives the same id.
#[derive(Clone, Debug, Default)]
pub struct Names {
    ids: HashMap<Arc<str>, NameId>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The id of `text`; past 65,535 names the last id is given again, which the limit on a
    /// spec's size makes unreachable.
    pub fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = NameId(u16::try_from(self.texts.len()).unwrap_or(u16::MAX));
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    /// The id of a text that was seen before.
    pub fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    /// The text of an id.
    pub fn text(&self, id: NameId) -> &str {
        self.texts.get(id.slot()).map_or("", |t| t)
    }

    /// How many names there are: the size of a frame.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// True before the first name.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}
