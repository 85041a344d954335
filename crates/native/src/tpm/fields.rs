use super::TpmError;

/// Reads big-endian fields off the front of bytes that a TPM or a file gave.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// `what` names the whole in errors.
    pub(crate) const fn new(rest: &'a [u8], what: &'static str) -> Self {
        Self { rest, what }
    }

    fn malformed(&self) -> TpmError {
        TpmError::Malformed { what: self.what.to_owned() }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], TpmError> {
        let (head, tail) = self.rest.split_at_checked(count).ok_or_else(|| self.malformed())?;
        self.rest = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TpmError> {
        self.take(N)?.try_into().map_err(|_| self.malformed())
    }

    pub(crate) fn u8(&mut self) -> Result<u8, TpmError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, TpmError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, TpmError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// The payload of a TPM2B: 16 bits of size, then as many bytes.
    pub(crate) fn sized(&mut self) -> Result<&'a [u8], TpmError> {
        let size = self.u16()?;
        self.take(usize::from(size))
    }

    /// What has not been read yet.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Nothing may be left over.
    pub(crate) fn end(self) -> Result<(), TpmError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_never_read_past_the_end() {
        let mut fields = Fields::new(&[0, 2, 7, 8, 0, 9, 1], "test");
        assert_eq!(fields.sized().unwrap(), [7, 8]);
        assert!(fields.sized().is_err());
        let mut fields = Fields::new(&[1, 2], "test");
        assert!(fields.u32().is_err());
        assert_eq!(fields.u8().unwrap(), 1);
        assert!(fields.end().is_err());
    }
}
