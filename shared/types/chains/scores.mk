# Checkpoints: images made with a LoRA, measured as its data set was, and compared.
#
# `make checkpoints` makes scores/NAME of the images in IMAGES. A type says in `measured` of its type.toml what its
# images are: frames, instances or faces. SCORING is the folder of the data set, SCORES that of what is made. The data
# set is no prerequisite: it is taken as it is, and what it was made from need not be there any more.

## Checkpoints
# Folder of images made with a LoRA of PIPELINE, for `make checkpoints`: a folder for each checkpoint, and one called
# base for images made without the LoRA. Their names begin with ids of prompts.jsonl in the data set.
IMAGES ?=
# lora-score, for example: --weights identity=3,prompt=1.
SCORE_FLAGS ?=

ifdef INSIDE_OUT
ifdef SCORING

scoring := $(subst /,-,$(SCORES))
its_kind := $(firstword $(subst /, ,$(SCORING)))
# The parts of images that the type's data set has.
parts := $(SCORES)/scenes.jsonl $(if $(filter instances faces,$($(its_kind).measured)),$(SCORES)/instances.jsonl $(SCORES)/faces.jsonl)
# Without CAST, characters are known by the data sets of groups that look alike.
known_as = $(if $(CAST),--references cast.jsonl,$(foreach one,$(WHO),$(addprefix --reference $(one)=,$(wildcard character/$(one)/dataset.jsonl))))
# What a LoRA made is not of the film, and need not be as near to its images as they are to each other.
as_near = $(if $(filter --reference-quantile%,$(IDENTITY_FLAGS)),,--reference-quantile 0)
# Every instance counts, however small or soft.
any_instance := --min-area 1 --max-cut 1 --max-hidden 1 --max-inside 1 --min-laplacian-variance 0 --min-edges 0
# Every image counts, however blurred: black and white ones are marked at most.
any_sharpness := --keep --sharpness 0 --contrast 0 --flat 0 --letters 0 --drawn-title 0 --min-side 1 --allow dissolve,fade,flash

settings.$(scoring)-scenes = $(call within,IMAGES) $(any_sharpness) $(settings.lit) $(settings.embedded) $(settings.tagged)
$(SCORES)/scenes.jsonl: .settings/$(scoring)-scenes
	$(call small_network,$(scoring)-scenes) -- $(call pipe,"$$BIN/frame-scan" --folder-as checkpoint -- "$$IMAGES" \
	    | "$$BIN/frame-dedup" --hash-only $(rejects) | "$$BIN/blur-filter" $(any_sharpness) | "$$BIN/light-classify" $(LIGHT_FLAGS) $(if $(filter none,$(NETWORKS)),, \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(EMBED_FLAGS) | "$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(TAG_FLAGS) \
	    | "$$BIN/light-classify" --use-tags))

settings.$(scoring)-instances = $(settings.boxes) $(settings.masked) $(settings.figures) $(settings.named) $(settings.keypoints) $(settings.posed)
$(SCORES)/instances.jsonl: $(SCORES)/scenes.jsonl .settings/$(scoring)-instances
	$(call large_network,$(scoring)-instances) $(room) -- $(call pipe,"$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(detect_flags) $< \
	    | "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir $(@D)/masks $(SEGMENT_FLAGS) \
	    | "$$BIN/mask-crop" --out-dir $(@D)/instances $(rejects) $(any_instance) \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(FIGURE_EMBED_FLAGS) \
	    $(if $(FIGURE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FIGURE_LABELS") \
	    | "$$BIN/id-match" $(known_as) $(as_near) $(IDENTITY_FLAGS) \
	    | "$$BIN/rtmpose" $(call use,POSE) $(animals) $(KEYPOINT_FLAGS) | "$$BIN/pose-classify" $(POSE_FLAGS))

settings.$(scoring)-faces = $(settings.faces) $(settings.emotions) $(settings.expressions)
$(SCORES)/faces.jsonl: $(SCORES)/instances.jsonl .settings/$(scoring)-faces
	$(call small_network,$(scoring)-faces) $(room) -- $(call pipe,"$$BIN/face-crop" $(call use,FACE) --out-dir $(@D)/faces $(rejects) $(face_flags) $< \
	    | "$$BIN/emotion-classify" $(call use,EMOTION) $(EMOTION_FLAGS) | "$$BIN/emotion-classify" --rank-within /identity/name $(landmarks) \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(if $(FACE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FACE_LABELS"))

# Copies are told by hashes, too, and sharpness is beside that of training images: both are measured of the images that
# trainers see, which checkpoints.py lists in exported.jsonl.
settings.$(scoring)-training = $(filter DATASET=%,$(STAMPS)) $(any_sharpness)
$(SCORES)/training.jsonl: $(SCORES)/exported.jsonl .settings/$(scoring)-training
	$(call phase,$(scoring)-training) -- $(call pipe,"$$BIN/frame-dedup" --hash-only $(rejects) $< | "$$BIN/blur-filter" $(any_sharpness))

settings.$(scoring)-scores = $(SCORE_FLAGS) $(SCORED_SET)
$(SCORES)/scores.jsonl: $(SCORES)/training.jsonl $(parts) .settings/$(scoring)-scores
	@rm -f $(@D)/report.html
	$(call phase,$(scoring)-scores) -- "$$BIN/lora-score" --type $(call kind,$(its_kind)) --prompts "$(SCORED_SET)/prompts.jsonl" \
	    --training $< $(if $(CAST),$(if $(filter instances,$($(its_kind).measured)),--references cast.jsonl)) \
	    --scored $(@D)/images.jsonl --page $(@D)/report.html $(rejects) $(SCORE_FLAGS) $(parts)

endif
endif
