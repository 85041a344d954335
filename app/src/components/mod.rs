//! Parts of pages; each has its stylesheet in `style/`.

mod device_table;
mod field;
mod footer;
mod header;
mod icon;
mod problem;
mod qr_code;
mod shield;
mod text;

pub(crate) use device_table::DeviceTable;
pub(crate) use field::{Field, NewPasswordFields, OneTimeCodeField};
pub(crate) use footer::Footer;
pub(crate) use header::Header;
pub(crate) use icon::{Icon, Shape};
pub(crate) use problem::{FormProblem, Notice, Problem};
pub(crate) use qr_code::QrCode;
pub(crate) use shield::{SHIELD_MISSING, SHIELD_TRUSTED, ShieldMark};
