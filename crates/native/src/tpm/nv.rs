//! Reading NV indices.

use tpm2_protocol::basic::TpmUint16;
use tpm2_protocol::data::{TpmRh, TpmaNv};
use tpm2_protocol::frame::{
    TpmNvReadCommand, TpmNvReadPublicCommand, TpmNvReadPublicResponse, TpmNvReadResponse,
};

use super::commands::{handle, password};
use super::{Fields, Tpm, TpmError};

/// Bytes in one read; every TPM of the PC Client profile takes that many.
const CHUNK: u16 = 512;

impl Tpm {
    /// The whole content of an NV index; `None` if it does not exist, was never written or may not be read with empty
    /// passwords.
    pub(crate) fn nv_read(&self, index: u32) -> Result<Option<Vec<u8>>, TpmError> {
        let Some((attributes, size)) = self.nv_public(index)? else { return Ok(None) };
        if !attributes.contains(TpmaNv::WRITTEN) || attributes.contains(TpmaNv::READLOCKED) {
            return Ok(None);
        }
        let authority = if attributes.contains(TpmaNv::AUTHREAD) {
            index.into()
        } else if attributes.contains(TpmaNv::OWNERREAD) {
            handle(TpmRh::Owner)
        } else {
            return Ok(None);
        };
        let mut content = Vec::with_capacity(usize::from(size));
        let mut offset = 0;
        while offset < size {
            let count = CHUNK.min(size - offset);
            let command = TpmNvReadCommand {
                handles: [authority, index.into()],
                size: TpmUint16::new(count),
                offset: TpmUint16::new(offset),
            };
            let reply = match self.call::<_, TpmNvReadResponse>(&command, &[password()]) {
                Err(error) if error.response_code().is_some_and(|code| code.is_wrong_password()) => {
                    return Ok(None);
                }
                other => other?,
            };
            let mut fields = Fields::new(&reply.parameters, "the answer to TPM2_NV_Read");
            let part = fields.sized()?;
            if part.len() != usize::from(count) {
                return Err(TpmError::Malformed { what: "the answer to TPM2_NV_Read".to_owned() });
            }
            content.extend_from_slice(part);
            offset += count;
        }
        Ok(Some(content))
    }

    /// Attributes and size of an NV index, from TPMS_NV_PUBLIC.
    fn nv_public(&self, index: u32) -> Result<Option<(TpmaNv, u16)>, TpmError> {
        let command = TpmNvReadPublicCommand { handles: [index.into()] };
        let reply = match self.call::<_, TpmNvReadPublicResponse>(&command, &[]) {
            Err(error) if error.response_code().is_some_and(|code| code.is_no_such_handle()) => {
                return Ok(None);
            }
            other => other?,
        };
        let what = "the answer to TPM2_NV_ReadPublic";
        let mut fields = Fields::new(&reply.parameters, what);
        let mut public = Fields::new(fields.sized()?, what);
        public.take(4 + 2)?;
        let attributes = TpmaNv::from_bits_truncate(public.u32()?);
        public.sized()?;
        Ok(Some((attributes, public.u16()?)))
    }
}
