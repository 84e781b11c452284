//! Schedules against what people mean by them, and against every minute of them counted one by one.

use super::*;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const A_DAY: f64 = 86_400.0;

#[test]
fn schedules_are_as_long_apart_as_people_mean() {
    for (schedule, shortest, longest) in [
        ("* * * * *", MINUTE, MINUTE),
        ("*/5 * * * *", 5.0 * MINUTE, 5.0 * MINUTE),
        ("*/7 * * * *", 4.0 * MINUTE, 7.0 * MINUTE),
        ("0 * * * *", HOUR, HOUR),
        ("0 0 * * *", A_DAY, A_DAY),
        ("30 3 * * *", A_DAY, A_DAY),
        ("0 9-17 * * *", HOUR, 16.0 * HOUR),
        ("0 9-17 * * mon-fri", HOUR, 64.0 * HOUR),
        ("0 9-17 * * 1-5", HOUR, 64.0 * HOUR),
        ("0,30 6,18 * * *", 30.0 * MINUTE, 11.5 * HOUR),
        ("0 0 * * 0", 7.0 * A_DAY, 7.0 * A_DAY),
        ("0 0 * * 7", 7.0 * A_DAY, 7.0 * A_DAY),
        ("0 0 * * SUN", 7.0 * A_DAY, 7.0 * A_DAY),
        ("0 0 1 * *", 28.0 * A_DAY, 31.0 * A_DAY),
        ("0 0 31 * *", 31.0 * A_DAY, 61.0 * A_DAY),
        ("0 0 $ * *", 28.0 * A_DAY, 31.0 * A_DAY),
        ("0 0 15,$ * *", 13.0 * A_DAY, 16.0 * A_DAY),
        ("0 0 1 jan *", 365.0 * A_DAY, 366.0 * A_DAY),
        ("0 0 29 2 *", 4.0 * 365.25 * A_DAY, (8.0 * 365.25 - 1.0) * A_DAY),
        // Both fields of days restricted: one is enough.
        ("0 0 1 * 1", A_DAY, 7.0 * A_DAY),
        // One of them begins with a star: both have to hold.
        ("0 0 */100 * mon", 28.0 * A_DAY, 427.0 * A_DAY),
        ("*/90 * * * *", HOUR, HOUR),
        ("10-40/15 2 * * *", 15.0 * MINUTE, 23.5 * HOUR),
        ("@hourly", HOUR, HOUR),
        ("@daily", A_DAY, A_DAY),
        ("@midnight", A_DAY, A_DAY),
        ("@weekly", 7.0 * A_DAY, 7.0 * A_DAY),
        ("@monthly", 28.0 * A_DAY, 31.0 * A_DAY),
        ("@yearly", 365.0 * A_DAY, 366.0 * A_DAY),
        ("30 seconds", 30.0, 30.0),
        ("1 second", 1.0, 1.0),
        ("  5   *  * * *  ", HOUR, HOUR),
    ] {
        let found = gaps(schedule).unwrap_or_else(|| panic!("{schedule} is understood"));
        assert_eq!((found.shortest_s, found.longest_s), (shortest, longest), "{schedule}");
    }
}

#[test]
fn what_is_not_understood_or_never_comes_has_no_gap() {
    for schedule in [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "1/5 * * * *",
        "*/0 * * * *",
        "*/x * * * *",
        "1, * * * *",
        "-1 * * * *",
        "+1 * * * *",
        "jan * * * *",
        "* * * * sat-sun",
        "$ * * * *",
        "@reboot",
        "0 seconds",
        "60 seconds",
        "5 minutes",
        // The 30th of February.
        "0 0 30 2 *",
    ] {
        assert_eq!(gaps(schedule), None, "{schedule}");
    }
}

/// A field as numbers with the text for it.
fn field(low: u32, high: u32) -> impl Strategy<Value = (String, Vec<u32>, bool)> {
    let star = Just(("*".to_string(), (low..=high).collect::<Vec<_>>(), true));
    let steps = (1..=high).prop_map(move |step| {
        let all = (low..=high).step_by(step as usize).collect();
        (format!("*/{step}"), all, true)
    });
    let one = (low..=high).prop_map(|n| (n.to_string(), vec![n], false));
    let range = (low..=high, low..=high, 1..=5_u32).prop_map(|(a, b, step)| {
        let (a, b) = (a.min(b), a.max(b));
        (format!("{a}-{b}/{step}"), (a..=b).step_by(step as usize).collect(), false)
    });
    let part = prop_oneof![one, range];
    let list = prop::collection::vec(part, 1..4).prop_map(|parts| {
        let text: Vec<String> = parts.iter().map(|p| p.0.clone()).collect();
        (text.join(","), parts.into_iter().flat_map(|p| p.1).collect(), false)
    });
    prop_oneof![1 => star, 1 => steps, 3 => list]
}

/// The days of 28 years, one by one: after them dates fall on the same weekdays again. The shortest and the longest gap.
fn counted(
    [minutes, hours, days, months, weekdays]: [&(String, Vec<u32>, bool); 5],
    any: bool,
) -> Option<(f64, f64)> {
    let times: Vec<u64> = (0..1440_u32)
        .filter(|t| hours.1.contains(&(t / 60)) && minutes.1.contains(&(t % 60)))
        .map(u64::from)
        .collect();
    let (mut day, end): (Date, Date) = (date(2001, 1, 1), date(2030, 1, 1));
    let (mut gaps, mut before, mut midnight) = (Vec::new(), None, 0);
    gaps.extend(times.windows(2).map(|t| t[1] - t[0]));
    while day < end {
        let of_month = days.1.contains(&(day.day() as u32));
        let of_week = weekdays.1.iter().any(|d| d % 7 == day.weekday().to_sunday_zero_offset() as u32);
        let is = if any { of_month || of_week } else { of_month && of_week };
        if months.1.contains(&(day.month() as u32)) && is {
            gaps.extend(before.map(|b: u64| midnight + times[0] - b));
            before = Some(midnight + times[times.len() - 1]);
        }
        midnight += 1440;
        day = day.tomorrow().unwrap();
    }
    before?;
    Some((*gaps.iter().min()? as f64 * 60.0, *gaps.iter().max()? as f64 * 60.0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn gaps_are_those_that_are_counted(
        minutes in field(0, 59), hours in field(0, 23), days in field(1, 28), months in field(1, 12), weekdays in field(0, 7),
    ) {
        let text = [&minutes, &hours, &days, &months, &weekdays].map(|f| f.0.as_str()).join(" ");
        let any = !days.2 && !weekdays.2;
        // A day in both fields may be rare beyond any 28 years.
        prop_assume!(any || (days.1.len() == 28 || days.0 == "*") || weekdays.1.len() > 6);
        // Only days up to the 28th are in the list; a star means the others too.
        let mut days = days;
        if days.0.starts_with('*') {
            let step = days.0.strip_prefix("*/").map_or(1, |s| s.parse().unwrap());
            days.1 = (1..=31).step_by(step).collect();
        }
        let found = gaps(&text).map(|g| (g.shortest_s, g.longest_s));
        prop_assert_eq!(found, counted([&minutes, &hours, &days, &months, &weekdays], any), "{}", text);
    }

    #[test]
    fn no_text_is_too_strange(text in "[-0-9*/,$ a-z@]{0,40}") {
        if let Some(g) = gaps(&text) {
            prop_assert!(g.shortest_s > 0.0 && g.shortest_s <= g.longest_s, "{}", text);
        }
    }
}
