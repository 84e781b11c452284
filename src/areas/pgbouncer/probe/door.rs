//! The console let nobody in: why, and what to do about it.

use crate::{
    model::{Gaps, Why},
    source::pg::{Refused, RefusedKind},
};

/// What was not seen.
const WHAT: &str = "the console of PgBouncer";

/// Says why, with the line that would see more.
pub(super) fn shut(refused: &Refused, user: &str, gaps: &mut Gaps) -> Why {
    let message = refused.error.as_ref().map_or("", |e| e.message.as_str());
    let (why, detail, remedy) = match refused.kind {
        // `not allowed` of 08P01 before 1.21, in other words since.
        RefusedKind::Other if message.contains("not allowed") => {
            let detail = format!(
                "user {user} is neither in stats_users nor in admin_users of the pooler: {}",
                refused.chain
            );
            (
                Why::Denied,
                detail,
                Some(format!("add {user} to stats_users in pgbouncer.ini and RELOAD; reading needs no more")),
            )
        }
        RefusedKind::NoSuchDatabase => {
            let detail = format!("this is a Postgres server itself, or another pooler: {}", refused.chain);
            (Why::Absent, detail, Some("paramedic pgbouncer --dbname postgres://USER@POOLER:6432".into()))
        }
        RefusedKind::Auth | RefusedKind::Tls | RefusedKind::Full(_) => {
            (Why::Denied, refused.chain.clone(), None)
        }
        RefusedKind::TimedOut => (Why::TimedOut, refused.chain.clone(), None),
        RefusedKind::NameNotFound | RefusedKind::PortClosed | RefusedKind::Unreachable => (
            Why::Absent,
            refused.chain.clone(),
            Some("paramedic pgbouncer --dbname postgres://USER@POOLER:6432".into()),
        ),
        RefusedKind::Starting | RefusedKind::NotPostgres | RefusedKind::NoneFits | RefusedKind::Other => {
            (Why::Unsupported, refused.chain.clone(), None)
        }
    };
    gaps.add(why, WHAT, detail);
    if let Some(remedy) = remedy {
        gaps.remedy(why, WHAT, remedy);
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::pg::ServerError;

    fn refused(kind: RefusedKind, message: &str) -> Refused {
        let error = ServerError { message: message.into(), ..ServerError::default() };
        Refused {
            kind,
            sqlstate: None,
            chain: error.to_string(),
            error: Some(Box::new(error)),
            tried: vec![],
        }
    }

    #[test]
    fn who_may_not_look_is_told_how_to() {
        let mut gaps = Gaps::default();
        assert_eq!(shut(&refused(RefusedKind::Other, "not allowed"), "app", &mut gaps), Why::Denied);
        let gap = &gaps.list()[0];
        assert!(gap.detail.contains("user app is neither in stats_users"), "{}", gap.detail);
        assert!(gap.remedy.as_ref().is_some_and(|r| r.contains("stats_users")));
    }

    #[test]
    fn a_server_without_the_database_of_the_console_is_no_pooler() {
        let mut gaps = Gaps::default();
        let bare = refused(RefusedKind::NoSuchDatabase, "database \"pgbouncer\" does not exist");
        assert_eq!(shut(&bare, "app", &mut gaps), Why::Absent);
        assert!(gaps.list()[0].detail.contains("Postgres server itself"));
    }
}
