//! How long may lie between two runs, by a schedule as `pg_cron` understands it: Vixie cron's five fields, its `@` words,
//! `N seconds` and `$` for the last day of a month. <https://github.com/citusdata/pg_cron>

/// The times between two runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaps {
    /// The shortest, seconds.
    pub shortest_s: f64,
    /// The longest, seconds, over all years.
    pub longest_s: f64,
}

const DAY: u32 = 24 * 60;
/// After so many days dates fall on the same weekdays again.
const CYCLE: u32 = 146_097;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The times between two runs; none when the schedule is not understood, or never comes (again).
pub fn gaps(schedule: &str) -> Option<Gaps> {
    let text = schedule.trim().to_ascii_lowercase();
    if let Some(s) = seconds(&text) {
        return Some(Gaps { shortest_s: s, longest_s: s });
    }
    let fields = match text.as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    };
    Schedule::parse(fields)?.gaps()
}

fn seconds(text: &str) -> Option<f64> {
    let (n, unit) = text.split_once(char::is_whitespace)?;
    let n: u8 = n.parse().ok()?;
    (matches!(unit.trim_start(), "second" | "seconds") && (1..60).contains(&n)).then(|| n.into())
}

/// Which minutes, hours, days and months: a bit for each.
struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    /// The last day of each month too.
    last: bool,
    months: u64,
    weekdays: u64,
    /// One of the two fields of days begins with `*`: a day has to be in both; else one is enough.
    both: bool,
}

impl Schedule {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        let both = days.starts_with('*') || weekdays.starts_with('*');
        // `$` is no number of the list: it stands beside what is left of it.
        let numbers: Vec<&str> = days.split(',').filter(|d| *d != "$").collect();
        let last = numbers.len() < days.split(',').count();
        let mut weekdays = list(weekdays, 0, 7, &DAYS)?;
        // 7 is Sunday too.
        weekdays |= weekdays >> 7 & 1;
        Some(Self {
            minutes: list(minutes, 0, 59, &[])?,
            hours: list(hours, 0, 23, &[])?,
            days: if numbers.is_empty() { 0 } else { list(&numbers.join(","), 1, 31, &[])? },
            last,
            months: list(months, 1, 12, &MONTHS)?,
            weekdays,
            both,
        })
    }

    fn gaps(&self) -> Option<Gaps> {
        let times: Vec<u32> = (0..DAY)
            .filter(|t| self.hours >> (t / 60) & 1 == 1 && self.minutes >> (t % 60) & 1 == 1)
            .collect();
        let (first, last) = (*times.first()?, *times.last()?);
        let (mut shortest, mut longest) = (u32::MAX, 0);
        let mut gap = |minutes: u32| {
            shortest = shortest.min(minutes);
            longest = longest.max(minutes);
        };
        times.windows(2).for_each(|t| gap(t[1] - t[0]));
        let every = 0xffff_fffe;
        let weekly = self.days & every == every && self.both && self.months & 0x1ffe == 0x1ffe;
        let runs = Calendar::new(if weekly { 7 } else { CYCLE }).filter(|d| self.on(d));
        let (mut begun, mut before) = (None, None);
        for day in runs {
            if let Some(b) = before {
                gap((day.number - b) * DAY + first - last);
            }
            begun = begun.or(Some(day.number));
            before = Some(day.number);
        }
        // And around the end of the cycle.
        let cycle = if weekly { 7 } else { CYCLE };
        gap((begun? + cycle - before?) * DAY + first - last);
        Some(Gaps { shortest_s: f64::from(shortest) * 60.0, longest_s: f64::from(longest) * 60.0 })
    }

    fn on(&self, day: &Day) -> bool {
        let date = self.days >> day.of_month & 1 == 1 || (self.last && day.is_last);
        let weekday = self.weekdays >> day.weekday & 1 == 1;
        self.months >> day.month & 1 == 1 && if self.both { date && weekday } else { date || weekday }
    }
}

/// `1-5,10,*/15,mon-fri`: numbers from `low` to `high`, a bit for each.
fn list(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let number = |t: &str| {
        let named = names.iter().position(|n| *n == t).map(|n| n as u32 + low);
        let digits = || t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse().ok())?;
        named.or_else(digits).filter(|n| (low..=high).contains(n))
    };
    let mut bits = 0;
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|s| *s > 0)?),
            None => (item, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            // A step wants a range.
            None if item != range => return None,
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return None;
        }
        (from..=to).step_by(step).for_each(|n| bits |= 1 << n);
    }
    Some(bits)
}

/// One day.
struct Day {
    /// Days since the first.
    number: u32,
    of_month: u32,
    month: u32,
    weekday: u32,
    is_last: bool,
}

/// Days from 1 January 2000 on, a Saturday.
struct Calendar {
    next: (u32, u32, u32),
    number: u32,
    end: u32,
}

impl Calendar {
    fn new(end: u32) -> Self {
        Self { next: (2000, 1, 1), number: 0, end }
    }
}

impl Iterator for Calendar {
    type Item = Day;

    fn next(&mut self) -> Option<Day> {
        if self.number == self.end {
            return None;
        }
        let (year, month, of_month) = self.next;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let is_last = of_month == days;
        self.next = match (is_last, month) {
            (true, 12) => (year + 1, 1, 1),
            (true, _) => (year, month + 1, 1),
            (false, _) => (year, month, of_month + 1),
        };
        let number = self.number;
        self.number += 1;
        Some(Day { number, of_month, month, weekday: (number + 6) % 7, is_last })
    }
}

#[cfg(test)]
mod tests;
