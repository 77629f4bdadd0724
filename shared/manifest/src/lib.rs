//! The record that flows through every pipe, and how it is read and written.
//!
//! A manifest is JSON Lines: UTF-8, one JSON object a line, one line an
//! image. A [`Record`] is an ordered map of key to *raw* JSON: a tool parses
//! the keys that it needs, and every other key passes through byte for byte
//! and in its place, so that a tool of yours may add keys that none of these
//! tools has heard of.
//!
//! # The keys
//!
//! | key | written by | type |
//! |---|---|---|
//! | `id` | frame-extract, frame-scan | string, unique in the manifest, safe as a file name ([`Record::id`]); a child's is its parent's and a suffix (`film_000812.i1`) |
//! | `image` | these, and every tool that writes images | string, a path: relative to the working directory, or absolute |
//! | `width`, `height` | these | integers, pixels, after the EXIF orientation is applied |
//! | `format` | frame-scan | string, the file's format by its content: `jpeg`, `png`, `webp`, `tiff`, `bmp`, `gif`, `avif`, `jxl` |
//! | `source` | frame-extract | object [`Source`]: `film` string, `frame` integer from 0, `time` number in seconds, `shot` integer from 0 |
//! | `transition` | frame-extract | string, where the frame is part of one: `dissolve` (two shots over each other), `fade` (from, to or wholly a plain colour), `flash` (a burst of light within a shot) |
//! | `parent` | mask-crop, face-crop | string, `id` of the record it was cut from |
//! | `dedup` | frame-dedup | object: `hash` string, 16 hexadecimal digits (64-bit pHash), `dhash` the same (64-bit dHash), `bytes` integer, size of the file, `group` string, `id` of the image that stands for the group, `size` integer, images in the group |
//! | `quality` | blur-filter | object of numbers; units in blur-filter's manual |
//! | `light` | light-classify | object: `time`, `weather`, `setting` strings, `scores` object of objects of numbers that add up to 1, `features` object of numbers, `tagged` array of strings, which of the three `tags` changed |
//! | `boxes` | char-detect | array of `{box: [x0, y0, x1, y1], score, label}`, pixels |
//! | `masks` | sam-mask | array of `{mask, box, area, score, stability}`; `mask` a path or a COCO run-length object, `box` `[x0, y0, x1, y1]` in pixels, ends exclusive, `score` the predicted quality, 0 to 1; with what the box says of it (`label`, …), and `detection`: the box's own `box` and `score` |
//! | `mask` | sam-mask, mask-crop | string, path of the union of `masks`, of a crop's instance: a PNG of the image's size, white inside; for files of your own see below |
//! | `instance` | mask-crop | object: `index` integer, its place in the parent's `masks`, `box`, `crop` `[x0, y0, x1, y1]` in the parent's pixels, `bucket` `[width, height]`, `area` integer, pixels, `cut` object of shares by side, `hidden`, `sharpness`, `edges` numbers; and what the entry of `masks` says |
//! | `plate` | plate-merge | object: `original` string, the image that the plate was made from; `frames` integer, merged; `seen`, `hole`, `residual` numbers; `motion` string; `reason` string where nothing was merged; units in plate-merge's manual |
//! | `inpaint` | lama-inpaint | object: `original` string; `filled` string, path of a PNG of what was filled; `hole` number, share of the image; `seam`, `texture` numbers; `remnant` number, or `"unknown"` where nobody looked; `tries` integer; `verdict` string (`clean`, `remnant`, `seam`, `flat`, `too_large`); units in lama-inpaint's manual |
//! | `ground` | plate-crop | object: `original` string, the image that was cropped; `crop` `[x0, y0, x1, y1]` in its pixels, ends exclusive; `area` number, the crop's share of it |
//! | `embedding` | clip-embed | object: `model` string, `vector` array of numbers, unit length, 5 decimals; where it was not made in the plain way `crops` string (`wide`), `ground` string (`#rrggbb`) |
//! | `tags` | clip-tag, wd-tag | object of group to array of `[label, score]`, best first, scores 0 to 1; `[["unknown", score]]` where no label of clip-tag reaches the threshold; wd-tag's groups are `wd`, `rating`, `wd_character` |
//! | `character` | you, or `frame-scan --folder-as character`, in manifests of references | string, name of whom the image shows |
//! | `identity` | id-match | object: `name` string (a character, `cluster_N` or `unknown`), `score` number (cosine with the character's references; by clusters the share of the track's votes), `margin` number (to the best other character), `by` string (`reference`, `cluster` or `track`), `track` integer from 0, `best` string (of an `unknown`, the nearest character) |
//! | `cluster` | cluster | object: `id` integer (−1 is noise), `size` integer, `distance` number (noise has none), `representative` boolean |
//! | `face` | face-crop | object, in the parent's pixels: `box` `[x0, y0, x1, y1]`, `landmarks` array of five `[x, y]` (eye, eye, nose, corner of the mouth, corner; left of the image first), `score` number, `by` string (a model, or `pose`), `agreed` array of strings, `window` (the crop) and `box_in_crop` (in the crop's pixels) as `box`, `size`, `sharpness` numbers, `angle` object of `yaw`, `roll` in degrees, `occlusion` object of shares |
//! | `emotion` | emotion-classify | object: `label`, `intensity` (`low`, `medium`, `high`) strings, `scores` object of numbers that add up to 1, `margin` number, `second` string |
//! | `pose` | rtmpose, pose-classify | object: `keypoints` array of `[x, y, score]`, `score` number; `vector` array of 34 numbers, `action`, `angle`, `framing`, `head`, `occlusion` strings, `limbs` array of strings, `scores` object, `visible`, `hidden` numbers 0 to 1, `cut` array of strings, edges. Of several `boxes` each has its own as a member |
//! | `caption` | vlm-caption, caption-compose | string, the final text |
//! | `captioner` | vlm-caption | object: `model` string, `raw` string, the answer, `finish` string (`eos`, `length`, `loop`), `tokens` integer where known, `facts` object of name to string or array, with a schema |
//! | `models` | every tool that runs a network | object of the tool's name to `{model, sha256, device}`: which network answered |
//! | `review` | review | object: `decision` (`keep`, `drop`, `open`), `by`, `at` (RFC 3339) strings |
//! | `facts` | caption-compose | object: `type` string, `trigger` string where there is one, `form` string where one was asked for, `said` array of `[pointer, phrase]`, `left_out` array of `[pointer, why]`, `tags`, `sentence` strings, `tokens` integer, of what reads the caption, `contradictions` array of `{at, is, says}` where there are any |
//! | `balance` | balance | object: `rank` integer from 1, `cell` object of JSON pointer to value |
//! | `crop` | you, or a tool of yours | array `[x0, y0, x1, y1]`, pixels of `image`: what dataset-write exports of it |
//! | `dataset` | dataset-write | object: `file` string, path of the exported image (of its shard, in a tar view), `width`, `height` integers, its pixels |
//! | `lint` | lora-lint | object: what a trainer sees of the image; its members in lora-lint's manual |
//! | `rejected` | any tool, in its `--rejects` file and with `--keep` | object: `by` string, and `reason` (dropped) or `error` (failed) string |
//!
//! # Mask files
//!
//! Every tool that reads a mask, from `mask` or from a path in `masks`, takes it to mean this
//! (`vision::mask::read`), whatever its format and depth; it has the size of its image:
//!
//! * black and white, with soft edges or without: what is at least half as bright as white is inside;
//! * two levels or colours of which one is black (0 and 1, class 0 and class 7, a palette of black and
//!   red): the other is inside;
//! * transparent in part: what is opaque is inside, whatever its colours, as in a cut-out.
//!
//! What could be meant in more than one way is an error that names the file: maps of several classes,
//! two grays of which neither is dark, photographs. A mask that is all black or all white is read, and
//! told by the tools that fill or train by it.
//!
//! A key's meaning never changes; new keys may come. A value that no tool
//! could find out is left out or says `"unknown"`; `null` is never written.

mod error;
mod id;
mod read;
mod record;
mod shapes;
mod write;

pub use error::Error;
pub use geometry::{MaskShape, Rect, RunLengths};
pub use id::{folded, safe_id};
pub use read::{Line, MAX_LINE, Reader};
pub use record::{DIGITS, Record};
pub use shapes::{Rejected, Source};
pub use write::rounded;

/// The result of reading, parsing or changing a record.
pub type Result<T, E = Error> = std::result::Result<T, E>;
