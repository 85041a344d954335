use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use tpm2_protocol::TpmWriter;
use tpm2_protocol::data::{TpmCc, TpmSt, TpmsAuthCommand};
use tpm2_protocol::frame::{
    TpmFlushContextCommand, TpmFlushContextResponse, TpmFrame, TpmHeader, tpm_marshal_command,
};

use super::{Fields, MAX_RESPONSE, ResponseCode, TpmError, Transport};

/// How often a command is sent in all while the TPM asks for patience.
const ATTEMPTS: u32 = 12;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// An open TPM. Commands take `&self`, so that guards of loaded objects can give them back whenever they are dropped.
pub(crate) struct Tpm {
    transport: RefCell<Box<dyn Transport>>,
    /// After a failed exchange the next answer might belong to the last command: nothing more is sent.
    broken: Cell<bool>,
    pause: fn(Duration),
}

/// The useful parts of a successful answer.
pub(crate) struct Reply {
    /// The handle, of commands that return one.
    pub(crate) handle: Option<u32>,
    /// The parameter area.
    pub(crate) parameters: Vec<u8>,
}

impl Tpm {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self { transport: RefCell::new(transport), broken: Cell::new(false), pause: std::thread::sleep }
    }

    /// Sends `command`, again while the TPM asks for patience (TPM_RC_RETRY and its like, which TPMs give for instance
    /// at the first use of a protected key after a start), and takes the answer apart.
    pub(crate) fn call<C: TpmFrame + TpmHeader, R: TpmHeader>(
        &self,
        command: &C,
        authorisations: &[TpmsAuthCommand],
    ) -> Result<Reply, TpmError> {
        let mut buffer = [0; MAX_RESPONSE];
        let mut writer = TpmWriter::new(&mut buffer);
        let tag = if authorisations.is_empty() { TpmSt::NoSessions } else { TpmSt::Sessions };
        tpm_marshal_command(command, tag, authorisations, &mut writer)
            .map_err(|_| TpmError::Malformed { what: format!("the data for {}", name(C::CC)) })?;
        for attempt in 0..ATTEMPTS {
            let answer = self.exchange(writer.as_bytes(), C::CC)?;
            let code = response_code(&answer, C::CC)?;
            if code.value() == 0 {
                return take_apart::<R>(&answer, C::CC);
            }
            if !code.is_temporary() || attempt + 1 == ATTEMPTS {
                return Err(refusal(C::CC, code));
            }
            tracing::debug!(command = %name(C::CC), code = %code, attempt, "the TPM asks for patience");
            (self.pause)(pause_before(attempt + 1));
        }
        Err(refusal(C::CC, ResponseCode::new(0x922)))
    }

    fn exchange(&self, command: &[u8], cc: TpmCc) -> Result<Vec<u8>, TpmError> {
        let lost = |source| TpmError::Exchange { command: name(cc), source };
        if self.broken.get() {
            return Err(lost(io::Error::new(io::ErrorKind::BrokenPipe, "an earlier exchange failed")));
        }
        let answer = self.transport.borrow_mut().transact(command);
        self.broken.set(answer.is_err());
        answer.map_err(lost)
    }

    fn flush(&self, handle: u32) {
        let command = TpmFlushContextCommand { handles: [], flush_handle: handle.into() };
        if let Err(error) = self.call::<_, TpmFlushContextResponse>(&command, &[]) {
            tracing::debug!(%error, handle, "could not flush");
        }
    }
}

/// The first retry follows at once: most TPMs want nothing more.
fn pause_before(retry: u32) -> Duration {
    match retry {
        0 | 1 => Duration::ZERO,
        _ => LONGEST_PAUSE.min(Duration::from_millis(5 << (retry - 2).min(10))),
    }
}

/// `TPM2_Load` of `TPM_CC_Load`.
fn name(cc: TpmCc) -> String {
    cc.to_string().replacen("TPM_CC_", "TPM2_", 1)
}

fn refusal(cc: TpmCc, code: ResponseCode) -> TpmError {
    if code.value() == 0x921 { TpmError::Lockout } else { TpmError::Refused { command: name(cc), code } }
}

fn malformed_answer(cc: TpmCc) -> TpmError {
    TpmError::Malformed { what: format!("the answer to {}", name(cc)) }
}

fn response_code(answer: &[u8], cc: TpmCc) -> Result<ResponseCode, TpmError> {
    let mut header = Fields::new(answer, "response header");
    let parts = (|| Ok::<_, TpmError>((header.u16()?, header.u32()?, header.u32()?)))();
    let (tag, size, code) = parts.map_err(|_| malformed_answer(cc))?;
    let known_tag = tag == TpmSt::NoSessions.value() || tag == TpmSt::Sessions.value();
    if !known_tag || usize::try_from(size) != Ok(answer.len()) || answer.len() > MAX_RESPONSE {
        return Err(malformed_answer(cc));
    }
    Ok(ResponseCode::new(code))
}

fn take_apart<R: TpmHeader>(answer: &[u8], cc: TpmCc) -> Result<Reply, TpmError> {
    let mut fields = Fields::new(answer, "response");
    let parts = (|| {
        let with_sessions = fields.u16()? == TpmSt::Sessions.value();
        fields.take(8)?;
        let handle = if R::HANDLES == 0 { None } else { Some(fields.u32()?) };
        let parameters = if with_sessions {
            let size = fields.u32()?;
            fields.take(usize::try_from(size).unwrap_or(usize::MAX))?
        } else {
            fields.rest()
        };
        Ok::<_, TpmError>(Reply { handle, parameters: parameters.to_vec() })
    })();
    parts.map_err(|_| malformed_answer(cc))
}

/// An object or session in the TPM. Transient ones are flushed when this is dropped, on every way out: a TPM has room
/// for about three.
pub(crate) struct Loaded<'t> {
    tpm: &'t Tpm,
    handle: u32,
    transient: bool,
}

impl<'t> Loaded<'t> {
    pub(crate) const fn transient(tpm: &'t Tpm, handle: u32) -> Self {
        Self { tpm, handle, transient: true }
    }

    pub(crate) const fn persistent(tpm: &'t Tpm, handle: u32) -> Self {
        Self { tpm, handle, transient: false }
    }

    pub(crate) const fn handle(&self) -> u32 {
        self.handle
    }
}

impl Drop for Loaded<'_> {
    fn drop(&mut self) {
        if self.transient {
            self.tpm.flush(self.handle);
        }
    }
}

#[cfg(test)]
mod tests;
