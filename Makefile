# film2lora: one film to training-ready LoRA data sets.  `make help` lists what there is.
#
# Two parts: what runs in the repository (building, testing, installing), and,
# below, what runs inside the folder OUT (the pipelines). tools/phase/make/launch.py
# takes from the first to the second with `make -C "$OUT"`, so that every manifest
# names its images relative to OUT, OUT can be moved as a whole, and no path with
# spaces ever becomes the name of a target.

# An older make (macOS has 3.81) reads what follows wrongly: it says so, with whatever else is missing.
ifneq ($(firstword $(sort $(MAKE_VERSION) 4.3)),4.3)
$(shell bash models/needs.sh $(MAKE_VERSION) >&2)
$(error stopped)
endif

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# Names are data. They are taken as they were typed, so that make finds nothing in
# them to expand, and recipes read them from the environment, so that neither does
# the shell. A name is not to be written into a recipe, a target or `$(shell)`.
NETWORK_ROLES := DETECT SEGMENT INPAINT EMBED POSE FACE EMOTION CAPTION
SETS := CHARACTER BACKGROUND POSE EXPRESSION STYLE LIGHTING
NAMES := SETTINGS FILM OUT TRIGGER CAST CHARACTER CLASS LABELS FIGURE_LABELS BIN PREFIX DESTDIR RUNTIME ROLE MODEL \
    MODELS_FROM PIPELINE SCORED NICE NEEDS_DISK NETWORKS DEVICE DESCRIBE ALLOW_UNSEEN MINIMUM PLAN_PIECES PLAN_SECONDS SECONDS_EACH \
    $(NETWORK_ROLES:%=%_MODEL) $(SETS:%=%_TARGET)
define take
ifneq ($(filter command override,$(firstword $(origin $(1))) $(lastword $(origin $(1)))),)
override $(1) := $$(value $(1))
else ifeq ($(origin $(1)),environment)
$(1) := $$(value $(1))
endif
endef
$(foreach name,$(NAMES) FFMPEG FILM2LORA_MODELS,$(eval $(call take,$(name))))

# Settings: on the command line, or in the file SETTINGS, which is read here.
# `make help` prints what follows: the headings, and the comment above each setting.

## Film and folders
# Makefile to read further settings from; a $ in one of its values is written $$.
SETTINGS ?= film.mk
before := $(.VARIABLES)
settings_text := $(if $(SETTINGS),$(file <$(SETTINGS)))
$(eval $(value settings_text))
written := $(filter-out $(before) before settings_text,$(.VARIABLES))
# Film to make data sets of.
FILM ?=
# Folder for all that is made; it can be moved as a whole.
OUT ?= out
# Word that captions begin with; without it each data set has one of its own.
TRIGGER ?=
# Folder with a folder of images for each character, whose name it gives them.
CAST ?=
# Whose data sets `character` makes; without CAST the largest group of figures.
CHARACTER ?=
# The character's class word, as in: boy.
CLASS ?=

## How it runs
# Where the tools are; set it to use installed ones and build nothing.
BIN ?=
# Niceness of work on the CPU, 0 to 19: it makes way for everything else on the machine.
NICE ?= 19
# Free disk that a stage which writes images wants to see first.
NEEDS_DISK ?= 2GB
# Where networks run: auto, cpu or cuda.
DEVICE ?= auto
# What `make plan` runs, and whose images `make review` shows.
PIPELINE ?= all
# Pieces of the film that `make plan` runs.
PLAN_PIECES ?= 8
# Seconds of each piece.
PLAN_SECONDS ?= 6

## Size of the data sets
# Images to select for the data set of a character.
CHARACTER_TARGET ?= 400
# Images to select of places.
BACKGROUND_TARGET ?= 1200
# Images to select of actions.
POSE_TARGET ?= 400
# Images to select of facial expressions.
EXPRESSION_TARGET ?= 300
# Images to select for the style.
STYLE_TARGET ?= 650
# Images to select of times of day.
LIGHTING_TARGET ?= 500
# Fewest images of a data set: with fewer, make fails at the end. By default too few are only told.
MINIMUM ?=

## Networks
# published (those of `make models`), small (our own, for the sample film alone), or none, which leaves
# only what frames themselves can tell.
NETWORKS ?= published
# Finds figures: a name in the registry or a path, instead of the default; and so with the next ones.
DETECT_MODEL ?=
# Cuts figures out.
SEGMENT_MODEL ?=
# Fills what is behind them.
INPAINT_MODEL ?=
# Makes vectors of images, by which they are compared and labelled.
EMBED_MODEL ?=
# Finds key points of figures.
POSE_MODEL ?=
# Finds faces.
FACE_MODEL ?=
# Tells expressions.
EMOTION_MODEL ?=
# Describes images in words.
CAPTION_MODEL ?=
# Whether CAPTION_MODEL describes the images before captions are composed: yes or no.
DESCRIBE ?= yes

## Frames: flags of each tool, as its --help tells them
# frame-extract, as in: --fps 4.
EXTRACT_FLAGS ?=
# frame-dedup.
DEDUP_FLAGS ?=
# blur-filter: what is too blurred, dark or flat.
BLUR_FLAGS ?=
# light-classify.
LIGHT_FLAGS ?=
# clip-embed, of frames.
EMBED_FLAGS ?= --crops wide
# clip-tag, of frames.
TAG_FLAGS ?=
# Folder or file of labels for frames.
LABELS ?= examples/labels

## Figures
# char-detect.
DETECT_FLAGS ?=
# sam-mask.
SEGMENT_FLAGS ?=
# mask-crop: which figures are large, whole and sharp enough.
INSTANCE_FLAGS ?=
# clip-embed, of figures.
FIGURE_EMBED_FLAGS ?= --mask
# Folder or file of labels for figures; empty for none.
FIGURE_LABELS ?= examples/labels/clothes.toml
# cluster, of figures that look alike, where there is no CAST.
CAST_CLUSTER_FLAGS ?=
# id-match: how sure a name must be.
IDENTITY_FLAGS ?=
# rtmpose.
KEYPOINT_FLAGS ?=
# pose-classify.
POSE_FLAGS ?= --smooth 1
# face-crop.
FACE_FLAGS ?=
# emotion-classify.
EMOTION_FLAGS ?=
# blur-filter, of the figures of a character.
FIGURE_BLUR_FLAGS ?= --sharpness 10% --letters 0 --title 0 --flat 1
# cluster, of the figures of a character: which are near duplicates.
FIGURE_CLUSTER_FLAGS ?= --near-duplicates 0.98
# cluster, of poses: which are near duplicates.
POSE_CLUSTER_FLAGS ?= --on /pose/vector --near-duplicates 0.995 --quality /instance/sharpness

## Backgrounds
# char-detect: a figure that is missed stays in the background; a box too many costs a little ground.
BACKGROUND_DETECT_FLAGS ?= $(or $(DETECT_FLAGS),--threshold 0.1 --classes creatures)
# Where the detector finds no character in the whole film, backgrounds may show them all: yes makes the set anyway.
ALLOW_UNSEEN ?= no
# sam-mask.
BACKGROUND_SEGMENT_FLAGS ?= $(SEGMENT_FLAGS)
# plate-merge: what other frames show behind the figures.
PLATE_FLAGS ?=
# lama-inpaint: what no frame shows.
INPAINT_FLAGS ?=
# plate-crop: the smallest part of a plate that is kept where filling failed.
PLATE_CROP_FLAGS ?=
# blur-filter, of what was filled or cropped.
PLATE_BLUR_FLAGS ?= --flat 0.7
# cluster, of places.
PLACE_CLUSTER_FLAGS ?= --near-duplicates 0.98

## Selection: flags of balance
# Characters.
CHARACTER_BALANCE_FLAGS ?= --by /pose/framing,/pose/angle,/emotion/label --quota /pose/head=unseen:0 --per-shot 6
# Backgrounds.
BACKGROUND_BALANCE_FLAGS ?= --by /cluster/id,/light/time --per-shot 2
# Poses.
POSE_BALANCE_FLAGS ?= --by /pose/action,/pose/angle --reserve /pose/action=unknown:20 --quota /pose/head=unseen:0 --quality /instance/sharpness --per-shot 6
# Expressions.
EXPRESSION_BALANCE_FLAGS ?= --by /emotion/label,/emotion/intensity --quota /emotion/label=unknown:0 --quality /face/sharpness --per-shot 4
# Style.
STYLE_BALANCE_FLAGS ?= --per-shot 3
# Lighting.
LIGHTING_BALANCE_FLAGS ?= --by /light/time --quota /light/time=unknown:0 --per-shot 6

## Captions and data sets
# vlm-caption, as in: --endpoint http://localhost:8000.
DESCRIBE_FLAGS ?= --task detailed
# caption-compose, characters.
CHARACTER_CAPTION_FLAGS ?=
# caption-compose, backgrounds.
BACKGROUND_CAPTION_FLAGS ?=
# caption-compose, poses.
POSE_CAPTION_FLAGS ?=
# caption-compose, expressions.
EXPRESSION_CAPTION_FLAGS ?=
# caption-compose, style.
STYLE_CAPTION_FLAGS ?=
# caption-compose, lighting.
LIGHTING_CAPTION_FLAGS ?=
# dataset-write: trainers to write for, and the share of whole shots to keep from training.
DATASET_FLAGS ?= --views kohya,onetrainer,ai-toolkit,diffusers --validation 10%
# The same, of characters alone.
CHARACTER_DATASET_FLAGS ?= $(DATASET_FLAGS)
# Of backgrounds.
BACKGROUND_DATASET_FLAGS ?= $(DATASET_FLAGS)
# Of poses.
POSE_DATASET_FLAGS ?= $(DATASET_FLAGS)
# Of expressions.
EXPRESSION_DATASET_FLAGS ?= $(DATASET_FLAGS)
# Of the style.
STYLE_DATASET_FLAGS ?= $(DATASET_FLAGS)
# Of lighting.
LIGHTING_DATASET_FLAGS ?= $(DATASET_FLAGS)
# lora-lint.
LINT_FLAGS ?=

## Setting up
# ONNX Runtime that `make setup` downloads: cpu or gpu.
RUNTIME ?= cpu
# Models that `make models` downloads: the defaults of these roles.
ROLE ?=
# Or these, by name.
MODEL ?=
# Folder or address to take them from, instead of where they are published.
MODELS_FROM ?=
# Seconds that `make fuzz` gives each target.
SECONDS_EACH ?= 60
# Where `make install` puts things.
PREFIX ?= /usr/local
# Folder before PREFIX, for packagers.
DESTDIR ?=
# Folder of the film that `make score` scores; another that the generator made will do.
SCORED ?= examples/film

export $(NAMES)

PIPELINES := frames instances character background pose expression style lighting
DATA_SETS := character background pose expression style lighting

ifndef INSIDE_OUT

# A setting that is mistyped would be passed over in silence. What SETTINGS defines for its own use is none.
quoted = '$(subst ','\'',$(1))'
known := $(shell sed -nE 's/^([A-Z_]+) \?=.*/\1/p' Makefile)
tools_know := FFMPEG SHELL PYTHON MAKE% FILM2LORA_% CARGO% RUST% XDG_% TMPDIR PATH CC CXX CFLAGS CXXFLAGS LDFLAGS
own := $(foreach name,$(written),$(if $(findstring $$($(name)),$(value settings_text))$(findstring $${$(name)},$(value settings_text)),$(name)))
typed := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
strange := $(filter-out $(known) $(tools_know) $(own),$(sort $(typed) $(written)))
ifneq ($(strange),)
$(error $(shell python3 -B tools/phase/make/settings.py $(call quoted,$(known)) $(call quoted,$(strange))))
endif

# The programs that `make setup` installs, after all that the machine has.
export PATH := $(PATH):$(CURDIR)/models/runtime/bin

TOOLS := $(notdir $(patsubst %/,%,$(dir $(wildcard tools/*/Cargo.toml))))

.PHONY: help
help: ## List the targets and settings
	@echo 'Pipelines, as in: make style lighting FILM=film.mp4 OUT=out TRIGGER=mystyle'
	@sed -nE 's/^([a-z-]+):.*## \[pipeline\] (.*)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Everything else:'
	@sed -nE 's/^([a-z-]+):.*## ([^[].*)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Settings, on the command line or in film.mk, and in brackets what they are by default:'
	@awk '/^## / { print ""; print substr($$0, 4) } \
	    /^# / { said = said substr($$0, 2) } !/^(# |[A-Z_]+ \?=)/ { said = "" } \
	    /^[A-Z_]+ \?=/ { name = $$1; sub(/^[A-Z_]+ \?= ?/, ""); printf "  %-26s%s%s\n", name, said, $$0 == "" ? "" : " [" $$0 "]"; said = "" } \
	    /^PIPELINES :=/ { exit }' Makefile

.PHONY: build
build: setup ## Build the tools, optimised
	cargo build --release --locked --workspace

.PHONY: setup
setup: ## Install what is missing into models/runtime/: ONNX Runtime (RUNTIME=gpu: with CUDA), ffmpeg, CMake, NASM, jq
	@bash models/setup.sh $(MAKE_VERSION)

.PHONY: models
models: ## Download the models that the pipelines use, or those of ROLE, or MODEL by name, into models/published/
	@python3 models/fetch.py --models "$${FILM2LORA_MODELS:-models}" --role "$${ROLE:-$(pipeline_roles)}" --model "$$MODEL" --from "$$MODELS_FROM"

# All pipelines asked for go to one make, so that shared stages run once.
ASKED := $(filter $(PIPELINES),$(MAKECMDGOALS))
ifneq ($(filter all,$(MAKECMDGOALS)),)
ASKED := character background pose expression style lighting
endif

.PHONY: $(PIPELINES)
$(PIPELINES): run ; @:

.PHONY: all
all: run ## All six data sets
	@:

# The roles of networks that the pipelines need.
needs.instances := detect face segment embed
needs.character := $(needs.instances) pose emotion caption
needs.background := detect face segment inpaint embed caption
needs.pose := $(needs.instances) pose caption
needs.expression := $(needs.pose) emotion
needs.style := embed caption
needs.lighting := embed caption
needs.frames :=
# All of them, as `make models` downloads them.
comma := ,
empty :=
pipeline_roles = $(subst $(empty) ,$(comma),$(sort $(foreach one,$(PIPELINES),$(needs.$(one)))))
described = $(if $(filter yes,$(DESCRIBE)),$(1),$(filter-out caption,$(1)))
needed = $(sort $(call described,$(foreach one,$(ASKED),$(needs.$(one)))))

# `+` hands make's own flags and its jobs on to the make that is started inside.
.PHONY: run
run: $(if $(BIN),,build)
	+@made=0; "$${PYTHON:-python3}" -B tools/phase/make/launch.py --make '$(MAKE)' --roles '$(needed)' $(ASKED) || made=$$?; \
	case $$made in 0|2) "$${PYTHON:-python3}" -B tools/phase/make/sets.py --made $$made $(filter $(DATA_SETS),$(ASKED));; *) exit $$made;; esac

.PHONY: plan
plan: $(if $(BIN),,build) ## Run the pipelines of PIPELINE on a part of FILM, and say what all of it will take
	+@"$${PYTHON:-python3}" -B tools/phase/make/plan.py --make '$(MAKE)'

.PHONY: review
review: ## Decide on the images of PIPELINE (as style, or character-NAME) in the browser; then make it again
	@"$${PYTHON:-python3}" -B tools/phase/make/review.py

.PHONY: demo
demo: setup ## All six data sets of the sample film, with the small networks, in out/demo
	@$(MAKE) --no-print-directory all SETTINGS=examples/film/film.mk

.PHONY: status
status: ## Show the phases of the run in OUT
	@"$${BIN:-target/release}/phase" --run-dir="$$OUT" --show

.PHONY: test
test: setup ## Run all tests
	cargo test --workspace --locked --no-fail-fast

.PHONY: test-film
test-film: target/film/bin/python ## Test the sample film's truth against its pixels
	cd examples/film && "$$OLDPWD/target/film/bin/python" -m unittest

target/film/bin/python: tests/score/requirements.txt
	@bash models/venv.sh target/film $<
	@touch $@

.PHONY: check
check: setup ## Check format, lints and documents
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet

.PHONY: lint
lint: target/lint/bin/python ## Check the shell scripts with shellcheck, which is to be installed, and the Python with ruff
	git ls-files '*.sh' .ci/run | xargs shellcheck --severity=warning
	target/lint/bin/python -m ruff check --quiet

target/lint/bin/python: tests/lint/requirements.txt
	@bash models/venv.sh target/lint $<
	@touch $@

.PHONY: fuzz
fuzz: setup ## Run every fuzz target for SECONDS_EACH seconds; builds cargo-fuzz first, and wants a C++ compiler
	@bash tests/fuzz/run.sh

.PHONY: deny
deny: ## Check the licences and sources of all crates (builds cargo-deny first, some minutes)
	bash tests/deny.sh

.PHONY: bench
bench: build ## Measure speed and memory against named peers, in this run
	bash tests/bench/run.sh

# Scores need frames close together, held drawings among them.
.PHONY: score
score: $(if $(BIN),,build) target/film/bin/python ## Score all tools on the sample film, or that in SCORED, against its truth
	@out="target/score/$$(basename -- "$$SCORED")"; \
	$(MAKE) --no-print-directory all SETTINGS=examples/film/film.mk FILM="$$SCORED/film.mp4" OUT="$$out" EXTRACT_FLAGS='--fps 6'; \
	target/film/bin/python tests/score/score.py "$$SCORED" "$$out"

.PHONY: man
man: $(if $(BIN),,build) ## Write man pages and shell completions to target/papers/
	@mkdir -p target/papers
	@for tool in $(TOOLS); do \
	    "$${BIN:-target/release}/$$tool" --generate man > "target/papers/$$tool.1"; \
	    "$${BIN:-target/release}/$$tool" --generate bash > "target/papers/$$tool.bash"; \
	    "$${BIN:-target/release}/$$tool" --generate zsh > "target/papers/_$$tool"; \
	    "$${BIN:-target/release}/$$tool" --generate fish > "target/papers/$$tool.fish"; \
	done
	@echo 'target/papers/: $(words $(TOOLS)) man pages, and completions for bash, zsh and fish'

.PHONY: install
install: man ## Install tools, man pages, completions, ONNX Runtime, ffmpeg and the models downloaded so far under PREFIX
	@BIN="$${BIN:-target/release}" bash models/install.sh $(TOOLS)

else

# The tools say errors with the name of a manifest; here all names are short.
# Work of the CPU makes way; work of networks waits for the GPU.
on_cpu = mkdir -p $(@D); "$$BIN/phase" --run-dir . --nice "$$NICE" --name $(1) --output $@
phase = @$(on_cpu)
network = @mkdir -p $(@D); "$$BIN/phase" --run-dir . --gpu --name $(1) --output $@
# Tools that are one phase; flags may have quotes of their own.
pipe = bash -euo pipefail -c '$(subst ','\'',$(1))'
rejects = --rejects $(basename $@).rejects.jsonl
room = --needs-disk "$$NEEDS_DISK"

# The flags that choose the network of a role.
use = --device "$$DEVICE" $(if $($(1)_MODEL),--model "$$$(1)_MODEL")
# Of a network, the film, the cast or labels: by which a stage knows that it is another, though its name is the same.
stamp = $($(1)_MODEL) $(filter $(2)=%,$(STAMPS))
within = $($(1)) $(filter $(1)=%,$(STAMPS))
STAMPS ?=
WHO ?=

# Make sees files, not settings: the settings of a stage are written to
# .settings/STAGE, which is touched only when they change.
$(shell mkdir -p .settings)
.PHONY: always
.settings/%: always
	@$(file >$@.new,$(settings.$*)) \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Frames.

settings.frames = $(call within,FILM) $(EXTRACT_FLAGS)
frames.jsonl: .settings/frames
	$(call phase,frames) $(room) -- "$$BIN/frame-extract" --out-dir frames $(rejects) $(EXTRACT_FLAGS) -- "$$FILM"

settings.unique = $(DEDUP_FLAGS)
unique.jsonl: frames.jsonl .settings/unique
	$(call phase,unique) -- "$$BIN/frame-dedup" $(rejects) $(DEDUP_FLAGS) $<

settings.sharp = $(BLUR_FLAGS)
sharp.jsonl: unique.jsonl .settings/sharp
	$(call phase,sharp) -- "$$BIN/blur-filter" $(rejects) $(BLUR_FLAGS) $<

settings.lit = $(LIGHT_FLAGS)
lit.jsonl: sharp.jsonl .settings/lit
	$(call phase,lit) -- "$$BIN/light-classify" $(rejects) $(LIGHT_FLAGS) $<

settings.embedded = $(call stamp,EMBED,embed) $(EMBED_FLAGS)
embedded.jsonl: lit.jsonl .settings/embedded
	$(call network,embedded) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(EMBED_FLAGS) $<

# The tags have a say in what the light is called, beside its colours.
settings.tagged = $(call stamp,EMBED,embed) $(TAG_FLAGS) $(call within,LABELS)
tagged.jsonl: embedded.jsonl .settings/tagged
	$(call network,tagged) -- $(call pipe,"$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(rejects) $(TAG_FLAGS) $< \
	    | "$$BIN/light-classify" --tags)

# What the frames are known by when no network may run.
scenes := $(if $(filter none,$(NETWORKS)),lit,tagged)

# Figures: who is where in the frames, cut out, with a name. Faces tell of close-ups, which look like no person to a person detector.
close_ups = --faces "$${FACE_MODEL:-default}"

settings.boxes = $(call stamp,DETECT,detect) $(call stamp,FACE,face) $(DETECT_FLAGS)
boxes.jsonl: $(scenes).jsonl .settings/boxes
	$(call network,boxes) -- "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(rejects) $(DETECT_FLAGS) $<

settings.masked = $(call stamp,SEGMENT,segment) $(SEGMENT_FLAGS)
masked.jsonl: boxes.jsonl .settings/masked
	$(call network,masked) $(room) -- "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir masks $(rejects) $(SEGMENT_FLAGS) $<

settings.instances = $(INSTANCE_FLAGS)
instances.jsonl: masked.jsonl .settings/instances
	$(call phase,instances) $(room) -- "$$BIN/mask-crop" --out-dir instances $(rejects) $(INSTANCE_FLAGS) $<

settings.figures = $(call stamp,EMBED,embed) $(FIGURE_EMBED_FLAGS) $(call within,FIGURE_LABELS)
figures.jsonl: instances.jsonl .settings/figures
	$(call network,figures) -- $(call pipe,"$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(FIGURE_EMBED_FLAGS) $< \
	    $(if $(FIGURE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FIGURE_LABELS"))

# References are cut out as the figures are, so that like is compared with like, and
# get the name of the folder that they lie in. Each is the image of one character: its
# surest figure counts, however small.
settings.cast = $(call within,CAST) $(settings.boxes) $(settings.masked) $(settings.figures)
cast.jsonl: .settings/cast
	@rm -rf cast && mkdir -p cast
	$(call network,cast) -- $(call pipe,"$$BIN/frame-scan" --folder-as character "$$CAST" \
	    | "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(DETECT_FLAGS) \
	    | "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir cast/masks $(SEGMENT_FLAGS) --max-masks 1 \
	    | "$$BIN/mask-crop" --out-dir cast/crops $(rejects) \
	        --min-area 1 --max-cut 1 --max-hidden 1 --max-inside 1 --min-sharpness 0 --min-edges 0 \
	    | "$$BIN/clip-embed" $(call use,EMBED) $(FIGURE_EMBED_FLAGS))

# Names come from the references, or else of each group of like figures.
references = $(if $(CAST),--references cast.jsonl)
settings.named = $(CAST) $(IDENTITY_FLAGS) $(CAST_CLUSTER_FLAGS)
named.jsonl: figures.jsonl $(if $(CAST),cast.jsonl) .settings/named
ifneq ($(CAST),)
	$(call phase,named) -- "$$BIN/id-match" $(references) $(rejects) $(IDENTITY_FLAGS) $<
else
	$(call phase,named) -- $(call pipe,"$$BIN/cluster" $(rejects) $(CAST_CLUSTER_FLAGS) $< | "$$BIN/id-match" $(IDENTITY_FLAGS))
endif

settings.keypoints = $(call stamp,POSE,pose) $(KEYPOINT_FLAGS)
keypoints.jsonl: named.jsonl .settings/keypoints
	$(call network,keypoints) -- "$$BIN/rtmpose" $(call use,POSE) $(rejects) $(KEYPOINT_FLAGS) $<

settings.posed = $(POSE_FLAGS)
posed.jsonl: keypoints.jsonl .settings/posed
	$(call phase,posed) -- "$$BIN/pose-classify" $(rejects) $(POSE_FLAGS) $<

settings.faces = $(call stamp,FACE,face) $(FACE_FLAGS)
faces.jsonl: posed.jsonl .settings/faces
	$(call network,faces) $(room) -- "$$BIN/face-crop" $(call use,FACE) --out-dir faces $(rejects) $(FACE_FLAGS) $<

settings.felt = $(call stamp,EMOTION,emotion) $(EMOTION_FLAGS)
felt.jsonl: faces.jsonl .settings/felt
	$(call network,felt) -- "$$BIN/emotion-classify" $(call use,EMOTION) $(rejects) $(EMOTION_FLAGS) $<

# Expressions are spread by what the faces look like.
settings.expressions = $(call stamp,EMBED,embed)
expressions.jsonl: felt.jsonl .settings/expressions
	$(call network,expressions) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $<

# Character: the figures of one name, with what their faces say.

joined.jsonl: posed.jsonl felt.jsonl
	$(call phase,joined) -- "$$BIN/record-join" --from felt.jsonl --by /parent --keys emotion,face $(rejects) $<

# character NAME, which launch.py has made of letters, digits, - and _ alone; .names/NAME
# holds what the character is called in the records.
define character
settings.character-$(1)-figures = $$(settings.named)
character/$(1)/figures.jsonl: joined.jsonl .settings/character-$(1)-figures
	$$(call phase,character-$(1)-figures) -- "$$$$BIN/id-match" $$(references) --only "$$$$(cat .names/$(1))" $$(rejects) $$(IDENTITY_FLAGS) $$<

settings.character-$(1)-sharp = $$(FIGURE_BLUR_FLAGS)
character/$(1)/sharp.jsonl: character/$(1)/figures.jsonl .settings/character-$(1)-sharp
	$$(call phase,character-$(1)-sharp) -- "$$$$BIN/blur-filter" $$(rejects) $$(FIGURE_BLUR_FLAGS) $$<

settings.character-$(1)-unique = $$(FIGURE_CLUSTER_FLAGS)
character/$(1)/unique.jsonl: character/$(1)/sharp.jsonl .settings/character-$(1)-unique
	$$(call phase,character-$(1)-unique) -- "$$$$BIN/cluster" $$(rejects) $$(FIGURE_CLUSTER_FLAGS) $$<

endef

# Pose: unlike poses of everybody.

settings.pose-unique = $(POSE_CLUSTER_FLAGS)
pose/unique.jsonl: posed.jsonl .settings/pose-unique
	$(call phase,pose-unique) -- "$$BIN/cluster" --drop-without $(rejects) $(POSE_CLUSTER_FLAGS) $<

# Background: of every frame that is no card and in focus, near duplicates too, as
# each shows another bit of the ground. Masks that the figures have had are remembered.

settings.background-clear = $(settings.sharp)
background/clear.jsonl: frames.jsonl .settings/background-clear
	$(call phase,background-clear) -- "$$BIN/blur-filter" $(rejects) $(BLUR_FLAGS) $<

must_find = $(if $(filter yes,$(ALLOW_UNSEEN)),,--must-find)
settings.background-boxes = $(settings.lit) $(call stamp,DETECT,detect) $(call stamp,FACE,face) $(must_find) $(BACKGROUND_DETECT_FLAGS)
background/boxes.jsonl: background/clear.jsonl .settings/background-boxes
	$(call network,background-boxes) -- $(call pipe,"$$BIN/light-classify" $(LIGHT_FLAGS) $< \
	    | "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(must_find) $(rejects) $(BACKGROUND_DETECT_FLAGS))

settings.background-masked = $(call stamp,SEGMENT,segment) $(BACKGROUND_SEGMENT_FLAGS)
background/masked.jsonl: background/boxes.jsonl .settings/background-masked
	$(call network,background-masked) $(room) -- "$$BIN/sam-mask" $(call use,SEGMENT) \
	    --out-dir background/masks $(rejects) $(BACKGROUND_SEGMENT_FLAGS) $<

settings.background-plates = $(PLATE_FLAGS)
background/plates.jsonl: background/masked.jsonl .settings/background-plates
	$(call phase,background-plates) $(room) -- "$$BIN/plate-merge" --unmasked \
	    --out-dir background/plates $(rejects) $(PLATE_FLAGS) $<

# The detector looks again at what was filled.
watch = --detector "$${DETECT_MODEL:-default}"
settings.background-filled = $(call stamp,INPAINT,inpaint) $(call stamp,DETECT,detect) $(INPAINT_FLAGS)
background/filled.jsonl: background/plates.jsonl .settings/background-filled
	$(call network,background-filled) $(room) -- "$$BIN/lama-inpaint" $(call use,INPAINT) $(watch) \
	    --keep --out-dir background/filled $(rejects) $(INPAINT_FLAGS) $<

# What was filled badly still shows the place beside the characters.
settings.background-cropped = $(PLATE_CROP_FLAGS)
background/cropped.jsonl: background/filled.jsonl .settings/background-cropped
	$(call phase,background-cropped) $(room) -- "$$BIN/plate-crop" --out-dir background/crops $(rejects) $(PLATE_CROP_FLAGS) $<

settings.background-sharp = $(PLATE_BLUR_FLAGS)
background/sharp.jsonl: background/cropped.jsonl .settings/background-sharp
	$(call phase,background-sharp) -- "$$BIN/blur-filter" $(rejects) $(PLATE_BLUR_FLAGS) $<

settings.background-embedded = $(settings.embedded)
background/embedded.jsonl: background/sharp.jsonl .settings/background-embedded
	$(call network,background-embedded) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(EMBED_FLAGS) $<

settings.background-places = $(PLACE_CLUSTER_FLAGS)
background/places.jsonl: background/embedded.jsonl .settings/background-places
	$(call phase,background-places) -- "$$BIN/cluster" $(rejects) $(PLACE_CLUSTER_FLAGS) $<

settings.background-tagged = $(settings.tagged)
background/tagged.jsonl: background/places.jsonl .settings/background-tagged
	$(call network,background-tagged) -- $(call pipe,"$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(rejects) $(TAG_FLAGS) $< \
	    | "$$BIN/light-classify" --tags)

# From records to a data set, the same for all six: select, review, describe,
# caption, write, lint, report.

# Decisions of `make review` are a file of their own, which outlives every rebuild.
.PRECIOUS: review/%.jsonl
review/%.jsonl:
	@mkdir -p $(@D) && touch $@

# The words that captions begin with, and what data sets and lora-lint are told of them. Where there
# is a word for each value, `{}` stands for it.
style_word = $(if $(TRIGGER),--trigger="$$TRIGGER")
word.background = --trigger="$${TRIGGER:-film}_place"
begin.background = $(word.background)
# What has no name of its own has one word for all; `pose_other` would be none.
rest = --trigger="other=$${TRIGGER:-film}_$(1)" --trigger="unknown=$${TRIGGER:-film}_$(1)"
begin.pose = --trigger="$${TRIGGER:-pose}_{}" $(call rest,pose)
word.pose =
begin.expression = --trigger="$${TRIGGER:-face}_{}" $(call rest,face)
word.expression =
begin.style = $(style_word)
word.style = $(style_word)
begin.lighting = --trigger="$${TRIGGER:-lt}_{}" $(call rest,light)
word.lighting =

# data_set PHASE, FOLDER, TYPE, PREFIX OF ITS SETTINGS, RECORDS, EARLIER STAGES
define data_set
settings.$(1)-selected = $$($(4)_TARGET) $$($(4)_BALANCE_FLAGS)
$(2)/selected.jsonl: $(5) .settings/$(1)-selected
	$$(call phase,$(1)-selected) -- "$$$$BIN/balance" --target "$$$$$(4)_TARGET" --summary $(2)/cells.json $$(rejects) $$($(4)_BALANCE_FLAGS) $$<

$(2)/reviewed.jsonl: $(2)/selected.jsonl review/$(1).jsonl
	$$(call phase,$(1)-reviewed) -- "$$$$BIN/review" --apply --patch review/$(1).jsonl $$(rejects) $$<

settings.$(1)-described = $$(call stamp,CAPTION,caption) $$(DESCRIBE_FLAGS)
$(2)/described.jsonl: $(2)/reviewed.jsonl .settings/$(1)-described
	$$(call network,$(1)-described) -- "$$$$BIN/vlm-caption" $$(call use,CAPTION) $$(rejects) $$(DESCRIBE_FLAGS) $$<

settings.$(1)-captioned = $$(TRIGGER) $$(CLASS) $$($(4)_CAPTION_FLAGS) $$(from_words)
$(2)/captioned.jsonl: $(2)/$$(from_words).jsonl .settings/$(1)-captioned
	$$(call phase,$(1)-captioned) -- "$$$$BIN/caption-compose" --type $(3) $$(begin.$(1)) --audit $(2)/audit.json --audit-table $(2)/audit.tsv \
	    $$(rejects) $$($(4)_CAPTION_FLAGS) $$<

settings.$(1)-dataset = $$(TRIGGER) $$($(4)_DATASET_FLAGS)
$(2)/dataset.jsonl: $(2)/captioned.jsonl .settings/$(1)-dataset
	$$(call phase,$(1)-dataset) $$(room) -- "$$$$BIN/dataset-write" --type $(3) $$(word.$(1)) --out-dir $(2) $$(rejects) $$($(4)_DATASET_FLAGS) $$<

# By which launch.py sees that a file of the data set was deleted.
$(2)/dataset.files: $(2)/dataset.jsonl
	@{ find -H $(2)/dataset -type f -size +0c 2> /dev/null || :; } | LC_ALL=C sort | sed 's/.*/"&"/' > $$@.part && mv $$@.part $$@

settings.$(1)-linted = $$(TRIGGER) $$(LINT_FLAGS)
$(2)/lint.jsonl: $(2)/dataset.jsonl $(2)/dataset.files .settings/$(1)-linted
	@if [ ! -s $$< ]; then : > $$@; else $$(call on_cpu,$(1)-linted) -- \
	    "$$$$BIN/lora-lint" --table --masked-loss $$(word.$(1)) $$(rejects) $$(LINT_FLAGS) $(2)/dataset; fi

$(2)/report.html: $(2)/lint.jsonl
	@"$$$$BIN/report" --title 'Data set: $(1)' --out-dir $(2) --kept $(2)/dataset.jsonl \
	    $$(patsubst %,--rejects %.rejects.jsonl,$(6) $$(addprefix $(2)/,selected reviewed $$(filter described,$$(from_words)) captioned dataset))

endef

# Whether there are descriptions to make captions of.
from_words := $(if $(filter none,$(NETWORKS))$(filter-out yes,$(DESCRIBE)),reviewed,described)

frame_stages := frames unique sharp
figure_stages := $(frame_stages) boxes masked instances named posed
$(eval $(call data_set,style,style,style,STYLE,$(scenes).jsonl,$(frame_stages)))
$(eval $(call data_set,lighting,lighting,lighting,LIGHTING,$(scenes).jsonl,$(frame_stages)))
$(eval $(call data_set,pose,pose,pose,POSE,pose/unique.jsonl,$(figure_stages) pose/unique))
$(eval $(call data_set,expression,expression,expression,EXPRESSION,expressions.jsonl,$(figure_stages) faces felt))
$(eval $(call data_set,background,background,background,BACKGROUND,background/tagged.jsonl,$(addprefix background/,clear boxes masked plates filled cropped sharp places)))

$(foreach one,$(WHO),\
    $(eval begin.character-$(one) = --trigger="$$$${TRIGGER:+$$$${TRIGGER}_}$(one)" $(if $(CLASS),--class="$$$$CLASS"))\
    $(eval word.character-$(one) = --trigger="$$$${TRIGGER:+$$$${TRIGGER}_}$(one)" )\
    $(eval $(call character,$(one)))\
    $(eval $(call data_set,character-$(one),character/$(one),character,CHARACTER,character/$(one)/unique.jsonl,\
        $(figure_stages) $(addprefix character/$(one)/,figures sharp unique))))

frames/report.html: sharp.jsonl
	@"$$BIN/report" --title 'Frames' --out-dir frames --kept $< $(frame_stages:%=--rejects %.rejects.jsonl)

instances/report.html: named.jsonl
	@"$$BIN/report" --title 'Figures' --out-dir instances --kept $< $(patsubst %,--rejects %.rejects.jsonl,$(filter-out posed,$(figure_stages)))

.PHONY: $(PIPELINES)
frames: frames/report.html ## [pipeline] Extract, deduplicate and filter the frames
instances: instances/report.html ## [pipeline] Find the figures, cut them out and name them
character: $(WHO:%=character/%/report.html) ## [pipeline] A data set of each character
background: background/report.html ## [pipeline] A data set of places without characters
pose: pose/report.html ## [pipeline] A data set of actions
expression: expression/report.html ## [pipeline] A data set of facial expressions
style: style/report.html ## [pipeline] A style data set
lighting: lighting/report.html ## [pipeline] A lighting data set

endif
