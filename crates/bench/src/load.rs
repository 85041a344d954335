//! Ceremonies against the server: each on a TLS connection of its own with the user's certificate, as `tsh` does it.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use gatehouse_client::device::{EnrolmentToken, authenticate, enrol};
use gatehouse_client::{Connection, Identity, ServerTrust};
use gatehouse_model::OsType;

use crate::admin::{Admin, current_thread};
use crate::device::{SoftDevice, collected};
use crate::figures::Samples;
use crate::server::Server;

/// For the server to be done with what the last clients left behind.
const SETTLE: Duration = Duration::from_millis(100);

/// One measurement: who, against what.
pub(crate) struct Load<'a> {
    pub(crate) server: &'a Server,
    pub(crate) admin: &'a Admin,
    pub(crate) identities: &'a [Identity],
    pub(crate) clients: usize,
}

/// Enrolments and authentications of one measurement.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) enrolments: Samples,
    pub(crate) authentications: Samples,
}

/// A registered device with the TPM that it will enrol with.
struct Machine {
    id: String,
    os: OsType,
    serial: String,
    token: EnrolmentToken,
    tpm: SoftDevice,
}

impl Load<'_> {
    /// Every TPM enrols as a Linux and as a Windows device, then authenticates as both; `rounds` times. Registering
    /// and removing the devices is not measured.
    pub(crate) fn run(&self, tpms: &[SoftDevice], rounds: usize) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for _ in 0..rounds {
            let mut machines = self.register(tpms)?;
            outcome.enrolments.add(self.enrol(&mut machines)?);
            outcome.authentications.add(self.authenticate(&mut machines)?);
            for machine in &machines {
                self.admin.remove(&machine.id)?;
            }
        }
        Ok(outcome)
    }

    fn register(&self, tpms: &[SoftDevice]) -> Result<Vec<Machine>> {
        let mut wanted = Vec::new();
        for os in [OsType::Linux, OsType::Windows] {
            wanted.extend((0..tpms.len()).map(|number| (os, format!("BENCH{number:06}"))));
        }
        let ids = self.admin.register(&wanted)?;
        let tpms = tpms.iter().chain(tpms).cloned();
        let machine = |((id, (os, serial)), tpm): ((String, (OsType, String)), SoftDevice)| {
            let token = EnrolmentToken::new(&self.admin.token(&id)?)?;
            Ok(Machine { id, os, serial, token, tpm })
        };
        ids.into_iter().zip(wanted).zip(tpms).map(machine).collect()
    }

    fn enrol(&self, machines: &mut [Machine]) -> Result<Samples> {
        self.measure(machines, async |connection, _, machine: &mut Machine| {
            let data = collected(machine.os, &machine.serial);
            enrol(&connection, &mut machine.tpm, &data, &machine.token)
                .await
                .context("an enrolment failed")?;
            Ok(())
        })
    }

    fn authenticate(&self, machines: &mut [Machine]) -> Result<Samples> {
        self.measure(machines, async |connection, identity: &Identity, machine: &mut Machine| {
            let data = collected(machine.os, &machine.serial);
            authenticate(&connection, &mut machine.tpm, &data, &identity.ssh_line)
                .await
                .context("a device authentication failed")?;
            Ok(())
        })
    }

    /// Runs one ceremony for each machine; client `n` takes the `n`-th part of them and is the `n`-th user.
    fn measure(
        &self,
        machines: &mut [Machine],
        ceremony: impl AsyncFn(Connection, &Identity, &mut Machine) -> Result<()> + Sync,
    ) -> Result<Samples> {
        let address = self.server.address()?;
        let trust = ServerTrust::Pin(self.server.pin);
        let share = machines.len().div_ceil(self.clients).max(1);
        let parts: Vec<_> = machines.chunks_mut(share).zip(self.identities).collect();
        let start = Barrier::new(parts.len() + 1);
        let client = |machines: &mut [Machine], identity: &Identity| {
            let runtime = current_thread();
            start.wait();
            let mut each = Vec::with_capacity(machines.len());
            runtime?.block_on(async {
                for machine in machines {
                    let begun = Instant::now();
                    let connection = Connection::tls(&address, trust, Some(identity)).await?;
                    ceremony(connection, identity, machine).await?;
                    each.push(begun.elapsed());
                }
                Ok::<_, anyhow::Error>((each, Instant::now()))
            })
        };
        let cpu_before = self.server.cpu()?;
        thread::scope(|scope| {
            let client = &client;
            let clients: Vec<_> = parts
                .into_iter()
                .map(|(machines, identity)| scope.spawn(move || client(machines, identity)))
                .collect();
            start.wait();
            let begun = Instant::now();
            let (mut each, mut wall) = (Vec::new(), Duration::ZERO);
            for client in clients {
                let (samples, ended) = client.join().map_err(|_| anyhow!("a client died"))??;
                each.extend(samples);
                wall = wall.max(ended.saturating_duration_since(begun));
            }
            thread::sleep(SETTLE);
            let server_cpu = self.server.cpu()?.saturating_sub(cpu_before);
            Ok(Samples { each, wall, server_cpu })
        })
    }
}
