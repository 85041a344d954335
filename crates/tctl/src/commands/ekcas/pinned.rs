use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gatehouse_attestation::{AllowedCas, CaFacts, KnownCas};
use gatehouse_client::{ClientError, Result};
use gatehouse_model::{ErrorKind, clean_label, counted};

use super::files::certificates;
use super::list::AllowList;
use crate::cli::{ImportArgs, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// What an import found.
struct Sorted {
    pinned: Vec<CaFacts>,
    by_vendor: BTreeMap<&'static str, usize>,
    /// Certificates that are nobody's pinned CA, or not of the vendors asked for.
    passed_over: usize,
}

/// Allows the pinned CAs among the certificates.
pub(super) async fn import(server: &ServerArgs, args: &ImportArgs) -> Outcome {
    let sorted = sort(args)?;
    let connection = connect(server).await?;
    let mut list = AllowList::fetch(&connection).await?;
    let found = sorted.pinned.len();
    let added = list.add(sorted.pinned.iter().cloned());
    if added > 0 {
        list.save(&connection).await?;
    }
    tell(&sorted)?;
    output::line(format!(
        "{added} of {} added; new enrolments are judged by the list",
        counted(found, "CA", "CAs")
    ))?;
    Ok(0)
}

/// Writes the pinned CAs among the certificates to a file, for `ekcert_allowed_cas` or another machine.
pub(crate) fn write(args: &ImportArgs) -> Outcome {
    let sorted = sort(args)?;
    let Some(path) = &args.out else { return Ok(1) };
    write_file(path, &sorted.pinned)?;
    tell(&sorted)?;
    output::line(format!("{} written to {}", counted(sorted.pinned.len(), "CA", "CAs"), path.display()))?;
    Ok(0)
}

pub(super) fn write_file(path: &Path, cas: &[CaFacts]) -> Result<()> {
    let text: String = cas.iter().map(CaFacts::to_pem).collect();
    fs::write(path, text).map_err(|error| {
        let path = clean_label(&path.display().to_string());
        ClientError::new(ErrorKind::InvalidInput, "file", format!("cannot write {path}: {error}"))
    })
}

fn sort(args: &ImportArgs) -> Result<Sorted> {
    let known = KnownCas::of_this_release();
    let names = if args.vendors.is_empty() { vec!["all".to_owned()] } else { args.vendors.clone() };
    let wanted = known.of_vendors(&names).map_err(|error| ClientError::usage(error.to_string()))?;
    let mut read = AllowedCas::default();
    let mut passed_over = 0;
    for found in certificates(&args.paths)? {
        // What is not even a CA's certificate cannot be pinned.
        if read.add(&found.der).is_err() {
            passed_over += 1;
        }
    }
    let mut sorted = Sorted { pinned: Vec::new(), by_vendor: BTreeMap::new(), passed_over };
    for facts in read.facts() {
        let Some(pin) = wanted.iter().find(|pin| pin.sha256 == facts.sha256) else {
            sorted.passed_over += 1;
            continue;
        };
        if sorted.pinned.iter().all(|other| other.sha256 != facts.sha256) {
            *sorted.by_vendor.entry(pin.vendor).or_default() += 1;
            sorted.pinned.push(facts);
        }
    }
    if sorted.pinned.is_empty() {
        return Err(ClientError::new(
            ErrorKind::NotFound,
            "nothing_pinned",
            format!(
                "none of {} certificates is a CA of these vendors that this release knows",
                sorted.passed_over
            ),
        )
        .with_hint("`tctl ekcas add` allows CAs that are not known"));
    }
    Ok(sorted)
}

fn tell(sorted: &Sorted) -> std::result::Result<(), crate::failure::Failure> {
    for (vendor, count) in &sorted.by_vendor {
        output::line(format!("{vendor:<12} {count:>4} pinned"))?;
    }
    if sorted.passed_over > 0 {
        output::line(format!(
            "{:<12} {:>4} passed over: not pinned, or of another vendor",
            "", sorted.passed_over
        ))?;
    }
    Ok(())
}
