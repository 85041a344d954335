//! Parts of pages; each has its stylesheet in `style/`.

mod authenticator;
mod badge;
mod copy_box;
mod empty_state;
mod field;
mod filter_form;
mod footer;
mod header;
mod icon;
mod navigation;
mod new_token;
mod page_header;
mod pager;
mod passkey_form;
mod post_form;
mod problem;
mod qr_code;
mod recovery_codes;
mod shield;
mod text;
mod time;
mod way_to_trust;

pub(crate) use authenticator::Authenticator;
pub(crate) use badge::{Badge, Tone};
pub(crate) use copy_box::CopyBox;
pub(crate) use empty_state::EmptyState;
pub(crate) use field::{
    CheckboxField, Field, LockTerms, NewPasswordFields, OneTimeCodeField, SelectField, TextAreaField,
};
pub(crate) use filter_form::FilterForm;
pub(crate) use footer::Footer;
pub(crate) use header::Header;
pub(crate) use icon::{Icon, Shape};
pub(crate) use navigation::Navigation;
pub(crate) use new_token::{NewToken, NewTokenCard};
pub(crate) use page_header::PageHeader;
pub(crate) use pager::Pager;
pub(crate) use passkey_form::{NeedsScripts, PasskeyForm, PasskeyPurpose};
pub(crate) use post_form::{ConfirmForm, PostForm};
pub(crate) use problem::{FormProblem, Notice, Problem, SaidNotice};
pub(crate) use qr_code::QrCode;
pub(crate) use recovery_codes::RecoveryCodes;
pub(crate) use shield::{SHIELD_MISSING, SHIELD_TRUSTED, ShieldMark};
pub(crate) use text::{coded, escaped, grouped, marked_up, sentence};
pub(crate) use time::Time;
pub(crate) use way_to_trust::WayToTrust;
