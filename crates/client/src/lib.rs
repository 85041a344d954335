//! What the two command lines share: the profile on disk, the connection, login and the device ceremonies.
//!
//! Only [`terminal`] prints, and nothing asks; what a person must answer comes in through [`SecondFactorPrompt`].

mod address;
mod browser_login;
mod certificate;
mod clock;
mod connection;
pub mod device;
mod device_resource;
mod download;
mod error;
mod files;
mod home;
mod key;
mod login;
mod loopback;
mod pages;
mod pin;
pub mod present;
mod profile;
mod second_factor;
mod session;
mod session_view;
mod signup;
pub mod terminal;
mod tls;
mod web_handoff;
mod web_link;

pub use address::ProxyAddress;
pub use browser_login::{BrowserLogin, CodeReturn, Machine};
pub use certificate::{DeviceExtensions, SshCertificate, UserCertificate};
pub use clock::now;
pub use connection::Connection;
pub use device_resource::{DeviceResource, DeviceResourceError};
pub use download::download;
pub use error::{ClientError, Result};
pub use home::{Home, Identity};
pub use key::UserKey;
pub use login::{Credentials, Login, login};
pub use loopback::Loopback;
pub use pages::{PAGE_SIZE, all_pages};
pub use pin::Pin;
pub use profile::Profile;
pub use second_factor::{SecondFactorAnswer, SecondFactorPrompt, confirm_when_asked};
pub use session::Session;
pub use session_view::SessionView;
pub use signup::{SignedUp, SignupLink, begin_signup, finish_signup};
pub use tls::ServerTrust;
pub use web_handoff::{WebAttempt, WebHandoff};
pub use web_link::{WebLink, WebToken};
