"""OneTrainer with mgds, on the data set that dataset-write writes for it: `concepts.json` through its own ConceptConfig,
its choice of concepts, and its modules from the paths to scaled and cropped images, masks and prompts, in the order and
as often as an epoch has them."""

import json
import os
import sys

import one_trainer_modules as own

asked, common = own.asked, own.common
view, named = common.data_set(asked.last, asked.work, "onetrainer", regularized=True)
with open(os.path.join(view, "concepts.json"), encoding="utf-8") as file:
    concepts = [own.ConceptConfig.default_values().from_dict(concept) for concept in json.load(file)]


# One of the captions is drawn each time.
EPOCHS = 8


def rows(validation, kind):
    """What an epoch has of the concepts of a kind, and the captions of several."""
    chosen = [one.to_dict() for one in concepts if (own.ConceptType(one.type) == own.ConceptType.VALIDATION) == validation]
    shown, found, captions = {}, {}, {}
    for items in own.epochs(chosen, EPOCHS):
        for item in items:
            if own.ConceptType(item["concept"]["type"]) != kind:
                continue
            name = os.path.basename(item["image_path"])
            shown[name] = shown.get(name, 0) + 1
            captions.setdefault(name, set()).add(item["prompt"])
            mask = item["mask"][0].float().numpy() if named[name]["mask"] else None
            found[name] = (item["image"].permute(1, 2, 0).float().numpy() * 255, mask)
    return [common.seen(name, named[name], captions[name], shown[name] / EPOCHS, *found[name]) for name in sorted(found)]


common.finish({"trainer": "onetrainer", "commit": own.commit(), "train": rows(False, own.ConceptType.STANDARD),
               "regularization": rows(False, own.ConceptType.PRIOR_PREDICTION), "validation": rows(True, own.ConceptType.VALIDATION)})
