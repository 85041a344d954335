use gatehouse_model::counted;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use gatehouse_attestation::{AllowedCas, CaFacts, KnownCa, KnownCas, MAX_CERTIFICATE_BYTES, certificates_in};
use gatehouse_client::{ClientError, download};

use super::files::certificates;
use super::list::AllowList;
use super::pinned::write_file;
use crate::cli::{FetchArgs, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// Makers publish single certificates, in PEM at most.
const MAX_ANSWER: usize = 4 * MAX_CERTIFICATE_BYTES;
const PATIENCE: Duration = Duration::from_secs(5);

/// Fetches the pinned CAs that are missing from where their makers publish them, and allows them.
pub(super) async fn fetch(server: &ServerArgs, args: &FetchArgs) -> Outcome {
    if let Some(path) = &args.out {
        return into_file(args, path).await;
    }
    let wanted = wanted(args)?;
    let connection = connect(server).await?;
    let mut list = AllowList::fetch(&connection).await?;
    let missing = wanted.into_iter().filter(|known| !list.has(&known.sha256)).collect();
    let (fetched, complete) = all(missing).await?;
    let added = list.add(fetched);
    if added > 0 {
        list.save(&connection).await?;
    }
    output::line(format!("{} added; new enrolments are judged by the list", counted(added, "CA", "CAs")))?;
    Ok(u8::from(!complete))
}

/// The same without a server: into a file, which may have some of them already.
async fn into_file(args: &FetchArgs, path: &Path) -> Outcome {
    let wanted = wanted(args)?;
    let mut there = AllowedCas::default();
    if path.exists() {
        for found in certificates(&[path.to_path_buf()])? {
            // What is no CA would be lost: the file is not one of these.
            there.add(&found.der).map_err(|error| super::files::wrong(path, error.to_string()))?;
        }
    }
    let mut facts = there.facts();
    let missing =
        wanted.into_iter().filter(|known| facts.iter().all(|ca| ca.sha256 != known.sha256)).collect();
    let (fetched, complete) = all(missing).await?;
    let added = fetched.len();
    facts.extend(fetched);
    write_file(path, &facts)?;
    output::line(format!("{} added to {}", counted(added, "CA", "CAs"), path.display()))?;
    Ok(u8::from(!complete))
}

fn wanted(args: &FetchArgs) -> Result<Vec<&'static KnownCa>, ClientError> {
    let names = if args.vendors.is_empty() { vec!["all".to_owned()] } else { args.vendors.clone() };
    let wanted = KnownCas::of_this_release().of_vendors(&names);
    wanted.map_err(|error| ClientError::usage(error.to_string()))
}

/// One after the other, each place once; whether all could be had whose place is known.
async fn all(missing: Vec<&'static KnownCa>) -> Result<(Vec<CaFacts>, bool), crate::failure::Failure> {
    let mut places: BTreeMap<&str, Vec<&KnownCa>> = BTreeMap::new();
    let mut unknown = 0;
    for known in missing {
        match known.url {
            Some(url) => places.entry(url).or_default().push(known),
            None => unknown += 1,
        }
    }
    let mut found = AllowedCas::default();
    let mut complete = true;
    for (url, pins) in places {
        match download(url, MAX_ANSWER, PATIENCE).await {
            Ok(bytes) => {
                let before = found.len();
                keep(&bytes, &pins, &mut found);
                // Makers issue certificates anew at the same place: it holds one of them.
                let got = found.len() > before;
                complete &= got;
                let said = if got { "fetched" } else { "NOT the pinned certificate" };
                output::line(format!("{url}: {said}"))?;
            }
            Err(error) => {
                complete = false;
                output::notice(format!("warning: {}", error.message));
            }
        }
    }
    if unknown > 0 {
        output::line(format!(
            "{unknown} known CAs have no known place: `tctl ekcas import` takes them from files"
        ))?;
    }
    Ok((found.facts(), complete))
}

/// Takes what has the SHA-256 of a pin; whoever sent it.
fn keep(bytes: &[u8], pins: &[&KnownCa], found: &mut AllowedCas) {
    for der in certificates_in(bytes).unwrap_or_default() {
        let mut one = AllowedCas::default();
        if one.add(&der).is_ok()
            && one.facts().iter().any(|facts| pins.iter().any(|pin| pin.sha256 == facts.sha256))
        {
            // It was added just now.
            let _ = found.add(&der);
        }
    }
}
