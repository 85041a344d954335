//! What can be done about the device, each with what will happen in words.

use gatehouse_domain::authz::{CreateEnrollToken, DeleteDevice, DeleteLock, UpdateDevice};
use gatehouse_domain::device::DeviceDetail;
use gatehouse_model::EnrollStatus;
use leptos::prelude::*;

use super::identity::hex;
use crate::api::device::may;
use crate::components::{ConfirmForm, Field, SelectField};
use crate::pages::add_device::TermsFields;
use crate::{ConsoleContext, FormOutcome};

#[component]
pub(super) fn Actions(detail: DeviceDetail, console: ConsoleContext) -> impl IntoView {
    let tag = detail.device.asset_tag.to_string();
    let enrolled = detail.device.enroll_status == EnrollStatus::Enrolled;
    let (may_update, may_unlock) = (may::<UpdateDevice>(&console), may::<DeleteLock>(&console));
    let token = may::<CreateEnrollToken>(&console).then(|| {
        let words = if enrolled {
            "Makes a token with which one more key is bound to this device: a further user of it, or the same one anew."
        } else {
            "Makes a token with which this device is enrolled once. It is shown this once, with the command to run."
        };
        view! {
            <ConfirmForm action="token" label="Create token" words submit="Create the token"><TermsFields/></ConfirmForm>
        }
    });
    let lock = may_update.then(|| view! { <LockForm tag=tag.clone()/> });
    let unlock = (may_unlock && !detail.locks.is_empty()).then(|| {
        let ids = detail.locks.iter().map(|lock| lock.id.clone()).collect::<Vec<_>>();
        let words = match ids.len() {
            1 => "Takes the lock away. The device may authenticate again, and is trusted once it has.".to_owned(),
            count => format!("Takes all {count} locks away. The device may authenticate again, and is trusted once it has."),
        };
        let fields = ids.into_iter().map(|id| view! { <input type="hidden" name="lock" value=id/> }).collect_view();
        view! { <ConfirmForm action="unlock" label="Unlock" words submit="Unlock the device">{fields}</ConfirmForm> }
    });
    let accept = (may_update && detail.counter_alarm.is_some()).then(|| {
        let words = "The counters of its TPM went back, as after restoring a snapshot of a virtual machine. If that is what \
            happened, accept them: the next attestation sets them anew. If it is not, somebody may have copied the machine.";
        view! {
            <ConfirmForm action="accept-counters" label="Accept counters" words submit="Accept the counters" is_danger=true/>
        }
    });
    let drifted = detail.boot.as_ref().filter(|boot| boot.good.is_some()).map(|boot| hex(&boot.fingerprint));
    let accept_boot = drifted.filter(|_| may_update).map(|fingerprint| {
        let words = "It booted otherwise than it did when it was good last; what has changed stands under \"Boot state\". If that is \
            as it should be, accept it: from now on, this boot is the good one.";
        view! {
            <ConfirmForm action="accept-boot" label="Accept boot" words submit="Accept the boot">
                <input type="hidden" name="boot" value=fingerprint/>
            </ConfirmForm>
        }
    });
    let unenrol = (may_update && enrolled).then(|| {
        let words = format!(
            "{tag} loses its keys, its owner and its users; its tokens are revoked, and its sessions are no longer trusted, at \
             once. It stays in the inventory and can be enrolled again, also with another TPM."
        );
        view! {
            <ConfirmForm action="unenrol" label="Un-enrol" words submit="Un-enrol the device" is_danger=true/>
        }
    });
    let delete = may::<DeleteDevice>(&console).then(|| {
        let words = format!(
            "{tag} is removed from the inventory with its keys, users, tokens and collected data, and its sessions are no longer \
             trusted, at once. This cannot be taken back. Its audit trail and the evidence of its enrolments are kept."
        );
        view! {
            <ConfirmForm action="delete" label="Delete" words submit="Delete the device" is_danger=true typed=tag.clone()/>
        }
    });
    let live = format!("device:{} locks", detail.device.id);
    view! {
        <div class="actions" role="group" aria-label="Actions">
            {token} {lock}
            // What is there depends on the device's state; the others stay as they are, open or not.
            <div id="device-actions" class="device__actions" data-live=live>{unlock} {accept} {accept_boot} {unenrol}</div>
            {delete}
        </div>
    }
}

#[component]
fn LockForm(tag: String) -> impl IntoView {
    let outcome = FormOutcome::current();
    let spans = [
        ("", "until somebody unlocks it"),
        ("1h", "for an hour"),
        ("12h", "for 12 hours"),
        ("1d", "for a day"),
        ("7d", "for a week"),
        ("30d", "for 30 days"),
        ("until", "until the time below"),
    ];
    let options =
        spans.into_iter().map(|(value, words)| (value.to_owned(), words.to_owned())).collect::<Vec<_>>();
    let words = format!(
        "{tag} can neither authenticate nor enrol while it is locked, and its sessions are no longer trusted, at once. Its keys stay."
    );
    view! {
        <ConfirmForm action="lock" label="Lock" words submit="Lock the device" is_danger=true>
            <SelectField name="for" label="How long" options value=outcome.field("for")/>
            <Field
                name="until"
                label="Until (UTC)"
                kind="datetime-local"
                autocomplete="off"
                value=outcome.field("until")
                help="Only with \"until the time below\"."
                required=false
            />
            <Field
                name="message"
                label="Message"
                autocomplete="off"
                value=outcome.field("message")
                help="Says in the list of locks and in the audit log why."
                required=false
            />
        </ConfirmForm>
    }
}
