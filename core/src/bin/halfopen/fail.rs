//! What can go wrong, as words and as an exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

use halfopen::redis::admin::AdminError;
use halfopen::redis::connect::{Trouble, TroubleKind};
use halfopen::redis::v1::UrlError;

/// Why the program ends with another code than 0.
#[derive(Debug)]
pub(crate) enum Fail {
    Url(UrlError),
    Redis(Trouble),
    Admin(AdminError),
    NoCircuit(String),
    Output(io::Error),
}

impl Fail {
    /// Whoever read the output has seen enough.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NoCircuit(_) => 1,
            Self::Url(_) | Self::Admin(AdminError::NoName | AdminError::Opening(_)) => 2,
            Self::Redis(trouble) | Self::Admin(AdminError::Redis(trouble)) => match trouble.kind {
                TroubleKind::Refused => 4,
                TroubleKind::Key => 5,
                _ => 3,
            },
            Self::Admin(_) => 5,
            Self::Output(_) => 3,
        })
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => write!(f, "{error}\n  (--redis or REDIS_URL)"),
            Self::Redis(trouble) | Self::Admin(AdminError::Redis(trouble)) => {
                write!(f, "{trouble}")?;
                match trouble.kind {
                    TroubleKind::Connection => {
                        f.write_str("\n  (--redis or REDIS_URL says where Redis is, --timeout how long to wait)")
                    }
                    TroubleKind::Refused if trouble.text.contains("NOPERM") => f.write_str(
                        "\n  (beside the rights of a fleet's processes, those to +scan +pttl +type are needed)",
                    ),
                    TroubleKind::Refused => {
                        f.write_str("\n  (user and password stand in the URL: redis://user:password@host/)")
                    }
                    _ => Ok(()),
                }
            }
            Self::Admin(error) => error.fmt(f),
            Self::NoCircuit(name) => write!(
                f,
                "nothing is stored of '{name}'\n  (it has never failed, nobody has it, or --prefix is another one)"
            ),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl From<Trouble> for Fail {
    fn from(trouble: Trouble) -> Self {
        Self::Redis(trouble)
    }
}

impl From<AdminError> for Fail {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

impl From<io::Error> for Fail {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
