//! From a file to a list that waits to be confirmed: each line is judged, nothing is written to the inventory.

use std::collections::{BTreeMap, HashMap, HashSet};

use gatehouse_model::{AssetTag, OsType, UserName, clean_label};

use super::sheet::{Sheet, SheetLine};
use super::{IMPORT_DRAFT_SECS, ImportError, Imports};
use crate::authz::{CreateDevices, Grant};
use crate::entity::{
    DeviceImport, IMPORT_CHUNK, ImportChunk, ImportContents, ImportLine, ImportProgress, ImportState,
    LineVerdict,
};
use crate::ports::{StoreError, UnitOfWork};

/// A line that may be new: which device it names.
struct Named {
    line: ImportLine,
    os: OsType,
    tag: String,
}

/// The lines of a file, sorted out.
#[derive(Default)]
struct Judged {
    by_verdict: BTreeMap<LineVerdict, Vec<ImportLine>>,
    contents: ImportContents,
}

impl Judged {
    fn add(&mut self, verdict: LineVerdict, line: ImportLine) {
        self.contents.add(verdict);
        self.by_verdict.entry(verdict).or_default().push(line);
    }
}

impl Imports {
    /// Judges each line of a file and keeps the result for an hour, in place of the caller's earlier list that was not
    /// confirmed.
    ///
    /// # Errors
    /// Storage.
    pub async fn draft(
        &self,
        grant: &Grant<CreateDevices>,
        file_name: &str,
        sheet: Sheet,
    ) -> Result<DeviceImport, ImportError> {
        let now = self.core.now();
        let mut judged = Judged::default();
        judged.contents.unused_columns = sheet.unused_columns;
        sheet.encoding.clone_into(&mut judged.contents.encoding);
        let named = by_file(sheet.lines, &mut judged);
        let mut work = self.core.read().await?;
        by_inventory(work.as_mut(), named, &mut judged).await?;
        drop(work);

        let import = DeviceImport {
            id: self.core.new_id(),
            user: grant.by().user.clone(),
            file_name: clean_label(file_name),
            state: ImportState::Draft,
            created: now,
            expires: now.plus_secs(IMPORT_DRAFT_SECS),
            started: None,
            finished: None,
            confirmed: None,
            contents: judged.contents,
            progress: ImportProgress::default(),
            error: String::new(),
        };
        let mut work = self.core.begin().await?;
        work.discard_imports(&import.user).await?;
        work.insert_import(&import).await?;
        for (verdict, lines) in judged.by_verdict {
            for (place, lines) in (0..).zip(lines.chunks(IMPORT_CHUNK)) {
                let chunk = ImportChunk { verdict, place, lines: lines.to_vec(), done: None };
                work.insert_import_chunk(&import.id, &chunk).await?;
            }
        }
        work.commit().await?;
        Ok(import)
    }
}

/// What the file alone decides. Answers with the lines that name a device, each device once.
fn by_file(lines: Vec<SheetLine>, judged: &mut Judged) -> Vec<Named> {
    let mut seen: HashMap<(OsType, String), u64> = HashMap::new();
    let mut named = Vec::new();
    for cells in lines {
        let mut line = ImportLine {
            line: cells.line,
            os: clean_label(&cells.os),
            tag: clean_label(&cells.tag),
            owner: clean_label(&cells.owner),
            model: clean_label(&cells.model),
            source: clean_label(&cells.source),
            ..ImportLine::default()
        };
        if let Some((has, should)) = cells.wrong_width {
            line.problem = format!("{has} cells, but the first row has {should}");
            judged.add(LineVerdict::Wrong, line);
            continue;
        }
        let os = match cells.os.parse::<OsType>() {
            Ok(os) => os,
            Err(_) if line.os.is_empty() => {
                "no operating system: linux, macos or windows".clone_into(&mut line.problem);
                judged.add(LineVerdict::UnknownOs, line);
                continue;
            }
            Err(error) => {
                line.problem = format!("{error}: linux, macos or windows");
                judged.add(LineVerdict::UnknownOs, line);
                continue;
            }
        };
        os.as_str().clone_into(&mut line.os);
        let tag = match AssetTag::try_from(cells.tag.as_str()) {
            Ok(tag) => tag.normalised(),
            Err(error) => {
                line.problem = error.to_string();
                judged.add(LineVerdict::BadTag, line);
                continue;
            }
        };
        if let Some(first) = seen.get(&(os, tag.clone())) {
            line.problem = format!("the same device as line {first}");
            judged.add(LineVerdict::Duplicate, line);
            continue;
        }
        seen.insert((os, tag.clone()), line.line);
        named.push(Named { line, os, tag });
    }
    named
}

/// What the inventory and the accounts say of the lines that name a device.
async fn by_inventory(
    work: &mut dyn UnitOfWork,
    named: Vec<Named>,
    judged: &mut Judged,
) -> Result<(), StoreError> {
    let mut existing: HashMap<OsType, HashSet<String>> = HashMap::new();
    for os in OsType::ALL {
        let tags: Vec<String> =
            named.iter().filter(|line| line.os == os).map(|line| line.tag.clone()).collect();
        existing.insert(os, work.tags_in_use(os, &tags).await?.into_iter().collect());
    }
    let mut owners: HashMap<String, Option<String>> = HashMap::new();
    for Named { mut line, os, tag } in named {
        if existing.get(&os).is_some_and(|tags| tags.contains(&tag)) {
            judged.add(LineVerdict::Existing, line);
            continue;
        }
        if !line.owner.is_empty() {
            if !owners.contains_key(&line.owner) {
                let known = match UserName::try_from(line.owner.as_str()) {
                    Ok(name) => work.user(name.as_str()).await?.map(|user| user.name),
                    Err(_) => None,
                };
                owners.insert(line.owner.clone(), known);
            }
            match owners.get(&line.owner).cloned().flatten() {
                Some(name) => line.owner = name,
                None => {
                    line.problem = format!("no user \"{}\"", line.owner);
                    judged.add(LineVerdict::Wrong, line);
                    continue;
                }
            }
        }
        judged.add(LineVerdict::Fresh, line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_alone_tells_rubbish_and_duplicates() {
        let text = "os,tag\nlinux,A-1\nLinux, a-1 \nmacos,A-1\nbeos,A-2\n,A-3\nlinux,Default string\n\
                    linux,<script>\nlinux,a\u{202e}b\nlinux,x\u{200b}y\nlinux\nlinux,=cmd()\n";
        let mut judged = Judged::default();
        let named = by_file(Sheet::parse(text.as_bytes()).unwrap().lines, &mut judged);
        let tags: Vec<_> = named.iter().map(|line| (line.os.as_str(), line.line.tag.as_str())).collect();
        assert_eq!(tags, [("linux", "A-1"), ("macos", "A-1"), ("linux", "<script>"), ("linux", "=cmd()")]);
        let problems = |verdict| {
            let lines = judged.by_verdict.get(&verdict).cloned().unwrap_or_default();
            lines.into_iter().map(|line| (line.line, line.problem)).collect::<Vec<_>>()
        };
        assert_eq!(problems(LineVerdict::Duplicate), [(3, "the same device as line 2".to_owned())]);
        assert_eq!(
            problems(LineVerdict::UnknownOs),
            [
                (5, "unknown os type \"beos\": linux, macos or windows".to_owned()),
                (6, "no operating system: linux, macos or windows".to_owned()),
            ]
        );
        let bad: Vec<u64> = problems(LineVerdict::BadTag).into_iter().map(|(line, _)| line).collect();
        assert_eq!(bad, [7, 9, 10]);
        assert_eq!(problems(LineVerdict::Wrong), [(11, "1 cells, but the first row has 2".to_owned())]);
    }
}
