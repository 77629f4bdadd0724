//! The page's server: it reads all records, serves the page until it is done, and applies the patch.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loopback::Address;
use stage::{Flow, Result, log};
use tokio::sync::{Notify, Semaphore};

use crate::gallery::{Item, Looks};
use crate::label::Labels;
use crate::patch::Patch;
use crate::{Args, answers, apply};

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) items: Vec<Item>,
    /// Where in `items` an id is.
    places: HashMap<String, usize>,
    patch: Mutex<Patch>,
    pub(crate) labels: Labels,
    pub(crate) looks: Looks,
    /// What it means to drop an image.
    pub(crate) drop_means: String,
    /// How many images must be decided before a data set goes on, where it waits for that.
    pub(crate) required: Option<u64>,
    pub(crate) done: Notify,
    /// Images that are made at one time.
    pub(crate) decoders: Semaphore,
}

impl Shared {
    pub(crate) fn patch(&self) -> MutexGuard<'_, Patch> {
        self.patch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The image of an id.
    pub(crate) fn find(&self, id: &str) -> Option<&Item> {
        self.items.get(*self.places.get(id)?)
    }
}

/// Reads all records, serves the page until it is done, and applies the patch.
pub(crate) fn run(args: &Args, flow: &mut Flow) -> Result<()> {
    let mut patch = Patch::open(&args.patch, &args.by())?;
    let jobs = flow.jobs();
    let pointers = Labels::asked(&args.label);
    let wanted = pointers.clone();
    flow.whole(
        move |record| Item::new(&record, &wanted),
        move |_, items| {
            apply::report_past(&args.patch, settle(&mut patch, &items)?);
            let words: Vec<_> = items.iter().map(|item| &item.words).collect();
            let labels = Labels::new(&args.label, &pointers, &words);
            let places = items.iter().enumerate();
            let shared = Shared {
                places: places.map(|(at, item)| (item.id.clone(), at)).collect(),
                required: args.require.map(|required| required.of(items.len() as u64)),
                labels,
                looks: Looks {
                    beside: args.beside.clone(),
                    draw: args.draw,
                },
                drop_means: args.drop_means.clone(),
                items,
                patch: Mutex::new(patch),
                done: Notify::new(),
                decoders: Semaphore::new(jobs),
            };
            let shared = Arc::new(shared);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(serve(args.port, &shared))?;
            // What a slow disk still reads for a page that is closed is not waited for.
            runtime.shutdown_background();
            {
                let patch = shared.patch();
                let ids = patch.decisions.all().map(|decision| decision.id.as_str());
                let missing: HashSet<&str> = ids.filter(|id| shared.find(id).is_none()).collect();
                apply::report(&args.patch, missing);
            }
            Ok((0..shared.items.len()).map(move |at| {
                let item = &shared.items[at];
                apply::one(&shared.patch().decisions, &item.id, item.record()?)
            }))
        },
    )
}

/// Forgets what was decided of images that are no longer there, and says which these are.
fn settle(patch: &mut Patch, items: &[Item]) -> Result<Vec<String>> {
    let mut past = Vec::new();
    for item in items {
        let decided = patch.decisions.get(&item.id).is_some();
        if decided && patch.decisions.settle(&item.record()?)? {
            past.push(item.id.clone());
        }
    }
    Ok(past)
}

async fn serve(port: u16, shared: &Arc<Shared>) -> Result<()> {
    let (listener, address) = Address::listen(port).await?;
    let router = answers::router(&address, shared.clone());
    log::warn!("open {}", address.url());
    let ended = shared.clone();
    axum::serve(listener, address.guard(router))
        .with_graceful_shutdown(async move { ended.done.notified().await })
        .await?;
    Ok(())
}
