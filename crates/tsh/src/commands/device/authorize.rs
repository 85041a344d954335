use gatehouse_client::{ProxyAddress, WebHandoff, now};
use gatehouse_native::desktop::Desktop;

use crate::cli::AuthorizeArgs;
use crate::commands::Context;
use crate::commands::handoff::{end, finish};
use crate::dialog::Asker;
use crate::failure::Outcome;

/// Authorizes the browser session whose page shows this code. It ends as a link does: in the browser of this machine.
pub(crate) async fn run(context: &Context, args: AuthorizeArgs) -> Outcome {
    let desktop = Desktop::from_env().unwrap_or_default();
    let asker = Asker::for_terminal(&desktop);
    let authorized = async {
        let host = args.proxy.as_ref().map(ProxyAddress::profile_name);
        let handoff = WebHandoff::of_code(&context.home, host.as_deref(), &args.code, now()).await?;
        finish(context, &desktop, handoff, args.consent, asker.as_ref()).await
    };
    end(authorized.await, None).await
}
