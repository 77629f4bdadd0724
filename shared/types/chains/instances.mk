# Instances: the characters in the frames, each with its mask, a crop and a name.

PIPELINES += instances
instances.networks := detect face segment embed
instances.optional_networks :=

## Instances, poses and faces
# char-detect.
DETECT_FLAGS ?=
# sam-mask.
SEGMENT_FLAGS ?=
# mask-track: how characters are followed if TRACK is yes.
TRACK_FLAGS ?=
# matte, where MATTE is yes.
MATTE_FLAGS ?=
# mask-crop: how large, whole and sharp an instance must be.
INSTANCE_FLAGS ?=
# clip-embed, for instances.
FIGURE_EMBED_FLAGS ?= --mask
# Folder or file of labels for instances; leave it empty for none.
FIGURE_LABELS ?= examples/labels/clothes.toml
# cluster, for instances that look alike, if there is no CAST.
CAST_CLUSTER_FLAGS ?=
# id-match: how sure a name must be.
IDENTITY_FLAGS ?=

# Which manifest has the names that count: those of references or groups, or those that labels have taught.
teach_names := $(if $(filter undefined,$(origin STAMPS)),,$(filter TEACH_KEY=/identity/name,$(STAMPS)))
known := $(if $(filter yes,$(TAUGHT)),$(if $(teach_names)$(wildcard review/taught/character),known,named),named)
known_from := $(if $(teach_names),known.before,named.jsonl)
taught_names := $(if $(filter known,$(known)),known:TEACH_FLAGS)

# Whether characters are followed through their shots, and the manifest that has their masks then.
tracks := $(filter yes,$(TRACK))
followed := $(if $(tracks),tracked,masked)

ifdef INSTANCES
instances.chain := own:INSTANCES instances:SEGMENT_FLAGS figures:FIGURE_EMBED_FLAGS:quiet named:IDENTITY_FLAGS,CAST $(taught_names)
else
instances.chain := $(scenes.chain) boxes:DETECT_FLAGS,DETECT_MODEL masked:SEGMENT_FLAGS $(if $(tracks),tracked:TRACK_FLAGS) instances:INSTANCE_FLAGS \
    figures:FIGURE_EMBED_FLAGS:quiet named:IDENTITY_FLAGS,CAST $(taught_names)
endif
instances.reports := $(if $(INSTANCES),,masks/report.html) instances/report.html
WRITTEN += masked.jsonl=masks $(if $(tracks),tracked.jsonl=tracked) instances.jsonl=instances cast.jsonl=cast $(if $(INSTANCES),own.jsonl=own)

ifdef INSIDE_OUT

# Faces reveal close-ups, which do not look like a person to a person detector.
close_ups = --face-detector "$${FACE_MODEL:-default}"

# What the detector has no class for is asked for in words, where there are any: those of WORDS, and of the cast.
cast_words = $(filter CAST_WORDS=%,$(STAMPS))
by_words = $(if $(WORDS)$(cast_words),$(if $(WORDS),--words "$$WORDS") $(if $(cast_words),--words-of "$$CAST") \
    $(if $(WORDS_MODEL),--words-model "$$WORDS_MODEL"))
words_stamp = $(if $(by_words), $(WORDS) $(cast_words) $(call stamp,WORDS,words))

searched = $(call stamp,DETECT,detect) $(call stamp,FACE,face) $(1)$(words_stamp)
detect_flags = $(call cut,detect,$(DETECT_FLAGS))$(DETECT_FLAGS)
settings.boxes = $(call searched,$(detect_flags))
boxes.jsonl: $(scenes).jsonl .settings/boxes
	$(call small_network,boxes) -- $(each)"$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(rejects) $(detect_flags) $<

segmented = $(each)"$$BIN/sam-mask" $(call use,SEGMENT) --out-dir masks $(rejects) $(SEGMENT_FLAGS)
# The last masks are sharpened: those of the segmenter, or those that were followed.
mattes := $(filter yes,$(MATTE))
matte = | "$$BIN/matte" $(call use,MATTE) $(MATTE_FLAGS) --out-dir
matte_stamp = $(if $(mattes), matte $(call stamp,MATTE,matte) $(MATTE_FLAGS))
at_masks := $(if $(tracks),,$(mattes))
at_tracks := $(if $(tracks),$(mattes))
settings.masked = $(call stamp,SEGMENT,segment) $(SEGMENT_FLAGS)$(if $(at_masks),$(matte_stamp))
masked.jsonl: boxes.jsonl .settings/masked
	$(call large_network,masked) $(room) -- $(if $(at_masks),$(call pipe,$(segmented) $< $(matte) masks/mattes),$(segmented) $<)

# Without a network that has a memory, detections are linked, and the segmenter fills in what is missing.
by_tracks = --device "$$DEVICE" $(if $(TRACK_MODEL),--method memory --model "$$TRACK_MODEL",$(if $(filter published,$(NETWORKS)),,--method overlap)) \
    $(if $(SEGMENT_MODEL),--segmenter "$$SEGMENT_MODEL")
tracking = $(call stamp,SEGMENT,segment) $(call stamp,TRACK,track)
settings.tracked = $(tracking) $(TRACK_FLAGS)$(if $(at_tracks),$(matte_stamp))
tracked = "$$BIN/mask-track" $(by_tracks) --out-dir tracked $(rejects) $(TRACK_FLAGS)
tracked.jsonl: masked.jsonl .settings/tracked
	$(call large_network,tracked) $(room) -- $(if $(at_tracks),$(call pipe,$(tracked) $< $(matte) tracked/mattes),$(tracked) $<)

ifdef INSTANCES
# Instances of one's own stay as they are, under the names of their folders. An image in none has no name yet.
in_folders = $(if $(OWN_FOLDERS),--folder-as character)
settings.own = $(call within,INSTANCES) $(CAPTIONS)
own.jsonl: .settings/own
	$(call phase,own) $(room) -- $(call pipe,"$$BIN/frame-scan" --natural $(in_folders) -- "$$INSTANCES" \
	    | "$$BIN/instance-read" --captions "$$CAPTIONS" --out-dir own $(rejects))

# Those without a mask get that of the surest character in them.
settings.instances = $(call searched,$(DETECT_FLAGS)) $(call stamp,SEGMENT,segment) $(SEGMENT_FLAGS)
instances.jsonl: own.jsonl .settings/instances
	$(call large_network,instances) $(room) -- $(call pipe,if grep -qv '"mask":' $<; then \
	    "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(DETECT_FLAGS) $< \
	    | "$$BIN/sam-mask" $(call use,SEGMENT) --max-masks 1 --out-dir instances/segments $(SEGMENT_FLAGS) \
	    | "$$BIN/instance-read" --out-dir instances $(rejects); else cat $<; fi)
else
instance_flags = $(call cut,motion,$(INSTANCE_FLAGS))$(INSTANCE_FLAGS)
settings.instances = $(tracks) $(instance_flags)
instances.jsonl: $(followed).jsonl .settings/instances
	$(call phase,instances) $(room) -- "$$BIN/mask-crop" --out-dir instances $(rejects) $(instance_flags) $<
endif

settings.figures = $(call stamp,EMBED,embed) $(FIGURE_EMBED_FLAGS) $(call within,FIGURE_LABELS)
figures.jsonl: instances.jsonl .settings/figures
	$(call small_network,figures) -- $(call pipe,$(each)"$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(FIGURE_EMBED_FLAGS) $< \
	    $(if $(FIGURE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FIGURE_LABELS"))

# References are cropped as instances are, so that like is compared with like, and get
# the name of their folder. Each is the image of one character: its surest instance
# counts, however small, and whatever threshold the film has.
settings.cast = $(call within,CAST) $(call searched,$(DETECT_FLAGS)) $(settings.masked)$(if $(at_tracks),$(matte_stamp)) $(settings.figures)
cast.jsonl: .settings/cast
	@rm -rf cast && mkdir -p cast
	$(call large_network,cast) -- $(call pipe,"$$BIN/frame-scan" --folder-as character "$$CAST" \
	    | "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(by_words) $(DETECT_FLAGS) \
	    | "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir cast/masks $(SEGMENT_FLAGS) --max-masks 1 $(if $(mattes),$(matte) cast/mattes) \
	    | "$$BIN/mask-crop" --out-dir cast/crops $(rejects) \
	        --min-area 1 --max-cut 1 --max-hidden 1 --max-inside 1 --min-laplacian-variance 0 --min-edges 0 \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(FIGURE_EMBED_FLAGS))

# Names come from the references, or else from groups of instances that look alike. A track whose votes are split
# names none that is not sure of itself.
references = $(if $(CAST),--references cast.jsonl --cast "$$CAST") $(if $(tracks),--agreement 0.67)
settings.named = $(call within,CAST) $(tracks) $(IDENTITY_FLAGS) $(CAST_CLUSTER_FLAGS)
named.jsonl: figures.jsonl $(if $(CAST),cast.jsonl) .settings/named
ifneq ($(CAST),)
	$(call phase,named) -- "$$BIN/id-match" $(references) $(rejects) $(IDENTITY_FLAGS) $<
else
	$(call phase,named) -- $(call pipe,"$$BIN/cluster" $(rejects) $(CAST_CLUSTER_FLAGS) $< | "$$BIN/id-match" $(references) $(IDENTITY_FLAGS))
endif

# Names that `make teach PIPELINE=character` has taught, or a model that was taught on another film.
settings.known = $(call within,TEACH_FROM) $(TEACH_FLAGS)
known.jsonl: named.jsonl review/character.jsonl .settings/known
	$(call phase,known) -- $(call pipe,$(if $(teach_names),"$$BIN/label-apply" --taught "$$TEACH_FROM" --patch review/character.jsonl \
	        --rejects known.gone.jsonl $< > known.before;) \
	    "$$BIN/label-fit" --key /identity/name --on /embedding/vector --prior $(if $(teach_names),/taught/~1identity~1name/scores$(comma))/identity/name \
	        --together /identity/track --patch review/character.jsonl --drop-class \
	        --output known.json $(TEACH_FLAGS) $(known_from) > /dev/null; \
	    "$$BIN/label-apply" --taught known.json --patch review/character.jsonl $(rejects) $(known_from)$(if $(teach_names),; \
	    cat known.gone.jsonl >> known.rejects.jsonl))

# Each stage that makes images has a report of its own, with its errors.
masks/report.html: $(followed).jsonl
	@"$$BIN/report" --title 'Masks' --phase masked --draw mask --out-dir masks --kept $< --dropped masked.rejects.jsonl

instances.taught = $(if $(INSTANCES),,$(call cut_file,detect,$(DETECT_FLAGS)) $(call cut_file,motion,$(INSTANCE_FLAGS)))
instances/report.html: $(known).jsonl $(instances.taught)
	@"$$BIN/report" --title 'Instances' $(call taught_by,$(instances.taught)) --out-dir instances --kept $< $(call dropped,$(instances.chain))

.PHONY: instances
instances: instances/report.html ## [pipeline] Detect the characters, crop them and name them

endif
