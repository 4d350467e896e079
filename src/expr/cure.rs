//! What to change in a text that does not parse.

/// The cure for the slip that a text which does not parse most likely has.
pub fn cure(text: &str) -> String {
    if text.contains("{{") && !text.contains("}}") {
        "close the hole with `}}`".to_owned()
    } else if text.contains("{{") {
        "look between `{{` and `}}`: names, operators, calls and `| filters`; texts stand in quotes".to_owned()
    } else if text.contains('$') {
        "a path stands alone; inside an expression write `row.name` for `$.name`".to_owned()
    } else if text.contains("&&") || text.contains("||") || text.contains('!') && !text.contains("!=") {
        "write `and`, `or`, `not`".to_owned()
    } else if text.contains(" = ") {
        "compare with `==`".to_owned()
    } else {
        "an expression is made of names, numbers, texts in quotes, operators and `| filters`; plain words need quotes".to_owned()
    }
}
