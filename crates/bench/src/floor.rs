//! The floor: the CPU time that a ceremony cannot do without, measured in this process. It is the same cryptography,
//! the server's half of one TLS 1.3 handshake with a client certificate, and the same durable writes, with the
//! server's own parts and nothing around them: no HTTP/2, no protobuf, no rules, no reads, no network.

mod handshake;
mod writes;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gatehouse_attestation::{AkPublic, EkCertificate, make_credential, verify_creation, verify_platform};
use gatehouse_domain::ports::{CertificateAuthority as _, CertificateRequest, DeviceExtensions};
use gatehouse_model::OsType;
use gatehouse_model::tpm::{EkMaterial, PlatformParameters};
use gatehouse_server::config::Config;
use gatehouse_server::foundation::Foundation;
use serde::Serialize;
use tokio::runtime::Runtime;

use self::handshake::Handshakes;
use self::writes::{Bound, Writer};
use crate::admin::current_thread;
use crate::cpu_clock;
use crate::device::SoftDevice;
use crate::figures::millis;

/// CPU time of one ceremony and of its parts, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Floor {
    pub(crate) handshake_ms: f64,
    pub(crate) cryptography_ms: f64,
    pub(crate) writes_ms: f64,
}

impl Floor {
    pub(crate) fn total_ms(&self) -> f64 {
        self.handshake_ms + self.cryptography_ms + self.writes_ms
    }
}

/// Both ceremonies of one kind of TPM.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Floors {
    pub(crate) enrolment: Floor,
    pub(crate) authentication: Floor,
}

/// The parts of a server, without the server.
pub(crate) struct Equipment {
    runtime: Runtime,
    foundation: Foundation,
    handshakes: Handshakes,
    writer: Writer,
}

impl Equipment {
    /// Lays the same foundation as the server does, in a folder of its own.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let runtime = current_thread()?;
        let data = folder.join("floor");
        let foundation = runtime.block_on(Foundation::lay(Config::default(), Some(data)))?;
        let handshakes = Handshakes::new(&foundation)?;
        let writer = runtime.block_on(Writer::new(&foundation, &handshakes.request))?;
        Ok(Self { runtime, foundation, handshakes, writer })
    }

    /// Goes through the ceremonies of each TPM, as often as the server has to.
    pub(crate) fn measure(&self, tpms: &[SoftDevice], rounds: usize) -> Result<Floors> {
        let mut sums = [[Duration::ZERO; 3]; 2];
        let mut count = 0_u32;
        for _ in 0..rounds {
            for os in [OsType::Linux, OsType::Windows] {
                let mut bound = self.runtime.block_on(self.writer.register(os, tpms))?;
                for (tpm, bound) in tpms.iter().zip(&mut bound) {
                    let ceremonies = [self.enrolment(tpm, bound)?, self.authentication(tpm, bound)?];
                    for (sum, parts) in sums.iter_mut().zip(ceremonies) {
                        for (sum, part) in sum.iter_mut().zip(parts) {
                            *sum += part;
                        }
                    }
                    count += 1;
                }
                self.runtime.block_on(self.writer.remove(&bound))?;
            }
        }
        let floor = |[handshake, cryptography, writes]: [Duration; 3]| {
            let each = |sum: Duration| millis(sum) / f64::from(count.max(1));
            Floor {
                handshake_ms: each(handshake),
                cryptography_ms: each(cryptography),
                writes_ms: each(writes),
            }
        };
        let [enrolment, authentication] = sums.map(floor);
        Ok(Floors { enrolment, authentication })
    }

    /// Handshake, cryptography, writes.
    fn enrolment(&self, tpm: &SoftDevice, bound: &mut Bound) -> Result<[Duration; 3]> {
        let handshake = self.handshakes.server_cpu()?;
        let EkMaterial::Certificate(ek_certificate) = &tpm.ek else {
            bail!("the software TPM has no EK certificate");
        };

        let random = &self.foundation.random;
        let begun = cpu_clock::thread();
        let ak = AkPublic::parse(&tpm.parameters.public)?;
        verify_creation(&ak, &tpm.parameters)?;
        let certificate = EkCertificate::parse(ek_certificate)?;
        let (mut nonce, mut secret) = ([0; 32], [0; 32]);
        random.fill(&mut nonce);
        random.fill(&mut secret);
        make_credential(certificate.ek(), &ak, &secret, &mut |buffer| random.fill(buffer))?;
        let mut cryptography = cpu_clock::thread() - begun;
        let quotes = tpm.quotes(&nonce);
        let begun = cpu_clock::thread();
        verify_platform(&ak, &nonce, &quotes)?;
        cryptography += cpu_clock::thread() - begun;

        bound.describe(tpm, &certificate, &nonce, quotes);
        let begun = cpu_clock::process();
        self.runtime.block_on(self.writer.enrolment(bound))?;
        Ok([handshake, cryptography, cpu_clock::process() - begun])
    }

    fn authentication(&self, tpm: &SoftDevice, bound: &mut Bound) -> Result<[Duration; 3]> {
        let handshake = self.handshakes.server_cpu()?;
        let nonce = [7; 32];
        let quotes: PlatformParameters = tpm.quotes(&nonce);
        let request = CertificateRequest {
            device: Some(DeviceExtensions {
                device_id: bound.device.id.clone(),
                asset_tag: bound.device.asset_tag.to_string(),
                credential_id: tpm.ak_credential_id().to_owned(),
            }),
            ..self.handshakes.request.clone()
        };
        let ca = &self.foundation.user_ca;

        let begun = cpu_clock::thread();
        let now = self.foundation.clock.now();
        let facts = ca.check_ssh_certificate(&self.handshakes.ssh_line, &request.user, now)?;
        let ak = AkPublic::parse(&tpm.parameters.public)?;
        verify_platform(&ak, &nonce, &quotes)?;
        let ssh_public_key = Some(facts.public_key_line);
        ca.issue(&CertificateRequest { ssh_public_key, ..request }).context("issuing certificates")?;
        let cryptography = cpu_clock::thread() - begun;

        let begun = cpu_clock::process();
        self.runtime.block_on(self.writer.authentication(bound))?;
        Ok([handshake, cryptography, cpu_clock::process() - begun])
    }
}
