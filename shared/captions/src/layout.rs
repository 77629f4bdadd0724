//! How a language model lays an answer out: lists, headings, emphasis, quotation marks.

/// Quotation marks that may stand around an answer.
const QUOTES: [(char, char); 14] = [
    ('"', '"'),
    ('“', '”'),
    ('„', '“'),
    ('«', '»'),
    ('»', '«'),
    ('‘', '’'),
    ('\'', '\''),
    ('`', '`'),
    ('‹', '›'),
    ('「', '」'),
    ('『', '』'),
    ('|', '|'),
    ('_', '_'),
    ('*', '*'),
];

/// A title has at most so many words.
const TITLE: usize = 6;

/// The lines without the signs of lists, headings, quotations and emphasis. A heading is no
/// description where there is another line; points of a list become parts between commas.
pub(crate) fn plain_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !is_rule(line))
        .collect();
    let only = lines.len() == 1;
    let mut plain = String::new();
    let mut point_before = false;
    for line in lines {
        if !only && is_heading(line) {
            continue;
        }
        let (words, point) = point(line.trim_start_matches(['#', '>']).trim_start());
        let words = without_emphasis(without_label(words));
        if words.is_empty() {
            continue;
        }
        if (point || point_before) && plain.ends_with(char::is_alphanumeric) {
            plain.push(',');
        }
        if !plain.is_empty() {
            plain.push('\n');
        }
        plain.push_str(&words);
        point_before = point;
    }
    plain
}

/// Whether a line is of signs alone: `---`, `***`, `===`.
fn is_rule(line: &str) -> bool {
    line.chars()
        .all(|sign| matches!(sign, '-' | '*' | '=' | '_' | '~' | ' '))
}

fn is_heading(line: &str) -> bool {
    let bold = line
        .strip_prefix("**")
        .and_then(|line| line.strip_suffix("**"));
    let title = bold.filter(|title| {
        title.split_whitespace().count() <= TITLE && !title.ends_with(['.', '!', '?', ':'])
    });
    let level = line.len() - line.trim_start_matches('#').len();
    title.is_some() || (1..=6).contains(&level) && line[level..].starts_with(' ')
}

/// The words of a point of a list, and whether it is one.
fn point(line: &str) -> (&str, bool) {
    let marked = ["- ", "* ", "+ ", "• ", "– ", "— ", "· "];
    if let Some(words) = marked.iter().find_map(|mark| line.strip_prefix(mark)) {
        return (words.trim_start(), true);
    }
    let digits = line.len()
        - line
            .trim_start_matches(|sign: char| sign.is_ascii_digit())
            .len();
    let behind = &line[digits..];
    match behind
        .strip_prefix(". ")
        .or_else(|| behind.strip_prefix(") "))
    {
        Some(words) if (1..=2).contains(&digits) => (words.trim_start(), true),
        _ => (line, false),
    }
}

/// A line without its bold label: `**Subject:** a boat`.
fn without_label(line: &str) -> &str {
    let Some((label, rest)) = line
        .strip_prefix("**")
        .and_then(|line| line.split_once("**"))
    else {
        return line;
    };
    let labels = label.ends_with(':') || rest.starts_with(':');
    let rest = rest.trim_start_matches(':').trim_start();
    if labels && !rest.is_empty() && label.split_whitespace().count() <= TITLE {
        rest
    } else {
        line
    }
}

/// The words without signs of emphasis; a star between spaces is a star.
fn without_emphasis(line: &str) -> String {
    let line = line.replace("**", "").replace("__", "").replace('`', "");
    let signs: Vec<char> = line.chars().collect();
    let blank = |at: Option<usize>| {
        at.and_then(|at| signs.get(at))
            .is_none_or(|sign| sign.is_whitespace())
    };
    let kept = signs.iter().enumerate().filter(|(at, sign)| {
        let alone = blank(at.checked_sub(1)) && blank(Some(at + 1));
        **sign != '*' || alone
    });
    kept.map(|(_, sign)| sign)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The text without quotation marks around all of it, or one that was never closed.
pub(crate) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let twice = text
        .strip_prefix("\"\"")
        .and_then(|text| text.strip_suffix("\"\""));
    let text = twice.unwrap_or(text);
    for close in ['"', '”'] {
        let open = |sign: char| matches!(sign, '"' | '“' | '„' | '”');
        if let Some(inside) = text
            .strip_suffix(close)
            .filter(|inside| !inside.contains(open))
        {
            return inside.trim();
        }
    }
    for (open, close) in QUOTES {
        let Some(inside) = text.strip_prefix(open) else {
            continue;
        };
        let apostrophe = matches!(open, '\'' | '‘');
        match inside.strip_suffix(close) {
            Some(inside) if !inside.contains(close) || apostrophe && !quotes(inside, close) => {
                return inside.trim();
            }
            None if !inside.contains(close) && !apostrophe => return inside.trim(),
            _ => return text,
        }
    }
    text
}

/// Whether a sign that is an apostrophe too ends a quotation inside the text.
fn quotes(text: &str, close: char) -> bool {
    let mut signs = text.chars().peekable();
    let mut found = false;
    while let Some(sign) = signs.next() {
        found |= sign == close && signs.peek().is_none_or(|next| !next.is_alphanumeric());
    }
    found
}
