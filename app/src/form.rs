//! Forms: what is posted, and what comes of it.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use gatehouse_domain::SecretToken;
use gatehouse_domain::authz::{AuthzError, Capability, Principal};
use gatehouse_model::is_unprintable;
use leptos::prelude::use_context;
use serde::de::DeserializeOwned;

use crate::{ApiError, ConsoleContext};

/// Hidden field: which of a page's forms was sent.
pub const ACTION_FIELD: &str = "do";
/// Hidden field: the key that makes a form count once.
pub const KEY_FIELD: &str = "form_key";
/// Hidden field: what was changed from, so that nothing is overwritten that somebody else did meanwhile.
const REVISION_FIELD: &str = "revision";
/// Code of the error that tells what somebody else did meanwhile: from then on it is what is changed from.
const STALE: &str = "stale_revision";
/// Fields of all forms that come back with a form that was not looked at; what is secret is not among them.
const PLAIN_FIELDS: &[&str] = &[
    "asset_tag",
    "auto_enroll",
    "bot",
    "for",
    "key",
    "kind",
    "lifetime",
    "logins",
    "message",
    "mode",
    "name",
    "note",
    "os",
    "passkey_name",
    "role",
    "roles",
    "second_factor",
    "target",
    "text",
    "until",
    "with_token",
];

/// A form as it was sent to a page's own address.
#[derive(Clone, Default)]
pub struct Posted {
    /// The page, such as `/web/devices/x`, without its query.
    pub path: String,
    /// What the address names, such as `id`.
    pub params: Vec<(String, String)>,
    /// Of the address.
    pub query: String,
    pub fields: Vec<(String, String)>,
    pub files: Vec<PostedFile>,
}

/// A file of a form.
#[derive(Clone)]
pub struct PostedFile {
    pub field: String,
    pub name: String,
    pub content: Bytes,
}

impl Posted {
    /// The fields as one type; lists may be repeated.
    ///
    /// # Errors
    /// A field is missing or malformed.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let encoded = serde_html_form::to_string(&self.fields).unwrap_or_default();
        serde_html_form::from_str(&encoded)
            .map_err(|error| ApiError::invalid("malformed_form", &format!("the form is incomplete: {error}")))
    }

    /// Which of the page's forms it is.
    #[must_use]
    pub fn action(&self) -> &str {
        self.field(ACTION_FIELD).unwrap_or_default()
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What the address names.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The same page again: why the form was not accepted, and what was filled in, but for what is secret, which is
    /// why the fields to keep are named.
    #[must_use]
    pub fn again(&self, error: ApiError, keep: &[&str]) -> Answer {
        Answer::from(Reaction::Again(self.outcome(error, keep)))
    }

    /// The same page again with all of the form but for what is secret: it was not looked at, and can be sent once more.
    #[must_use]
    pub fn whole_again(&self, error: ApiError) -> FormOutcome {
        self.outcome(error, PLAIN_FIELDS)
    }

    fn outcome(&self, error: ApiError, keep: &[&str]) -> FormOutcome {
        let keeps_revision = error.code != STALE;
        let kept = |(name, _): &&(String, String)| {
            keep.contains(&name.as_str()) || (keeps_revision && name == REVISION_FIELD)
        };
        FormOutcome {
            action: self.action().to_owned(),
            error: Some(error),
            fields: self
                .fields
                .iter()
                .filter(kept)
                .map(|(name, value)| (name.clone(), printable(value)))
                .collect(),
            shown: None,
        }
    }

    /// The same page with something on it that is shown this once, such as a token: [`shown`] hands it to the page.
    #[must_use]
    pub fn show<T: Any + Send + Sync>(&self, what: T) -> Answer {
        Answer::from(Reaction::Again(FormOutcome {
            action: self.action().to_owned(),
            shown: Some(Arc::new(what)),
            ..FormOutcome::default()
        }))
    }
}

/// Without what could reorder or hide what stands around it; lines stay lines.
fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_unprintable(*c)).collect()
}

/// What came of a form; the page that is rendered asks for it.
#[derive(Clone, Default)]
pub struct FormOutcome {
    /// Which of the page's forms it was.
    pub action: String,
    pub error: Option<ApiError>,
    /// What was filled in, without secrets. A list has its field more than once.
    pub fields: Vec<(String, String)>,
    shown: Option<Arc<dyn Any + Send + Sync>>,
}

impl FormOutcome {
    /// Of the request that is being answered.
    #[must_use]
    pub fn current() -> Self {
        use_context().unwrap_or_default()
    }

    /// Of a form that could not even be read.
    #[must_use]
    pub fn unread(error: ApiError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// What was filled in; empty where nothing was.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// What the form of this action is a change of: what it was when it was first opened, also where it has come back; what
    /// there is now where it was not sent yet, or where it was just told what somebody else did.
    #[must_use]
    pub fn revision(&self, action: &str, now: String) -> String {
        let kept = self.of(action).map(|outcome| outcome.field(REVISION_FIELD));
        kept.filter(|revision| !revision.is_empty()).unwrap_or(now)
    }

    /// The outcome, if it is of this form.
    #[must_use]
    pub fn of(&self, action: &str) -> Option<&Self> {
        (self.action == action && (self.error.is_some() || self.shown.is_some())).then_some(self)
    }
}

/// What the form's handler wants shown once on this rendering of the page.
#[must_use]
pub fn shown<T: Any + Clone>() -> Option<T> {
    FormOutcome::current().shown.and_then(|shown| shown.downcast_ref::<T>().cloned())
}

/// How the browser goes on.
#[derive(Clone)]
pub enum Reaction {
    /// To another page.
    Go(String),
    /// With the same page.
    Again(FormOutcome),
}

/// What the browser is to do with its cookies.
#[derive(Clone)]
pub enum CookieChange {
    /// A session of this token; a sign-in half done is done.
    Set(SecretToken),
    Clear,
    /// A sign-in whose second factor is still to come.
    Pending(SecretToken),
}

/// What comes of a form.
#[derive(Clone)]
pub struct Answer {
    pub reaction: Reaction,
    /// Said once, on the next page.
    pub said: Option<String>,
    pub cookie: Option<CookieChange>,
}

impl From<Reaction> for Answer {
    fn from(reaction: Reaction) -> Self {
        Self { reaction, said: None, cookie: None }
    }
}

impl Answer {
    /// On to another page of the console.
    #[must_use]
    pub fn go(to: impl Into<String>) -> Self {
        Self::from(Reaction::Go(to.into()))
    }

    /// And says there, once, what was done.
    #[must_use]
    pub fn saying(self, what: impl Into<String>) -> Self {
        Self { said: Some(what.into()), ..self }
    }

    /// And, where the same page comes again, with something on it that is shown this once.
    #[must_use]
    pub fn showing<T: Any + Send + Sync>(mut self, what: T) -> Self {
        if let Reaction::Again(outcome) = &mut self.reaction {
            outcome.shown = Some(Arc::new(what));
        }
        self
    }

    /// And hands the browser another session.
    #[must_use]
    pub fn with_cookie(self, cookie: CookieChange) -> Self {
        Self { cookie: Some(cookie), ..self }
    }
}

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
/// What answers the forms of a page.
pub type Handler = fn(ConsoleContext, Posted) -> Answering;

/// Whether somebody may send a form at all: asked before it is read. The handler asks for what it does all the same.
pub type May = fn(&Principal) -> Result<(), AuthzError>;

/// Whether somebody may do something, at the latest after a fresh factor: the form is read then, and what was typed stays.
///
/// # Errors
/// As [`Principal::grant`].
pub fn may<C: Capability>(principal: &Principal) -> Result<(), AuthzError> {
    if principal.may::<C>() { Ok(()) } else { principal.grant::<C>().map(|_| ()) }
}

/// A page whose forms are answered.
#[derive(Clone, Copy)]
pub struct PostRoute {
    /// As axum writes it: `/web/devices/{id}`.
    pub path: &'static str,
    pub handler: Handler,
    /// Largest body, in bytes.
    pub max_body: usize,
    /// For people who are not signed in, too.
    pub open: bool,
    /// Whose forms are read; anybody's if `None`.
    pub may: Option<May>,
}

/// Largest body of a form without files, in bytes.
pub const MAX_FORM: usize = 64 * 1024;
/// Forms that may be larger than this take so much memory that few are read at once.
const LARGE_FORM: usize = 1024 * 1024;

impl PostRoute {
    #[must_use]
    pub const fn new(path: &'static str, handler: Handler) -> Self {
        Self { path, handler, max_body: MAX_FORM, open: false, may: None }
    }

    /// For larger forms, which not everybody may send.
    #[must_use]
    pub const fn up_to(self, max_body: usize, may: May) -> Self {
        Self { max_body, may: Some(may), ..self }
    }

    /// Few of them are read at once.
    #[must_use]
    pub const fn is_large(&self) -> bool {
        self.max_body > LARGE_FORM
    }

    /// Also for people who are not signed in.
    #[must_use]
    pub const fn open(self) -> Self {
        Self { open: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Form {
        name: String,
        #[serde(default)]
        role: Vec<String>,
    }

    fn posted(fields: &[(&str, &str)]) -> Posted {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Posted { fields, ..Posted::default() }
    }

    #[test]
    fn fields_become_a_type_and_lists_may_repeat() {
        let form: Form =
            posted(&[("name", "a&b=ü"), ("role", "x"), ("role", "y"), ("do", "save")]).read().unwrap();
        assert_eq!((form.name.as_str(), form.role.len()), ("a&b=ü", 2));
        let error = posted(&[("role", "x")]).read::<Form>().err().unwrap();
        assert_eq!(error.code, "malformed_form");
        assert!(error.message.contains("name"), "{}", error.message);
    }

    #[test]
    fn only_named_fields_come_back() {
        let posted = posted(&[("do", "save"), ("name", "x"), ("password", "secret")]);
        let Answer { reaction: Reaction::Again(outcome), .. } =
            posted.again(ApiError::invalid("x", "y"), &["name"])
        else {
            panic!("not the same page");
        };
        assert_eq!(outcome.field("name"), "x");
        assert_eq!(outcome.field("password"), "");
        assert!(outcome.of("save").is_some() && outcome.of("other").is_none());
    }

    #[test]
    fn no_secret_comes_back_with_a_form_that_was_not_looked_at() {
        let secrets =
            ["password", "password_again", "code", "recovery_code", "credential", "terminal_code", "confirm"];
        let fields: Vec<_> =
            secrets.iter().map(|name| (*name, "x")).chain([("do", "save"), ("name", "y")]).collect();
        let outcome = posted(&fields).whole_again(ApiError::invalid("x", "y"));
        assert_eq!(outcome.fields, [("name".to_owned(), "y".to_owned())]);
    }

    #[test]
    fn a_form_stays_a_change_of_what_it_began_with_until_it_is_told_of_another() {
        let revision = |code| {
            let posted = posted(&[("do", "save"), ("revision", "old")]);
            let Answer { reaction: Reaction::Again(outcome), .. } =
                posted.again(ApiError::invalid(code, "y"), &[])
            else {
                panic!("not the same page");
            };
            (outcome.revision("save", "new".to_owned()), outcome.revision("other", "new".to_owned()))
        };
        assert_eq!(revision("invalid_role_text"), ("old".to_owned(), "new".to_owned()));
        assert_eq!(revision("stale_revision"), ("new".to_owned(), "new".to_owned()));
    }
}
