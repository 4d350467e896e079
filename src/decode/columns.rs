//! Named and typed columns: what csv and table make rows with.
//!
//! A column without a name (haproxy ends its header with a comma) takes a cell and shows it nowhere.
//! An empty cell, and one that a short row does not have, is missing.

use super::reused::Reused;
use super::types::{CellType, TEXT_SLOTS, Types};
use super::want::Want;
use crate::base::map::Map;
use crate::base::share::Share;
use crate::base::value::{Text, Value};
use std::collections::HashSet;

/// The columns of one document.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    list: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    name: Text,
    cell: CellType,
}

impl Columns {
    /// Columns of these names.
    ///
    /// # Errors
    /// The name that is there twice: one of the two columns would vanish.
    pub fn new(names: impl IntoIterator<Item = Text>, types: &Types) -> Result<Columns, Text> {
        let mut seen = HashSet::new();
        let mut list = Vec::new();
        for name in names {
            if !name.is_empty() && !seen.insert(name.clone()) {
                return Err(name);
            }
            list.push(Column { cell: types.of(&name), name });
        }
        Ok(Columns { list })
    }

    /// How many cells a row can have.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True without columns.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Where the column of a name is.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|column| &*column.name == name)
    }

    /// The names, without those of unnamed columns.
    pub fn names(&self) -> impl Iterator<Item = &Text> {
        self.list.iter().map(|column| &column.name).filter(|name| !name.is_empty())
    }

    /// The rows of one document, without the columns that nobody reads.
    pub fn rows(&self, want: &Want) -> ColumnRows<'_> {
        let wanted = self.list.iter().enumerate().filter(|(_, column)| !column.name.is_empty() && want.has(&column.name));
        let wanted: Vec<_> = wanted.collect();
        ColumnRows { reused: Reused::with_columns(wanted.len()), wanted, texts: Share::with_slots(TEXT_SLOTS) }
    }
}

/// The rows of one document.
#[derive(Debug)]
pub struct ColumnRows<'c> {
    /// With their places in a line.
    wanted: Vec<(usize, &'c Column)>,
    texts: Share,
    reused: Reused,
}

impl ColumnRows<'_> {
    /// The row of cells.
    pub fn row<'t>(&mut self, cells: impl IntoIterator<Item = &'t str>) -> Value {
        self.row_and(cells, |_| {})
    }

    /// The row of cells, with further columns: the same ones in each row.
    pub fn row_and<'t>(&mut self, cells: impl IntoIterator<Item = &'t str>, more: impl FnOnce(&mut Map)) -> Value {
        let ColumnRows { wanted, texts, reused } = self;
        reused.row(|row| {
            let mut cells = cells.into_iter();
            let mut passed = 0;
            for (at, (place, column)) in wanted.iter().enumerate() {
                let cell = cells.nth(place - passed).filter(|cell| !cell.is_empty());
                passed = place + 1;
                row.put(at, &column.name, cell.map(|cell| column.cell.shared(cell, texts)).into());
            }
            more(row);
        })
    }
}
