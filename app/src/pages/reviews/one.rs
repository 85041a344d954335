use gatehouse_domain::ek::{AddPreview, CaFacts, ReviewDetail, ReviewFacts};
use gatehouse_domain::entity::{Review, ReviewReason, ReviewState};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{PATH, reason_words, state_words};
use crate::api::reviews::{ReviewView, review_view};
use crate::components::{
    Badge, ConfirmForm, PageHeader, PostForm, Problem, TextAreaField, Time, marked_up, sentence,
};
use crate::pages::ek_cas::AddedCas;
use crate::pages::stray::StrayProblem;
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// One review, and the ways to decide it.
#[component]
pub(crate) fn ReviewPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    view! {
        <Title text="Review"/>
        <PageHeader title="Review" up=(PATH, "Reviews")/>
        <Suspense>
            {Suspend::new(async move {
                match look(&id).await {
                    Ok(found) => view! { <Whole found/> }.into_any(),
                    Err(error) => view! { <Problem title="This review cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(id: &str) -> Result<ReviewView, ApiError> {
    review_view(&ConsoleContext::current()?, id).await
}

#[component]
fn Whole(found: ReviewView) -> impl IntoView {
    let ReviewView { detail: ReviewDetail { review, facts, now }, preview, may_decide, may_trust } = found;
    let waits = review.state_at(now) == ReviewState::Pending;
    let has = match (waits && may_decide, may_trust) {
        (true, true) => vec!["accept", "refuse", "preview", "trust"],
        (true, false) => vec!["accept", "refuse"],
        (false, _) => Vec::new(),
    };
    let is_ca = review.reason == ReviewReason::UnknownCa;
    let evidence = review.evidence_id.clone();
    let refused_boot = (!is_ca && review.state == ReviewState::Refused).then(|| {
        view! {
            <p>
                "The device is trusted again once it boots as it was before. If this boot is good after all, accept it on "
                <a href=format!("/web/devices/{}#boot-title", review.device_id)>"the device's page"</a> "."
            </p>
        }
    });
    let (tone, text) = state_words(review.state_at(now));
    let title = format!("{}: {}", review.asset_tag, reason_words(review.reason));
    view! {
        <StrayProblem has/>
        <div id="review" class="stack" data-live="reviews">
            <section class="card card--part" aria-labelledby="review-title">
                <h2 id="review-title">{title} " " <Badge tone text/></h2>
                <Asked review=review.clone()/>
                {refused_boot}
            </section>
            {facts.map(|facts| view! { <Facts facts/> })}
        </div>
        {(waits && may_decide).then(|| view! { <Decide evidence is_ca may_trust preview/> })}
        {(waits && !may_decide).then(|| view! { <p>"Your roles do not allow to decide it: that takes the verb review on device."</p> })}
    }
}

#[component]
fn Asked(review: Review) -> impl IntoView {
    let decided = review.decided.map(|decision| {
        view! { <dt>"Decided"</dt><dd><Time at=decision.time/> " by " {decision.by}</dd> }
    });
    view! {
        <dl class="facts">
            <dt>"Device"</dt>
            <dd><a href=format!("/web/devices/{}", review.device_id)>{review.asset_tag}</a> " (" {review.os_type.friendly()} ")"</dd>
            <dt>"Asked by"</dt><dd>{review.user}</dd>
            <dt>"Since"</dt><dd><Time at=review.created/></dd>
            <dt>"Until"</dt><dd><Time at=review.expires/></dd>
            {decided}
            <dt>"Credential ID"</dt><dd><code class="fingerprint">{review.credential_id}</code></dd>
        </dl>
    }
}

#[component]
fn Facts(facts: ReviewFacts) -> impl IntoView {
    let certificate = facts.certificate;
    let tpm = [certificate.maker, certificate.model, certificate.firmware];
    let tpm = tpm.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let tpm = (!tpm.is_empty()).then(|| view! { <dt>"TPM, as it says"</dt><dd>{tpm}</dd> });
    let chain = if facts.chain.is_empty() {
        view! { <p>"The device has sent no CA's certificate."</p> }.into_any()
    } else {
        let cas = facts.chain.into_iter().map(|ca| sent(ca, facts.pinned)).collect_view();
        view! { <ol class="plain-list">{cas}</ol> }.into_any()
    };
    let today = match facts.refusal {
        Some(refusal) => view! {
            <p>{sentence(&refusal.text)} "."</p>
            <p>{marked_up(&refusal.hint)} "."</p>
        }
        .into_any(),
        None => {
            view! { <p>"Its CA is allowed by now: accepted, the device counts as trusted."</p> }.into_any()
        }
    };
    view! {
        <section class="card card--part" aria-labelledby="tpm-title">
            <h2 id="tpm-title">"The TPM"</h2>
            <p>"It proved that it holds the key of this certificate, and that the device attests itself by it. Who made it, only the CA vouches for."</p>
            <dl class="facts">
                {tpm}
                <dt>"Endorsement key"</dt><dd>{facts.ek_kind} " " <code class="fingerprint">{facts.ek_sha256}</code></dd>
                <dt>"EK certificate"</dt><dd><code class="fingerprint">{facts.certificate_sha256}</code></dd>
                <dt>"Serial number"</dt><dd><code class="fingerprint">{certificate.serial}</code></dd>
                <dt>"Valid"</dt><dd><Time at=certificate.not_before/> " to " <Time at=certificate.not_after/></dd>
                <dt>"Issuer"</dt><dd>{certificate.issuer}</dd>
                {facts.aki.map(|aki| view! { <dt>"Issuer's key"</dt><dd><code class="fingerprint">{aki}</code></dd> })}
            </dl>
            <h3>"CAs that the device has sent"</h3>
            {chain}
            <h3>"Why it was not trusted"</h3>
            {today}
        </section>
    }
}

fn sent(ca: CaFacts, pinned: Option<&'static str>) -> impl IntoView {
    let fingerprint = crate::pages::device::hex(&ca.sha256);
    let known = match pinned {
        Some(vendor) => format!("One of this chain is a known CA of {vendor}."),
        None => "Not known to this release.".to_owned(),
    };
    view! {
        <li>
            <p><strong>{ca.subject}</strong></p>
            <p>{ca.key} ", " <code class="fingerprint">{fingerprint}</code></p>
            <p>{known}</p>
        </li>
    }
}

#[component]
fn Decide(
    evidence: String,
    is_ca: bool,
    may_trust: bool,
    #[prop(optional_no_strip)] preview: Option<AddPreview>,
) -> impl IntoView {
    let (to_accept, to_refuse) = (evidence.clone(), evidence.clone());
    let (accept, refuse) = if is_ca {
        (
            "The device is enrolled for who asked, as a TPM that nobody vouches for. The next TPM of this CA awaits review again.",
            "The device stays as it was. The same TPM can ask again once this review has expired.",
        )
    } else {
        (
            "What the device shows counts as good from now on.",
            "Its sessions stay without a trusted device until it boots as it was before, or the boot is accepted on the device's page.",
        )
    };
    view! {
        {(is_ca && may_trust).then(|| view! { <Trust evidence preview/> })}
        <div class="actions">
            <ConfirmForm action="accept" label="Accept once" words=accept submit="Accept once">
                <input type="hidden" name="evidence" value=to_accept/>
            </ConfirmForm>
            <ConfirmForm
                action="refuse"
                label="Refuse"
                words=refuse
                submit="Refuse"
                is_danger=true
            >
                <input type="hidden" name="evidence" value=to_refuse/>
            </ConfirmForm>
        </div>
    }
}

/// The CA is allowed from now on: the one that the device has sent, or another that stands above it.
#[component]
fn Trust(evidence: String, #[prop(optional_no_strip)] preview: Option<AddPreview>) -> impl IntoView {
    let outcome = FormOutcome::current();
    let given = shown::<AddPreview>().filter(|_| outcome.action == "preview");
    let is_given = given.is_some();
    let confirm = given.or(preview).map(|preview| {
        let pems: String = preview.cas.iter().map(|ca| ca.entry.facts.to_pem()).collect();
        let seen = evidence.clone();
        view! {
            <div id="preview" class="preview">
                <p>{if is_given { "What you gave:" } else { "The CA that issued the certificate, as the device has sent it:" }}</p>
                <AddedCas preview/>
                <PostForm action="trust" submit="Allow the CA and accept">
                    <input type="hidden" name="evidence" value=seen/>
                    <input type="hidden" name="certificates" value=pems/>
                </PostForm>
            </div>
        }
    });
    view! {
        <section class="card card--part" aria-labelledby="trust-title">
            <h2 id="trust-title">"Allow the CA"</h2>
            <p>"Every TPM of the CA can enrol from then on, and this device is enrolled as trusted."</p>
            {confirm}
            <PostForm action="preview" submit="Show what it covers" has_files=true is_second=true>
                <div class="field">
                    <label for="file">"File with the CA's certificate"</label>
                    <input id="file" name="file" type="file" aria-describedby="file-help"/>
                    <p class="field__help" id="file-help">"Choose it, or drop it here. PEM, DER or PKCS #7."</p>
                </div>
                <TextAreaField
                    name="text"
                    label="Or paste the certificate (PEM)"
                    value=outcome.field("text")
                    rows=4
                    is_code=true
                    required=false
                />
            </PostForm>
        </section>
    }
}
