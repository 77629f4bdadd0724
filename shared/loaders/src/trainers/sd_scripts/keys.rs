//! The keys that each level of the configuration may have, and their types.

use crate::configuration::schema::{Keys, Type};

pub(super) const SUBSET: Keys = &[
    ("caption_prefix", Type::Text),
    ("caption_separator", Type::Text),
    ("caption_suffix", Type::Text),
    ("color_aug", Type::Bool),
    ("custom_attributes", Type::Table),
    ("enable_wildcard", Type::Bool),
    ("face_crop_aug_range", Type::Pair),
    ("flip_aug", Type::Bool),
    ("keep_tokens", Type::Integer),
    ("keep_tokens_separator", Type::Text),
    ("num_repeats", Type::Integer),
    ("random_crop", Type::Bool),
    ("resize_interpolation", Type::Text),
    ("secondary_separator", Type::Text),
    ("shuffle_caption", Type::Bool),
    ("token_warmup_min", Type::Integer),
    ("token_warmup_step", Type::Number),
];
pub(super) const DROPOUT: Keys = &[
    ("caption_dropout_every_n_epochs", Type::Integer),
    ("caption_dropout_rate", Type::Number),
    ("caption_tag_dropout_rate", Type::Number),
];
pub(super) const DREAM_BOOTH: Keys = &[
    ("cache_info", Type::Bool),
    ("caption_extension", Type::Text),
    ("class_tokens", Type::Text),
];
pub(super) const DREAM_BOOTH_SUBSET: Keys = &[
    ("alpha_mask", Type::Bool),
    ("image_dir", Type::Text),
    ("is_reg", Type::Bool),
];
pub(super) const FINE_TUNING_SUBSET: Keys = &[
    ("alpha_mask", Type::Bool),
    ("image_dir", Type::Text),
    ("metadata_file", Type::Text),
];
pub(super) const MASKED: Keys = &[
    ("cache_info", Type::Bool),
    ("caption_extension", Type::Text),
];
pub(super) const MASKED_SUBSET: Keys = &[
    ("conditioning_data_dir", Type::Text),
    ("image_dir", Type::Text),
];
pub(super) const DATASET: Keys = &[
    ("batch_size", Type::Integer),
    ("bucket_no_upscale", Type::Bool),
    ("bucket_reso_steps", Type::Integer),
    ("enable_bucket", Type::Bool),
    ("max_bucket_reso", Type::Integer),
    ("min_bucket_reso", Type::Integer),
    ("network_multiplier", Type::Float),
    ("resize_interpolation", Type::Text),
    ("resolution", Type::Size),
    ("validation_seed", Type::Integer),
    ("validation_split", Type::Float),
];
