//! Names of the marks that models write and readers do not see.

/// Names of marks, in lower case, between which a model thinks, beside all that hold one of the
/// [`THOUGHTFUL`] words.
pub(super) const THOUGHTS: [&str; 12] = [
    "analysis",
    "cot",
    "details",
    "inner_monologue",
    "plan",
    "planning",
    "rationale",
    "reason",
    "reflect",
    "reflection",
    "scratchpad",
    "seed:cot_budget_reflect",
];

/// What a name of such a mark may hold: `think`, `seed:think`, `antThinking`, `START_THINKING`,
/// `begin_of_thought`.
pub(super) const THOUGHTFUL: [&str; 3] = ["think", "thought", "reasoning"];

/// Names of marks that hold the answer itself.
pub(super) const WRAPPERS: [&str; 14] = [
    "answer",
    "box",
    "caption",
    "conclusion",
    "description",
    "detailed_caption",
    "detailed_description",
    "final",
    "final_answer",
    "image_description",
    "output",
    "response",
    "result",
    "solution",
];

/// Names of marks that end a turn, where no bars tell.
pub(super) const ENDS: [&str; 7] = [
    "end_of_text",
    "end_of_turn",
    "end_of_utterance",
    "endoftext",
    "eos",
    "im_end",
    "eot_id",
];

/// Names of marks that begin a speaker's turn.
pub(super) const TURNS: [&str; 14] = [
    "assistant",
    "bot",
    "human",
    "im_start",
    "inst",
    "model",
    "observation",
    "start",
    "start_header_id",
    "start_of_role",
    "start_of_turn",
    "system",
    "turn",
    "user",
];

/// Of those, the ones behind which the name of the speaker follows as a word.
pub(super) const NAMING: [&str; 6] = [
    "im_start",
    "start",
    "start_header_id",
    "start_of_role",
    "start_of_turn",
    "turn",
];

/// Marks in plain angle brackets that mean nothing in a caption.
pub(super) const NOISE: [&str; 19] = [
    "bos",
    "box",
    "div",
    "em",
    "b",
    "i",
    "image",
    "img",
    "mask",
    "pad",
    "ref",
    "s",
    "span",
    "strong",
    "u",
    "unk",
    "ul",
    "ol",
    "image_placeholder",
];

/// Of HTML: what begins another line.
pub(super) const LINES: [&str; 4] = ["br", "li", "p", "hr"];

/// Marks in square brackets; images show others.
pub(super) const SQUARE: [&str; 8] = [
    "think",
    "thinking",
    "reasoning",
    "inst",
    "img",
    "img_break",
    "img_end",
    "eos",
];
