//! Describes every image by a vector of a vision network: CLIP, `SigLIP`, `SigLIP` 2 or `DINOv2`.
//!
//! Reads `image`, and with `--mask` the file `mask` where there is one. Writes `embedding`: `model`,
//! the network's name; `vector`, of unit length, 5 decimals, or with `--vectors` the row of a file that has it; and where it was not made in the plain
//! way `crops` (`wide`) and `ground` (`#rrggbb`), what the character stands on. Writes
//! `models.clip-embed`, which network answered.
//!
//! Vectors of different models, or of other files of one model, must not be compared.

mod embedding;
mod look;

use std::path::PathBuf;
use std::process::ExitCode;

use answers::Tool;
use clap::Parser;
use nets::embed::{Crops, Embedder, Encoder, ROLE};
use onnx::ModelFlags;
use stage::{CacheFlags, Flow, Inference, Outcome, Record, Result, ensure};

use crate::embedding::{Answer, DECIMALS, Embedding, InFile, embed};
use crate::look::{Look, ground};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  clip-embed frames.jsonl > embedded.jsonl
  clip-embed --model dinov2-small --mask instances.jsonl > embedded.jsonl
  clip-embed --crops wide --model siglip2-base scenes.jsonl | clip-tag --labels labels/
  clip-embed --vectors vectors frames.jsonl | cluster --k 12 > clustered.jsonl
  ls part.?? | xargs -P4 -I{} sh -c 'clip-embed --threads 1 {} > {}.embedded'

A file of your own is recognised by its outputs: `image_embeds` is CLIP,
`pooler_output` SigLIP 2, `last_hidden_state` alone DINOv2; --family names the
family where that is wrong. In a folder, the network is the file with `vision`
in its name.";

/// Compute CLIP, SigLIP or DINOv2 embeddings
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Part of each image to embed: what the model's reference takes (CLIP and `DINOv2` the middle
    /// square, `SigLIP` the whole image, squeezed), or three squares along the longer edge, whose
    /// unit vectors are averaged
    #[arg(long, value_enum, default_value = "reference")]
    crops: Choice,

    /// Replace what the file `mask` leaves out with the plain ground
    #[arg(long)]
    mask: bool,

    /// Colour of the plain ground behind transparent images, and behind --mask
    #[arg(long, value_name = "#RRGGBB", default_value = "#ffffff", value_parser = ground)]
    ground: [u8; 3],

    /// Write the vectors to a `.npy` file in this folder; records have its path, the row and a checksum in place of the
    /// numbers
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,

    /// Images per batch on a GPU; on the CPU they are processed one by one, so that a result never
    /// depends on the other images
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    batch: u16,

    /// Read the model as one of this family [default: as in the registry, or by the file's outputs]
    #[arg(long, value_name = "FAMILY", value_parser = family, help_heading = "Network")]
    family: Option<&'static Encoder>,

    /// Width and height of the network's input [default: as in the file or the registry, or 224]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=4096), help_heading = "Network")]
    side: Option<u32>,

    #[command(flatten)]
    model: ModelFlags,

    #[command(flatten)]
    cache: CacheFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Choice {
    Reference,
    Wide,
}

fn family(name: &str) -> Result<&'static Encoder, String> {
    ROLE.named(name).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let model = args.model.open("embed")?;
    let size = flow.batch(args.batch.into())?;
    let mut embedder = Embedder::open(&model, args.family, args.side, size, &args.model.runtime)?;
    let processing = embedder.processing();
    let answers = TOOL.answers().by(embedder.net().provenance());
    let look = Look {
        answers: answers.with(&(processing.side, args.crops == Choice::Wide, args.ground))?,
        processing,
        crops: match args.crops {
            Choice::Reference => Crops::Reference,
            Choice::Wide => Crops::Wide,
        },
        mask: args.mask,
        ground: args.ground,
    };
    if let Some(folder) = args.vectors {
        ensure!(
            folder.to_str().is_some(),
            "--vectors {}: is not UTF-8, but a manifest must be UTF-8",
            folder.display()
        );
        let how = (look.processing.side, args.crops, args.mask, args.ground);
        flow.beside(InFile(vectors::Writer::new(&folder, format!("{how:?}"))));
    }
    // Records wait for each other only where they run together.
    let together = embedder.batch();
    let work = Inference {
        look: |record: &_| look.look(record),
        prepare: |_: &_, seen| look.views(seen),
        infer: |images| embed(&mut embedder, images),
        finish: |mut record: Record, answer: Answer| {
            let embedding = Embedding {
                model: model.name(),
                vector: answer.vector,
                crops: (args.crops == Choice::Wide).then_some("wide"),
                ground: answer.masked.then(|| look.ground_name()),
            };
            record.put_rounded("embedding", &embedding, DECIMALS)?;
            look.answers.sign(&mut record)?;
            Ok(Outcome::pass(record))
        },
    };
    flow.infer(together, args.cache.open()?.as_ref(), work)
}
