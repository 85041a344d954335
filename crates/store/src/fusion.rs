//! Several statements as the one text that SQLite's driver takes at a time.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

/// A statement's text, and how many arguments it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) sql: &'static str,
    pub(crate) arguments: usize,
}

impl Part {
    pub(crate) const fn bare(sql: &'static str) -> Self {
        Self { sql, arguments: 0 }
    }
}

/// More than a server makes: the ways of the program decide which statements meet.
const TEXTS_KEPT: usize = 1024;

/// A part by the place of its text, which is one of the program's and stays where it is.
type Key = (usize, usize, usize);

type Texts = HashMap<Box<[Key]>, Arc<str>>;

/// The texts that were made so far: the driver finds its prepared statements by them.
#[derive(Clone, Default)]
pub(crate) struct FusedTexts(Arc<Mutex<Texts>>);

impl FusedTexts {
    /// The text of the parts, in order, with their parameters numbered over all arguments.
    pub(crate) fn text(&self, parts: &[Part]) -> SqlStr {
        if let [Part { sql, .. }] = parts {
            return sql.into_sql_str();
        }
        let key = |part: &Part| (part.sql.as_ptr().addr(), part.sql.len(), part.arguments);
        let key: Box<[Key]> = parts.iter().map(key).collect();
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() >= TEXTS_KEPT {
            texts.clear();
        }
        let text = texts.entry(key).or_insert_with(|| fuse(parts).into());
        // Texts of this program, and numbers.
        AssertSqlSafe(Arc::clone(text)).into_sql_str()
    }
}

fn fuse(parts: &[Part]) -> String {
    let mut fused = String::with_capacity(parts.iter().map(|part| part.sql.len() + 16).sum());
    let mut before = 0;
    for Part { sql, arguments } in parts {
        if !fused.is_empty() {
            fused.push(';');
        }
        let mut pieces = sql.split('$');
        fused.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
            let (number, rest) = piece.split_at(digits);
            match number.parse::<usize>() {
                // Writing to a `String` does not fail.
                Ok(number) => drop(write!(fused, "${}{rest}", number + before)),
                Err(_) => drop(write!(fused, "${piece}")),
            }
        }
        before += arguments;
    }
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Part = Part { sql: "select $1, $2, $1", arguments: 2 };
    const SECOND: Part = Part { sql: "\n delete from t where a = $10 and b = $1", arguments: 10 };

    #[test]
    fn parameters_are_numbered_over_all_arguments() {
        assert_eq!(
            fuse(&[Part::bare("begin"), FIRST, SECOND, FIRST]),
            "begin;select $1, $2, $1;\n delete from t where a = $12 and b = $3;select $13, $14, $13"
        );
    }

    #[test]
    fn a_text_is_made_once() {
        let texts = FusedTexts::default();
        let made = texts.text(&[FIRST, SECOND]);
        assert_eq!(made.as_str().as_ptr(), texts.text(&[FIRST, SECOND]).as_str().as_ptr());
        assert_ne!(made, texts.text(&[SECOND, FIRST]));
        assert_eq!(texts.text(&[FIRST]).as_str().as_ptr(), FIRST.sql.as_ptr());
        for arguments in 0..2 * TEXTS_KEPT {
            texts.text(&[FIRST, Part { sql: SECOND.sql, arguments }]);
        }
        assert!(texts.0.lock().unwrap().len() <= TEXTS_KEPT);
    }
}
