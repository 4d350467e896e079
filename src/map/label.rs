//! Tags of a mapping: the instance's, then the defaults', then its own.

use super::MapCx;
use crate::base::value::Text;
use crate::expr::code::Code;
use crate::expr::frame::Frame;
use crate::expr::texts::Texts;
use crate::observation::TagSet;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use std::sync::OnceLock;

crate::words! {
    /// Which tags come along.
    pub enum Inherit {
        /// Its own only.
        None = "none",
        /// The instance's and its own.
        Instance = "instance",
        /// The instance's, the defaults' and its own.
        All = "all",
    }
}

/// The tags of one place.
#[derive(Clone, Debug)]
pub struct Labels {
    inherit: Inherit,
    texts: Texts,
    /// The place in the check's cache, if the tags are the same in every run.
    site: Option<usize>,
}

impl Labels {
    /// Puts the tags of a place together; `defaults` are read in its scope.
    pub fn read(inherit: Option<Inherit>, defaults: &[Node], own: Texts, reader: &mut Reader<'_>) -> Labels {
        let inherit = inherit.unwrap_or(Inherit::All);
        let mut texts = Texts::default();
        if inherit == Inherit::All {
            for node in defaults {
                texts = texts.and(Texts::read(node, reader).unwrap_or_default());
            }
        }
        let texts = texts.and(own);
        let site = texts.is_static().then(|| reader.next_site());
        Labels { inherit, texts, site }
    }

    /// The same tags and some more.
    pub fn with(&self, more: Texts, reader: &mut Reader<'_>) -> Labels {
        let texts = self.texts.clone().and(more);
        let site = texts.is_static().then(|| reader.next_site());
        Labels { inherit: self.inherit, texts, site }
    }

    /// The same tags and those of the defaults, where they come along.
    pub fn and_defaults(&self, defaults: &[Node], reader: &mut Reader<'_>) -> Labels {
        match self.inherit {
            Inherit::All => Labels::read(Some(self.inherit), defaults, self.texts.clone(), reader),
            Inherit::None | Inherit::Instance => self.clone(),
        }
    }

    /// The set for the current row; from the cache where it is always the same.
    pub fn set(&self, cx: &MapCx<'_>, frame: &mut Frame) -> TagSet {
        match self.site.and_then(|site| cx.tag_cache.get(site)) {
            Some(cached) => self.cached(cached, cx, frame),
            None => TagSet::new(self.list(cx, frame)),
        }
    }

    fn cached(&self, cached: &OnceLock<TagSet>, cx: &MapCx<'_>, frame: &mut Frame) -> TagSet {
        if let Some(set) = cached.get() {
            return set.clone();
        }
        let set = TagSet::new(self.list(cx, frame));
        cached.get_or_init(|| set).clone()
    }

    /// The tags as a list, for places that add tags of their own to it.
    pub fn list(&self, cx: &MapCx<'_>, frame: &mut Frame) -> Vec<Text> {
        let mut tags: Vec<Text> = match self.inherit {
            Inherit::None => Vec::new(),
            Inherit::Instance | Inherit::All => cx.instance_tags.iter().cloned().collect(),
        };
        self.texts.collect(frame, &mut tags);
        tags
    }

    /// Calls `take` for every computed place.
    pub fn codes<'l>(&'l self, take: &mut dyn FnMut(&'l Code)) {
        self.texts.codes(take);
    }
}
