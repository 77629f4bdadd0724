//! What to give the trainer of a view, and what becomes of images kept for validation and of masks.

use super::View;
use crate::plan::Purpose;

/// What people are told of a view, with paths inside the data set.
pub(crate) struct Notes {
    /// What is given to the trainer.
    pub(crate) give: String,
    /// How images kept for validation are used; `None` if the trainer cannot use them.
    pub(crate) validation: Option<&'static str>,
    /// How masks are used; `None` if the trainer cannot use them.
    pub(crate) masks: Option<&'static str>,
}

impl View {
    /// What people are told of it.
    pub(crate) fn notes(self, purpose: &Purpose) -> Notes {
        let word = purpose.title();
        let (give, validation, masks) = match self {
            Self::Kohya => (
                "`--dataset_config kohya/dataset.toml`, or `--train_data_dir kohya/train`".to_owned(),
                None,
                Some("`--dataset_config kohya/masked.toml --masked_loss`"),
            ),
            Self::Onetrainer => (
                "`onetrainer/concepts.json` as `concept_file_name`".to_owned(),
                Some("a concept of the type VALIDATION: switch `validation` on"),
                Some("beside the images: switch `masked_training` on"),
            ),
            Self::AiToolkit => (
                "the entry under `datasets` in `ai-toolkit/config.yaml`, put into a job of yours: the file is no whole job".to_owned(),
                None,
                Some("`mask_path` of that entry"),
            ),
            Self::Diffusers => (
                format!(
                    "`--dataset_name diffusers --caption_column text`, or `--train_data_dir diffusers`; without captions `--instance_data_dir diffusers/images --instance_prompt '{word}'`"
                ),
                None,
                None,
            ),
            Self::Musubi => (
                "`--dataset_config musubi/dataset.toml` (or `musubi/jsonl.toml`)".to_owned(),
                None,
                None,
            ),
            Self::DiffusionPipe => (
                "`dataset = 'diffusion-pipe/dataset.toml'`".to_owned(),
                Some("`eval_datasets = [{name = 'validation', config = 'diffusion-pipe/validation.toml'}]`"),
                Some("`mask_path` of the data set"),
            ),
            Self::Simpletuner => (
                "`--data_backend_config simpletuner/multidatabackend.json`".to_owned(),
                Some("a data set of the type `eval`: give `--eval_steps_interval`"),
                Some("a data set of conditioning, which the images name"),
            ),
            Self::Webdataset => ("the shards in `webdataset`".to_owned(), Some("shards of their own"), None),
        };
        Notes {
            give,
            validation,
            masks,
        }
    }
}
