use gatehouse_client::present::printable;
use gatehouse_client::{ClientError, Result, begin_signup, finish_signup};
use gatehouse_model::{ErrorKind, UserName};

use super::server;
use crate::cli::SignupArgs;
use crate::failure::Outcome;
use crate::input::Prompt;
use crate::output;

/// Redeems an invitation or reset link.
pub(crate) async fn run(args: SignupArgs) -> Outcome {
    let (connection, _) = server::connect(&args.link.server, &args.trust, None).await?;
    let offer = begin_signup(&connection, &args.link).await?;
    let prompt = Prompt;
    let chosen = if offer.user.is_empty() {
        output::line("Setting up the first administrator.")?;
        Some(match args.user {
            Some(name) => name,
            None => first_admin(&prompt.text("Choose a user name:")?)?,
        })
    } else {
        let doing = if offer.reset { "Resetting the account of" } else { "Setting up the account of" };
        output::line(format!("{doing} {}.", offer.user))?;
        None
    };
    let wants_code = !offer.otpauth_url.is_empty();
    if wants_code {
        output::line("Add this account to an authenticator app:")?;
        output::line(format!("  OTP URL: {}", printable(&offer.otpauth_url)))?;
        output::line(format!("  OTP secret: {}", printable(&offer.otp_secret)))?;
    }
    let password = prompt.secret("Choose a password:")?;
    if prompt.secret("Repeat the password:")? != password {
        return Err(ClientError::new(
            ErrorKind::InvalidInput,
            "password_mismatch",
            "the two passwords differ",
        )
        .with_hint("run the same command again; the link was not used up")
        .into());
    }
    let code = if wants_code { prompt.code()? } else { String::new() };
    let done = finish_signup(&connection, &args.link, chosen.as_ref(), password, code).await?;
    let user = done.user;
    output::line(format!("User \"{user}\" is ready."))?;
    if !done.recovery_codes.is_empty() {
        output::line(
            "Recovery codes: each logs you in once, in place of the second factor. They are shown only now.",
        )?;
        for code in &done.recovery_codes {
            output::line(format!("  {code}"))?;
        }
    }
    output::line(format!("Log in with: tsh login --proxy={} --user={user}", args.link.server))?;
    Ok(0)
}

fn first_admin(name: &str) -> Result<UserName> {
    name.trim().parse().map_err(|error: gatehouse_model::UserNameError| {
        ClientError::new(ErrorKind::InvalidInput, "invalid_user_name", error.to_string())
    })
}
