//! From columns to entities, whichever the engine.

use gatehouse_domain::entity::Digest;
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::{OsType, Timestamp};
use serde::de::DeserializeOwned;

/// How a row becomes a `T`, and what to call it in an error.
pub(crate) struct Decode<T> {
    pub(crate) entity: &'static str,
    pub(crate) read: fn(&mut dyn Columns) -> Stored<T>,
}

impl<T> Clone for Decode<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Decode<T> {}

/// One number, such as a count.
pub(crate) const NUMBER: Decode<i64> = Decode { entity: "number", read: |columns| columns.int() };

/// One text.
pub(crate) const TEXT: Decode<String> = Decode { entity: "text", read: |columns| columns.text() };

/// One text that may be absent.
pub(crate) const MAYBE_TEXT: Decode<Option<String>> =
    Decode { entity: "text", read: |columns| columns.maybe_text() };

/// The columns of a row, read from left to right.
pub(crate) trait Columns {
    fn maybe_text(&mut self) -> Stored<Option<String>>;
    fn maybe_int(&mut self) -> Stored<Option<i64>>;
    fn maybe_bytes(&mut self) -> Stored<Option<Vec<u8>>>;
    /// The entity and the column that was read last.
    fn place(&self) -> String;

    /// The error that the column read last deserves.
    fn corrupt(&self) -> StoreError {
        StoreError::Corrupt { what: self.place() }
    }
}

impl dyn Columns + '_ {
    fn some<T>(&self, value: Option<T>) -> Stored<T> {
        value.ok_or_else(|| self.corrupt())
    }

    pub(crate) fn text(&mut self) -> Stored<String> {
        let text = self.maybe_text()?;
        self.some(text)
    }

    pub(crate) fn int(&mut self) -> Stored<i64> {
        let number = self.maybe_int()?;
        self.some(number)
    }

    pub(crate) fn flag(&mut self) -> Stored<bool> {
        let number = self.int()?;
        self.some(match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        })
    }

    pub(crate) fn bytes(&mut self) -> Stored<Vec<u8>> {
        let bytes = self.maybe_bytes()?;
        self.some(bytes)
    }

    pub(crate) fn time(&mut self) -> Stored<Timestamp> {
        self.int().map(Timestamp::from_micros)
    }

    pub(crate) fn maybe_time(&mut self) -> Stored<Option<Timestamp>> {
        Ok(self.maybe_int()?.map(Timestamp::from_micros))
    }

    pub(crate) fn maybe_digest(&mut self) -> Stored<Option<Digest>> {
        let bytes = self.maybe_bytes()?;
        bytes.map(|bytes| Digest::try_from(bytes).map_err(|_| self.corrupt())).transpose()
    }

    pub(crate) fn digest(&mut self) -> Stored<Digest> {
        let digest = self.maybe_digest()?;
        self.some(digest)
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Stored<T> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|_| self.corrupt())
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self) -> Stored<Option<T>> {
        let text = self.maybe_text()?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| self.corrupt())).transpose()
    }

    /// A text that names one of few values.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T], name: fn(T) -> &'static str) -> Stored<T> {
        let text = self.text()?;
        self.some(all.iter().copied().find(|value| name(*value) == text))
    }

    /// A number that stands for a value.
    pub(crate) fn numbered<T>(&mut self, read: impl Fn(i32) -> Option<T>) -> Stored<T> {
        let number = self.int()?;
        self.some(i32::try_from(number).ok().and_then(read))
    }

    pub(crate) fn os(&mut self) -> Stored<OsType> {
        self.numbered(OsType::from_number)
    }
}

/// JSON text of a value.
///
/// # Errors
/// [`StoreError::Driver`] if the value has no JSON form.
pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Driver(Box::new(error)))
}
