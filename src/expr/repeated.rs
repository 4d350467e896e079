//! What a place takes for a list: `$.hosts.host[*]`, `$.hosts.host[?@.up == true]`, `row.host[0]`.
//!
//! JSON tells a list of one item from the item alone, XML does not. What the spec itself writes
//! behind a name does: `[*]`, an index, a slice or a filter is for a list. `.*` is for the members of
//! a map and says nothing. In expressions only a literal index counts: slices are for texts, too, and
//! a computed index may be a key.

use super::path::Step;
use super::tree::Expr;
use crate::base::name::NameId;
use crate::base::value::Text;

/// One chain of names whose last one is taken for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The name that the chain starts at.
    pub root: NameId,
    /// The names, the outermost first; never empty. Names before a part that is no name, an index or
    /// brackets of a list are not known, and left out.
    pub names: Box<[Text]>,
}

/// The chains of a path without its root: a valid RFC 9535 path from its first step on. `head` are
/// the names between root and path.
pub fn in_path(root: NameId, head: &[Text], steps: &str) -> Vec<Repeated> {
    let mut found = Vec::new();
    let mut names: Vec<Text> = Vec::new();
    let mut head = head;
    let mut rest = steps.trim_start();
    while !rest.is_empty() {
        let mut lost = false;
        if rest.starts_with('[') {
            let end = closing(rest);
            let inside = rest.get(1..end.saturating_sub(1)).unwrap_or("").trim();
            match name_in_quotes(inside) {
                Some(name) => names.push(name),
                None if inside.starts_with(['\'', '"']) => lost = true,
                None if !names.is_empty() => found.push(Repeated { root, names: [head, &names].concat().into() }),
                None => {}
            }
            rest = rest.get(end..).unwrap_or("");
        } else {
            let name = rest.trim_start_matches('.');
            let end = name.find(|c: char| matches!(c, '.' | '[') || c.is_whitespace()).unwrap_or(name.len());
            let (name, behind) = name.split_at_checked(end).unwrap_or_default();
            if rest.starts_with("..") {
                names.clear();
                head = &[];
            }
            lost = name == "*";
            if !lost && !name.is_empty() {
                names.push(name.into());
            }
            rest = behind;
        }
        if lost {
            names.clear();
            head = &[];
        }
        rest = rest.trim_start();
    }
    found
}

/// The byte behind the bracket that ends what begins with one; brackets in quotes do not count.
fn closing(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            (None, _) => {}
        }
    }
    text.len()
}

/// The one name of `'name'`; none for several, or for one with escapes, which names of elements
/// never need.
fn name_in_quotes(inside: &str) -> Option<Text> {
    let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let name = inside.strip_prefix(quote)?.strip_suffix(quote)?;
    (!name.contains([quote, '\\'])).then(|| name.into())
}

/// The chains of an expression or a text with holes.
pub fn in_tree(expr: &Expr) -> Vec<Repeated> {
    let mut found = Vec::new();
    expr.walks(&mut |root, steps| {
        let mut names: Vec<Text> = Vec::new();
        for step in steps {
            match step {
                Step::Key(key) => names.push(key.clone()),
                Step::Index(_) if !names.is_empty() => found.push(Repeated { root, names: names.as_slice().into() }),
                Step::Index(_) | Step::All => {}
            }
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chains(path: &str) -> Vec<String> {
        let root = crate::expr::names::ROW;
        super::super::path::Path::parse(&format!("${path}")).unwrap();
        in_path(root, &[], path).iter().map(|chain| chain.names.join("/")).collect()
    }

    #[test]
    fn brackets_of_lists_are_behind_their_names() {
        assert_eq!(chains(".hosts.host[*].port[0]"), ["hosts/host", "hosts/host/port"]);
        assert_eq!(chains(".a.b[1:3]"), ["a/b"]);
        assert_eq!(chains(".a.b[-1]"), ["a/b"]);
        assert_eq!(chains(".a.b[?@.c[0].d == ']' && @['e'] > 1].f[*]"), ["a/b", "a/b/f"]);
        assert_eq!(chains("['soap:Body']['x'][*]"), ["soap:Body/x"]);
        assert_eq!(chains("[\"a\"] [ * ]"), ["a"]);
        assert_eq!(chains(".größe[*]"), ["größe"]);
    }

    #[test]
    fn what_is_no_list_says_nothing() {
        for path in ["", ".a.b", ".a.*", "[*]", "[0]", "..a", ".a['b']", ".a['b','c']", "[*].a"] {
            assert_eq!(chains(path), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn what_is_before_an_unknown_part_is_left_out() {
        assert_eq!(chains(".a.*.b[*]"), ["b"]);
        assert_eq!(chains(".a..b[*]"), ["b"]);
        assert_eq!(chains("..[*].b[*]"), ["b"]);
        assert_eq!(chains("['a','b'].c[*]"), ["c"]);
        assert_eq!(chains("[*].c[*]"), ["c"]);
    }
}
