//! The lines of one table of a page, with cells that span columns and rows written out.

use super::DecodeError;
use super::budget::Budget;
use crate::base::value::Text;
use scraper::{ElementRef, Node};

/// The most columns of one cell, as browsers have it.
const COLUMNS_OF_A_CELL: usize = 1_000;
/// The most rows of one cell, as browsers have it.
const ROWS_OF_A_CELL: usize = 65_534;

/// One line of a table.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// True in `<thead>`, and for lines that consist of `<th>` cells.
    pub header: bool,
    /// The texts of its cells, one for each column.
    pub cells: Vec<Text>,
}

/// The table that an element is or holds; a part of one (`<tbody>`) counts as a table, too.
pub fn within(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let is_table = |element: &ElementRef<'_>| matches!(element.value().name(), "table" | "thead" | "tbody" | "tfoot");
    if is_table(&element) { Some(element) } else { element.descendent_elements().find(is_table) }
}

/// A cell that goes on in the lines below.
#[derive(Clone)]
struct Carried {
    text: Text,
    n_rows: usize,
}

/// The lines of a table; those of tables within it belong to their own.
///
/// # Errors
/// Beyond the limit of values.
pub fn lines(table: ElementRef<'_>, budget: &mut Budget) -> Result<Vec<Line>, DecodeError> {
    let mut lines = Vec::new();
    let mut carried: Vec<Option<Carried>> = Vec::new();
    for (row, in_head) in rows(table) {
        let cells: Vec<_> = row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th")).collect();
        let header = in_head || (!cells.is_empty() && cells.iter().all(|cell| cell.value().name() == "th"));
        let line = line(&cells, &mut carried, budget)?;
        lines.push(Line { number: lines.len() + 1, header, cells: line });
    }
    Ok(lines)
}

/// The `<tr>` elements of a table, and whether they stand in its head.
fn rows(table: ElementRef<'_>) -> Vec<(ElementRef<'_>, bool)> {
    let mut rows = Vec::new();
    let own = |part: ElementRef<'_>| part.value().name() == "thead";
    for child in table.child_elements() {
        match child.value().name() {
            "tr" => rows.push((child, own(table))),
            "thead" | "tbody" | "tfoot" => {
                rows.extend(child.child_elements().filter(|row| row.value().name() == "tr").map(|row| (row, own(child))));
            }
            _ => {}
        }
    }
    rows
}

fn line(cells: &[ElementRef<'_>], carried: &mut Vec<Option<Carried>>, budget: &mut Budget) -> Result<Vec<Text>, DecodeError> {
    let mut line: Vec<Text> = Vec::new();
    for cell in cells {
        take_carried(&mut line, carried, budget)?;
        let text = text(*cell);
        let n_columns = span(*cell, "colspan", COLUMNS_OF_A_CELL).max(1);
        let n_rows = match span(*cell, "rowspan", ROWS_OF_A_CELL) {
            0 => ROWS_OF_A_CELL,
            n => n,
        };
        budget.spend(n_columns)?;
        for _ in 0..n_columns {
            if n_rows > 1 {
                let column = line.len();
                carried.resize(carried.len().max(column + 1), None);
                if let Some(place) = carried.get_mut(column) {
                    *place = Some(Carried { text: text.clone(), n_rows: n_rows - 1 });
                }
            }
            line.push(text.clone());
        }
    }
    while line.len() < carried.len() {
        let before = line.len();
        take_carried(&mut line, carried, budget)?;
        if line.len() == before {
            let more = carried.iter().skip(before).any(Option::is_some);
            if !more {
                break;
            }
            budget.spend(1)?;
            line.push("".into());
        }
    }
    Ok(line)
}

/// Adds the cells from above that stand where the line has come to.
fn take_carried(line: &mut Vec<Text>, carried: &mut [Option<Carried>], budget: &mut Budget) -> Result<(), DecodeError> {
    while let Some(place) = carried.get_mut(line.len()) {
        let Some(cell) = place else { return Ok(()) };
        budget.spend(1)?;
        line.push(cell.text.clone());
        cell.n_rows -= 1;
        if cell.n_rows == 0 {
            *place = None;
        }
    }
    Ok(())
}

fn span(cell: ElementRef<'_>, attribute: &str, most: usize) -> usize {
    cell.attr(attribute).and_then(|n| n.trim().parse::<usize>().ok()).map_or(1, |n| n.min(most))
}

/// What a reader sees of a cell, with single blanks.
fn text(cell: ElementRef<'_>) -> Text {
    let mut seen = String::new();
    let mut hidden = None;
    for edge in cell.traverse() {
        let (node, opens) = match edge {
            ego_tree::iter::Edge::Open(node) => (node, true),
            ego_tree::iter::Edge::Close(node) => (node, false),
        };
        match node.value() {
            _ if hidden.is_some_and(|hidden| hidden != node.id()) => {}
            Node::Text(text) if opens => seen.push_str(text),
            Node::Element(element) => match element.name() {
                "script" | "style" | "template" => hidden = opens.then(|| node.id()),
                "img" if opens => {
                    seen.push(' ');
                    seen.push_str(element.attr("alt").unwrap_or(""));
                    seen.push(' ');
                }
                name if !is_inline(name) => seen.push(' '),
                _ => {}
            },
            _ => {}
        }
    }
    seen.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

/// Elements that do not part the words on both sides of them.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
    )
}
