//! The whole language, for people.

/// How times are written, with examples: what `keyward times` shows.
pub(crate) const GRAMMAR: &str = r#"Times as keyward reads them

Case doesn't matter, nor how many spaces there are. Those around "-", "," and
"..", before an offset or a zone, in a length and behind "+" may be left out.
The hour may have one digit.

INSTANTS

  instant  = "now" | moment | ( "+" | "in" ) lapse | "@" Unix-seconds
  moment   = day [ " " time ] [ "[" zone "]" ]
           | [ weekday ] date " " time offset [ "[" zone "]" ]
           | date "T" time [ offset ] [ "[" zone "]" ]
  day      = "yesterday" | "today" | "tomorrow" | weekday | [ weekday ] date
  weekday  = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"
           | "monday" | "tuesday" | ... | "sunday"
  date     = YYYY-MM-DD
  time     = HH:MM [ ":SS" ]                            from 00:00 to 23:59:59
  offset   = "Z" | ( "+" | "-" ) HH:MM [ ":SS" ]                     from UTC
  zone     = an IANA name, such as Europe/Berlin

- A day alone is its first second. As the end of a span (--until) it is meant
  whole: its last second is the last that counts.
- A weekday is the next such day. On that weekday itself it is refused: write
  "today", or the date.
- A weekday before a date, and an offset before a zone, must agree with it. "Z"
  agrees with every zone.
- Without offset or zone, this computer's zone is meant. A time that its clocks
  show twice, or skip, is refused: add the offset.
- Instants lie between 1970 and Unix second 1099511627775.

LENGTHS

  lapse    = count unit { count unit }       the greater unit before the smaller
  unit     = "y" | "year" | "years"           | "month" | "months"
           | "w" | "week" | "weeks"           | "d" | "day" | "days"
           | "h" | "hour" | "hours"           | "min" | "minute" | "minutes"
           | "s" | "sec" | "second" | "seconds"

- From a start (+, in, --for) years, months, weeks and days go by the calendar,
  to the same time of another day; then hours, minutes and seconds by the clock.
  Where a month is too short, its last day is meant. --for counts from the
  span's start, "+" and "in" always from now.
- A duration by itself has days of 24 hours, and neither months nor years.
- At most 4294967295 seconds, some 136 years. "m" is no unit.

WINDOWS OF A SCHEDULE

  window   = [ "every" n "weeks" ] days [ hours ] [ "week of" date ]
  days     = some { "," some }
  some     = weekday [ "-" weekday ] | "weekdays" | "weekend" | "daily"
  hours    = HH:MM "-" ( HH:MM | "24:00" ) [ "next day" ]

- Without hours, the whole day. Hours that end before they begin end on the next
  day; "next day" says so, and must where they last 24 hours.
- "every n weeks", from 2 to 52, needs a date in one of them. Weeks begin on
  Monday. That date begins nothing: the weeks before it count as well.
- Hours are those of clocks at the lock.

EXCEPTED DATES

  dates    = day [ ".." day ]                    both count; at most 366 days

EXAMPLES, as if it were Mon 2026-11-23 12:00 in Europe/Berlin

  Instants
    now                                  Mon 2026-11-23 12:00 (today)
    today 18:00                          Mon 2026-11-23 18:00 (today)
    tomorrow                             Tue 2026-11-24 00:00 (tomorrow)
    fri 18:00                            Fri 2026-11-27 18:00
    2026-12-24                           Thu 2026-12-24 00:00
    2026-12-24 09:00                     Thu 2026-12-24 09:00
    thu 2026-12-24 09:00:30              Thu 2026-12-24 09:00:30
    2026-12-24T09:00Z                    Thu 2026-12-24 10:00
    2026-12-24T09:00-05:00               Thu 2026-12-24 15:00
    2026-12-24 09:00 [America/New_York]  Thu 2026-12-24 15:00
    2026-10-25T02:30+01:00               Sun 2026-10-25 02:30+01:00
    +15min                               Mon 2026-11-23 12:15 (today)
    in 1 month                           Wed 2026-12-23 12:00
    @1795510800                          Tue 2026-11-24 10:00 (tomorrow)

  Ends of a span from now
    --until 2026-12-24                   Fri 2026-12-25 00:00
    --until fri                          Sat 2026-11-28 00:00
    --until "fri 18:00"                  Fri 2026-11-27 18:00
    --for 2h                             Mon 2026-11-23 14:00 (today)
    --for 1year                          Tue 2027-11-23 12:00

  Durations
    15min                                15 min
    1h30min                              1 h 30 min
    26 hours                             1 d 2 h
    1w                                   7 d

  Windows
    Tue,Thu 9:00-12:00                   tue, thu 09:00-12:00
    mon-fri 08:00-18:00                  weekdays 08:00-18:00
    daily 07:00-24:00                    daily 07:00-24:00
    fri 22:00-06:00                      fri 22:00-06:00 next day
    sat                                  sat
    every 2 weeks tue week of 2026-11-17 every 2 weeks tue week of 2026-12-01

  Excepted dates
    2026-12-24                           2026-12-24
    2026-12-24..2027-01-02               2026-12-24..2027-01-02
    tomorrow..fri                        2026-11-24..2026-11-27

  Refused
    mon                                  that is today, and again on 2026-11-30
    tue 2026-11-25                       that date is a wed
    2026-02-29                           the calendar has no such date
    24.12.2026                           not a day I know
    18:00                                no day before the time
    fri 24:00                            a day goes from 00:00 to 23:59:59
    tomorrow 09:00+01:00                 an offset goes with a date
    5min                                 not a day I know
    +5m                                  it could mean minutes or months
    @1099511627776                       not Unix seconds, at most 1099511627775
"#;

#[cfg(test)]
mod tests {
    use super::super::{tests::berlin, *};

    /// The example lines below a heading, each of them cut in two.
    fn examples(heading: &str) -> Vec<(&'static str, &'static str)> {
        let lines = GRAMMAR.lines().skip_while(|line| line.trim() != heading).skip(1);
        let lines = lines.take_while(|line| !line.is_empty());
        let pairs: Vec<_> = lines.map(|line| line.split_at(41)).collect();
        assert!(pairs.len() > 1, "{heading}");
        pairs.iter().map(|(text, told)| (text.trim(), *told)).collect()
    }

    fn told(time: Time, clock: &Clock) -> String {
        tell_instant(time, clock).replace(" [Europe/Berlin]", "")
    }

    #[test]
    fn the_examples_of_instants_hold() {
        let clock = berlin("2026-11-23T12:00");
        for (text, meant) in examples("Instants") {
            assert_eq!(told(instant(text, &clock).unwrap(), &clock), meant, "{text}");
        }
    }

    #[test]
    fn the_examples_of_ends_hold() {
        let clock = berlin("2026-11-23T12:00");
        for (text, meant) in examples("Ends of a span from now") {
            let (option, text) = text.split_once(' ').unwrap();
            let text = Some(text.trim_matches('"'));
            let (until, lasts) = if option == "--for" { (None, text) } else { (text, None) };
            let span = valid(None, until, lasts, &clock).unwrap();
            assert_eq!(told(span.until(), &clock), meant, "{text:?}");
        }
    }

    #[test]
    fn the_examples_of_durations_hold() {
        for (text, meant) in examples("Durations") {
            assert_eq!(tell_duration(duration(text).unwrap()), meant, "{text}");
        }
    }

    #[test]
    fn the_examples_of_windows_hold() {
        let clock = berlin("2026-11-23T12:00");
        for (text, meant) in examples("Windows") {
            assert_eq!(tell_window(&every(text).unwrap(), &clock), meant, "{text}");
        }
    }

    #[test]
    fn the_examples_of_excepted_dates_hold() {
        let clock = berlin("2026-11-23T12:00");
        for (text, meant) in examples("Excepted dates") {
            assert_eq!(tell_dates(&except(text, &clock).unwrap()), meant, "{text}");
        }
    }

    #[test]
    fn the_examples_of_what_is_refused_are_refused() {
        let clock = berlin("2026-11-23T12:00");
        for (text, why) in examples("Refused") {
            assert_eq!(instant(text, &clock).unwrap_err().why, why, "{text}");
        }
    }

    #[test]
    fn the_page_fits_a_terminal() {
        assert!(GRAMMAR.lines().all(|line| line.chars().count() <= 80));
    }
}
