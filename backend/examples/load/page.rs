//! Draws the report: one page that loads nothing.

use std::{fmt::Write, time::Duration};

use crate::{
    Report,
    spread::{HOURS_BETWEEN_VISITS, Spread},
    work::Verified,
};

/// The page.
pub fn html(report: &Report) -> String {
    let mut page = String::from(HEAD);
    let (companies, cores) = (report.companies, report.cores);
    let best = report.verified.iter().map(|row| row.per_s).fold(0.0, f64::max);
    let issued = report.issued.last().map_or(0.0, |row| row.per_s);
    let _ = write!(
        page,
        "<h1>keyward under load</h1><p>{} companies, each with a grant and a courier, on {cores} \
         cores.</p><div class=tiles>",
        grouped(companies as f64)
    );
    for (value, what) in [
        (grouped(best), "verifies a second".to_owned()),
        (grouped(issued), "grants issued and narrowed a second".to_owned()),
        (grouped(report.receipts_per_s), "receipts checked a second".to_owned()),
        (format!("{:.1} h", report.spread.hours(99)), "until 99 % of locks bind a list".to_owned()),
    ] {
        let _ = write!(page, "<div class=tile><b>{value}</b><span>{what}</span></div>");
    }
    page.push_str("</div><h2>Verifying</h2><p>Presentations a second of two links, by the share ");
    page.push_str("whose chain was seen before. Read, trust looked up, judged; not marked.</p>");
    page.push_str(&rates(&report.verified));
    page.push_str(&table(&report.verified));
    page.push_str("<h2>Issuing and narrowing</h2><p>A token is issued under a serial that a file ");
    page.push_str("counts, checked by the company, and narrowed to a courier.</p><table><tr>");
    page.push_str("<th>cores<th>pairs a second</tr>");
    for row in &report.issued {
        let _ = write!(page, "<tr><td>{}<td>{}</tr>", row.cores, grouped(row.per_s));
    }
    let spread = &report.spread;
    let _ = write!(
        page,
        "</table><h2>A revocation on its way</h2><p>Sixty companies are revoked: folded, numbered \
         in a file and signed in {}; a server denies {} later. Each of {} offline locks hears of \
         it from the next phone, which comes after {HOURS_BETWEEN_VISITS} hours on average: half \
         have bound it after {:.1}, 99 % after {:.1} hours. One core takes {} such lists in a \
         second, a denied visit each included.</p>",
        time(spread.signed),
        time(spread.served),
        grouped(companies as f64),
        spread.hours(50),
        spread.hours(99),
        grouped(spread.binds_per_s)
    );
    page.push_str(&curve(spread));
    page.push_str("</body></html>\n");
    page
}

/// Bars: a group for each hit rate, a bar in it for each number of cores.
fn rates(rows: &[Verified]) -> String {
    let mut cores: Vec<_> = rows.iter().map(|row| row.cores).collect();
    let mut hits: Vec<_> = rows.iter().map(|row| row.hit_rate).collect();
    cores.dedup();
    hits.sort_unstable();
    hits.dedup();
    let top = ceiling(rows.iter().map(|row| row.per_s).fold(0.0, f64::max));
    let mut chart = frame("Presentations verified a second", top, grouped);
    let group = WIDTH / hits.len() as f64;
    let bar = (group * 0.7 / cores.len() as f64).min(64.0);
    for row in rows {
        let at = |all: &[usize], one| all.iter().position(|each| *each == one).unwrap_or(0) as f64;
        let start = LEFT + (at(&hits, row.hit_rate) + 0.5) * group - bar * cores.len() as f64 / 2.0;
        let place = at(&cores, row.cores);
        let (x, high) = (start + place * bar, row.per_s / top * HEIGHT);
        let shade = SHADES[place as usize % SHADES.len()];
        let y = TOP + HEIGHT - high;
        let _ = write!(
            chart,
            "<rect x={:.1} y={y:.1} width={:.1} height={high:.1} fill='{shade}' rx=2 />\
             <text x={:.1} y={:.1} class=mid>{}</text>",
            x + 1.0,
            bar - 2.0,
            x + bar / 2.0,
            y - 5.0,
            grouped(row.per_s)
        );
    }
    for (place, hit) in hits.iter().enumerate() {
        let x = LEFT + (place as f64 + 0.5) * group;
        let _ = write!(
            chart,
            "<text x={x:.1} y={:.1} class=mid>{hit} % seen</text>",
            TOP + HEIGHT + 20.0
        );
    }
    for (place, cores) in cores.iter().enumerate() {
        let (x, shade) = (LEFT + place as f64 * 90.0, SHADES[place % SHADES.len()]);
        let name = if *cores == 1 { "1 core".into() } else { format!("{cores} cores") };
        let _ = write!(
            chart,
            "<rect x={x:.1} y=8 width=12 height=12 fill='{shade}' rx=2 />\
             <text x={:.1} y=18>{name}</text>",
            x + 18.0
        );
    }
    chart + "</svg>"
}

fn table(rows: &[Verified]) -> String {
    let mut table =
        String::from("<table><tr><th>cores<th>seen before<th>a second<th>p50<th>p99<th>p999</tr>");
    for row in rows {
        let [p50, p99, p999] = row.percentiles.map(time);
        let _ = write!(
            table,
            "<tr><td>{}<td>{} %<td>{}<td>{p50}<td>{p99}<td>{p999}</tr>",
            row.cores,
            row.hit_rate,
            grouped(row.per_s)
        );
    }
    table + "</table>"
}

/// A line: locks that have bound the list, by hours.
fn curve(spread: &Spread) -> String {
    let mut chart = frame("Share of locks that bind the list", 100.0, |v| format!("{v:.0} %"));
    let last = ceiling(spread.hours(99));
    let place = |hours: f64, bound: f64| {
        let (x, y) = (LEFT + hours / last * WIDTH, TOP + HEIGHT - bound / 100.0 * HEIGHT);
        format!("{x:.1},{y:.1} ")
    };
    let points: String = std::iter::once((0.0, 0))
        .chain(spread.curve.iter().copied())
        .take_while(|(_, bound)| *bound <= 99)
        .map(|(hours, bound)| place(hours, bound as f64))
        .collect();
    let _ = write!(chart, "<polyline points='{points}' fill=none stroke='{}' />", SHADES[1]);
    for step in 0..=4 {
        let hours = last * f64::from(step) / 4.0;
        let x = LEFT + WIDTH * f64::from(step) / 4.0;
        let y = TOP + HEIGHT + 20.0;
        let _ = write!(chart, "<text x={x:.1} y={y:.1} class=mid>{hours} h</text>");
    }
    chart + "</svg>"
}

/// A chart with lines at quarters of its height.
fn frame(title: &str, top: f64, label: impl Fn(f64) -> String) -> String {
    let (wide, high) = (LEFT + WIDTH + 30.0, TOP + HEIGHT + 34.0);
    let mut chart = format!("<svg viewBox='0 0 {wide} {high}' role=img aria-label='{title}'>");
    for step in 0..=4 {
        let part = f64::from(step) / 4.0;
        let y = TOP + HEIGHT * (1.0 - part);
        let _ = write!(
            chart,
            "<line x1={LEFT} x2={:.1} y1={y:.1} y2={y:.1} /><text x={:.1} y={:.1} class=end>{}\
             </text>",
            LEFT + WIDTH,
            LEFT - 8.0,
            y + 4.0,
            label(top * part)
        );
    }
    chart
}

/// The next number that is 1, 2, 4 or 8 times a power of ten.
fn ceiling(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-9).log10().floor());
    [1.0, 2.0, 4.0, 8.0, 10.0]
        .map(|times| times * power)
        .into_iter()
        .find(|top| *top >= value)
        .unwrap_or(value)
}

fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1000.0 => format!("{micros:.0} µs"),
        _ => format!("{:.1} ms", micros / 1e3),
    }
}

/// Thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

const LEFT: f64 = 70.0;
const TOP: f64 = 44.0;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;

/// Lighter for fewer cores.
const SHADES: [&str; 4] = ["#9cc3e6", "#2f6fae", "#17456f", "#0b2a46"];

const HEAD: &str = "<!doctype html><html lang=en><head><meta charset=utf-8>\
<meta name=viewport content='width=device-width'><title>keyward under load</title><style>\
body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;\
color:#1c2733;background:#fff}h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .3rem}\
p{margin:.3rem 0 .8rem}svg{width:100%;height:auto;font-size:12px;fill:#44525f}\
line{stroke:#e3e8ec}polyline{stroke-width:2.5}.mid{text-anchor:middle}.end{text-anchor:end}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid #e3e8ec}th{font-weight:600}\
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:.8rem;\
margin:1rem 0}.tile{border:1px solid #e3e8ec;border-radius:8px;padding:.7rem .9rem}\
.tile b{display:block;font-size:1.35rem}.tile span{color:#5a6875;font-size:.85rem}\
</style></head><body>";
