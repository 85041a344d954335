use leptos::prelude::*;
use leptos_meta::Title;

use super::signup::PasskeyNameField;
use super::stray::StrayProblem;
use crate::api::{KeyRow, Moment, SecurityView, offer_authenticator, security_view};
use crate::components::{
    Authenticator, Badge, ConfirmForm, NeedsScripts, NewPasswordFields, Notice, PageHeader, PasskeyForm,
    PasskeyPurpose, PostForm, Problem, RecoveryCodes, Shape, Tone,
};
use crate::{ConsoleContext, shown};

/// Recovery codes, shown this once, and what was done.
#[derive(Clone)]
pub(crate) struct CodesShown {
    pub(crate) said: String,
    pub(crate) codes: Vec<String>,
}

/// A point in time.
pub(crate) fn when(moment: Moment) -> impl IntoView {
    view! { <time datetime=moment.exact>{moment.text}</time> }
}

/// Passkeys, password, authenticator app and recovery codes of the own account.
#[component]
pub(crate) fn SecurityPage() -> impl IntoView {
    if let Some(codes) = shown::<CodesShown>() {
        return view! { <NewCodes codes/> }.into_any();
    }
    view! {
        <Title text="Security"/>
        <PageHeader title="Security" lead="How you get into your account, and how nobody else does"/>
        <Suspense>
            {Suspend::new(async move {
                let view = async { security_view(&ConsoleContext::current()?).await };
                match view.await {
                    Ok(found) => view! { <Sections found/> }.into_any(),
                    Err(error) => view! { <Problem title="Nobody is signed in" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn NewCodes(codes: CodesShown) -> impl IntoView {
    view! {
        <Title text="Recovery codes"/>
        <div class="card card--narrow">
            <Notice><p>{codes.said}</p></Notice>
            <RecoveryCodes codes=codes.codes/>
            <p><a class="button button--primary" href="/web/account/security">"I have kept them"</a></p>
        </div>
    }
}

#[component]
fn Sections(found: SecurityView) -> impl IntoView {
    let is_fresh = found.is_fresh;
    let shown = [
        ("password", is_fresh),
        ("add-passkey", is_fresh && found.passkeys_allowed && found.rp_id.is_some()),
        ("remove-authenticator", is_fresh && found.has_authenticator),
        ("recovery-codes", is_fresh && !found.is_off),
    ];
    let shown = shown.into_iter().filter(|(_, is_shown)| *is_shown).map(|(action, _)| action).collect();
    let step_up = (!is_fresh).then(|| {
        view! {
            <div class="notice">
                <p>"To change anything here, confirm that it is you."</p>
                <p>
                    <a class="button button--primary" href="/web/account/confirm?next=/web/account/security">
                        "Confirm that it is you"
                    </a>
                </p>
            </div>
        }
    });
    let off = found.is_off.then(|| {
        view! {
            <div class="notice">
                <p>"This cluster asks for no second factor: your password alone opens your account."</p>
            </div>
        }
    });
    let shows_passkeys = found.passkeys_allowed || !found.keys.is_empty();
    let passkeys = shows_passkeys.then(|| {
        view! {
            <PasskeysSection
                keys=found.keys
                rp_id=found.rp_id
                can_add=is_fresh && found.passkeys_allowed
                allowed=found.passkeys_allowed
            />
        }
    });
    let shows_app = found.codes_allowed || found.has_authenticator;
    let app = shows_app.then(|| {
        view! { <AppSection has_one=found.has_authenticator allowed=found.codes_allowed is_fresh/> }
    });
    let codes = (!found.is_off).then(|| view! { <CodesSection left=found.recovery_codes is_fresh/> });
    view! {
        <StrayProblem has=shown/>
        {step_up}
        {off}
        {passkeys}
        <div class="cards">
            <PasswordSection is_fresh/>
            <div class="stack">{app}{codes}</div>
        </div>
    }
}

#[component]
fn PasskeysSection(keys: Vec<KeyRow>, rp_id: Option<String>, can_add: bool, allowed: bool) -> impl IntoView {
    let list = if keys.is_empty() {
        view! {
            <p>
                "You have none yet. A passkey signs you in by finger, face, PIN or the touch of a security key, and \
                 no false page can get hold of it."
            </p>
        }
        .into_any()
    } else {
        let rows = keys.into_iter().map(|key| view! { <Passkey key_row=key/> }).collect_view();
        view! { <ul class="passkeys">{rows}</ul> }.into_any()
    };
    let add = match rp_id {
        None => view! {
            <p class="form__note">
                "Browsers know no passkeys for an address without a host name. An administrator can set \
                 `proxy_service.public_addr` to one."
            </p>
        }
        .into_any(),
        Some(_) if !allowed => view! {
            <p class="form__note">"This cluster does not accept passkeys at present."</p>
        }
        .into_any(),
        Some(host) => can_add
            .then(|| view! {
                <PasskeyForm purpose=PasskeyPurpose::Add action="add-passkey" submit="Add a passkey">
                    <PasskeyNameField/>
                    <p class="form__note">"It will be for " <strong>{host}</strong> " and no other address."</p>
                </PasskeyForm>
                <NeedsScripts>"To add a passkey, allow this page to run scripts."</NeedsScripts>
            })
            .into_any(),
    };
    view! {
        <section class="card card--part" aria-labelledby="passkeys">
            <h2 id="passkeys">"Passkeys and security keys"</h2>
            {list}
            {add}
        </section>
    }
}

#[component]
fn Passkey(key_row: KeyRow) -> impl IntoView {
    let key = key_row;
    let to = format!("/web/account/security/passkeys/{}", key.id);
    let stranded = key.stranded.map(|host| {
        view! { <Badge tone=Tone::Warning text=format!("for {host}, counts no longer")/> }
    });
    let synced = key.is_synced.then(|| view! { <Badge tone=Tone::Plain text="synced"/> });
    let beside =
        (!key.is_discoverable).then(|| view! { <Badge tone=Tone::Plain text="second factor only"/> });
    let last_used = match key.last_used {
        Some(moment) => view! { "last used " {when(moment)} }.into_any(),
        None => "never used".into_any(),
    };
    view! {
        <li class="passkeys__row">
            <div class="passkeys__words">
                <p class="passkeys__name"><a href=to>{key.name}</a> {stranded} {synced} {beside}</p>
                <p class="passkeys__times">"Added " {when(key.created)} " · " {last_used}</p>
            </div>
        </li>
    }
}

#[component]
fn PasswordSection(is_fresh: bool) -> impl IntoView {
    let form = is_fresh.then(|| {
        view! {
            <PostForm action="password" submit="Change password" is_second=true><NewPasswordFields/></PostForm>
        }
    });
    view! {
        <section class="card card--part" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            <p>"Changing it ends your other sessions, in browsers and on command lines."</p>
            {form}
        </section>
    }
}

#[component]
fn AppSection(has_one: bool, allowed: bool, is_fresh: bool) -> impl IntoView {
    let state = match (has_one, allowed) {
        (true, true) => view! { <Badge tone=Tone::Good text="set up"/> }.into_any(),
        (true, false) => view! { <Badge tone=Tone::Warning text="not accepted at present"/> }.into_any(),
        (false, _) => view! { <Badge tone=Tone::Plain text="not set up"/> }.into_any(),
    };
    let label = if has_one { "Set up another app" } else { "Set up an app" };
    let set = (is_fresh && allowed)
        .then(|| view! { <a class="button" href="/web/account/security/authenticator">{label}</a> });
    let remove = (is_fresh && has_one).then(|| {
        view! {
            <ConfirmForm
                action="remove-authenticator"
                label="Remove …"
                words="Its codes will sign in nobody any more, and your other sessions end."
                submit="Remove the app"
                is_danger=true
            />
        }
    });
    view! {
        <section class="card card--part" aria-labelledby="app-title">
            <h2 id="app-title">"Authenticator app"</h2>
            <p>{state}</p>
            <div class="actions">{set}{remove}</div>
        </section>
    }
}

#[component]
fn CodesSection(left: i64, is_fresh: bool) -> impl IntoView {
    let tone = match left {
        0 => Tone::Problem,
        1..=3 => Tone::Warning,
        _ => Tone::Good,
    };
    let text = match left {
        0 => "none left".to_owned(),
        1 => "1 code left".to_owned(),
        left => format!("{left} codes left"),
    };
    let renew = is_fresh.then(|| {
        view! {
            <ConfirmForm
                action="recovery-codes"
                label="New recovery codes …"
                words="Ten new codes take the place of those that are left, and your other sessions end. They are \
                       shown once."
                submit="Make new codes"
            />
        }
    });
    view! {
        <section class="card card--part" aria-labelledby="codes-title">
            <h2 id="codes-title">"Recovery codes"</h2>
            <p><Badge tone text shape=Shape::Key/></p>
            <p>"Each signs you in once, on the day on which you have lost the other factor."</p>
            {renew}
        </section>
    }
}

/// Sets up an authenticator app.
#[component]
pub(crate) fn AuthenticatorPage() -> impl IntoView {
    if let Some(codes) = shown::<CodesShown>() {
        return view! { <NewCodes codes/> }.into_any();
    }
    view! {
        <Title text="Authenticator app"/>
        <PageHeader
            title="Authenticator app"
            lead="Any app for time-based one-time codes will do"
            up=("/web/account/security", "Security")
        />
        <Suspense>
            {Suspend::new(async move {
                let offered = async { offer_authenticator(&ConsoleContext::current()?).await };
                match offered.await {
                    Ok(secret) => view! {
                        <div class="card form--narrow">
                            <PostForm action="set" submit="Set up this app"><Authenticator secret/></PostForm>
                        </div>
                    }
                    .into_any(),
                    Err(error) if error.code == "second_factor_required" => view! {
                        <div class="notice">
                            <p>"To set up an app, confirm that it is you."</p>
                            <p>
                                <a
                                    class="button button--primary"
                                    href="/web/account/confirm?next=/web/account/security/authenticator"
                                >
                                    "Confirm that it is you"
                                </a>
                            </p>
                        </div>
                    }
                    .into_any(),
                    Err(error) => view! { <Problem title="No app can be set up" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}
