use gatehouse_client::{WebHandoff, WebLink, now};
use gatehouse_native::desktop::Desktop;

use super::Context;
use super::handoff::{end, finish};
use crate::cli::OpenLinkArgs;
use crate::dialog::Asker;
use crate::failure::Outcome;

/// Authorizes the browser session of a link. Whoever clicked it looks at a desktop, so that is where refusals are told, too.
pub(crate) async fn run(context: &Context, args: OpenLinkArgs) -> Outcome {
    let desktop = Desktop::from_env().unwrap_or_default();
    let asker = Asker::for_desktop(&desktop);
    let authorized = async {
        let link = WebLink::parse(&args.link, &args.scheme)?;
        let handoff = WebHandoff::of_link(&context.home, link, now()).await?;
        finish(context, &desktop, handoff, args.consent, asker.as_ref()).await
    };
    end(authorized.await, asker.as_ref()).await
}
