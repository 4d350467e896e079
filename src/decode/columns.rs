//! Named and typed columns: what csv and table make rows with.
//!
//! A column without a name (haproxy ends its header with a comma) takes a cell and shows it nowhere.
//! An empty cell, and one that a short row does not have, is missing.

use super::types::{CellType, Types};
use crate::base::map::Map;
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

    /// The row of cells.
    pub fn row<'c>(&self, cells: impl IntoIterator<Item = &'c str>) -> Value {
        Value::map(self.cells(cells))
    }

    /// The row of cells, for further columns.
    pub fn cells<'c>(&self, cells: impl IntoIterator<Item = &'c str>) -> Map {
        let mut cells = cells.into_iter();
        let mut row = Map::with_capacity(self.list.len());
        for column in &self.list {
            let cell = cells.next().unwrap_or("");
            if !column.name.is_empty() {
                row.insert(column.name.clone(), if cell.is_empty() { Value::Missing } else { column.cell.convert(cell) });
            }
        }
        row
    }
}
