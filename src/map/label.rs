//! Tags of a mapping: the instance's, then the defaults', then its own.

use super::MapCx;
use crate::base::print::{text_of, write_text};
use crate::base::value::Value;
use crate::expr::code::Code;
use crate::expr::frame::Frame;
use crate::expr::texts::{TextSink, Texts};
use crate::observation::{TagSet, TagWriter};
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
    pub fn set(&self, cx: &mut MapCx<'_>, frame: &mut Frame) -> TagSet {
        let cached = self.site.and_then(|site| cx.tag_cache.get(site));
        if let Some(set) = cached.and_then(OnceLock::get) {
            return set.clone();
        }
        let set = self.set_and(cx, frame, |_| {});
        cached.map_or_else(|| set.clone(), |cached| cached.get_or_init(|| set.clone()).clone())
    }

    /// The set for the current row with more tags behind it.
    pub fn set_and(&self, cx: &mut MapCx<'_>, frame: &mut Frame, more: impl FnOnce(&mut TagWriter)) -> TagSet {
        let mut tags = std::mem::take(&mut cx.scratch.tags);
        if self.inherit != Inherit::None {
            tags.extend(cx.instance_tags);
        }
        self.texts.collect(frame, &mut tags);
        more(&mut tags);
        let set = tags.finish();
        cx.scratch.tags = tags;
        set
    }

    /// Calls `take` for every computed place.
    pub fn codes<'l>(&'l self, take: &mut dyn FnMut(&'l Code)) {
        self.texts.codes(take);
    }
}

/// A secret becomes asterisks, as in every output.
impl TextSink for TagWriter {
    fn take(&mut self, text: Value) {
        match text.as_text() {
            Some(text) => self.push(text),
            None => self.push(&text_of(&text).unwrap_or_default()),
        }
    }

    fn pair(&mut self, key: &str, value: &Value) {
        if !value.is_missing() {
            self.write(|tag| {
                tag.push_str(key);
                tag.push(':');
                write_text(tag, value);
            });
        }
    }
}
