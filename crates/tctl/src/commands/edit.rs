mod editor;
mod target;

use std::io::IsTerminal;

use gatehouse_client::{ClientError, Connection, Result};

use self::editor::Draft;
use self::target::Edited;
use crate::cli::ServerArgs;
use crate::connect::connect;
use crate::document::ResourceRef;
use crate::failure::Outcome;
use crate::output;

/// Opens a resource in an editor and saves what comes back. What the server refuses is shown in the editor again, as
/// long as there is a person to mend it; nothing that was typed is lost.
pub(crate) async fn run(server: &ServerArgs, resource: &ResourceRef) -> Outcome {
    let name = resource.require_name()?;
    let connection = connect(server).await?;
    let mut edited = Edited::fetch(&connection, resource.kind, name).await?;
    for warning in edited.warnings() {
        output::notice(format!("warning: {warning}"));
    }
    let draft = Draft::new(edited.text())?;
    match converse(&connection, &mut edited, &draft).await {
        Ok(true) => output::line(format!("{} \"{name}\" has been updated", resource.kind))?,
        Ok(false) => output::line("Edit cancelled, no changes made.")?,
        Err(error) => {
            if draft.read()? != edited.text() {
                output::notice(format!("note: your text is kept in {}", draft.keep()?.display()));
            }
            return Err(error.into());
        }
    }
    Ok(0)
}

/// Edits until it is saved (true) or given up (false).
async fn converse(connection: &Connection, edited: &mut Edited, draft: &Draft) -> Result<bool> {
    let mut shown = edited.text().to_owned();
    loop {
        let text = draft.edit()?;
        if text == shown || text.trim().is_empty() {
            return Ok(false);
        }
        let error = match edited.save(connection, &text).await {
            Ok(saved) => return Ok(saved),
            Err(error) => error,
        };
        let remark =
            if error.code == "stale_revision" { edited.catch_up(connection).await? } else { String::new() };
        if !std::io::stdin().is_terminal() || error.exit_code() != 1 {
            if !remark.is_empty() {
                output::notice(format!("note: this is what was changed meanwhile:\n{}", remark.trim_end()));
            }
            return Err(error);
        }
        output::error(&error);
        shown = with_remark(&error, &remark, &edited.rebased(&text));
        draft.write(&shown)?;
    }
}

/// Line that stands above the reason, so that an older reason is found and taken out again.
const REMARK_HEAD: &str = "# This could not be saved; mend it, or leave it unchanged to give up:";

/// The text with the reason as a comment on top, and what else there is to know.
fn with_remark(error: &ClientError, more: &str, text: &str) -> String {
    let body: String = match text.strip_prefix(REMARK_HEAD) {
        Some(rest) => rest.split_inclusive('\n').skip(1).skip_while(|line| line.starts_with("# ")).collect(),
        None => text.to_owned(),
    };
    let reasons = std::iter::once(&error.message).chain(&error.hint).flat_map(|reason| reason.lines());
    let reasons = reasons.chain(more.lines());
    let remark: String = reasons.map(|line| format!("# {line}\n")).collect();
    format!("{REMARK_HEAD}\n{remark}{body}")
}

#[cfg(test)]
mod tests {
    use gatehouse_model::ErrorKind;

    use super::*;

    #[test]
    fn the_reason_stands_on_top_once() {
        let error = |message: &str| ClientError::new(ErrorKind::InvalidInput, "x", message);
        let first = with_remark(&error("bad\nmode").with_hint("use off"), "", "kind: cap\n");
        assert_eq!(first, format!("{REMARK_HEAD}\n# bad\n# mode\n# use off\nkind: cap\n"));
        let second = with_remark(&error("worse"), "-a\n+b\n", &first);
        assert_eq!(second, format!("{REMARK_HEAD}\n# worse\n# -a\n# +b\nkind: cap\n"));
    }
}
