//! How the device booted when it attested last.

use gatehouse_domain::boot::{
    BankState, BootChange, BootChangeKind, BootImageState, KernelPart, KernelState, LogState, PcrState,
    SecureBoot, pcr_meaning,
};
use gatehouse_domain::device::{BootDetail, GoodBoot};
use gatehouse_domain::entity::RecordKind;
use gatehouse_model::counted;
use leptos::prelude::*;

use super::identity::hex;
use crate::components::{Badge, Time, Tone};

#[component]
pub(super) fn Boot(boot: Option<BootDetail>) -> impl IntoView {
    let body = match boot {
        None => view! {
            <p>"This device has not attested how it booted. Devices with a TPM do so when they are enrolled and authenticate."</p>
        }
        .into_any(),
        Some(boot) => known(boot).into_any(),
    };
    view! {
        <section class="card card--part" aria-labelledby="boot-title">
            <h2 id="boot-title">"Boot state"</h2>
            {body}
        </section>
    }
}

fn known(boot: BootDetail) -> impl IntoView {
    let BootDetail { kind, user, time, since, state, good, .. } = boot;
    let when = match kind {
        RecordKind::Enroll => "enrolment",
        RecordKind::Authenticate => "authentication",
    };
    let (tone, word, words) = secure_boot(state.secure_boot);
    let unchanged = (since != time).then(|| view! { " It has been the same since " <Time at=since/> "." });
    let images = (!state.images.is_empty()).then(|| {
        let images = state.images.into_iter().map(image).collect_view();
        view! { <dt>"Started by the firmware"</dt><dd><ol class="device__images">{images}</ol></dd> }
    });
    let kernel = (!state.kernel.is_empty()).then(|| {
        let parts = state.kernel.into_iter().map(kernel_part).collect_view();
        view! { <dt>"Kernel"</dt><dd><ol class="device__images">{parts}</ol></dd> }
    });
    let drift = good.map(drift);
    let warnings = (!state.warnings.is_empty()).then(|| {
        let badges = state
            .warnings
            .into_iter()
            .map(|text| view! { <Badge tone=Tone::Warning text/> " " })
            .collect_view();
        view! { <dt>"Measured remarks"</dt><dd>{badges}</dd> }
    });
    let version =
        state.firmware_version.map(|version| view! { <dt>"Firmware version"</dt><dd>{version}</dd> });
    let banks = state.banks.into_iter().map(bank).collect_view();
    view! {
        <p>
            "From the " {when} " of " {user} ", " <Time at=time/> ". The TPM signed the PCR values." {unchanged}
        </p>
        {drift}
        <dl class="facts">
            <dt>"Secure Boot"</dt><dd><Badge tone text=word/> " " {words}</dd>
            <dt>"Event log"</dt><dd>{log(state.log)}</dd>
            {version}
            {warnings}
            {images}
            {kernel}
        </dl>
        {banks}
    }
}

/// What has changed since the device was good last.
fn drift(good: GoodBoot) -> impl IntoView {
    let GoodBoot { time, changes } = good;
    let rows = changes
        .into_iter()
        .map(|BootChange { kind, before, after }| {
            let what = match kind {
                BootChangeKind::SecureBoot => "Secure Boot".to_owned(),
                BootChangeKind::FirmwareVersion => "Firmware version".to_owned(),
                BootChangeKind::BootLoader => "Started by the firmware".to_owned(),
                BootChangeKind::Kernel => "Kernel".to_owned(),
                BootChangeKind::Warning => "Measured remark".to_owned(),
                BootChangeKind::Pcr(index) => format!("PCR {index}: {}", pcr_meaning(index)),
                BootChangeKind::Banks => "PCR banks".to_owned(),
            };
            view! {
                <tr>
                    <th scope="row">{what}</th>
                    <td data-label="Before" class="table__wide">{change_side(before)}</td>
                    <td data-label="Now" class="table__wide">{change_side(after)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="notice notice--problem">
            <h3>"It booted otherwise than it did when it was good last"</h3>
            <p>
                "Compared with the boot that it attested " <Time at=time/> " last. After an update of firmware, boot loader or kernel \
                 that is to be expected; if nobody updated it, somebody may have changed how it starts."
            </p>
            <div class="table-frame" role="region" aria-label="What has changed" tabindex="0">
                <table class="table">
                    <caption>"What has changed since the last good boot"</caption>
                    <thead>
                        <tr><th scope="col">"What"</th><th scope="col">"Before"</th><th scope="col">"Now"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </div>
    }
}

fn change_side(text: String) -> AnyView {
    if text.is_empty() {
        return view! { <span class="table__none">"nothing"</span> }.into_any();
    }
    view! { <code>{text}</code> }.into_any()
}

fn kernel_part(kernel: KernelState) -> impl IntoView {
    let what = match kernel.part {
        KernelPart::CommandLine => "command line",
        KernelPart::File => "file",
    };
    let proven = if kernel.proven { "measured as" } else { "not proven, said to be" };
    view! { <li>{what} " " <code>{kernel.text}</code> " – " {proven} " " {kernel.bank.name()} " " <code>{hex(&kernel.digest)}</code></li> }
}

fn secure_boot(state: SecureBoot) -> (Tone, &'static str, &'static str) {
    match state {
        SecureBoot::On => (Tone::Good, "on", "PCR 7 bears the event log out."),
        SecureBoot::Off => (Tone::Warning, "off", "PCR 7 bears the event log out."),
        SecureBoot::NotSetUp => {
            (Tone::Warning, "not set up", "The firmware has it, and no keys were ever put in.")
        }
        SecureBoot::NotMeasured => (Tone::Plain, "unknown", "The event log says nothing about it."),
        SecureBoot::NotProven => {
            (Tone::Problem, "not proven", "What the event log says is not what the TPM measured into PCR 7.")
        }
        SecureBoot::Unknown => {
            (Tone::Plain, "unknown", "Without an event log that can be read, nothing says so.")
        }
    }
}

fn log(state: LogState) -> String {
    match state {
        LogState::NotSent => {
            "No event log was sent: on Linux only root may read it. The PCR values below are signed, but \
            nothing explains them."
                .to_owned()
        }
        LogState::Unreadable(error) => format!("An event log was sent that cannot be used: {error}."),
        LogState::Read { events, agrees: true } => {
            format!(
                "{}; replayed, they give the values that the TPM signed.",
                counted(events, "event", "events")
            )
        }
        LogState::Read { events, agrees: false } => format!(
            "{}, but replayed they do not give the values that the TPM signed: those marked below differ.",
            counted(events, "event", "events")
        ),
    }
}

fn image(image: BootImageState) -> impl IntoView {
    let path = image.path.unwrap_or_else(|| "an image without a file name".to_owned());
    let proven = if image.proven { "measured as" } else { "not proven, said to be" };
    view! { <li>{path} " – " {proven} " " {image.bank.name()} " " <code>{hex(&image.digest)}</code></li> }
}

fn bank(state: BankState) -> impl IntoView {
    let BankState { bank, pcrs } = state;
    let count = pcrs.len();
    let rows = pcrs.into_iter().map(pcr).collect_view();
    let caption = format!("PCR values of the {} bank", bank.name());
    let label = caption.clone();
    view! {
        <details>
            <summary>{bank.name()} " bank: " {count} " PCR values"</summary>
            <div class="table-frame" role="region" aria-label=label tabindex="0">
                <table class="table">
                    <caption>{caption}</caption>
                    <thead><tr><th scope="col">"PCR"</th><th scope="col">"Value"</th><th scope="col">"Event log"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

fn pcr(state: PcrState) -> impl IntoView {
    let log = match state.explained {
        Some(true) => view! { <Badge tone=Tone::Good text="agrees"/> }.into_any(),
        Some(false) => view! { <Badge tone=Tone::Problem text="differs"/> }.into_any(),
        None => view! { <span class="table__none">"silent"</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="table__number">{state.index}</th>
            <td data-label="Value"><code>{hex(&state.value)}</code></td>
            <td data-label="Event log">{log}</td>
        </tr>
    }
}
