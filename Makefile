# film2lora: one film to training-ready LoRA data sets.  `make help` lists what there is.
#
# Two parts: what runs in the repository (building, testing, installing), below, and
# what runs inside the folder OUT (the pipelines): the makefiles of shared/types, which
# this one includes. tools/phase/make/launch.py takes from the first to the second with
# `make -C "$OUT"`, so that every manifest names its images relative to OUT, OUT can be
# moved as a whole, and no path with spaces ever becomes the name of a target.

# An older make (macOS has 3.81) misreads what follows, so report it here, with whatever else is missing.
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

include shared/types/chains/types.mk

# Names are data. They are taken as they were typed, so that make finds nothing in
# them to expand, and recipes read them from the environment, so that neither does
# the shell. A name is not to be written into a recipe, a target or `$(shell)`.
NETWORK_ROLES := DETECT WORDS SEGMENT INPAINT EMBED POSE FACE EMOTION CAPTION
NAMES := CALLED_FROM SETTINGS FILM FRAMES FRAMES_FPS INSTANCES CAPTIONS OUT PATHS BASE TRIGGER CAST CHARACTER CLASS WORDS REGULARIZATION LABELS FIGURE_LABELS FACE_LABELS BIN PREFIX DESTDIR LINKS RUNTIME ROLE MODEL \
    MODELS_FROM PIPELINE IMAGES PROMPTS SCORED BEFORE POSE_TYPE POSE_OCCLUDED NICE NEEDS_DISK NETWORKS DEVICE GPU_WAIT MEMORY RUNNER DESCRIBE ALLOW_UNSEEN MINIMUM GATES GATE_SAMPLE TAUGHT TEACH_FROM TEACH_ASK MERGE PLAN_PIECES PLAN_SECONDS SECONDS_EACH \
    SHOT_MODEL TEXT TEXT_MODEL TRACK TRACK_FPS TRACK_MODEL POSE_ANIMAL_MODEL MATTE MATTE_MODEL LANDMARK_MODEL $(NETWORK_ROLES:%=%_MODEL) $(foreach type,$(TYPES),$($(type).settings)_TARGET)
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
# Folder that paths are relative to; `film2lora make` sets it. By default the current folder.
CALLED_FROM ?=
# Makefile with further settings; write a $ in a value as $$.
SETTINGS ?= film.mk
before := $(.VARIABLES)
elsewhere := $(if $(CALLED_FROM),$(if $(filter /%,$(firstword $(SETTINGS))),,$(CALLED_FROM)/))
settings_text := $(if $(SETTINGS),$(file <$(elsewhere)$(SETTINGS)))
$(eval $(value settings_text))
written := $(filter-out $(before) before elsewhere settings_text,$(.VARIABLES))
# Film to make data sets from; several with spaces between, or a folder of films.
FILM ?=
# Or the frames that you have: a folder, a list of paths (one a line), or a manifest (.jsonl). They are never changed.
FRAMES ?=
# Frames a second at which FRAMES were taken from the film.
FRAMES_FPS ?= 2
# Or the instances that you have, for character, pose and expression: a folder with a folder of images for each
# character, transparent, or with a mask of the same name in masks/, and captions in .txt files beside or in captions/.
INSTANCES ?=
# What the captions of INSTANCES are: describe (what is seen, from which captions are composed), keep (final), or ignore.
CAPTIONS ?= describe
# Folder for everything that is made; it can be moved as a whole.
OUT ?= out
# How trainers' configurations name their files: absolute, relative (to OUT, where the trainer is started) or windows
# (for a trainer of Windows beside WSL2).
PATHS ?= absolute
# The base model that data sets are to be trained on, for example: sdxl. With it every view has a whole configuration
# and a train.sh; `dataset-write --help` lists the models.
BASE ?=
# Trigger: the word that captions begin with. By default each data set has its own.
TRIGGER ?=
# Folder with a folder of images for each character, named after the character.
CAST ?=
# Characters to make data sets of with `character`. Without CAST, those that `make teach` has named, or else the largest group of
# instances that look alike.
CHARACTER ?=
# The character's class word, for example: boy. By default that of its words.
CLASS ?=
# What to detect besides people, in words: each phrase ends with a full stop, and with a minimum score where that is not
# 0.3, for example: person. a sea monster=0.4. A character has its own words in words.txt in its folder in CAST, one
# phrase a line. By default "person. creature. animal." if `make models ROLE=words` has downloaded
# the network; none asks for nothing.
WORDS ?=
# Whether a character's data set has regularization images, as many as are selected of it: the other characters under
# the class word, and a quarter of places without any, if there are backgrounds; for trainers that take them: yes or no.
REGULARIZATION ?= no

## How it runs
# Folder of the tools; set it to use installed tools and build nothing.
BIN ?=
# Niceness of CPU stages, 0 to 19: at 19 every other process goes first.
NICE ?= 19
# Free disk space that a stage needs to start, if it writes images.
NEEDS_DISK ?= 2GB
# Where networks run: auto, cpu or cuda.
DEVICE ?= auto
# What a network waits for before it takes the GPU: free (no other program computes there), memory=8GB (this much of its
# memory is free), or a shell command that is tried until it succeeds, as in: grep -q 'Trial 30' search.log
GPU_WAIT ?=
# Memory that stages side by side may take, for example: 48GB. A stage waits until what it took the last time fits, and
# uses fewer threads and smaller batches where it does not fit alone.
MEMORY ?=
# Engine that runs the stages which work on one record at a time on other machines, and its flags, for example:
# parallel --sshlogin node1,node2; ray --gpus 0.25; slurm 64 --gres gpu:1. All see OUT and the tools under the same paths.
RUNNER ?=
# Pipelines that `make plan` runs; the data set that `make review` shows, or that checkpoints are compared of (or several, for
# images made with all of them).
PIPELINE ?= all
# Pieces of the film that `make plan` runs.
PLAN_PIECES ?= 8
# Seconds of each piece.
PLAN_SECONDS ?= 6

## Size of the data sets
$(eval $(targets))
# Fewest images of a data set: with fewer, make fails at the end. By default it only reports this.
MINIMUM ?=

## Review
# Whether a data set waits for `make review`, first of its labels, then of its captions: yes or no.
GATES ?= no
# Images of a data set that must be decided before it continues: all, or this many.
GATE_SAMPLE ?= all
# Patch of another person to add to that of PIPELINE in `make review`.
MERGE ?=
# Whether data sets go by what `make teach` has taught: yes or no.
TAUGHT ?= yes
# Labels from another film to start with: a model (taught-*.json of a data set there), a threshold (such as
# thresholds/blur.json), or the folder of its thresholds.
TEACH_FROM ?=
# Images that `make teach` asks labels of at once.
TEACH_ASK ?= 60

## Networks
# published (those of `make models`), small (our own, for the sample film only), or none, which makes
# style and lighting only.
NETWORKS ?= published
# Network that detects characters: a name in the registry or a path, instead of the default. The next settings take the same.
DETECT_MODEL ?=
# Network that detects what WORDS describe.
WORDS_MODEL ?=
# Network that segments them.
SEGMENT_MODEL ?=
# Network that finds changes of shot beside the rules: a name in the registry or an absolute path. Without it, one that
# `make models ROLE=shot` has downloaded is asked, if NETWORKS is published, or else rules alone find them.
SHOT_MODEL ?=
# Whether characters are followed through their shots: names and masks are then of tracks, and what a detector missed in
# one frame is filled in: yes or no.
TRACK ?= no
# Network with a memory that follows them: a name in the registry or an absolute path. Without it, one that `make models ROLE=track`
# has downloaded is asked, if NETWORKS is published, or else detections are linked by where they are and what they look like.
TRACK_MODEL ?=
# Network that finds text, for TEXT: a name in the registry or an absolute path. Without it, one that
# `make models ROLE=text` has downloaded looks for text, if NETWORKS is published, or else no text is looked for.
TEXT_MODEL ?=
# Whether masks get sharp edges, hair included, of a network for mattes: yes or no.
MATTE ?= no
# That network: a name in the registry or a path. The default is one for drawn characters (make models ROLE=matte).
MATTE_MODEL ?=
# Network that inpaints what is behind them.
INPAINT_MODEL ?=
# Network that computes embeddings of images, to compare and label them.
EMBED_MODEL ?=
# Network that estimates the key points of characters.
POSE_MODEL ?=
# Network that detects faces.
FACE_MODEL ?=
# Network that classifies expressions.
EMOTION_MODEL ?=
# Network that finds landmarks of faces, by which eyes, mouth and eyebrows are measured: a name in the registry or an
# absolute path, as models/landmarks.py makes one; or five, those of FACE_MODEL, which tell a smile. Empty: none.
LANDMARK_MODEL ?=
# Network that describes images.
CAPTION_MODEL ?=
# Whether CAPTION_MODEL describes the images before captions are composed: yes or no.
DESCRIBE ?= yes

include shared/types/chains/stage.mk
include shared/types/chains/frames.mk
include shared/types/chains/instances.mk
include shared/types/chains/poses.mk
include shared/types/chains/faces.mk
include $(TYPES:%=shared/types/%/chain.mk)
include shared/types/chains/dataset.mk
include shared/types/chains/teach.mk
include shared/types/chains/scores.mk

## Setting up
# ONNX Runtime that `make setup` downloads: cpu or gpu.
RUNTIME ?= cpu
# Models that `make models` downloads: the default models of these roles.
ROLE ?=
# Or the models of these names, which `make try` runs, too.
MODEL ?=
# Folder or address to download them from, instead of where they are published.
MODELS_FROM ?=
# Folder for `make install`.
PREFIX ?= /usr/local
# Tools that get a link of their own name in PREFIX/bin, beside `film2lora TOOL`: yes (those whose
# names are not general words), all or no.
LINKS ?= yes
# Folder before PREFIX, for packagers.
DESTDIR ?=
# Folder of the film that `make score` scores: the sample film, or another that the generator made.
SCORED ?= examples/film
# Folder of the tools of another build, which `make instructions` compares with.
BEFORE ?=
# Seconds that `make fuzz` runs each target.
SECONDS_EACH ?= 60

export $(NAMES)

ifndef INSIDE_OUT

# A mistyped setting would be ignored in silence. What SETTINGS defines for its own use is not a setting.
quoted = '$(subst ','\'',$(1))'
known := $(shell sed -nE 's/^([A-Z_]+) \?=.*/\1/p' $(MAKEFILE_LIST)) $(type_settings)
tools_know := FFMPEG SHELL PYTHON MAKE% FILM2LORA_% CARGO% RUST% XDG_% TMPDIR PATH CC CXX CFLAGS CXXFLAGS LDFLAGS
own := $(foreach name,$(written),$(if $(findstring $$($(name)),$(value settings_text))$(findstring $${$(name)},$(value settings_text)),$(name)))
typed := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
strange := $(filter-out $(known) $(tools_know) $(own),$(sort $(typed) $(written)))
ifneq ($(strange),)
$(error $(shell python3 -B tools/phase/make/settings.py --known $(call quoted,$(known)) --strange $(call quoted,$(strange))))
endif

# The programs that `make setup` installs, after all that the machine has.
export PATH := $(PATH):$(CURDIR)/models/runtime/bin

TOOLS := $(notdir $(patsubst %/,%,$(dir $(wildcard tools/*/Cargo.toml))))

.PHONY: help
help: export targets := $(targets)
help: export balances := $(balances)
help: export captions := $(captions)
help: export datasets := $(datasets)
help: ## List the targets and settings
	@"$${PYTHON:-python3}" -B tools/phase/make/settings.py --help-of Makefile

.PHONY: build
build: setup ## Build the tools, optimised
	cargo build --release --locked --workspace

.PHONY: setup
setup: ## Install what is missing into models/runtime/: ONNX Runtime (RUNTIME=gpu: with CUDA), ffmpeg, CMake, NASM, jq
	@bash models/setup.sh $(MAKE_VERSION)

.PHONY: models
models: ## Download the models that the pipelines use, or those of ROLE, or MODEL by name, into models/published/
	@$(if $(BIN),,cargo build --release --locked --quiet --package models)
	@models=$$PWD/models; cd "$${CALLED_FROM:-.}"; \
	"$${BIN:-target/release}/models" --models "$${FILM2LORA_MODELS:-$$models}" --from "$$MODELS_FROM" \
	    $(if $(MODEL),--model "$$MODEL",--role "$${ROLE:-$(pipeline_roles)}")

# All requested pipelines go to one make, so that shared stages run once.
ASKED := $(filter $(PIPELINES),$(MAKECMDGOALS))
ifneq ($(filter all,$(MAKECMDGOALS)),)
ASKED := $(TYPES)
endif

.PHONY: $(PIPELINES)
$(PIPELINES): run ; @:

.PHONY: all
all: run ## All six data sets
	@:

# The roles of the networks of all pipelines, as `make models` downloads them, and of those asked for.
roles = $(foreach one,$(1),$($(one).networks) $($(one).optional_networks))
pipeline_roles = $(subst $(empty) ,$(comma),$(sort $(call roles,$(PIPELINES))))
needed = $(sort $(filter-out $(if $(filter yes,$(DESCRIBE)),,caption),$(call roles,$(ASKED))))
networked = $(strip $(foreach one,$(ASKED),$(if $($(one).networks),$(one))))
chains = $(foreach one,$(ASKED),$(foreach stage,$(call $(one).chain,{}),$(one)=$(stage))$(if $(filter undefined,$(origin $(one).beside)),, \
    $(foreach stage,$($(one).beside),$(one)+=$(stage))))

# `+` hands make's own flags and its jobs on to the make that is started inside.
.PHONY: run
run: $(if $(BIN),,build)
	+@made=0; "$${PYTHON:-python3}" -B tools/phase/make/launch.py --make '$(MAKE)' --roles '$(needed)' --networked '$(networked)' \
	    --written '$(WRITTEN)' --chains '$(chains)' $(ASKED) || made=$$?; \
	case $$made in 0|2) "$${PYTHON:-python3}" -B tools/phase/make/sets.py --made $$made --chains '$(chains)' $(filter $(TYPES),$(ASKED));; *) exit $$made;; esac

.PHONY: plan
plan: $(if $(BIN),,build) ## Run the pipelines of PIPELINE on a part of FILM, and estimate what the whole film will take
	+@"$${PYTHON:-python3}" -B tools/phase/make/plan.py --make '$(MAKE)' --pipelines '$(PIPELINES) all'

.PHONY: review
review: ## Review the images of PIPELINE (such as style, or character-NAME) in the browser; then make it again
	@"$${PYTHON:-python3}" -B tools/phase/make/review.py

.PHONY: teach
teach: ## Label the most useful images of PIPELINE (such as expression, or blur to set its threshold) in the browser; then make it again
	+@"$${PYTHON:-python3}" -B tools/phase/make/teach.py --make '$(MAKE)' --flags=$(call quoted,$(TEACH_FLAGS)) --dedup=$(call quoted,$(DEDUP_FLAGS)) \
	    --records '$(foreach type,$(TYPES),$(type)=$(call asked_of,$(type)))'

.PHONY: checkpoints
checkpoints: $(if $(BIN),,build) ## Compare checkpoints of a LoRA of PIPELINE (such as style, or character-NAME) by the images in IMAGES
	+@"$${PYTHON:-python3}" -B tools/phase/make/checkpoints.py --make '$(MAKE)'

.PHONY: demo
demo: setup ## All six data sets of the sample film, with the small networks, in out/demo
	@$(MAKE) --no-print-directory all SETTINGS=examples/film/film.mk

.PHONY: creature-film
creature-film: setup ## All six data sets of the second film, of which one character has four legs, with the small networks, in out/creature
	@$(MAKE) --no-print-directory all SETTINGS=examples/creature/film.mk

.PHONY: status
status: ## Show the phases of the run in OUT
	@cd "$${CALLED_FROM:-.}"; "$${BIN:-target/release}/phase" --run-dir="$$OUT" --show

.PHONY: dashboard
dashboard: ## Show how far the run in OUT is, on a page for the browser that refreshes itself
	@cd "$${CALLED_FROM:-.}"; "$${BIN:-target/release}/dashboard" --run-dir="$$OUT"

# Tests that run make set what they need: a default of this one would be a setting in theirs.
as_alone := unset $(filter-out BIN,$(NAMES))

.PHONY: test
test: setup ## Run all tests
	@$(as_alone); cargo test --workspace --locked --no-fail-fast

.PHONY: test-browser
test-browser: $(if $(BIN),,build) ## Test the pages of `review` and `dashboard` in Chromium, which must be installed (or named in CHROMIUM)
	@BIN="$$(realpath "$${BIN:-target/release}")" && export BIN && cd tests/browser && "$${PYTHON:-python3}" -B -m unittest

.PHONY: test-cluster
test-cluster: $(if $(BIN),,build) ## Test the recipes of examples/cluster with the engines that are installed, for the Python in PYTHON
	@BIN="$$(realpath "$${BIN:-target/release}")" PYTHON="$${PYTHON:-python3}" bash examples/cluster/test.sh

.PHONY: test-film
test-film: $(if $(BIN),,build) target/film/bin/python ## Test the sample film's truth against its pixels, and that `make try` refuses networks that are wrong
	cd examples/film && "$$OLDPWD/target/film/bin/python" -m unittest
	@$(as_alone); BIN="$$(realpath "$${BIN:-target/release}")" && export BIN && cd tests/score && "$$OLDPWD/target/film/bin/python" -B -m unittest

target/film/bin/python: tests/score/requirements.txt
	@bash models/venv.sh target/film $<
	@touch $@

.PHONY: check
check: setup ## Check format, lints and documents
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet

.PHONY: lint
lint: target/lint/bin/python ## Check the shell scripts with shellcheck, which must be installed, and the Python with ruff
	git ls-files '*.sh' .ci/run | xargs shellcheck --severity=warning
	target/lint/bin/python -m ruff check --quiet

target/lint/bin/python: tests/lint/requirements.txt
	@bash models/venv.sh target/lint $<
	@touch $@

.PHONY: fuzz
fuzz: setup ## Run every fuzz target for SECONDS_EACH seconds; builds cargo-fuzz first, and needs a C++ compiler
	@bash tests/fuzz/run.sh

.PHONY: deny
deny: ## Check the licences and sources of all crates (builds cargo-deny first, which takes some minutes)
	bash tests/deny.sh

.PHONY: bench
bench: build ## Measure speed and memory against named peers, in this run
	bash tests/bench/run.sh

.PHONY: instructions
instructions: $(if $(BIN),,build) ## Count the instructions that the tools execute, beside those of another build, in the folder BEFORE; needs Valgrind
	python3 -B tests/bench/instructions.py "$${BEFORE:?is to name the folder of the tools to compare with}" "$${BIN:-target/release}"

# Scores need frames close together, held drawings among them.
.PHONY: score
score: $(if $(BIN),,build) target/film/bin/python ## Score all tools on the sample film, or the film in SCORED, against its truth
	@out="target/score/$$(basename -- "$$SCORED")"; \
	settings="$$SCORED/film.mk"; [ -e "$$settings" ] || settings=examples/film/film.mk; \
	$(MAKE) --no-print-directory all SETTINGS="$$settings" FILM="$$SCORED/film.mp4" OUT="$$out" EXTRACT_FLAGS='--fps 6'; \
	target/film/bin/python tests/score/score.py run "$$SCORED" "$$out"

.PHONY: try
try: $(if $(BIN),,build) target/film/bin/python ## Run each installed network (or NETWORKS=small, or MODEL) on forty frames of the sample film, and compare what it finds with the truth
	@target/film/bin/python -B tests/score/trial.py "$${BIN:-target/release}" --networks "$$NETWORKS" --model "$$MODEL" --device "$$DEVICE" \
	    --models "$${FILM2LORA_MODELS:-models}"

.PHONY: man
man: $(if $(BIN),,build) ## Write man pages and shell completions to target/pages/
	@mkdir -p target/pages
	@for tool in $(TOOLS); do \
	    "$${BIN:-target/release}/$$tool" --generate man > "target/pages/$$tool.1"; \
	    "$${BIN:-target/release}/$$tool" --generate bash > "target/pages/$$tool.bash"; \
	    "$${BIN:-target/release}/$$tool" --generate zsh > "target/pages/_$$tool"; \
	    "$${BIN:-target/release}/$$tool" --generate fish > "target/pages/$$tool.fish"; \
	done
	@echo 'target/pages/: $(words $(TOOLS)) man pages, and completions for bash, zsh and fish'

.PHONY: install
install: man ## Install film2lora, its tools, man pages, completions, ONNX Runtime, ffmpeg and the models downloaded so far under PREFIX
	@BIN="$${BIN:-target/release}" bash models/install.sh $(TOOLS)

endif
