use gatehouse_client::now;
use gatehouse_client::present::Format;

use super::Context;
use crate::failure::Outcome;
use crate::output;
use crate::status_view::StatusView;

/// Shows the current login from the files alone.
pub(crate) fn run(context: &Context, format: Format) -> Outcome {
    let identity = context.home.load(None)?;
    let now = now();
    let view = StatusView::new(&identity, now)?;
    output::data(format, &view, || view.text(now, context.offset))?;
    if view.expired {
        output::notice(format!(
            "warning: Your certificate has expired\nhint: run `tsh login --proxy={} --user={}`",
            identity.profile.proxy, identity.profile.user
        ));
        return Ok(1);
    }
    Ok(0)
}
