//! What diffusion-pipe needs to know of each base model.

use crate::training::{Weight, Word, path};

/// What diffusion-pipe needs to know of a base model.
pub(super) struct Model {
    /// The base models that this is for, between spaces.
    pub(super) names: &'static str,
    /// Lines of `[model]`.
    pub(super) own: &'static str,
    /// The lines of `[model]` with paths of weights.
    pub(super) weights: &'static [Place],
}

/// A line with a path of weights.
pub(super) struct Place {
    /// What stands before the path.
    key: &'static str,
    /// The variable of the script that has the path.
    variable: &'static str,
    /// What the weights are, for people.
    about: &'static str,
    /// The type of a text encoder, where encoders are listed.
    kind: Option<&'static str>,
}

const fn at(key: &'static str, variable: &'static str, about: &'static str) -> Place {
    Place {
        key,
        variable,
        about,
        kind: None,
    }
}

const fn encoder(about: &'static str, kind: &'static str) -> Place {
    Place {
        key: "text_encoders = ",
        variable: "TEXT_ENCODER",
        about,
        kind: Some(kind),
    }
}

const DIFFUSERS: Place = at(
    "diffusers_path = ",
    "MODEL",
    "the base model: a folder of diffusers",
);

/// `docs/supported_models.md`.
pub(super) const MODELS: &[Model] = &[
    Model {
        names: "sdxl illustrious",
        own: "type = \"sdxl\"
dtype = \"bfloat16\"
unet_lr = 4e-5
text_encoder_1_lr = 2e-5
text_encoder_2_lr = 2e-5
",
        weights: &[at(
            "checkpoint_path = ",
            "MODEL",
            "the base model: a .safetensors file",
        )],
    },
    Model {
        names: "sd3",
        own: "type = \"sd3\"\ndtype = \"bfloat16\"\n",
        weights: &[DIFFUSERS],
    },
    Model {
        names: "flux flux-schnell",
        own: "type = \"flux\"
dtype = \"bfloat16\"
transformer_dtype = \"float8\"
flux_shift = true
",
        weights: &[DIFFUSERS],
    },
    Model {
        names: "chroma",
        own: "type = \"chroma\"
dtype = \"bfloat16\"
transformer_dtype = \"float8\"
flux_shift = true
",
        weights: &[
            at(
                "transformer_path = ",
                "MODEL",
                "the base model: the single file of Chroma",
            ),
            at(
                "diffusers_path = ",
                "FLUX",
                "FLUX.1 dev or schnell: a folder of diffusers, for the autoencoder and text encoder",
            ),
        ],
    },
    Model {
        names: "lumina",
        own: "type = \"lumina_2\"\ndtype = \"bfloat16\"\nlumina_shift = true\n",
        weights: &[
            at(
                "transformer_path = ",
                "MODEL",
                "the base model, as ComfyUI has it",
            ),
            at(
                "llm_path = ",
                "TEXT_ENCODER",
                "the text encoder Gemma 2, as ComfyUI has it",
            ),
            at(
                "vae_path = ",
                "VAE",
                "the autoencoder of FLUX.1, as ComfyUI has it",
            ),
        ],
    },
    Model {
        names: "qwen-image",
        own: "type = \"qwen_image\"
dtype = \"bfloat16\"
transformer_dtype = \"float8\"
timestep_sample_method = \"logit_normal\"
",
        weights: &[DIFFUSERS],
    },
    Model {
        names: "hidream",
        own: "type = \"hidream\"
llama3_4bit = true
dtype = \"bfloat16\"
transformer_dtype = \"float8\"
max_llama3_sequence_length = 128
",
        weights: &[
            DIFFUSERS,
            at(
                "llama3_path = ",
                "TEXT_ENCODER",
                "Llama 3.1 8B Instruct: a folder",
            ),
        ],
    },
    Model {
        names: "z-image",
        own: "type = \"z_image\"\ndtype = \"bfloat16\"\n",
        weights: &[
            DIFFUSION,
            VAE,
            encoder("the text encoder Qwen3 4B, as ComfyUI has it", "lumina2"),
        ],
    },
    Model {
        names: "flux2",
        own: "type = \"flux2\"
dtype = \"bfloat16\"
diffusion_model_dtype = \"float8\"
timestep_sample_method = \"logit_normal\"
shift = 3
",
        weights: &[
            DIFFUSION,
            VAE,
            encoder(
                "the text encoder: Mistral 3 for dev, Qwen3 for klein, as ComfyUI has it",
                "flux2",
            ),
        ],
    },
    Model {
        names: "ideogram",
        own: "type = \"ideogram4\"
dtype = \"bfloat16\"
diffusion_model_dtype = \"float8\"
timestep_sample_method = \"logit_normal\"
shift = 3
",
        weights: &[
            DIFFUSION,
            VAE,
            encoder(
                "the text encoder Qwen3-VL 8B, as ComfyUI has it",
                "ideogram4",
            ),
        ],
    },
    Model {
        names: "krea2",
        own: "type = \"krea2\"
dtype = \"bfloat16\"
diffusion_model_dtype = \"float8\"
timestep_sample_method = \"logit_normal\"
",
        weights: &[
            DIFFUSION,
            VAE,
            encoder("the text encoder Qwen3-VL 4B, as ComfyUI has it", "krea2"),
        ],
    },
    Model {
        names: "anima",
        own: "type = \"anima\"\ndtype = \"bfloat16\"\nllm_adapter_lr = 0\n",
        weights: &[
            at(
                "transformer_path = ",
                "MODEL",
                "the base model, as ComfyUI has it",
            ),
            at(
                "vae_path = ",
                "VAE",
                "the autoencoder of Qwen-Image, as ComfyUI has it",
            ),
            at(
                "llm_path = ",
                "TEXT_ENCODER",
                "the text encoder Qwen3 0.6B, as ComfyUI has it",
            ),
        ],
    },
    Model {
        names: "hunyuan-image",
        own: "type = \"hunyuan_image\"\ndtype = \"bfloat16\"\ntransformer_dtype = \"float8\"\n",
        weights: &[
            at(
                "transformer_path = ",
                "MODEL",
                "the base model, as ComfyUI has it",
            ),
            at("vae_path = ", "VAE", "its autoencoder, as ComfyUI has it"),
            at(
                "text_encoder_path = ",
                "TEXT_ENCODER",
                "the text encoder Qwen2.5-VL, as ComfyUI has it",
            ),
            at(
                "byt5_path = ",
                "BYT5",
                "the text encoder byT5, as ComfyUI has it",
            ),
        ],
    },
];

const DIFFUSION: Place = at(
    "diffusion_model = ",
    "MODEL",
    "the base model, as ComfyUI has it",
);
const VAE: Place = at("vae = ", "VAE", "its autoencoder, as ComfyUI has it");

impl Model {
    /// `unet_lr` of the manual, or `lr` of `examples/main_example.toml`.
    pub(super) fn learning_rate(&self) -> f64 {
        if self.own.contains(UNET) { 4e-5 } else { 2e-5 }
    }
}

/// The learning rate that comes before that of the optimiser.
pub(super) const UNET: &str = "unet_lr = ";

impl Place {
    pub(super) fn weight(&self) -> Weight {
        path(self.variable, self.about)
    }

    /// What stands in the file until the script puts a path there.
    pub(super) fn draft(&self) -> String {
        match self.kind {
            None => format!("{}\"{}\"\n", self.key, self.variable),
            Some(kind) => format!(
                "{}[{{path = \"{}\", type = \"{kind}\"}}]\n",
                self.key, self.variable
            ),
        }
    }

    /// What the script puts there.
    pub(super) fn value(&self) -> (&'static str, Word) {
        let own = Word::quoted(self.variable);
        let value = match self.kind {
            None => own,
            Some(kind) => own.between("[{path = ", &format!(", type = \"{kind}\"}}]")),
        };
        (self.key, value)
    }
}
