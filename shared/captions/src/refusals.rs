//! What a language model says instead of a description.

/// What an answer begins with that is none, in lower case with straight apostrophes.
pub const REFUSALS: [&str; 129] = [
    "i'm sorry",
    "i'm really sorry",
    "i'm so sorry",
    "i'm very sorry",
    "i am sorry",
    "we're sorry",
    "we are sorry",
    "sorry,",
    "sorry.",
    "sorry!",
    "sorry -",
    "sorry —",
    "sorry but",
    "sorry i ",
    "so sorry",
    "apologies",
    "my apologies",
    "i apologize",
    "i apologise",
    "i regret",
    "i cannot ",
    "i can't ",
    "i can not ",
    "i could not ",
    "i couldn't ",
    "i currently can",
    "i'm currently unable",
    "i'm unable",
    "i am unable",
    "i was unable",
    "i'm not able",
    "i am not able",
    "i was not able",
    "i wasn't able",
    "i'm not comfortable",
    "i am not comfortable",
    "i don't feel comfortable",
    "i do not feel comfortable",
    "i'm not allowed",
    "i am not allowed",
    "i'm not permitted",
    "i'm afraid",
    "i am afraid",
    "i won't ",
    "i will not ",
    "i must decline",
    "i have to decline",
    "i need to decline",
    "i must refuse",
    "i refuse",
    "i don't see",
    "i do not see",
    "i don't have",
    "i do not have",
    "i lack the ability",
    "i would need ",
    "i need to see",
    "i'm just a",
    "i'm a text",
    "i'm an ai",
    "i am an ai",
    "as an ai",
    "as an artificial",
    "as a responsible ai",
    "as a language model",
    "as a large language model",
    "as a text-based",
    "unfortunately, i",
    "unfortunately i",
    "unfortunately, the image",
    "unfortunately, no image",
    "unfortunately, there",
    "there is no image",
    "there's no image",
    "there isn't an image",
    "there is no picture",
    "no image was",
    "no image has",
    "no image is",
    "no image provided",
    "no image attached",
    "no image detected",
    "no image available",
    "no image found",
    "no image uploaded",
    "no image received",
    "i am a language model",
    "i'm a language model",
    "i am a text",
    "i don't know",
    "i do not know",
    "i'm not sure",
    "i am not sure",
    "i'd rather not",
    "i would rather not",
    "i prefer not",
    "let's talk about",
    "unable to process",
    "unable to view",
    "unable to describe",
    "unable to assist",
    "unable to comply",
    "unable to help",
    "unable to access",
    "unable to load",
    "unable to generate",
    "unable to provide",
    "can't help with",
    "can't assist",
    "cannot help",
    "cannot assist",
    "cannot comply",
    "cannot describe",
    "cannot process",
    "not able to describe",
    "not able to help",
    "you haven't ",
    "you have not ",
    "you didn't ",
    "please provide",
    "please upload",
    "please share",
    "please attach",
    "could you please",
    "can you please",
    "this content may violate",
    "this request ",
    "your request ",
    "the request was",
];

/// The same in other languages, which many models fall into.
pub const OTHER_REFUSALS: [&str; 31] = [
    "je suis désolé",
    "désolé",
    "je ne peux pas",
    "je ne suis pas en mesure",
    "lo siento",
    "no puedo ",
    "lamento",
    "es tut mir leid",
    "tut mir leid",
    "entschuldigung",
    "ich kann nicht",
    "ich kann das",
    "ich kann leider",
    "leider kann ich",
    "mi dispiace",
    "non posso ",
    "sinto muito",
    "desculpe",
    "não posso",
    "извините",
    "к сожалению",
    "я не могу",
    "对不起",
    "很抱歉",
    "抱歉",
    "我无法",
    "我不能",
    "申し訳",
    "すみません",
    "죄송",
    "przepraszam",
];

/// What begins an answer of nothing but the image that is missing: `it seems that no image …`.
const SEEMS: [&str; 5] = [
    "it seems",
    "it appears",
    "it looks like",
    "the image",
    "the picture",
];

/// Of those, what is said to be wrong with it.
const MISSING: [&str; 27] = [
    "you haven't",
    "you have not",
    "you didn't",
    "you did not",
    "no image",
    "didn't load",
    "did not load",
    "failed to load",
    "didn't come through",
    "did not come through",
    "didn't upload",
    "did not upload",
    "could not be processed",
    "couldn't be processed",
    "wasn't attached",
    "was not attached",
    "wasn't provided",
    "was not provided",
    "isn't attached",
    "is not attached",
    "not visible to me",
    "not been provided",
    "not been uploaded",
    "cannot be displayed",
    "can't be displayed",
    "couldn't be loaded",
    "could not be loaded",
];

/// What no description holds anywhere.
const ANYWHERE: [&str; 22] = [
    "as an ai language model",
    "as an ai model",
    "i can't assist",
    "i cannot assist",
    "i can't help with",
    "i cannot help with",
    "i can't identify",
    "i cannot identify",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i can't describe",
    "i cannot describe",
    "i can't provide",
    "i cannot provide",
    "i can't fulfill",
    "i cannot fulfill",
    "i can't view",
    "i cannot view",
    "against my guidelines",
    "content policy",
];

/// What begins a message of a program on the way, which says nothing of an image.
const MESSAGES: [&str; 18] = [
    "error:",
    "error ",
    "exception:",
    "traceback",
    "internal server error",
    "bad gateway",
    "500 ",
    "502 bad",
    "503 service",
    "504 gateway",
    "gateway time",
    "service unavailable",
    "rate limit",
    "too many requests",
    "request blocked",
    "request failed",
    "<html",
    "<!doctype",
];

/// What stands for a description that is missing, the whole of an answer.
const NOTHING: [&str; 20] = [
    "n/a",
    "na",
    "nil",
    "none",
    "null",
    "nan",
    "unknown",
    "undefined",
    "untitled",
    "image",
    "the image",
    "picture",
    "caption",
    "description",
    "no caption",
    "no description",
    "no caption available",
    "no description available",
    "[object object]",
    "nothing",
];

/// The words of a text that says nothing of any image, in lower case.
pub(crate) fn nothing(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let plain = lower.trim_matches(['.', '!', ' ']);
    let whole = NOTHING.iter().find(|words| plain == **words);
    let begins = || MESSAGES.iter().find(|words| lower.starts_with(*words));
    whole.or_else(begins).copied()
}

/// What begins like a refusal and is none.
const NONE: [&str; 3] = [
    "i can't help but ",
    "i cannot help but ",
    "i don't see a single ",
];

/// The words with which a text refuses to be a description, in lower case.
pub(crate) fn refusal(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase().replace(['’', 'ʼ'], "'");
    if NONE.iter().any(|none| lower.starts_with(none)) {
        return None;
    }
    let begins = REFUSALS.iter().chain(&OTHER_REFUSALS);
    let begins = begins.copied().find(|words| lower.starts_with(words));
    let first: String = lower.chars().take(120).collect();
    let seems = || {
        SEEMS.iter().find(|seems| lower.starts_with(*seems))?;
        MISSING.iter().copied().find(|words| first.contains(words))
    };
    begins
        .or_else(seems)
        .or_else(|| ANYWHERE.iter().copied().find(|words| lower.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_many_kinds_are_known() {
        for answer in [
            "I’m sorry, but I can't help with that.",
            "I'm really sorry, I can't do this.",
            "Sorry! I can't see it.",
            "Apologies, but this is not possible.",
            "My apologies, the file is empty.",
            "I must decline to describe this.",
            "I'm not comfortable describing it.",
            "I'm just an assistant that reads text.",
            "As an artificial intelligence, I see nothing.",
            "Unfortunately, the image did not load.",
            "There's no image attached.",
            "No image was provided.",
            "It seems that no image came with the question.",
            "It looks like you haven't uploaded an image.",
            "The image you provided is not visible to me.",
            "Could you please share the image?",
            "You didn't attach an image.",
            "Your request was flagged by the policy.",
            "Lo siento, no puedo ayudar con eso.",
            "Es tut mir leid, das geht nicht.",
            "很抱歉，我无法描述这张图片。",
            "A boy by the sea. I cannot identify the person.",
        ] {
            assert!(refusal(answer).is_some(), "{answer}");
        }
    }

    #[test]
    fn messages_and_what_stands_for_nothing_are_known() {
        for answer in [
            "N/A",
            "None.",
            "null",
            "[object Object]",
            "No description available.",
            "Internal server error",
            "502 Bad Gateway",
            "Error: out of memory",
            "<html><body>502</body></html>",
        ] {
            assert!(nothing(answer).is_some(), "{answer}");
        }
        for caption in [
            "Unknown men stand on a quay.",
            "None of the boats is red.",
            "Nothing but sea.",
            "502 boats lie in a harbour.",
            "Errors fill a page.",
        ] {
            assert_eq!(nothing(caption), None, "{caption}");
        }
    }

    #[test]
    fn true_captions_are_no_refusals() {
        for caption in [
            "A boy who says: I'm sorry.",
            "A sorry-looking boat lies on the sand.",
            "Sorrow shows in her face.",
            "The image is not sharp, and no one is in it.",
            "The image of a boy in a mirror, who wasn't there before.",
            "I can't help but notice the red boat.",
            "It seems to be evening; the boats have not left.",
            "No one is on the quay.",
            "Unable to see over the wall, a boy climbs a barrel.",
            "Please-do-not-touch signs hang on the wall.",
            "A note on the door says sorry, we are closed.",
            "An icon of a saint hangs over the door.",
        ] {
            assert_eq!(refusal(caption), None, "{caption}");
        }
    }
}
