# Frames: of the film, without duplicates and what is out of focus; what light and what scene they show.

PIPELINES += frames
frames.networks :=
frames.optional_networks :=

## Frames: flags of each tool, listed in its --help
# frame-extract, for example: --fps 4.
EXTRACT_FLAGS ?=
# shot-detect, of FRAMES.
SHOT_FLAGS ?=
# text-detect: what is burnt-in text.
TEXT_FLAGS ?=
# What becomes of frames with subtitles and logos, if a network for text is there: crop (to the largest part without
# them), inpaint, mask (trainers with masked loss do not learn them), drop or keep. Backgrounds show what other frames
# have behind them, or else they are inpainted, unless this is keep. With TRACK=yes it is mask by default, as frames of a
# shot must have one size.
TEXT ?= $(if $(filter yes,$(TRACK)),mask,crop)
# text-remove, or lama-inpaint if TEXT is inpaint.
TEXT_REMOVE_FLAGS ?=
# frame-dedup.
DEDUP_FLAGS ?=
# blur-filter: limits of blur, darkness and flatness.
BLUR_FLAGS ?=
# light-classify.
LIGHT_FLAGS ?=
# clip-embed, for frames.
EMBED_FLAGS ?= --crops wide
# clip-tag, for frames.
TAG_FLAGS ?=
# Folder or file of labels for frames.
LABELS ?= examples/labels

# What the frames are known by when no network may run.
scenes := $(if $(filter none,$(NETWORKS)),lit,tagged)
# Text is looked for before near-duplicates are dropped, as what holds still shows in many frames of a shot.
marked := $(if $(filter-out keep,$(TEXT)),$(if $(TEXT_MODEL)$(filter published,$(NETWORKS)),marked))
first := $(or $(marked),frames)
plain := $(if $(marked),plain,unique)
frames.chain := frames:$(if $(FRAMES),FRAMES,EXTRACT_FLAGS) $(if $(marked),marked:TEXT_FLAGS:quiet) unique:DEDUP_FLAGS $(if $(marked),plain:TEXT$(comma)TEXT_REMOVE_FLAGS) sharp:BLUR_FLAGS
scenes.chain := $(frames.chain) lit:LIGHT_FLAGS:quiet embedded:EMBED_FLAGS:quiet tagged:TAG_FLAGS:quiet
WRITTEN += frames.jsonl=frames $(if $(marked),plain.jsonl=plain)

ifdef INSIDE_OUT

# By what changes of shot are found: by rules alone where no published network may run.
by_shots = $(if $(filter none,$(NETWORKS)),--method rules,$(if $(SHOT_MODEL),--device "$$DEVICE" --model "$$SHOT_MODEL",$(if \
    $(filter published,$(NETWORKS)),--device "$$DEVICE",--method rules)))

ifdef FRAMES
# Frames of one's own are read where they are. Only those with black bars are written anew, without them.
settings.frames = $(call within,FRAMES) $(FRAMES_FPS) $(SHOT_MODEL) $(SHOT_FLAGS)
frames.jsonl: .settings/frames
	$(call phase,frames) $(room) -- $(call pipe,if [ -d "$$FRAMES" ]; then "$$BIN/frame-scan" --natural $(rejects) -- "$$FRAMES"; \
	    elif [ "$${FRAMES%.jsonl}" != "$$FRAMES" ]; then : > frames.rejects.jsonl; cat -- "$$FRAMES"; \
	    else "$$BIN/frame-scan" $(rejects) - < "$$FRAMES"; fi | "$$BIN/frame-crop" --out-dir frames | "$$BIN/shot-detect" --fps "$$FRAMES_FPS" $(by_shots) $(SHOT_FLAGS))
else ifneq ($(SEVERAL),)
# Several films are one after the other.
settings.frames = $(call within,FILM) $(SHOT_MODEL) $(EXTRACT_FLAGS)
frames.jsonl: .settings/frames
	@: > frames.rejects.jsonl
	$(call phase,frames) $(room) -- $(call pipe,while IFS= read -r film; do \
	    "$$BIN/frame-extract" --out-dir frames --rejects frames.part.rejects.jsonl $(by_shots) $(EXTRACT_FLAGS) -- "$$film" < /dev/null; \
	    cat frames.part.rejects.jsonl >> frames.rejects.jsonl; rm frames.part.rejects.jsonl; done < .names/films.txt)
else
settings.frames = $(call within,FILM) $(SHOT_MODEL) $(EXTRACT_FLAGS)
frames.jsonl: .settings/frames
	$(call phase,frames) $(room) -- "$$BIN/frame-extract" --out-dir frames $(rejects) $(by_shots) $(EXTRACT_FLAGS) -- "$$FILM"
endif

settings.marked = $(call stamp,TEXT,text) $(TEXT_FLAGS)
find_text = "$$BIN/text-detect" --if-installed $(call use,TEXT) $(TEXT_FLAGS)
marked.jsonl: frames.jsonl .settings/marked
	$(call small_network,marked) -- $(call pipe,$(each)$(find_text) $(rejects) $< | "$$BIN/text-detect" --mark)

# Near-duplicates that a person has decided on in `make teach PIPELINE=dedup`.
pairs := $(if $(filter yes,$(TAUGHT)),$(wildcard review/dedup.pairs.jsonl))
dedup_flags = $(call cut,dedup,$(DEDUP_FLAGS))$(DEDUP_FLAGS)
settings.unique = $(dedup_flags)$(addprefix $(empty) of ,$(marked))$(addprefix $(empty) by ,$(pairs))
unique.jsonl: $(first).jsonl $(pairs) .settings/unique
	$(call phase,unique) -- "$$BIN/frame-dedup" $(rejects) $(addprefix --pairs ,$(pairs)) $(dedup_flags) $<

settings.plain = $(TEXT) $(TEXT_REMOVE_FLAGS) $(if $(filter inpaint,$(TEXT)),$(call stamp,INPAINT,inpaint))
plain.jsonl: unique.jsonl .settings/plain
ifeq ($(TEXT),inpaint)
	$(call large_network,plain) $(room) -- "$$BIN/lama-inpaint" $(call use,INPAINT) --mask-key /text/mask --out-dir plain $(rejects) $(TEXT_REMOVE_FLAGS) $<
else
	$(call phase,plain) $(room) -- "$$BIN/text-remove" --how "$$TEXT" --out-dir plain $(rejects) $(TEXT_REMOVE_FLAGS) $<
endif

blur_flags = $(call cut,blur,$(BLUR_FLAGS))$(BLUR_FLAGS)
settings.sharp = $(blur_flags)
sharp.jsonl: $(plain).jsonl .settings/sharp
	$(call phase,sharp) -- "$$BIN/blur-filter" $(rejects) $(blur_flags) $<

settings.lit = $(LIGHT_FLAGS)
lit.jsonl: sharp.jsonl .settings/lit
	$(call phase,lit) -- $(each)"$$BIN/light-classify" $(rejects) $(LIGHT_FLAGS) $<

settings.embedded = $(call stamp,EMBED,embed) $(EMBED_FLAGS)
embedded.jsonl: lit.jsonl .settings/embedded
	$(call small_network,embedded) -- $(each)"$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(EMBED_FLAGS) $<

# The tags have a say in what the light is called, beside its colours.
settings.tagged = $(call stamp,EMBED,embed) $(TAG_FLAGS) $(call within,LABELS)
tagged.jsonl: embedded.jsonl .settings/tagged
	$(call small_network,tagged) -- $(call pipe,"$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(rejects) $(TAG_FLAGS) $< \
	    | "$$BIN/light-classify" --use-tags)

frames.taught = $(call cut_file,dedup,$(DEDUP_FLAGS)) $(call cut_file,blur,$(BLUR_FLAGS))
frames/report.html: sharp.jsonl $(frames.taught)
	@"$$BIN/report" --title 'Frames' $(call taught_by,$(frames.taught)) --out-dir frames --kept $< $(call dropped,$(frames.chain))

.PHONY: frames
frames: frames/report.html ## [pipeline] Extract, deduplicate and filter the frames

endif
