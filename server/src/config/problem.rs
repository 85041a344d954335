use std::fmt;
use std::path::{Path, PathBuf};

use gatehouse_document::Problem;

/// Why a configuration cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Read { path: PathBuf, source: std::io::Error },
    /// Everything that is wrong with the file, in its order.
    Invalid { path: PathBuf, problems: Vec<Problem> },
}

impl ConfigError {
    pub(super) fn invalid(path: &Path, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self::Invalid { path: path.to_owned(), problems }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => {
                write!(f, "cannot read the configuration {}: {source}", path.display())
            }
            Self::Invalid { path, problems } => {
                for (index, problem) in problems.iter().enumerate() {
                    let newline = if index == 0 { "" } else { "\n" };
                    let Problem { line, column, message } = problem;
                    write!(f, "{newline}{}:{line}:{column}: {message}", path.display())?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigError {}
