//! The run: start-up, memory, command lines, then the ceremonies beside their floor.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use gatehouse_model::OsType;

use crate::admin::Admin;
use crate::device::{Kind, SoftDevice};
use crate::figures::{median, millis};
use crate::floor::Equipment;
use crate::load::Load;
use crate::output::say;
use crate::report::{Measurement, Report};
use crate::server::{Installation, Server};
use crate::{Args, Part, accounts, ek_chain, inventory, programs};

/// Starts that the median is taken of.
const STARTS: usize = 5;
/// Numbers of clients at once.
const CLIENTS: [usize; 2] = [1, 8];
/// TPMs that go first, so that no measurement is the first to touch a page or to prepare a statement.
const WARM_UP: usize = 10;

/// Does what the command line asks for.
///
/// # Errors
/// A ceremony fails, or a program does not do what it should. That a figure misses its aim is no error.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut report = Report::default();
    let wanted = |part: Part| args.only.is_none_or(|only| only == part);
    if wanted(Part::EkChains) {
        report.ek_chains = Some(ek_chain::measure()?);
    }
    if wanted(Part::Ceremonies) && !ceremonies(args, &mut report)? {
        return Ok(());
    }
    if wanted(Part::Inventory) {
        inventory::run(args, &mut report)?;
    }
    report.print();
    if let Some(path) = &args.report {
        let json = serde_json::to_vec_pretty(&report).context("writing the report")?;
        std::fs::write(path, json).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// False if nothing was measured.
fn ceremonies(args: &Args, report: &mut Report) -> Result<bool> {
    let installation = Installation::prepare(&args.programs, &args.folder)?;
    let server = start(&installation, report)?;
    let identities = accounts::log_in(&server, &installation)?;
    report.aim("memory (RSS) after ten logins", server.resident_mib()?, 60.0, "MiB");
    report.aim("`tsh status`", millis(programs::tsh_status(&installation)?), 20.0, "ms");

    let admin = Admin::open(&server)?;
    if let Some(seconds) = args.profile {
        let load = Load { server: &server, admin: &admin, identities: &identities, clients: args.clients };
        profile(&load, args, seconds)?;
        return Ok(false);
    }
    let equipment = Equipment::new(&installation.folder)?;
    for kind in Kind::ALL {
        say(format!("Making {} software TPMs with keys of {} …", args.tpms, kind.name()));
        let tpms = SoftDevice::make_many(kind, args.tpms)?;
        let warm_up = tpms.get(..WARM_UP).unwrap_or(&tpms);
        equipment.measure(warm_up, 1)?;
        let floor = equipment.measure(&tpms, args.rounds)?;
        for clients in CLIENTS {
            say(format!("Enrolling and authenticating with {}, {clients} at a time …", kind.name()));
            let load = Load { server: &server, admin: &admin, identities: &identities, clients };
            load.run(warm_up, 1)?;
            let outcome = load.run(&tpms, args.rounds)?;
            report.add(Measurement {
                key: kind.name(),
                clients,
                enrolment: outcome.enrolments.figures(),
                authentication: outcome.authentications.figures(),
                floor,
            });
        }
    }

    say(format!("Registering {} devices …", args.inventory));
    let devices: Vec<_> =
        (0..args.inventory).map(|number| (OsType::Linux, format!("BENCH{number:06}"))).collect();
    admin.register(&devices)?;
    let listed = programs::tctl_devices_ls(&installation, args.inventory)?;
    report.aim(format!("`tctl devices ls`, {} devices", args.inventory), millis(listed), 150.0, "ms");
    // The server waits for open connections.
    drop(admin);
    server.stop()?;
    Ok(true)
}

/// Starts the server on an empty database, creates the users, and starts it again and again; the last one keeps
/// running and has seen nobody yet.
fn start(installation: &Installation, report: &mut Report) -> Result<Server> {
    say("Starting the server …");
    let mut server = installation.start(0)?;
    report.aim("ready to serve, empty database", millis(server.ready_after), 200.0, "ms");
    accounts::sign_up(&server)?;
    let mut samples = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let port = server.port();
        server.stop()?;
        server = installation.start(port)?;
        samples.push(server.ready_after);
    }
    report.aim("ready to serve, later starts", millis(median(samples)), 200.0, "ms");
    Ok(server)
}

/// Keeps the server busy with enrolments, for a profiler that is attached from outside.
fn profile(load: &Load<'_>, args: &Args, seconds: u64) -> Result<()> {
    let tpms = SoftDevice::make_many(Kind::P256, args.tpms)?;
    say(format!("The server is process {}; enrolling for {seconds} s …", load.server.id()));
    let begun = Instant::now();
    let mut outcome = crate::load::Outcome::default();
    while begun.elapsed() < Duration::from_secs(seconds) {
        let more = load.run(&tpms, 1)?;
        outcome.enrolments.add(more.enrolments);
        outcome.authentications.add(more.authentications);
    }
    say(format!("Server CPU of an enrolment: {:.3} ms", outcome.enrolments.figures().server_cpu_ms));
    say(format!(
        "Server CPU of an authentication: {:.3} ms",
        outcome.authentications.figures().server_cpu_ms
    ));
    Ok(())
}
