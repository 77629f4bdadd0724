# Checkpoints: images made with a LoRA, measured as its data set was, and compared.
#
# `make checkpoints` makes scores/NAME of the images in IMAGES. A type says in `measured` of its type.toml what its
# images are: frames, places (frames in which characters are searched), instances or faces. SCORING are the names of the
# data sets, which are of SCORED_KIND, SCORED_SETS their newest folders, and SCORES the folder of what is made. A data set
# is no prerequisite: it is taken as it is, and what it was made from need not be there any more.

## Checkpoints
# Folder of images made with a LoRA of PIPELINE, for `make checkpoints`: a folder for each checkpoint, and one called
# base for images made without the LoRA. Their names begin with ids of prompts.jsonl in the data set.
IMAGES ?=
# Further prompts, beside those of the data set, for images that were made with several LoRAs at once, which are all in
# PIPELINE. The folder alone then has images that each of them made by itself.
PROMPTS ?=
# lora-score, for example: --weights identity=3,prompt=1.
SCORE_FLAGS ?=

ifdef INSIDE_OUT
ifdef SCORING

scoring := $(subst /,-,$(SCORES))
its_kind := $(SCORED_KIND)
# The parts of images that the type's data set has.
parts := $(SCORES)/$(if $(filter places,$($(its_kind).measured)),searched,scenes).jsonl $(if $(filter instances faces,$($(its_kind).measured)),$(SCORES)/instances.jsonl $(SCORES)/faces.jsonl)
# Without CAST, characters are known by the data sets of groups that look alike.
known_as = $(if $(CAST),--references cast.jsonl,$(foreach one,$(WHO),$(addprefix --reference $(one)=,$(wildcard character/$(one)/dataset.jsonl))))
# What a LoRA made is not of the film, and need not be as near to its images as they are to each other.
as_near = $(if $(filter --reference-quantile%,$(IDENTITY_FLAGS)),,--reference-quantile 0)
# Every instance counts, however small or soft.
any_instance := --min-area 1 --max-cut 1 --max-hidden 1 --max-inside 1 --min-laplacian-variance 0 --min-edges 0
# Every face counts, however small, soft, hidden or turned.
any_face := --min-side 1 --relative-sharpness 0 --occlusion 1 --yaw 90 --roll 180
# Every image counts, however blurred: black and white ones are marked at most.
any_sharpness := --keep --sharpness 0 --contrast 0 --flat 0 --letters 0 --drawn-title 0 --min-side 1 --allow dissolve,fade,flash

settings.$(scoring)-scenes = $(call within,IMAGES) $(any_sharpness) $(settings.lit) $(settings.embedded) $(settings.tagged)
$(SCORES)/scenes.jsonl: .settings/$(scoring)-scenes
	$(call small_network,$(scoring)-scenes) -- $(call pipe,"$$BIN/frame-scan" --folder-as checkpoint -- "$$IMAGES" \
	    | "$$BIN/frame-dedup" --hash-only $(rejects) | "$$BIN/blur-filter" $(any_sharpness) | "$$BIN/light-classify" $(LIGHT_FLAGS) $(if $(filter none,$(NETWORKS)),, \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(EMBED_FLAGS) | "$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(TAG_FLAGS) \
	    | "$$BIN/light-classify" --use-tags))

# A place has no characters: here a false box costs an image, so that the flags are those for instances.
settings.$(scoring)-searched = $(settings.boxes)
$(SCORES)/searched.jsonl: $(SCORES)/scenes.jsonl .settings/$(scoring)-searched
	$(call small_network,$(scoring)-searched) -- "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(rejects) $(detect_flags) $<

settings.$(scoring)-instances = $(settings.boxes) $(settings.masked) $(settings.figures) $(settings.named) $(settings.keypoints) $(settings.posed)
$(SCORES)/instances.jsonl: $(SCORES)/scenes.jsonl .settings/$(scoring)-instances
	$(call large_network,$(scoring)-instances) $(room) -- $(call pipe,"$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(detect_flags) $< \
	    | "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir $(@D)/masks $(SEGMENT_FLAGS) \
	    | "$$BIN/mask-crop" --out-dir $(@D)/instances $(rejects) $(any_instance) \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(FIGURE_EMBED_FLAGS) \
	    $(if $(FIGURE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FIGURE_LABELS") \
	    | "$$BIN/id-match" $(known_as) $(as_near) $(IDENTITY_FLAGS) \
	    | "$$BIN/rtmpose" $(call use,POSE) $(animals) $(KEYPOINT_FLAGS) | "$$BIN/pose-classify" $(POSE_FLAGS))

settings.$(scoring)-faces = $(settings.faces) $(any_face) $(settings.emotions) $(settings.expressions)
$(SCORES)/faces.jsonl: $(SCORES)/instances.jsonl .settings/$(scoring)-faces
	$(call small_network,$(scoring)-faces) $(room) -- $(call pipe,"$$BIN/face-crop" $(call use,FACE) --out-dir $(@D)/faces $(rejects) $(any_face) $< \
	    | "$$BIN/emotion-classify" $(call use,EMOTION) $(EMOTION_FLAGS) | "$$BIN/emotion-classify" --rank-within /identity/name $(landmarks) \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(if $(FACE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FACE_LABELS"))

# Copies are told by hashes, too, and sharpness is beside that of training images: both are measured of the images that
# trainers see, which checkpoints.py lists in exported.
trained := $(SCORING:%=$(SCORES)/trained/%.jsonl)
settings.$(scoring)-training = $(filter DATASET=%,$(STAMPS)) $(any_sharpness)
$(trained): $(SCORES)/trained/%.jsonl: $(SCORES)/exported/%.jsonl .settings/$(scoring)-training
	$(call phase,$(scoring)-training-$*) -- $(call pipe,"$$BIN/frame-dedup" --hash-only $(rejects) $< | "$$BIN/blur-filter" $(any_sharpness))

# Of several, each has a name.
named_set = $(if $(word 2,$(SCORING)),$(1:character-%=%)=)$(SCORES)/trained/$(1).jsonl
settings.$(scoring)-scores = $(SCORE_FLAGS) $(SCORED_SETS) $(call within,PROMPTS)
$(SCORES)/scores.jsonl: $(trained) $(parts) .settings/$(scoring)-scores
	@rm -f $(@D)/report.html
	$(call phase,$(scoring)-scores) -- "$$BIN/lora-score" --type $(call kind,$(its_kind)) $(SCORED_SETS:%=--prompts "%/prompts.jsonl") \
	    $(if $(PROMPTS),--prompts "$$PROMPTS") $(foreach one,$(SCORING),--training $(call named_set,$(one))) \
	    $(if $(CAST),$(if $(filter instances,$($(its_kind).measured)),--references cast.jsonl)) \
	    --scored $(@D)/images.jsonl --page $(@D)/report.html $(rejects) $(SCORE_FLAGS) $(parts)

endif
endif
