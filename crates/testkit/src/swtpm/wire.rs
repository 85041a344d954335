//! The few TPM commands that a maker or a firmware would send.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tpm2_protocol::TpmWriter;
use tpm2_protocol::basic::{TpmHandle, TpmUint16, TpmUint32};
use tpm2_protocol::data::{
    Tpm2bNvPublic, Tpm2bPublic, TpmAlgId, TpmCap, TpmRh, TpmSt, TpmSu, TpmaNv, TpmsAuthCommand, TpmsNvPublic,
    TpmtHa, TpmtPublic, TpmuCapabilities, TpmuHa,
};
use tpm2_protocol::frame::{
    TpmCreatePrimaryCommand, TpmCreatePrimaryResponse, TpmEvictControlCommand, TpmEvictControlResponse,
    TpmFlushContextCommand, TpmFlushContextResponse, TpmFrame, TpmGetCapabilityCommand,
    TpmGetCapabilityResponse, TpmHeader, TpmNvDefineSpaceCommand, TpmNvDefineSpaceResponse,
    TpmNvUndefineSpaceCommand, TpmNvWriteCommand, TpmNvWriteResponse, TpmPcrExtendCommand,
    TpmPcrExtendResponse, TpmResponse, TpmShutdownCommand, TpmShutdownResponse, TpmUnmarshalBody,
    tpm_marshal_command,
};

use super::{EkKindName, Swtpm};

pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn patience(&self, limit: Duration) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(Some(limit)),
            Self::Tcp(stream) => stream.set_read_timeout(Some(limit)),
        }
    }

    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Unix(stream) => exchange(stream, command),
            Self::Tcp(stream) => exchange(stream, command),
        }
    }
}

fn exchange(stream: &mut (impl Read + Write), command: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(command)?;
    let mut answer = vec![0; 10];
    stream.read_exact(&mut answer)?;
    let size = u32::from_be_bytes([answer[2], answer[3], answer[4], answer[5]]);
    answer.resize(usize::try_from(size.clamp(10, 4096)).unwrap_or(10), 0);
    stream.read_exact(&mut answer[10..])?;
    Ok(answer)
}

/// A connection to the software TPM; it serves one at a time.
pub(super) struct Wire(Stream);

fn password() -> TpmsAuthCommand {
    TpmsAuthCommand { session_handle: TpmHandle::new(TpmRh::Pw.value()), ..TpmsAuthCommand::default() }
}

impl Wire {
    pub(super) fn try_connect(tpm: &Swtpm) -> Option<Self> {
        let stream = tpm.open().ok()?;
        stream.patience(Duration::from_secs(60)).ok()?;
        Some(Self(stream))
    }

    pub(super) fn connect(tpm: &Swtpm) -> Self {
        Self::try_connect(tpm).expect("a connection to swtpm")
    }

    fn send<C: TpmFrame + TpmHeader>(
        &mut self,
        command: &C,
        auth: &[TpmsAuthCommand],
    ) -> io::Result<Vec<u8>> {
        let mut buffer = [0; 4096];
        let mut writer = TpmWriter::new(&mut buffer);
        let tag = if auth.is_empty() { TpmSt::NoSessions } else { TpmSt::Sessions };
        tpm_marshal_command(command, tag, auth, &mut writer).expect("a command that can be encoded");
        self.0.exchange(writer.as_bytes())
    }

    /// Sends a command that must succeed; TPM_RC_RETRY is obeyed.
    fn call<C: TpmFrame + TpmHeader, R: TpmUnmarshalBody>(
        &mut self,
        command: &C,
        auth: &[TpmsAuthCommand],
    ) -> R {
        for _ in 0..50 {
            let answer = self.send(command, auth).expect("an answer of swtpm");
            let code = u32::from_be_bytes([answer[6], answer[7], answer[8], answer[9]]);
            match code {
                0 => {
                    let response = TpmResponse::cast(&answer).and_then(|response| response.unmarshal());
                    return response.unwrap_or_else(|error| panic!("{}: odd answer: {error}", C::CC));
                }
                0x922 => {}
                _ => panic!("{} failed with 0x{code:03x}", C::CC),
            }
        }
        panic!("{}: the TPM stays busy", C::CC)
    }

    pub(super) fn is_alive(&mut self) -> bool {
        let command = capability(TpmCap::TpmProperties, 0x100, 1);
        self.send(&command, &[]).is_ok_and(|answer| answer[6..10] == [0; 4])
    }

    pub(super) fn shutdown(&mut self) {
        let command = TpmShutdownCommand { handles: [], shutdown_type: TpmSu::Clear };
        let _: TpmShutdownResponse = self.call(&command, &[]);
    }

    pub(super) fn create_ek(&mut self, kind: EkKindName) -> (TpmHandle, TpmtPublic) {
        let command = TpmCreatePrimaryCommand {
            handles: [TpmHandle::new(TpmRh::Endorsement.value())],
            in_public: Tpm2bPublic { inner: kind.template() },
            ..TpmCreatePrimaryCommand::default()
        };
        let made: TpmCreatePrimaryResponse = self.call(&command, &[password()]);
        (made.handles[0], made.out_public.inner)
    }

    pub(super) fn evict(&mut self, object: TpmHandle, persistent: u32) {
        let command = TpmEvictControlCommand {
            handles: [TpmHandle::new(TpmRh::Owner.value()), object],
            persistent_handle: TpmHandle::new(persistent),
        };
        let _: TpmEvictControlResponse = self.call(&command, &[password()]);
    }

    pub(super) fn flush(&mut self, handle: TpmHandle) {
        let _: TpmFlushContextResponse =
            self.call(&TpmFlushContextCommand { handles: [], flush_handle: handle }, &[]);
    }

    /// Defines the index as the platform, as makers do, and fills it; what was there before is replaced.
    pub(super) fn write_nv(&mut self, index: u32, bytes: &[u8]) {
        let platform = TpmHandle::new(TpmRh::Platform.value());
        let index = TpmHandle::new(index);
        let undefine = TpmNvUndefineSpaceCommand { handles: [platform, index] };
        // There usually is nothing yet, and then this fails.
        let _ = self.send(&undefine, &[password()]);
        let size = u16::try_from(bytes.len()).expect("an NV index below 64 KiB");
        let public = TpmsNvPublic {
            nv_index: index,
            name_alg: TpmAlgId::Sha256,
            attributes: TpmaNv::PPWRITE
                | TpmaNv::PPREAD
                | TpmaNv::OWNERREAD
                | TpmaNv::AUTHREAD
                | TpmaNv::NO_DA
                | TpmaNv::PLATFORMCREATE,
            auth_policy: Default::default(),
            data_size: TpmUint16::new(size),
        };
        let define = TpmNvDefineSpaceCommand {
            handles: [platform],
            auth: Default::default(),
            public_info: Tpm2bNvPublic { inner: public },
        };
        let _: TpmNvDefineSpaceResponse = self.call(&define, &[password()]);
        for (part, offset) in bytes.chunks(512).zip((0..size).step_by(512)) {
            let write = TpmNvWriteCommand {
                handles: [platform, index],
                data: part.try_into().expect("512 bytes fit"),
                offset: TpmUint16::new(offset),
            };
            let _: TpmNvWriteResponse = self.call(&write, &[password()]);
        }
    }

    pub(super) fn extend_pcr(&mut self, index: u32, digest: [u8; 32]) {
        let mut digests = tpm2_protocol::data::TpmlDigestValues::new();
        let value = TpmuHa::Digest(digest.as_slice().try_into().expect("32 bytes fit"));
        digests.try_push(TpmtHa { hash_alg: TpmAlgId::Sha256, digest: value }).expect("one digest fits");
        let command = TpmPcrExtendCommand { handles: [TpmHandle::new(index)], digests };
        let _: TpmPcrExtendResponse = self.call(&command, &[password()]);
    }

    /// Loaded sessions (0x02……, 0x03……) and transient objects (0x80……).
    pub(super) fn loaded_handles(&mut self) -> usize {
        [0x0200_0000, 0x0300_0000, 0x8000_0000]
            .into_iter()
            .map(|first| {
                let answer: TpmGetCapabilityResponse =
                    self.call(&capability(TpmCap::Handles, first, 64), &[]);
                match &answer.capability_data.data {
                    TpmuCapabilities::Handles(handles) => handles[..].len(),
                    other => panic!("the TPM lists no handles: {other:?}"),
                }
            })
            .sum()
    }
}

fn capability(cap: TpmCap, property: u32, count: u32) -> TpmGetCapabilityCommand {
    TpmGetCapabilityCommand {
        handles: [],
        cap,
        property: TpmUint32::new(property),
        property_count: TpmUint32::new(count),
    }
}
