//! Signs that stand for others where a text went through one program too many.

/// The text with the signs that are meant: without colours of terminals and comments of pages, with
/// white space for the marks of tokenizers, and with what `\n`, `\_` and `&quot;` stand for.
pub(crate) fn meant(text: &str) -> String {
    let text = without_colours(text);
    let text = without_comments(&text);
    let text = unspaced(&text);
    let text = [("\\n", "\n"), ("\\\"", "\""), ("\\_", "_"), ("\\*", "*")]
        .iter()
        .fold(text, |text, (written, meant)| text.replace(written, meant));
    entities(&text)
}

/// Without the sequences that colour a terminal: ESC, `[`, numbers, a letter.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|sign: char| !sign.is_ascii_digit() && sign != ';');
        let rest = end.map_or("", |end| &part[end..]);
        plain.push_str(
            rest.strip_prefix(|sign: char| sign.is_ascii_alphabetic())
                .unwrap_or(rest),
        );
    }
    plain
}

fn without_comments(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("<!--") {
        plain.push_str(before);
        rest = behind.split_once("-->").map_or("", |(_, rest)| rest);
    }
    plain + rest
}

/// The text with white space for the signs by which tokenizers write it, where those were left.
fn unspaced(text: &str) -> String {
    let signs = text.matches(['Ġ', '▁']).count();
    if signs < 2 || signs <= text.matches(' ').count() {
        return text.to_owned();
    }
    text.replace(['Ġ', '▁'], " ").replace('Ċ', "\n")
}

/// The text with the characters that entities of HTML stand for.
fn entities(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (sign, length) = entity(rest).unwrap_or(('&', 1));
        plain.push(sign);
        rest = &rest[length..];
    }
    plain + rest
}

/// The character of the entity that a text begins with, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(10).position(|sign| sign == b';')?;
    let name = text.get(1..end)?;
    let number = name.strip_prefix('#').and_then(|number| {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(
            || number.parse().ok(),
            |hex| u32::from_str_radix(hex, 16).ok(),
        );
        char::from_u32(code?)
    });
    let sign = match name {
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "nbsp" => ' ',
        _ => number?,
    };
    Some((sign, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_what_they_stand_for() {
        for (written, expected) in [
            ("\u{1b}[31;1mA boat.\u{1b}[0m", "A boat."),
            ("<!-- hm -->A boat.<!-- cut", "A boat."),
            ("A boat.\\nIt is \\\"red\\\".", "A boat.\nIt is \"red\"."),
            (
                "&quot;A&nbsp;boat&#39;s &amp; a man&#x2019;s&quot;",
                "\"A boat's & a man’s\"",
            ),
            ("ĠAĠsmallĠboat.", " A small boat."),
            (
                "Fish & chips; R&B; &unknown; &#xD800;",
                "Fish & chips; R&B; &unknown; &#xD800;",
            ),
        ] {
            assert_eq!(meant(written), expected);
        }
    }
}
