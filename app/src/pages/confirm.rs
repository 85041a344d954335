use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::second_factor::FactorForms;
use super::stray::StrayProblem;
use crate::api::query::address;
use crate::api::{Confirmation, confirmation};
use crate::components::{Field, PasskeyPurpose, PostForm, Problem};
use crate::{ConsoleContext, FormOutcome, safe_next};

/// Where one goes from here unless told otherwise.
pub(crate) const SECURITY: &str = "/web/account/security";

/// Code of the errors that this page helps against.
pub(crate) const FRESH_FACTOR: &str = "second_factor_required";

/// The page, and from there to another one of the console.
pub(crate) fn confirm_and_back_to(path: &str) -> String {
    address("/web/account/confirm", &[("next", path)])
}

/// Proves the second factor anew, for steps that ask for a fresh one.
#[component]
pub(crate) fn ConfirmPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let outcome = FormOutcome::current();
    let next = Some(outcome.field("next")).filter(|next| !next.is_empty()).or_else(|| query.get("next"));
    let next = next.map_or(SECURITY.to_owned(), |next| safe_next(Some(&next)).to_owned());
    view! {
        <Title text="Confirm that it is you"/>
        <div class="card card--narrow">
            <h1>"Confirm that it is you"</h1>
            <p class="lead">"The next step changes who gets in, and how, or what they may do. It is asked for again after 5 minutes."</p>
            <Suspense>
                {Suspend::new(async move {
                    let choices = async { confirmation(&ConsoleContext::current()?).await };
                    match choices.await {
                        Ok(Confirmation::Factor(choices)) => {
                            view! { <FactorForms choices passkey=PasskeyPurpose::Confirm next/> }.into_any()
                        }
                        Ok(Confirmation::Password) => view! {
                            <StrayProblem has=vec!["password"]/>
                            <PostForm action="password" submit="Confirm">
                                <input type="hidden" name="next" value=next/>
                                <Field
                                    name="password"
                                    label="Password"
                                    kind="password"
                                    autocomplete="current-password"
                                    autofocus=true
                                />
                            </PostForm>
                        }
                        .into_any(),
                        Err(error) => view! { <Problem title="This cannot be confirmed" error/> }.into_any(),
                    }
                })}
            </Suspense>
            <p><a href="/web/account/security">"Back to security"</a></p>
        </div>
    }
}
