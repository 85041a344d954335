use tpm2_protocol::TpmUnmarshal;
use tpm2_protocol::basic::TpmHandle;
use tpm2_protocol::data::{
    Tpm2bAuth, Tpm2bPublic, TpmRh, TpmaSession, TpmlPcrSelection, TpmsAuthCommand, TpmtPublic, TpmtSigScheme,
    TpmtTkCreation,
};
use tpm2_protocol::frame::{
    TpmActivateCredentialCommand, TpmActivateCredentialResponse, TpmCertifyCreationCommand,
    TpmCertifyCreationResponse, TpmCreateCommand, TpmCreatePrimaryCommand, TpmCreatePrimaryResponse,
    TpmCreateResponse, TpmEvictControlCommand, TpmEvictControlResponse, TpmLoadCommand, TpmLoadResponse,
    TpmQuoteCommand, TpmQuoteResponse, TpmReadPublicCommand, TpmReadPublicResponse,
};

use super::template::{buffer, parse_public};
use super::{Fields, Loaded, Tpm, TpmError};

/// The empty password, which is all that Gatehouse's keys and the hierarchies have.
pub(crate) fn password() -> TpmsAuthCommand {
    TpmsAuthCommand { session_handle: handle(TpmRh::Pw), ..TpmsAuthCommand::default() }
}

/// A policy session that outlives the command, so that its guard flushes it in every case.
fn policy(session: &Loaded<'_>) -> TpmsAuthCommand {
    TpmsAuthCommand {
        session_handle: session.handle().into(),
        session_attributes: TpmaSession::CONTINUE_SESSION,
        hmac: Tpm2bAuth::default(),
        ..TpmsAuthCommand::default()
    }
}

pub(crate) fn handle(permanent: TpmRh) -> TpmHandle {
    TpmHandle::new(permanent.value())
}

/// What TPM2_Create gives; byte strings without their size prefix.
pub(crate) struct Created {
    pub(crate) private: Vec<u8>,
    /// TPMT_PUBLIC.
    pub(crate) public: Vec<u8>,
    /// TPMS_CREATION_DATA.
    pub(crate) creation_data: Vec<u8>,
    creation_hash: Vec<u8>,
    ticket: TpmtTkCreation,
}

/// A TPMS_ATTEST and the TPMT_SIGNATURE over it, as the TPM wrote them.
pub(crate) struct Signed {
    pub(crate) attest: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Signed {
    fn read(parameters: &[u8], what: &'static str) -> Result<Self, TpmError> {
        let mut fields = Fields::new(parameters, what);
        let attest = fields.sized()?.to_vec();
        Ok(Self { attest, signature: fields.rest().to_vec() })
    }
}

impl Tpm {
    /// The TPMT_PUBLIC behind a handle; `None` if there is nothing.
    pub(crate) fn read_public(&self, handle: u32) -> Result<Option<Vec<u8>>, TpmError> {
        let command = TpmReadPublicCommand { handles: [handle.into()] };
        match self.call::<_, TpmReadPublicResponse>(&command, &[]) {
            Ok(reply) => {
                let mut fields = Fields::new(&reply.parameters, "the answer to TPM2_ReadPublic");
                Ok(Some(fields.sized()?.to_vec()))
            }
            Err(error) if error.response_code().is_some_and(|code| code.is_no_such_handle()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the primary key that the hierarchy's seed and the template give; returns its TPMT_PUBLIC too.
    pub(crate) fn create_primary(
        &self,
        hierarchy: TpmRh,
        template: TpmtPublic,
    ) -> Result<(Loaded<'_>, Vec<u8>), TpmError> {
        let command = TpmCreatePrimaryCommand {
            handles: [handle(hierarchy)],
            in_public: Tpm2bPublic { inner: template },
            ..TpmCreatePrimaryCommand::default()
        };
        let reply = self.call::<_, TpmCreatePrimaryResponse>(&command, &[password()])?;
        let loaded = Loaded::transient(self, reply.handle.unwrap_or_default());
        let mut fields = Fields::new(&reply.parameters, "the answer to TPM2_CreatePrimary");
        Ok((loaded, fields.sized()?.to_vec()))
    }

    /// Keeps a loaded primary key of the owner at a persistent handle.
    pub(crate) fn persist(&self, object: &Loaded<'_>, persistent: u32) -> Result<(), TpmError> {
        let command = TpmEvictControlCommand {
            handles: [handle(TpmRh::Owner), object.handle().into()],
            persistent_handle: persistent.into(),
        };
        self.call::<_, TpmEvictControlResponse>(&command, &[password()]).map(|_| ())
    }

    /// Makes a key below `parent`.
    pub(crate) fn create(&self, parent: &Loaded<'_>, template: TpmtPublic) -> Result<Created, TpmError> {
        let command = TpmCreateCommand {
            handles: [parent.handle().into()],
            in_sensitive: Default::default(),
            in_public: Tpm2bPublic { inner: template },
            outside_info: Default::default(),
            creation_pcr: TpmlPcrSelection::new(),
        };
        let what = "the answer to TPM2_Create";
        let reply = self.call::<_, TpmCreateResponse>(&command, &[password()])?;
        let mut fields = Fields::new(&reply.parameters, what);
        let private = fields.sized()?.to_vec();
        let public = fields.sized()?.to_vec();
        let creation_data = fields.sized()?.to_vec();
        let creation_hash = fields.sized()?.to_vec();
        let (ticket, rest) = TpmtTkCreation::unmarshal(fields.rest())
            .map_err(|_| TpmError::Malformed { what: what.to_owned() })?;
        Fields::new(rest, what).end()?;
        Ok(Created { private, public, creation_data, creation_hash, ticket })
    }

    /// Loads a key made below `parent`; byte strings without size prefix.
    pub(crate) fn load(
        &self,
        parent: &Loaded<'_>,
        private: &[u8],
        public: &[u8],
    ) -> Result<Loaded<'_>, TpmError> {
        let what = "the stored attestation key";
        let command = TpmLoadCommand {
            handles: [parent.handle().into()],
            in_private: buffer(private, what)?,
            in_public: Tpm2bPublic { inner: parse_public(public, what)? },
        };
        let reply = self.call::<_, TpmLoadResponse>(&command, &[password()])?;
        Ok(Loaded::transient(self, reply.handle.unwrap_or_default()))
    }

    /// Has a signing key that was just made say so itself; the qualifying data is empty.
    pub(crate) fn certify_creation(&self, key: &Loaded<'_>, created: &Created) -> Result<Signed, TpmError> {
        let command = TpmCertifyCreationCommand {
            handles: [key.handle().into(), key.handle().into()],
            qualifying_data: Default::default(),
            creation_hash: buffer(&created.creation_hash, "the creation hash")?,
            in_scheme: TpmtSigScheme::default(),
            creation_ticket: created.ticket,
        };
        let reply = self.call::<_, TpmCertifyCreationResponse>(&command, &[password()])?;
        Signed::read(&reply.parameters, "the answer to TPM2_CertifyCreation")
    }

    /// Quotes the selected PCRs with `nonce` as qualifying data.
    pub(crate) fn quote(
        &self,
        key: &Loaded<'_>,
        nonce: &[u8],
        selection: TpmlPcrSelection,
    ) -> Result<Signed, TpmError> {
        let command = TpmQuoteCommand {
            handles: [key.handle().into()],
            qualifying_data: buffer(nonce, "the attestation nonce")?,
            in_scheme: TpmtSigScheme::default(),
            pcr_select: selection,
        };
        let reply = self.call::<_, TpmQuoteResponse>(&command, &[password()])?;
        Signed::read(&reply.parameters, "the answer to TPM2_Quote")
    }

    /// Opens a credential made for (`ak`, `ek`); byte strings without size prefix.
    pub(crate) fn activate_credential(
        &self,
        ak: &Loaded<'_>,
        ek: &Loaded<'_>,
        ek_session: &Loaded<'_>,
        credential: &[u8],
        secret: &[u8],
    ) -> Result<Vec<u8>, TpmError> {
        let what = "the encrypted credential";
        let command = TpmActivateCredentialCommand {
            handles: [ak.handle().into(), ek.handle().into()],
            credential_blob: buffer(credential, what)?,
            secret: buffer(secret, what)?,
        };
        let reply =
            self.call::<_, TpmActivateCredentialResponse>(&command, &[password(), policy(ek_session)])?;
        let mut fields = Fields::new(&reply.parameters, "the answer to TPM2_ActivateCredential");
        Ok(fields.sized()?.to_vec())
    }
}
