//! The figures, printed and as JSON.

use serde::Serialize;

use crate::ek_chain::EkChains;
use crate::figures::Figures;
use crate::floor::{Floor, Floors};
use crate::inventory::{self, Pages, Queries};
use crate::output::say;

/// Server CPU of a ceremony, at most so many times the floor.
const AIM_OF_FLOOR: f64 = 2.0;

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) ceremonies: Vec<Measurement>,
    pub(crate) queries: Vec<Queries>,
    pub(crate) pages: Vec<Pages>,
    pub(crate) ek_chains: Option<EkChains>,
    pub(crate) aims: Vec<Aim>,
}

/// One kind of TPM at one number of clients.
#[derive(Debug, Serialize)]
pub(crate) struct Measurement {
    pub(crate) key: &'static str,
    pub(crate) clients: usize,
    pub(crate) enrolment: Figures,
    pub(crate) authentication: Figures,
    pub(crate) floor: Floors,
}

/// A figure with what it is meant to stay below.
#[derive(Debug, Serialize)]
pub(crate) struct Aim {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) below: f64,
    pub(crate) unit: &'static str,
    pub(crate) met: bool,
}

impl Report {
    /// Notes a figure that is meant to stay below the other.
    pub(crate) fn aim(&mut self, what: impl Into<String>, value: f64, below: f64, unit: &'static str) {
        self.aims.push(Aim { what: what.into(), value, below, unit, met: value < below });
    }

    /// Adds a measurement with its two aims.
    pub(crate) fn add(&mut self, measurement: Measurement) {
        let Measurement { key, clients, enrolment, authentication, floor } = &measurement;
        for (name, figures, floor) in [
            ("enrolment", enrolment, &floor.enrolment),
            ("authentication", authentication, &floor.authentication),
        ] {
            let what = format!("server CPU of an {name}, {key}, {clients} clients");
            let ratio = figures.server_cpu_ms / floor.total_ms();
            let met = ratio <= AIM_OF_FLOOR;
            self.aims.push(Aim { what, value: ratio, below: AIM_OF_FLOOR, unit: "× the floor", met });
        }
        self.ceremonies.push(measurement);
    }

    pub(crate) fn print(&self) {
        if !self.ceremonies.is_empty() {
            self.print_ceremonies();
        }
        if let Some(chains) = &self.ek_chains {
            chains.print();
        }
        inventory::print(&self.queries, &self.pages);
        self.print_aims();
    }

    fn print_ceremonies(&self) {
        say("\nComplete TPM enrolments");
        table(&self.ceremonies, |m| (&m.enrolment, &m.floor.enrolment));
        say("\nDevice authentications");
        table(&self.ceremonies, |m| (&m.authentication, &m.floor.authentication));
        say("\nThe floor of one ceremony (CPU ms): TLS 1.3 handshake + cryptography + durable writes");
        say("  The writes go through the same storage layer: what that costs counts as floor.");
        for measurement in self.ceremonies.iter().filter(|m| m.clients == 1) {
            let line = |name: &str, floor: &Floor| {
                say(format!(
                    "  {:<9} {name:<15} {:.3} + {:.3} + {:.3} = {:.3}",
                    measurement.key,
                    floor.handshake_ms,
                    floor.cryptography_ms,
                    floor.writes_ms,
                    floor.total_ms()
                ));
            };
            line("enrolment", &measurement.floor.enrolment);
            line("authentication", &measurement.floor.authentication);
        }
    }

    fn print_aims(&self) {
        say("\nAims");
        for Aim { what, value, below, unit, met } in &self.aims {
            let verdict = if *met { "ok" } else { "MISSED" };
            let most = if *unit == "× the floor" { "at most" } else { "under" };
            say(format!("  {what:<52} {value:>7.2} {unit} ({most} {below})  {verdict}"));
        }
    }
}

fn table(measurements: &[Measurement], part: impl Fn(&Measurement) -> (&Figures, &Floor)) {
    say("  key       clients   number  per second   p50 ms   p99 ms   server CPU ms   floor ms   ratio");
    for measurement in measurements {
        let (figures, floor) = part(measurement);
        say(format!(
            "  {:<9} {:>7} {:>8} {:>11.1} {:>8.2} {:>8.2} {:>15.3} {:>10.3} {:>7.2}",
            measurement.key,
            measurement.clients,
            figures.ceremonies,
            figures.per_second,
            figures.p50_ms,
            figures.p99_ms,
            figures.server_cpu_ms,
            floor.total_ms(),
            figures.server_cpu_ms / floor.total_ms()
        ));
    }
}
