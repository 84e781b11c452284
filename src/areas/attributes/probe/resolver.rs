//! What `/etc/resolv.conf` says, one attribute each.

use super::{files::Texts, sheet::Sheet};
use crate::model::{Class, Group, Reading, Why};

pub(super) fn read(files: &Texts, sheet: &mut Sheet) {
    let text = match files.get("/etc/resolv.conf") {
        Some(Ok(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        other => {
            let why = other.and_then(|r| r.as_ref().err()).copied().unwrap_or(Why::Absent);
            for name in ["nameservers", "search", "options"] {
                sheet.put(Group::Dns, name, Class::Equal, Reading::unseen(why));
            }
            return;
        }
    };
    let (mut servers, mut search, mut options) = (vec![], vec![], vec![]);
    for line in text.lines().take(1000) {
        let mut words = line.split_ascii_whitespace();
        let key = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.take_while(|w| !w.starts_with(['#', ';'])).take(64).collect();
        match key {
            "nameserver" => servers.extend(rest.first().copied()),
            // The last of the two counts.
            "search" | "domain" => search = rest,
            "options" => options.extend(rest),
            _ => {}
        }
    }
    // Servers and domains are asked in their order, so the order is part of what must be equal.
    sheet.text(Group::Dns, "nameservers", Class::Equal, Ok(servers.join(" ")));
    sheet.text(Group::Dns, "search", Class::Equal, Ok(search.join(" ")));
    let options = options.into_iter().map(|o| o.as_bytes().to_vec()).collect();
    sheet.set(Group::Dns, "options", Ok(options));
}
