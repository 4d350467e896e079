//! Which parts of a document are wanted: a decoder may leave out the rest.
//!
//! A document of 20 MB mostly holds five numbers of interest per item. What a plan reads is known
//! before the first run, so a decoder builds just these parts and only checks the others. Wanting
//! too much costs time; wanting too little would lose data, so whoever is in doubt wants the whole.

use crate::base::step::Step;
use crate::base::value::{Text, Value};

/// What is wanted of one value. A text, a number or a boolean is always there as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Want {
    whole: bool,
    /// Members of a map by their names.
    fields: Vec<(Text, Want)>,
    /// What is wanted of every item of a list, and of every member of a map.
    each: Option<Box<Want>>,
    /// What is wanted of every item of a list besides.
    items: Option<Box<Want>>,
}

/// Everything, for references.
pub static WHOLE: Want = Want { whole: true, fields: Vec::new(), each: None, items: None };

/// No more than that the value is there.
pub static NOTHING: Want = Want { whole: false, fields: Vec::new(), each: None, items: None };

impl Want {
    /// The whole value.
    pub fn whole() -> Want {
        WHOLE.clone()
    }

    /// True for the whole value.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Wants what a path leads to, with everything below.
    pub fn add(&mut self, path: &[Step]) {
        self.add_part(path, &WHOLE);
    }

    /// Wants a part of what a path leads to.
    pub fn add_part(&mut self, path: &[Step], part: &Want) {
        let Some((step, rest)) = path.split_first() else {
            self.merge(part);
            return;
        };
        if self.whole {
            return;
        }
        let child = match step {
            Step::Key(key) => self.field(key),
            // An index is counted from either end, and may be the name of a member as well.
            Step::Index(_) | Step::All => self.each.get_or_insert_default(),
        };
        child.add_part(rest, part);
    }

    /// Wants a part of every item, where this is a list; of a map nothing more.
    pub fn add_items(&mut self, part: &Want) {
        if !self.whole {
            self.items.get_or_insert_default().merge(part);
        }
    }

    fn field(&mut self, key: &Text) -> &mut Want {
        let known = self.fields.iter().position(|(name, _)| name == key);
        let at = known.unwrap_or_else(|| {
            self.fields.push((key.clone(), Want::default()));
            self.fields.len() - 1
        });
        // The place was found or made right here.
        #[expect(clippy::indexing_slicing, reason = "the index is that of an entry")]
        &mut self.fields[at].1
    }

    /// Wants what the other wants, too.
    pub fn merge(&mut self, other: &Want) {
        if self.whole || other.whole {
            *self = Want::whole();
            return;
        }
        for (key, part) in &other.fields {
            self.field(key).merge(part);
        }
        if let Some(part) = &other.each {
            self.each.get_or_insert_default().merge(part);
        }
        if let Some(part) = &other.items {
            self.items.get_or_insert_default().merge(part);
        }
    }

    /// Puts what is wanted of every member into that of each named one, and of each item of a list, so
    /// that one look-up tells all. To be called once everything is added.
    pub fn settle(&mut self) {
        if let Some(each) = &mut self.each {
            each.settle();
        }
        if let Some(items) = &mut self.items {
            if let Some(each) = &self.each {
                items.merge(each);
            }
            items.settle();
        }
        for (_, part) in &mut self.fields {
            if let Some(each) = &self.each {
                part.merge(each);
            }
            part.settle();
        }
    }

    /// What is wanted of a member, with its name where that is known; `None` for nothing.
    pub fn member(&self, key: &str) -> Option<(Option<&Text>, &Want)> {
        if self.whole {
            return Some((None, &WHOLE));
        }
        let field = self.fields.iter().find(|(name, _)| **name == *key);
        field.map(|(name, part)| (Some(name), part)).or_else(|| self.each.as_deref().map(|each| (None, each)))
    }

    /// True if a record of a flat format needs that column.
    pub fn has(&self, column: &str) -> bool {
        self.member(column).is_some()
    }

    /// What is wanted of the items of a list; `None` where nobody looks at them.
    pub fn items(&self) -> Option<&Want> {
        if self.whole { Some(&WHOLE) } else { self.items.as_deref().or(self.each.as_deref()) }
    }

    /// How many members a map of it has at least, for its room.
    pub fn n_fields(&self) -> usize {
        self.fields.len()
    }
}

/// Which rows a document holds, and what is wanted of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowsWanted {
    /// Where the rows are: names and `[*]` only. Where the path can match once at most, the items of
    /// the list there, else the value; so with an empty path the items of a list at the top.
    pub path: Box<[Step]>,
    /// True if somebody wrote the path: then rows that the decoder gives besides its document do not
    /// count.
    pub of_document: bool,
    /// What is wanted of a row.
    pub want: Want,
}

/// Takes a key, the last name or index of the path, and a row.
pub type TakeRow<'r> = dyn FnMut(Value, Value) + 'r;

/// The rows of a document that was built as a whole.
pub fn rows_of(doc: &Value, path: &[Step], take: &mut TakeRow<'_>) {
    descend(doc, path, !path.contains(&Step::All), Value::Missing, take);
}

fn descend(value: &Value, path: &[Step], single: bool, key: Value, take: &mut TakeRow<'_>) {
    match (value, path.split_first()) {
        (Value::Missing, None) if single => {}
        (Value::List(items), None) if single => items.iter().enumerate().for_each(|(n, item)| take(Value::from(n), item.clone())),
        (value, None) => take(key, value.clone()),
        (Value::Map(map), Some((Step::Key(name), rest))) => {
            if let Some(value) = map.get(name) {
                descend(value, rest, single, Value::Text(name.clone()), take);
            }
        }
        (Value::Map(map), Some((Step::All, rest))) => {
            map.iter().for_each(|(name, value)| descend(value, rest, single, Value::Text(name.clone()), take));
        }
        (Value::List(items), Some((Step::All, rest))) => {
            items.iter().enumerate().for_each(|(n, item)| descend(item, rest, single, Value::from(n), take));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Step {
        Step::Key(name.into())
    }

    #[test]
    fn paths_make_a_tree_and_the_whole_swallows_parts() {
        let mut want = Want::default();
        want.add(&[key("a"), key("b")]);
        want.add(&[key("a"), key("c"), Step::All, key("d")]);
        let part = |want: &Want, name: &str| want.member(name).unwrap().1.clone();
        let a = part(&want, "a");
        assert!(part(&a, "b").is_whole() && !part(&a, "c").is_whole() && a.member("x").is_none());
        assert!(part(part(&a, "c").items().unwrap(), "d").is_whole());
        want.add(&[key("a")]);
        assert!(part(&want, "a").is_whole() && !want.has("b"));
        want.add(&[]);
        assert_eq!(want, Want::whole());
    }

    #[test]
    fn what_is_wanted_of_items_is_not_wanted_of_the_members_of_a_map() {
        let mut want = Want::default();
        want.add(&[key("a")]);
        let mut item = Want::default();
        item.add(&[key("x")]);
        want.add_items(&item);
        want.add(&[Step::All, key("y")]);
        want.settle();
        assert!(want.items().is_some_and(|items| items.has("x") && items.has("y")));
        assert!(want.member("b").is_some_and(|(_, part)| !part.has("x") && part.has("y")));
    }

    #[test]
    fn what_is_wanted_of_all_members_is_wanted_of_the_named_ones() {
        let mut want = Want::default();
        want.add(&[key("a"), key("x")]);
        want.add(&[Step::All, key("y")]);
        want.settle();
        let a = want.member("a").unwrap().1;
        assert!(a.has("x") && a.has("y"));
        let other = want.member("other").unwrap().1;
        assert!(!other.has("x") && other.has("y"));
    }
}
