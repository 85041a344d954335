use gatehouse_proto::gatehouse::v1::{ConfirmSecondFactorRequest, PingRequest};

use crate::connection::Connection;
use crate::error::Result;

/// Code of the answer that asks for a fresh second factor.
const SECOND_FACTOR_REQUIRED: &str = "second_factor_required";

/// What proves that the person is still there.
pub enum SecondFactorAnswer {
    OtpCode(String),
    /// Where the cluster has no second factor.
    Password(String),
}

/// Asks the person; the command lines read the terminal.
pub trait SecondFactorPrompt {
    /// Asks for a one-time code.
    ///
    /// # Errors
    /// Nothing can be read.
    fn otp_code(&mut self) -> Result<String>;

    /// Asks for the password.
    ///
    /// # Errors
    /// Nothing can be read.
    fn password(&mut self) -> Result<String>;
}

/// Runs a call; if the server asks for a fresh second factor, asks the person, proves it and runs the call once more.
///
/// # Errors
/// Those of the call and of the proof.
pub async fn confirm_when_asked<T>(
    connection: &Connection,
    prompt: &mut dyn SecondFactorPrompt,
    mut call: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    match call().await {
        Err(error) if error.code == SECOND_FACTOR_REQUIRED => {
            let ping = connection.auth().ping(PingRequest {}).await?.into_inner();
            let answer = if ping.second_factor == "off" {
                SecondFactorAnswer::Password(prompt.password()?)
            } else {
                SecondFactorAnswer::OtpCode(prompt.otp_code()?)
            };
            confirm(connection, answer).await?;
            call().await
        }
        other => other,
    }
}

async fn confirm(connection: &Connection, answer: SecondFactorAnswer) -> Result<()> {
    let (otp_code, password) = match answer {
        SecondFactorAnswer::OtpCode(code) => (code, String::new()),
        SecondFactorAnswer::Password(password) => (String::new(), password),
    };
    connection.account().confirm_second_factor(ConfirmSecondFactorRequest { otp_code, password }).await?;
    Ok(())
}
