# Background: every frame that is in focus and no title card, near-duplicates too, as
# each shows another part of the ground. Masks that instances already have are remembered.

## Backgrounds
# char-detect: a missed character stays in the background; a false box costs a little ground.
BACKGROUND_DETECT_FLAGS ?= $(or $(DETECT_FLAGS),--threshold 0.1 --classes creatures)
# Whether to make the data set if the detector finds no character in the whole film (its backgrounds may then show them): yes or no.
ALLOW_UNSEEN ?= no
# sam-mask.
BACKGROUND_SEGMENT_FLAGS ?= $(SEGMENT_FLAGS)
# mask-track: how characters are followed if TRACK is yes.
BACKGROUND_TRACK_FLAGS ?= $(TRACK_FLAGS)
# Frames a second through which characters are followed for plates if TRACK is yes, between those that are searched, so
# that plates show more. By default only those that are searched.
TRACK_FPS ?=
# plate-merge: uses what other frames show behind the characters.
PLATE_FLAGS ?=
# lama-inpaint: inpaints what no frame shows. Without a --max-fog here, or one that labels have set, it is 0.01.
INPAINT_FLAGS ?=
# plate-crop: the smallest part of a plate to keep if inpainting failed.
PLATE_CROP_FLAGS ?=
# blur-filter, for inpainted or cropped plates.
PLATE_BLUR_FLAGS ?= --flat 0.7
# cluster, for places.
PLACE_CLUSTER_FLAGS ?= --near-duplicates 0.98

background.chain = frames:$(if $(FRAMES),FRAMES,EXTRACT_FLAGS):quiet $(if $(marked),marked:TEXT_FLAGS:quiet) $(addprefix background/,clear:BLUR_FLAGS boxes:BACKGROUND_DETECT_FLAGS \
    masked:BACKGROUND_SEGMENT_FLAGS $(if $(tracks),tracked:BACKGROUND_TRACK_FLAGS) plates:PLATE_FLAGS filled:INPAINT_FLAGS cropped:PLATE_CROP_FLAGS,INPAINT_FLAGS sharp:PLATE_BLUR_FLAGS embedded:EMBED_FLAGS:quiet \
    places:PLACE_CLUSTER_FLAGS tagged:TAG_FLAGS:quiet)
background.records = background/tagged.jsonl
background.begin = --trigger="$${TRIGGER:-film}_place"
background.word = $(background.begin)
background.reports := $(addprefix background/,$(addsuffix /report.html,masks plates filled places))
WRITTEN += background/masked.jsonl=background/masks $(if $(tracks),background/tracked.jsonl=background/tracked $(if $(TRACK_FPS),background/between.jsonl=background/between)) background/plates.jsonl=background/plates background/filled.jsonl=background/filled \
    background/cropped.jsonl=background/crops

ifdef INSIDE_OUT

settings.background-clear = $(settings.sharp)$(addprefix $(empty) of ,$(marked))
background/clear.jsonl: $(first).jsonl .settings/background-clear
	$(call phase,background-clear) -- "$$BIN/blur-filter" $(rejects) $(blur_flags) $<

must_find = $(if $(filter yes,$(ALLOW_UNSEEN)),,--must-find)
settings.background-boxes = $(settings.lit) $(call stamp,DETECT,detect) $(call stamp,FACE,face) $(must_find) $(BACKGROUND_DETECT_FLAGS)$(words_stamp)
background/boxes.jsonl: background/clear.jsonl .settings/background-boxes
	$(call small_network,background-boxes) -- $(call pipe,"$$BIN/light-classify" $(LIGHT_FLAGS) $< \
	    | "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(must_find) $(rejects) $(BACKGROUND_DETECT_FLAGS))

settings.background-masked = $(call stamp,SEGMENT,segment) $(BACKGROUND_SEGMENT_FLAGS)
background/masked.jsonl: background/boxes.jsonl .settings/background-masked
	$(call large_network,background-masked) $(room) -- $(each)"$$BIN/sam-mask" $(call use,SEGMENT) \
	    --out-dir background/masks $(rejects) $(BACKGROUND_SEGMENT_FLAGS) $<

# Frames of the film between those that are searched; of FRAMES there are no others.
between := $(if $(FRAMES),,$(if $(tracks),$(TRACK_FPS)))
settings.background-between = $(settings.frames) $(TRACK_FPS) $(settings.sharp)$(if $(marked), $(settings.marked))
background/between.jsonl: frames.jsonl .settings/background-between
	$(call phase,background-between) $(room) -- $(call pipe,$(if $(SEVERAL),while IFS= read -r film; do \
	    "$$BIN/frame-extract" --out-dir background/between $(by_shots) $(EXTRACT_FLAGS) --fps "$$TRACK_FPS" -- "$$film" < /dev/null; done < .names/films.txt, \
	    "$$BIN/frame-extract" --out-dir background/between $(by_shots) $(EXTRACT_FLAGS) --fps "$$TRACK_FPS" -- "$$FILM") \
	    | $(if $(marked),$(find_text) | "$$BIN/text-detect" --mark |) "$$BIN/blur-filter" $(rejects) $(blur_flags))

settings.background-tracked = $(tracking) $(BACKGROUND_TRACK_FLAGS) $(between)
background/tracked.jsonl: background/masked.jsonl $(if $(between),background/between.jsonl) .settings/background-tracked
	$(call large_network,background-tracked) $(room) -- "$$BIN/mask-track" $(by_tracks) $(if $(between),--between background/between.jsonl) \
	    --out-dir background/tracked $(rejects) $(BACKGROUND_TRACK_FLAGS) $<

settings.background-plates = $(tracks) $(PLATE_FLAGS)
background/plates.jsonl: background/$(followed).jsonl .settings/background-plates
	$(call phase,background-plates) $(room) -- "$$BIN/plate-merge" --unmasked \
	    --out-dir background/plates $(rejects) $(PLATE_FLAGS) $<

# The detector looks again at what was inpainted.
watch = --detector "$${DETECT_MODEL:-default}"
# The limit of fog that is set here gives way to that of the user, or else to one that labels have set.
own_fog = $(filter --max-fog --max-fog=%,$(INPAINT_FLAGS))
fog = $(or $(call cut,fog,$(INPAINT_FLAGS)),$(if $(own_fog),,--max-fog 0.01$(if $(INPAINT_FLAGS),$(empty) )))
inpaint_flags = $(call cut,remnants,$(INPAINT_FLAGS))$(fog)$(INPAINT_FLAGS)
settings.background-filled = $(call stamp,INPAINT,inpaint) $(call stamp,DETECT,detect) $(inpaint_flags)
background/filled.jsonl: background/plates.jsonl .settings/background-filled
	$(call large_network,background-filled) $(room) -- $(each)"$$BIN/lama-inpaint" $(call use,INPAINT) $(watch) \
	    --keep --out-dir background/filled $(rejects) $(inpaint_flags) $<

# What was inpainted badly still shows the place beside the characters.
settings.background-cropped = $(PLATE_CROP_FLAGS)
background/cropped.jsonl: background/filled.jsonl .settings/background-cropped
	$(call phase,background-cropped) $(room) -- $(each)"$$BIN/plate-crop" --out-dir background/crops $(rejects) $(PLATE_CROP_FLAGS) $<

settings.background-sharp = $(PLATE_BLUR_FLAGS)
background/sharp.jsonl: background/cropped.jsonl .settings/background-sharp
	$(call phase,background-sharp) -- "$$BIN/blur-filter" $(rejects) $(PLATE_BLUR_FLAGS) $<

settings.background-embedded = $(settings.embedded)
background/embedded.jsonl: background/sharp.jsonl .settings/background-embedded
	$(call small_network,background-embedded) -- $(each)"$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(EMBED_FLAGS) $<

settings.background-places = $(PLACE_CLUSTER_FLAGS)
background/places.jsonl: background/embedded.jsonl .settings/background-places
	$(call phase,background-places) -- "$$BIN/cluster" $(rejects) $(PLACE_CLUSTER_FLAGS) $<

settings.background-tagged = $(settings.tagged)
background/tagged.jsonl: background/places.jsonl .settings/background-tagged
	$(call small_network,background-tagged) -- $(call pipe,"$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(rejects) $(TAG_FLAGS) $< \
	    | "$$BIN/light-classify" --use-tags)

# Each stage that makes images has a report of its own, with its errors: what was masked, the plate beside the frame
# that it was made of, what was inpainted beside the plate, and the places that there are.
background/masks/report.html: background/$(followed).jsonl
	@"$$BIN/report" --title 'Masks for backgrounds' --phase background-masked --draw mask --out-dir $(@D) --kept $< --dropped background/masked.rejects.jsonl
background/plates/report.html: background/plates.jsonl
	@"$$BIN/report" --title 'Plates' --phase background-plates --draw mask --beside /plate/original --out-dir $(@D) --kept $< --dropped background/plates.rejects.jsonl
filled.taught = $(call cut_file,remnants,$(INPAINT_FLAGS)) $(call cut_file,fog,$(INPAINT_FLAGS))
background/filled/report.html: background/filled.jsonl $(filled.taught)
	@"$$BIN/report" --title 'Inpainted plates' $(call taught_by,$(filled.taught)) --phase background-filled --beside /inpaint/original --out-dir $(@D) --kept $< --dropped background/filled.rejects.jsonl
background/places/report.html: background/tagged.jsonl
	@"$$BIN/report" --title 'Places' --phase background-places --out-dir $(@D) --kept $< --dropped background/sharp.rejects.jsonl --dropped background/places.rejects.jsonl

.PHONY: background
background: background/report.html ## [pipeline] A data set of places without characters

endif
