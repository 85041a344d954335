use gatehouse_domain::device::{FAILURE_DAYS, INSIGHT_DAYS, Insights};
use gatehouse_model::{AttestationTier, OsType};
use leptos::prelude::*;
use leptos_meta::Title;

use super::charts::{Drawn, OverTime, Share, Shares};
use super::row::tier_words;
use crate::ConsoleContext;
use crate::api::insights;
use crate::components::{PageHeader, Problem, grouped};

/// The inventory in numbers.
#[component]
pub(crate) fn InsightsPage() -> impl IntoView {
    view! {
        <Title text="Insights"/>
        <PageHeader title="Insights" lead="The inventory in numbers, counted as it changes."/>
        <Suspense>
            {Suspend::new(async move {
                let found = async { insights(&ConsoleContext::current()?).await };
                match found.await {
                    Ok(insights) => view! { <Pictures insights/> }.into_any(),
                    Err(error) => view! { <Problem title="The numbers cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Pictures(insights: Insights) -> impl IntoView {
    let Insights { devices, enrolled, stale, locked, today, .. } = insights;
    let from = today - INSIGHT_DAYS + 1;
    let weeks = insights.enrolments.chunks(7).zip((from..).step_by(7));
    let weeks = weeks.map(|(days, day)| (day, Some(days.iter().sum()))).collect();
    let days = (from..).zip(insights.enrolled_on).collect();
    let by_state = vec![
        share("Enrolled", enrolled, "/web/devices?state=enrolled"),
        share("Not enrolled", devices - enrolled, "/web/devices?state=not_enrolled"),
    ];
    let by_os = insights.by_os.iter().map(|(os, of)| {
        let words = format!("{} ({} enrolled)", os.friendly(), grouped(of.enrolled));
        Share { name: words, count: of.devices, path: Some(os_path(*os)) }
    });
    let by_os = by_os.collect();
    let by_tier = insights.by_tier.iter().map(|(tier, count)| Share {
        name: tier_words(Some(*tier)).to_owned(),
        count: *count,
        path: Some(tier_path(*tier)),
    });
    let by_tier = by_tier.collect();
    let seen = vec![
        Share {
            name: "Seen or registered in the last 30 days".to_owned(),
            count: devices - stale,
            path: None,
        },
        share("Not seen for 30 days", stale, "/web/devices?stale=1"),
    ];
    view! {
        <div class="stack">
            <dl class="facts card">
                <dt>"Devices"</dt><dd>{grouped(devices)}</dd>
                <dt>"Enrolled"</dt><dd>{grouped(enrolled)}</dd>
                <dt>"Not seen for 30 days"</dt><dd>{grouped(stale)}</dd>
                <dt>"Locked"</dt><dd>{grouped(locked)}</dd>
            </dl>
            <OverTime id="enrolled" title="Enrolled devices" unit="Enrolled" drawn=Drawn::Line numbers=days/>
            <OverTime id="enrolments" title="Enrolments by week" unit="Enrolments" drawn=Drawn::Bars numbers=weeks/>
            <div class="charts">
                <Shares title="State" unit="Devices" shares=by_state nothing=NO_DEVICES/>
                <Shares title="Operating system" unit="Devices" shares=by_os nothing=NO_DEVICES/>
                <Shares title="Attestation" unit="Devices" shares=by_tier nothing="No device is enrolled yet."/>
                <Shares title="Last seen" unit="Devices" shares=seen nothing=NO_DEVICES/>
                <Shares
                    title="Failed enrolments"
                    unit="Attempts"
                    shares=failures(insights.failed_enrolments)
                    nothing=NO_FAILURES
                />
                <Shares
                    title="Failed authentications"
                    unit="Attempts"
                    shares=failures(insights.failed_authentications)
                    nothing=NO_FAILURES
                />
            </div>
            <p class="form__note">
                {format!("Failed attempts are those of the last {FAILURE_DAYS} days, by the code that the device was told. Days are those of UTC.")}
            </p>
        </div>
    }
    .into_any()
}

const NO_DEVICES: &str = "There are no devices yet.";
const NO_FAILURES: &str = "None in the last 30 days.";

fn share(name: &str, count: i64, path: &'static str) -> Share {
    Share { name: name.to_owned(), count, path: Some(path) }
}

/// Codes are words already, but for their underscores.
fn failures(by_code: Vec<(String, i64)>) -> Vec<Share> {
    let words = |code: String| code.replace('_', " ");
    by_code.into_iter().map(|(code, count)| Share { name: words(code), count, path: None }).collect()
}

const fn os_path(os: OsType) -> &'static str {
    match os {
        OsType::Linux => "/web/devices?os=linux",
        OsType::Macos => "/web/devices?os=macos",
        OsType::Windows => "/web/devices?os=windows",
    }
}

const fn tier_path(tier: AttestationTier) -> &'static str {
    match tier {
        AttestationTier::BareKey => "/web/devices?tier=bare_key",
        AttestationTier::TpmEkpub => "/web/devices?tier=tpm_ekpub",
        AttestationTier::TpmEkcert => "/web/devices?tier=tpm_ekcert",
        AttestationTier::TpmEkcertTrusted => "/web/devices?tier=tpm_ekcert_trusted",
    }
}
