//! The short code, where links do not open: it replaces the link and nothing else.

use gatehouse_model::HandoffCode;

use super::begin::code_hash;
use super::question::{WebQuestion, question};
use super::{DeviceWeb, DeviceWebError, by, check_client, details};
use crate::account::{Keys, typed_letters};
use crate::audit::EventKind;
use crate::authz::Principal;
use crate::entity::DeviceWebAttempt;
use crate::identity::RequestFacts;
use crate::{Decision as _, SecretToken};

/// Letters of a code.
const CODE_LETTERS: usize = 8;

impl DeviceWeb {
    /// Turns the code that the page shows into the token of the link, once. The link stops working.
    ///
    /// # Errors
    /// Nobody is logged in; one answer for codes that are unknown, expired, used, or of somebody else's session;
    /// throttled.
    pub async fn redeem_code(
        &self,
        principal: &Principal,
        typed: &str,
        facts: &RequestFacts,
    ) -> Result<(DeviceWebAttempt, SecretToken, WebQuestion), DeviceWebError> {
        let (user, grant) = principal.account()?;
        check_client(&facts.user_agent)?;
        let keys = Keys::device_code(&user.name);
        self.core.take_attempt(&keys).await?;
        let unknown = || DeviceWebError::of(HandoffCode::CodeUnknown);
        let found = if typed_letters(typed).len() == CODE_LETTERS {
            let hash = code_hash(typed);
            let now = self.core.now();
            let found = self.core.look().await?.web_attempt_by_code(&hash, &user.name, now).await?;
            found.map(|attempt| (attempt, hash))
        } else {
            None
        };
        let Some((attempt, hash)) = found else {
            let error = unknown();
            let event = self.core.event(EventKind::DEVICE_WEB_CODE, grant.by()).about("code");
            let event = event.failed(EventKind::DEVICE_WEB_CODE, error.code(), &error);
            self.core.append_alone(&event).await?;
            return Err(error);
        };
        self.usable(&attempt).await?;
        let token = SecretToken::generate(self.core.random.as_ref());
        let mut work = self.core.begin().await?;
        if !work
            .redeem_web_code(&attempt.id, &hash, &token.hash(), &facts.remote_address, self.core.now())
            .await?
        {
            return Err(unknown());
        }
        self.core.return_attempt(work.as_mut(), &keys).await?;
        let event = self.core.event(EventKind::DEVICE_WEB_CODE, &by(&attempt, principal)).about(&attempt.id);
        work.append_event(&event.with_details(details(&attempt, principal))).await?;
        work.commit().await?;
        let shown = question(attempt.clone(), &facts.remote_address);
        Ok((attempt, token, shown))
    }
}
