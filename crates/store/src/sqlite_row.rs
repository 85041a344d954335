//! SQLite's rows.

use std::sync::Arc;

use gatehouse_domain::ports::store::Stored;
use rusqlite::Statement;
use rusqlite::types::ValueRef;

use crate::decode::Columns;
use crate::failure::SqliteError;

/// A value of a row.
enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// A floating-point number, or text that is not UTF-8: nothing of ours.
    Foreign,
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Int(number),
            ValueRef::Text(text) => {
                std::str::from_utf8(text).map_or(Self::Foreign, |text| Self::Text(text.to_owned()))
            }
            ValueRef::Blob(bytes) => Self::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => Self::Foreign,
        }
    }
}

/// A row, on its own.
pub(crate) struct SqliteRow {
    cells: Vec<Cell>,
    names: Arc<[Box<str>]>,
}

/// Runs a query to its end.
///
/// # Errors
/// The database's.
pub(crate) fn rows_of(query: &mut Statement<'_>) -> Result<Vec<SqliteRow>, SqliteError> {
    let count = query.column_count();
    let mut names: Option<Arc<[Box<str>]>> = None;
    let mut rows = Vec::new();
    let mut found = query.raw_query();
    while let Some(row) = found.next()? {
        let names =
            names.get_or_insert_with(|| row.as_ref().column_names().into_iter().map(Box::from).collect());
        let cells = (0..count).map(|index| row.get_ref(index).map(Cell::from)).collect::<Result<_, _>>()?;
        rows.push(SqliteRow { cells, names: Arc::clone(names) });
    }
    Ok(rows)
}

/// The columns of a row, which are taken out of it.
pub(crate) struct SqliteColumns {
    cells: std::vec::IntoIter<Cell>,
    names: Arc<[Box<str>]>,
    entity: &'static str,
}

impl SqliteColumns {
    pub(crate) fn new(row: SqliteRow, entity: &'static str) -> Self {
        Self { cells: row.cells.into_iter(), names: row.names, entity }
    }
}

impl Columns for SqliteColumns {
    fn maybe_text(&mut self) -> Stored<Option<String>> {
        match self.cells.next() {
            Some(Cell::Null) => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text)),
            _ => Err(self.corrupt()),
        }
    }

    fn maybe_int(&mut self) -> Stored<Option<i64>> {
        match self.cells.next() {
            Some(Cell::Null) => Ok(None),
            Some(Cell::Int(number)) => Ok(Some(number)),
            _ => Err(self.corrupt()),
        }
    }

    fn maybe_bytes(&mut self) -> Stored<Option<Vec<u8>>> {
        match self.cells.next() {
            Some(Cell::Null) => Ok(None),
            Some(Cell::Bytes(bytes)) => Ok(Some(bytes)),
            _ => Err(self.corrupt()),
        }
    }

    fn place(&self) -> String {
        let read = self.names.len().saturating_sub(self.cells.len());
        let last = self.names.get(read.saturating_sub(1));
        format!("{} (column {})", self.entity, last.map_or("missing", |name| name))
    }
}
