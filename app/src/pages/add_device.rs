use gatehouse_domain::authz::{CreateDevice, CreateEnrollToken};
use gatehouse_model::OsType;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::device::may;
use crate::components::{
    CheckboxField, Field, NewToken, NewTokenCard, PageHeader, PostForm, Problem, SelectField,
};
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// Registers one device, with a token in the same step where that is wanted.
#[component]
pub(crate) fn AddDevicePage() -> impl IntoView {
    view! {
        <Title text="Add a device"/>
        <PageHeader
            title="Add a device"
            lead="A registered device can be enrolled by its user with a token. Registering alone trusts nothing."
            up=("/web/devices", "Devices")
        >
            <a class="button" href="/web/devices/import">"Import a list"</a>
        </PageHeader>
        <Suspense>
            {Suspend::new(async move {
                match allowed() {
                    Ok(()) => view! { <AddDeviceForm/> }.into_any(),
                    Err(error) => view! { <Problem title="You cannot add devices" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

fn allowed() -> Result<(), ApiError> {
    ConsoleContext::current()?.may::<CreateDevice>()
}

#[component]
fn AddDeviceForm() -> impl IntoView {
    let outcome = FormOutcome::current();
    let made = shown::<NewToken>();
    let may_token = use_context::<ConsoleContext>().is_some_and(|console| may::<CreateEnrollToken>(&console));
    let done = made.is_some();
    let options: Vec<(String, String)> = [(String::new(), "Choose…".to_owned())]
        .into_iter()
        .chain(OsType::ALL.into_iter().map(|os| (os.as_str().to_owned(), os.friendly().to_owned())))
        .collect();
    view! {
        {made.map(|token| view! { <NewTokenCard token/> })}
        <section class="card card--part form--narrow">
            {done.then(|| view! { <h2>"Add another"</h2> })}
            <PostForm action="add" submit="Add the device">
                <SelectField name="os" label="Operating system" options value=outcome.field("os")/>
                <Field
                    name="asset_tag"
                    label="Asset tag"
                    autocomplete="off"
                    value=outcome.field("asset_tag")
                    help="The serial number on most machines: tsh device asset-tag prints it on the device."
                />
                {may_token.then(|| view! {
                    <CheckboxField
                        name="with_token"
                        label="Make an enrolment token as well"
                        checked=!outcome.field("with_token").is_empty()
                    />
                    <div class="form only-with-token"><TermsFields/></div>
                })}
            </PostForm>
        </section>
    }
}

/// How long a token lives, and what it is for.
#[component]
pub(super) fn TermsFields() -> impl IntoView {
    let outcome = FormOutcome::current();
    let lifetime = Some(outcome.field("lifetime")).filter(|text| !text.is_empty());
    view! {
        <Field
            name="lifetime"
            label="Lifetime of the token"
            autocomplete="off"
            value=lifetime.unwrap_or_else(|| "1h".to_owned())
            help="Such as 30m, 8h or 7d; at most 90 days."
            required=false
        />
        <Field
            name="note"
            label="Note"
            autocomplete="off"
            value=outcome.field("note")
            help="What the token is for. It stands in the list of tokens."
            required=false
        />
    }
}
