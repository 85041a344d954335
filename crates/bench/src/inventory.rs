//! The inventory: its query on both engines with many devices, and its page over HTTP.

mod browser;
mod fill;
mod mix;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use gatehouse_domain::Services;
use gatehouse_domain::authz::ListDevices;
use gatehouse_domain::device::DeviceQuery;
use gatehouse_domain::identity::RequestFacts;
use gatehouse_server::compose::compose;
use gatehouse_server::config::{self, Config};
use gatehouse_server::foundation::Foundation;
use gatehouse_testkit::postgres::Postgres;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::figures::{Figures, Samples, millis, percentile};
use crate::output::say;
use crate::report::Report;
use crate::server::Installation;
use crate::{Args, Engine, accounts};
use browser::Browser;

/// Times that each page of the mix is asked for.
const ROUNDS: usize = 20;
/// Rounds before those: connections take turns, and each plans a statement when it meets it first.
const WARM_UP: usize = 5;
/// Pages of one client.
const PAGES: usize = 400;
/// Numbers of clients at once.
const CLIENTS: [usize; 2] = [1, 8];
/// PostgreSQL's own default, where tests make do with less.
const POSTGRES_SETTINGS: &str = "shared_buffers = 128MB\n";
/// What the query may take at this many devices, in milliseconds.
const fn aim(devices: usize) -> f64 {
    if devices <= 100_000 { 5.0 } else { 20.0 }
}

/// The query on one engine.
#[derive(Debug, Serialize)]
pub(crate) struct Queries {
    pub(crate) engine: &'static str,
    pub(crate) devices: usize,
    pub(crate) fill_seconds: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// By name, with its own p50 and p99, slowest first.
    pub(crate) each: Vec<(String, f64, f64)>,
}

/// The page over HTTP.
#[derive(Debug, Serialize)]
pub(crate) struct Pages {
    pub(crate) devices: usize,
    pub(crate) clients: usize,
    pub(crate) bytes: usize,
    pub(crate) pages: Figures,
}

/// Measures the query with each number of devices on both engines, and the page with the first number.
///
/// # Errors
/// PostgreSQL is missing; a query or a page fails.
pub(crate) fn run(args: &Args, report: &mut Report) -> Result<()> {
    let installation = Installation::prepare(&args.programs, &args.folder)?;
    if args.engines.contains(&Engine::Sqlite) {
        on_sqlite(args, &installation, report)?;
    }
    if args.engines.contains(&Engine::Postgres) {
        on_postgres(args, &installation, report)?;
    }
    Ok(())
}

fn on_sqlite(args: &Args, installation: &Installation, report: &mut Report) -> Result<()> {
    for (number, devices) in args.sizes.iter().copied().enumerate() {
        // The server that pages are asked of serves the first of these.
        let data = if number == 0 {
            installation.data()
        } else {
            installation.folder.join(format!("sqlite-{devices}"))
        };
        let config = config::load(&installation.config())?;
        let measured = queries("sqlite", config, &data, devices, |_| Ok(()))?;
        note(report, measured);
    }
    for pages in pages(installation, args.sizes.first().copied().unwrap_or_default())? {
        report.pages.push(pages);
    }
    Ok(())
}

fn on_postgres(args: &Args, installation: &Installation, report: &mut Report) -> Result<()> {
    for devices in args.sizes.iter().copied() {
        let cluster = Postgres::start_with(POSTGRES_SETTINGS);
        let url = cluster.fresh_database();
        let path = installation.folder.join("postgres.yaml");
        let text = format!("auth_service:\n  storage:\n    type: postgres\n    url: \"{url}\"\n");
        let config = config::parse(&path, &text)?;
        let data = installation.folder.join(format!("postgres-{devices}"));
        let measured =
            queries("postgres", config, &data, devices, |_| cluster.vacuum(&url).context("vacuuming"))?;
        note(report, measured);
    }
    Ok(())
}

fn note(report: &mut Report, measured: Queries) {
    let Queries { engine, devices, p99_ms, .. } = &measured;
    let what = format!("p99 of the inventory's query, {engine}, {devices} devices");
    report.aim(what, *p99_ms, aim(*devices), "ms");
    report.queries.push(measured);
}

fn queries(
    engine: &'static str,
    config: Config,
    data: &Path,
    devices: usize,
    settle: impl FnOnce(&Foundation) -> Result<()>,
) -> Result<Queries> {
    say(format!("Filling {engine} with {devices} devices …"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let foundation = runtime.block_on(Foundation::lay(config, Some(data.to_owned())))?;
    let services = runtime.block_on(compose(&foundation))?.services;
    let begun = Instant::now();
    runtime.block_on(fill::fill(&*foundation.store, devices, foundation.clock.now()))?;
    let fill_seconds = begun.elapsed().as_secs_f64();
    // Also at once: a third of the devices turn stale, which else happens day by day.
    runtime.block_on(services.devices.keep_up())?;
    settle(&foundation)?;
    say(format!("Filled in {fill_seconds:.0} s; asking …"));
    let mut each = Vec::new();
    for (name, address) in mix::mix(devices) {
        let samples = ask(&runtime, &services, &address).with_context(|| format!("asking for {name}"))?;
        each.push((name, samples));
    }
    let mut all: Vec<Duration> = each.iter().flat_map(|(_, samples)| samples.iter().copied()).collect();
    all.sort_unstable();
    let mut each: Vec<(String, f64, f64)> = each
        .into_iter()
        .map(|(name, mut samples)| {
            samples.sort_unstable();
            (name, millis(percentile(&samples, 50)), millis(percentile(&samples, 99)))
        })
        .collect();
    each.sort_by(|a, b| b.2.total_cmp(&a.2));
    let (p50_ms, p99_ms) = (millis(percentile(&all, 50)), millis(percentile(&all, 99)));
    Ok(Queries { engine, devices, fill_seconds, p50_ms, p99_ms, each })
}

/// The first page of a list, the next two, and back one.
fn ask(runtime: &Runtime, services: &Arc<Services>, address: &[(&str, String)]) -> Result<Vec<Duration>> {
    let admin = services.identity.host_admin(0, RequestFacts::default());
    let grant = admin.grant::<ListDevices>()?;
    let query = DeviceQuery::read(address.iter().map(|(name, value)| (*name, value.as_str())))?;
    let mut samples = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let mut page = None;
        for step in 0..4 {
            let begun = Instant::now();
            let found = runtime.block_on(services.devices.search(&grant, &query, page.as_deref()))?;
            if round >= WARM_UP {
                samples.push(begun.elapsed());
            }
            page = if step == 2 { found.previous } else { found.next };
            if page.is_none() {
                break;
            }
        }
    }
    Ok(samples)
}

fn pages(installation: &Installation, devices: usize) -> Result<Vec<Pages>> {
    say("Asking for pages over HTTP …");
    let server = installation.start(0)?;
    accounts::sign_up_as(&server, "looker", &["editor"])?;
    let mut all = Vec::new();
    for clients in CLIENTS {
        let mut browsers = (0..clients)
            .map(|_| Browser::sign_in(&server, installation, "looker"))
            .collect::<Result<Vec<_>>>()?;
        let paths: Vec<String> = mix::mix(devices).iter().map(|(_, pairs)| mix::path(pairs)).collect();
        let bytes = browsers.first_mut().context("no client")?.get("/web/devices")?;
        let cpu = server.cpu()?;
        let begun = Instant::now();
        let each: Vec<Result<Vec<Duration>>> = thread::scope(|scope| {
            let running: Vec<_> =
                browsers.iter_mut().map(|browser| scope.spawn(|| walk(browser, &paths, PAGES))).collect();
            let joined = running.into_iter().map(|one| one.join());
            joined.map(|one| one.unwrap_or_else(|_| Err(anyhow!("a client died")))).collect()
        });
        let wall = begun.elapsed();
        let each = each.into_iter().collect::<Result<Vec<_>>>()?.concat();
        let samples = Samples { each, wall, server_cpu: server.cpu()?.saturating_sub(cpu) };
        all.push(Pages { devices, clients, bytes, pages: samples.figures() });
    }
    server.stop()?;
    Ok(all)
}

fn walk(browser: &mut Browser, paths: &[String], pages: usize) -> Result<Vec<Duration>> {
    let mut samples = Vec::with_capacity(pages);
    for path in paths.iter().cycle().take(pages) {
        let begun = Instant::now();
        browser.get(path)?;
        samples.push(begun.elapsed());
    }
    Ok(samples)
}

/// The figures, printed.
pub(crate) fn print(queries: &[Queries], pages: &[Pages]) {
    if queries.is_empty() {
        return;
    }
    say("\nThe inventory's query: filtered, sorted, searched pages, forward and back, with their count");
    say("  engine     devices   filled in s   p50 ms   p99 ms   slowest (p50, p99 ms)");
    for Queries { engine, devices, fill_seconds, p50_ms, p99_ms, each } in queries {
        let slowest: Vec<String> =
            each.iter().take(3).map(|(name, p50, p99)| format!("{name} ({p50:.2}, {p99:.2})")).collect();
        say(format!(
            "  {engine:<9} {devices:>8} {fill_seconds:>13.0} {p50_ms:>8.2} {p99_ms:>8.2}   {}",
            slowest.join("; ")
        ));
    }
    say("\nThe inventory's page over HTTPS, on SQLite");
    say("  devices   clients   pages   kB of HTML   per second   p50 ms   p99 ms   server CPU ms");
    for Pages { devices, clients, bytes, pages } in pages {
        say(format!(
            "  {devices:>7} {clients:>9} {:>7} {:>12.1} {:>12.1} {:>8.2} {:>8.2} {:>15.3}",
            pages.ceremonies,
            *bytes as f64 / 1e3,
            pages.per_second,
            pages.p50_ms,
            pages.p99_ms,
            pages.server_cpu_ms
        ));
    }
}
