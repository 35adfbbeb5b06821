//! Lines of at most 80 columns.

/// Columns of the narrowest terminal.
const COLUMNS: usize = 80;

/// Columns below which nothing is wrapped any further.
const NARROWEST: usize = 30;

/// Writes a text behind a head, its further lines under its first.
pub(super) fn hang(head: &str, text: &str) -> String {
    hang_under(head, &" ".repeat(head.chars().count()), text)
}

/// Writes a text behind a head, its further lines behind another; a word that is too long for a
/// line is broken.
pub(super) fn hang_under(head: &str, further: &str, text: &str) -> String {
    let room = COLUMNS.saturating_sub(head.chars().count()).max(NARROWEST);
    let (mut lines, mut line, mut width) = (Vec::new(), String::new(), 0_usize);
    for word in text.split(' ').flat_map(|word| broken(word, room)) {
        let length = word.chars().count();
        if width > 0 && width.saturating_add(length).saturating_add(1) > room {
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width = width.saturating_add(1);
        }
        line.push_str(&word);
        width = width.saturating_add(length);
    }
    lines.push(line);
    let heads = std::iter::once(head).chain(std::iter::repeat(further));
    let lines = heads.zip(&lines).map(|(head, line)| format!("{head}{line}"));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A word in pieces that fit.
fn broken(word: &str, room: usize) -> Vec<String> {
    let letters: Vec<_> = word.chars().collect();
    letters.chunks(room).map(|piece| piece.iter().collect()).collect()
}
