//! The elements of an XML document on their way to values.
//!
//! Without recursion: one entry of a stack for each open element, which bounds the depth, too.

use super::beginning;
use super::budget::Budget;
use super::faults::Faults;
use super::xml::{Namespaces, Xml};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::share::Share;
use crate::base::value::{Text, Value};
use std::collections::HashMap;

/// Names of one document that are held once.
const NAME_SLOTS: usize = 256;
/// Up to so many children are found by looking at all of them.
const SMALL: usize = 16;

/// The document while it is read.
pub struct Tree<'o> {
    options: &'o Xml,
    lists: Vec<Vec<&'o str>>,
    names: Share,
    text_key: Text,
    open: Vec<Element>,
    root: Option<Value>,
    budget: Budget,
    /// Attributes that have the same name as another one without their prefixes.
    pub clashes: Faults,
}

/// An element whose end has not come yet.
struct Element {
    name: Text,
    attributes: Map,
    children: Children,
    text: String,
    /// True after `xsi:nil="true"`.
    nil: bool,
}

impl<'o> Tree<'o> {
    /// An empty tree. `lists` are elements that are lists besides those of the options, each with its
    /// parents before it.
    pub fn new(options: &'o Xml, lists: &'o [Box<[Text]>]) -> Self {
        let written = options.lists.iter().map(|path| path.rsplit('.').collect());
        let meant = lists.iter().map(|path| path.iter().rev().map(|name| &**name).collect());
        Tree {
            options,
            lists: written.chain(meant).collect(),
            names: Share::with_slots(NAME_SLOTS),
            text_key: "#text".into(),
            open: Vec::new(),
            root: None,
            budget: Budget::default(),
            clashes: Faults::default(),
        }
    }

    /// An element begins.
    ///
    /// # Errors
    /// Beside the root element, too deep, or beyond the limit of values.
    pub fn open(&mut self, name: &str) -> Result<(), String> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(format!("a second root element {}", beginning(name)));
        }
        if self.open.len() >= limits::DEPTH {
            return Err(format!("nested more than {} levels deep, which is the limit,", limits::DEPTH));
        }
        self.budget.spend(1).map_err(|error| error.0)?;
        let name = if self.keeps() { name } else { split_name(name).1 };
        let name = self.names.get(name);
        self.open.push(Element { name, attributes: Map::default(), children: Children::default(), text: String::new(), nil: false });
        Ok(())
    }

    fn keeps(&self) -> bool {
        self.options.namespaces == Namespaces::Keep
    }

    /// An attribute of the element that began last.
    ///
    /// # Errors
    /// The same attribute twice, or beyond the limit of values.
    pub fn attribute(&mut self, name: &str, value: &str) -> Result<(), String> {
        let keeps = self.keeps();
        let (prefix, local) = if keeps { (None, name) } else { split_name(name) };
        if !keeps && (prefix == Some("xmlns") || name == "xmlns") {
            return Ok(());
        }
        self.budget.spend(1).map_err(|error| error.0)?;
        let Some(element) = self.open.last_mut() else { return Ok(()) };
        if prefix.is_some() && local == "nil" {
            element.nil = matches!(value, "true" | "1");
            return Ok(());
        }
        let key = self.names.get(&format!("@{local}"));
        if element.attributes.get(&key).is_some() {
            if prefix.is_none() {
                return Err(format!("the attribute {} twice", beginning(name)));
            }
            self.clashes.add(1, || format!("{} of {}; `namespaces: keep` tells them apart", beginning(name), beginning(&element.name)));
            return Ok(());
        }
        let value = self.options.types.of(&key).convert(value);
        element.attributes.push_new(key, value);
        Ok(())
    }

    /// Text of the innermost element.
    ///
    /// # Errors
    /// Outside of the root element.
    pub fn text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(format!("text outside of the root element: {}", beginning(text.trim()))),
        }
        Ok(())
    }

    /// The innermost element ends.
    ///
    /// # Errors
    /// None is open.
    pub fn close(&mut self) -> Result<(), String> {
        let Some(element) = self.open.pop() else { return Err("an end without its beginning".to_owned()) };
        let listed = self.is_listed(&element.name);
        let name = element.name.clone();
        let value = self.value(element);
        match self.open.last_mut() {
            Some(parent) => parent.children.add(name, value, listed),
            None => self.root = Some(value),
        }
        Ok(())
    }

    /// True if `lists` names this element, whose parents are the open ones.
    fn is_listed(&self, name: &str) -> bool {
        let parents = || self.open.iter().rev().map(|element| &*element.name);
        self.lists.iter().any(|path| {
            let mut own = std::iter::once(name).chain(parents());
            path.iter().all(|part| own.next() == Some(*part))
        })
    }

    fn value(&self, element: Element) -> Value {
        if element.nil && element.children.entries.is_empty() {
            return Value::Missing;
        }
        let text = element.text.trim();
        let typed = || self.options.types.of(&element.name).convert(text);
        if element.attributes.is_empty() && element.children.entries.is_empty() {
            return typed();
        }
        let own_text = (!text.is_empty()).then(typed);
        let mut map = element.attributes;
        if let Some(own_text) = own_text {
            map.push_new(self.text_key.clone(), own_text);
        }
        element.children.entries.into_iter().for_each(|(name, child)| map.push_new(name, child.value()));
        Value::map(map)
    }

    /// The root element.
    ///
    /// # Errors
    /// There is none, or one is still open.
    pub fn root(&mut self) -> Result<Value, String> {
        match self.open.last() {
            Some(element) => Err(format!("the text ends within the element {}", beginning(&element.name))),
            None => self.root.take().ok_or_else(|| "no element".to_owned()),
        }
    }
}

/// The prefix of a name, if it has one, and the rest.
pub fn split_name(name: &str) -> (Option<&str>, &str) {
    match name.split_once(':') {
        Some((prefix, local)) if !local.is_empty() => (Some(prefix), local),
        _ => (None, name),
    }
}

/// The children of one element by name, in the order of their first.
#[derive(Default)]
struct Children {
    entries: Vec<(Text, Child)>,
    /// Where each name is, once there are many.
    places: HashMap<Text, usize>,
}

enum Child {
    One(Value),
    Many(Vec<Value>),
}

impl Child {
    fn value(self) -> Value {
        match self {
            Child::One(value) => value,
            Child::Many(values) => Value::list(values),
        }
    }
}

impl Children {
    fn add(&mut self, name: Text, value: Value, listed: bool) {
        let place = self.place(&name);
        let Some((_, child)) = place.and_then(|at| self.entries.get_mut(at)) else {
            if self.entries.len() >= SMALL {
                self.index(&name);
            }
            self.entries.push((name, if listed { Child::Many(vec![value]) } else { Child::One(value) }));
            return;
        };
        match child {
            Child::Many(values) => values.push(value),
            Child::One(first) => *child = Child::Many(vec![std::mem::take(first), value]),
        }
    }

    fn place(&self, name: &Text) -> Option<usize> {
        if self.places.is_empty() {
            return self.entries.iter().position(|(known, _)| **known == **name);
        }
        self.places.get(name).copied()
    }

    /// Notes the place of the next name, and once those of all before it.
    fn index(&mut self, next: &Text) {
        if self.places.is_empty() {
            self.places = self.entries.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        }
        self.places.insert(next.clone(), self.entries.len());
    }
}
