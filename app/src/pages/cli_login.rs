use gatehouse_domain::account::CliState;
use gatehouse_model::percent;
use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use leptos_router::hooks::use_query_map;

use crate::api::cli_login::{CliLoginView, cli_login};
use crate::components::{Badge, Field, FormProblem, PostForm, Problem, Tone};
use crate::forms::cli_login::{Decided, PAGE};
use crate::{ConsoleContext, FormOutcome, shown};

/// A command line asks to be logged in: who asks, and yes or no. Open also without a trusted device.
#[component]
pub(crate) fn CliLoginPage() -> impl IntoView {
    let id = use_query_map().get_untracked().get("id").unwrap_or_default();
    let decided = shown::<Decided>();
    view! {
        <Title text="Log in a command line"/>
        <div class="card card--narrow">
            <Suspense>
                {Suspend::new(async move {
                    let Some(console) = use_context::<ConsoleContext>() else { return ().into_any() };
                    match cli_login(&console, &id).await {
                        Ok(login) => view! { <Login login decided/> }.into_any(),
                        Err(error) => view! {
                            <h1>"Log in a command line"</h1>
                            <Problem title="This link leads no further" error/>
                            <p><a class="button" href="/web/account">"To your account"</a></p>
                        }
                        .into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Login(login: CliLoginView, decided: Option<Decided>) -> impl IntoView {
    match login.state {
        CliState::Open => view! { <Question login/> }.into_any(),
        CliState::Approved => view! { <Approved login decided/> }.into_any(),
        CliState::Denied => view! { <Denied decided/> }.into_any(),
        CliState::Expired => view! {
            <h1>"This request has expired"</h1>
            <Undone/>
            <p>"Nobody decided it within 5 minutes, so nobody can any more. Run " <code>"tsh login"</code> " again."</p>
        }
        .into_any(),
    }
}

#[component]
fn Question(login: CliLoginView) -> impl IntoView {
    let to = format!("{PAGE}?id={}", login.id);
    let machine = match (login.host_name.is_empty(), login.os.is_empty()) {
        (true, _) => "a machine without a name".to_owned(),
        (false, true) => login.host_name.clone(),
        (false, false) => format!("{} ({})", login.host_name, login.os),
    };
    let os_user = (!login.os_user.is_empty())
        .then(|| view! { <dt>"There used by"</dt><dd>{login.os_user.clone()}</dd> });
    let elsewhere = login.is_elsewhere.then(|| {
        view! {
            <div class="notice notice--problem" role="note">
                <p>
                    "This request comes from another network than your browser. If the machine is not one that you are "
                    "working at right now, deny it: somebody may have sent you the link to get in as you."
                </p>
            </div>
        }
    });
    let answer = if login.needs_factor {
        let confirm = format!("/web/account/confirm?next={}", percent::encode_path(&to));
        view! {
            <Undone/>
            <p>"You proved who you are more than 5 minutes ago."</p>
            <p><a class="button button--primary" href=confirm>"Confirm that it is you"</a></p>
        }
        .into_any()
    } else if login.waits {
        view! {
            <PostForm action="approve" submit="Approve" to=to.clone() reloads=true>
                <Field
                    name="terminal_code"
                    label="The code that your terminal shows"
                    autocomplete="off"
                    help="Eight letters. Never type one that somebody sent or read out to you."
                />
            </PostForm>
        }
        .into_any()
    } else {
        view! { <PostForm action="approve" submit="Approve" to=to.clone() reloads=true/> }.into_any()
    };
    let same_code = if login.waits { "" } else { ", and only if the code is the same" };
    let code = login.user_code.clone().map(|code| {
        view! {
            <p>"Your terminal must show this code:"</p>
            <p class="cli-login__code"><code>{code}</code></p>
        }
    });
    view! {
        <h1>"Log in a command line?"</h1>
        <p class="lead">"Somebody has run " <code>"tsh login"</code> " to work as " <strong>{login.user.clone()}</strong> "."</p>
        {elsewhere}
        {code}
        <dl class="facts">
            <dt>"Machine"</dt><dd>{machine}</dd>
            {os_user}
            <dt>"Asks from"</dt><dd><code>{login.address.clone()}</code></dd>
            <dt>"Asked"</dt>
            <dd><time datetime=login.asked.exact.clone()>{login.asked.text.clone()}</time></dd>
            <dt>"Open until"</dt>
            <dd><time datetime=login.expires.exact.clone()>{login.expires.text.clone()}</time></dd>
        </dl>
        <p class="form__note">"Machine and its user are what that machine says of itself."</p>
        <p>
            "Approve only what you began yourself" {same_code} ". Whoever runs that command line can "
            "then do what you can do, until its session ends or you end it under \"Your sessions\"."
        </p>
        <div class="actions">{answer} <PostForm action="deny" submit="Deny" to is_quiet=true reloads=true/></div>
    }
}

#[component]
fn Approved(login: CliLoginView, decided: Option<Decided>) -> impl IntoView {
    let words = match (&decided, login.is_fetched, login.waits) {
        (_, true, _) => "The terminal has its login. You can close this page.",
        (Some(_), false, false) => "Taking you back to the terminal…",
        (_, false, true) => "The terminal goes on within a few seconds. You can close this page.",
        (None, false, false) => {
            "Approved, but the terminal has not fetched its login. If it is still waiting after a minute, run tsh login again."
        }
    };
    view! {
        <h1>"Approved"</h1>
        <Undone/>
        <p><Badge tone=Tone::Good text="Approved"/></p>
        <p>{words}</p>
        <Onward decided/>
        <p><a class="button" href="/web/account/sessions">"Your sessions"</a></p>
    }
}

#[component]
fn Denied(decided: Option<Decided>) -> impl IntoView {
    view! {
        <h1>"Denied"</h1>
        <Undone/>
        <p><Badge tone=Tone::Problem text="Denied"/></p>
        <p>
            "That command line was not logged in. If you did not begin it, somebody knows your user name and tried: tell an "
            "administrator, and never approve such a request."
        </p>
        <Onward decided/>
    }
}

/// Why a yes or a no was not accepted, where its form is no longer there to say it.
#[component]
fn Undone() -> impl IntoView {
    let outcome = FormOutcome::current();
    let error = ["approve", "deny"].into_iter().find_map(|action| outcome.of(action)?.error.clone());
    view! { <FormProblem error/> }
}

/// On to the command line that listens on this machine; nothing where it asks instead.
#[component]
fn Onward(decided: Option<Decided>) -> impl IntoView {
    let to = decided.and_then(|decided| decided.onward);
    to.map(|to| {
        // A form's answer must not lead to another host (form-action), a page may.
        view! {
            <Meta http_equiv="refresh" content=format!("0;url={to}")/>
            <p><a class="button" href=to data-reload="">"Back to the terminal"</a></p>
        }
    })
}
