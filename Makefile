# film2lora: one film to training-ready LoRA data sets.  `make help` lists what there is.
#
# Two parts: what runs in the repository (building, testing, installing), and,
# below, what runs inside the folder OUT (the pipelines). The first calls the
# second with `make -C "$OUT"`, so that every manifest names its images
# relative to OUT, OUT can be moved as a whole, and no path with spaces ever
# becomes the name of a target.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# Settings: on the command line, or in the file SETTINGS, which is read here.
SETTINGS ?= film.mk
-include $(SETTINGS)

FILM ?=
OUT ?= out
TRIGGER ?=
# ONNX Runtime to bring: cpu or gpu.
RUNTIME ?= cpu
# Models to bring: of these roles, or by name; and a folder or address to bring them from.
ROLE ?=
MODEL ?=
MODELS_FROM ?=
# Where the tools are; set it to use installed ones and build nothing.
BIN ?=
PREFIX ?= /usr/local
# CPU work makes way for everything else on the machine.
NICE ?= 19
# Free disk that a stage which writes images wants to see first.
NEEDS_DISK ?= 2GB
# Images to select for a data set.
STYLE_TARGET ?= 500
LIGHTING_TARGET ?= 400
# Trainers to write for, and the share of whole shots to keep from training.
DATASET_FLAGS ?= --views kohya,onetrainer,ai-toolkit,diffusers --validation 10%
# Further flags of each tool in each stage.
EXTRACT_FLAGS ?=
DEDUP_FLAGS ?=
BLUR_FLAGS ?=
LIGHT_FLAGS ?=
STYLE_BALANCE_FLAGS ?= --per-shot 3
STYLE_CAPTION_FLAGS ?=
STYLE_DATASET_FLAGS ?= $(DATASET_FLAGS)
LIGHTING_BALANCE_FLAGS ?= --by /light/time --quota /light/time=unknown:0 --per-shot 6
LIGHTING_CAPTION_FLAGS ?=
LIGHTING_DATASET_FLAGS ?= $(DATASET_FLAGS)
LINT_FLAGS ?=

PIPELINES := frames style lighting

# Recipes read these from the environment, where any character is safe.
export FILM OUT TRIGGER BIN PREFIX RUNTIME ROLE MODEL MODELS_FROM

ifndef INSIDE_OUT

TOOLS := $(notdir $(patsubst %/,%,$(dir $(wildcard tools/*/Cargo.toml))))

.PHONY: help
help: ## List the targets and settings
	@echo 'Pipelines, as in: make style lighting FILM=film.mp4 OUT=out TRIGGER=mystyle'
	@sed -nE 's/^([a-z-]+):.*## \[pipeline\] (.*)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Everything else:'
	@sed -nE 's/^([a-z-]+):.*## ([^[].*)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Settings, on the command line or in film.mk:'
	@sed -nE 's/^([A-Z_]+) \?= ?(.*)/  \1\t\2/p' Makefile | expand -t 28

.PHONY: build
build: ## Build the tools, optimised
	cargo build --release --locked --workspace

.PHONY: setup
setup: ## Bring what is missing: ONNX Runtime (RUNTIME=gpu: with CUDA) and ffmpeg, into models/runtime/
	bash models/setup.sh

.PHONY: models
models: ## Bring the default models, or those of ROLE, or MODEL by name, into models/published/
	@python3 models/fetch.py --role "$$ROLE" --model "$$MODEL" --from "$$MODELS_FROM"

# All pipelines asked for go to one make, so that shared stages run once.
.PHONY: $(PIPELINES)
$(PIPELINES): run ; @:

.PHONY: run
run: $(if $(BIN),,build)
	@if [ -z "$$FILM" ]; then echo 'make: name a film: make $(MAKECMDGOALS) FILM=film.mp4' >&2; exit 2; fi
	@if [ ! -f "$$FILM" ]; then echo "make: $$FILM: no such film" >&2; exit 2; fi
	@mkdir -p "$$OUT"
	@runtime="$$PWD/models/runtime"; \
	ffmpeg=$$(command -v ffmpeg || echo "$$runtime/ffmpeg"); \
	export FFMPEG="$${FFMPEG:-$$ffmpeg}" FILM="$$(realpath "$$FILM")" BIN="$$(realpath "$${BIN:-target/release}")"; \
	$(MAKE) --no-print-directory -C "$$OUT" -f "$$PWD/Makefile" INSIDE_OUT=1 \
	    SETTINGS="$$(realpath -m "$(SETTINGS)")" FILM="$$FILM" BIN="$$BIN" \
	    $(filter $(PIPELINES),$(MAKECMDGOALS))

.PHONY: status
status: ## Show the phases of the run in OUT
	@"$${BIN:-target/release}/phase" --run-dir "$$OUT" --show

.PHONY: test
test: ## Run all tests
	cargo test --workspace --locked --no-fail-fast

.PHONY: test-film
test-film: ## Test the sample film's truth against its pixels
	@test -x target/film/bin/python || python3 -m venv target/film
	@grep -Ei '^(numpy|pillow|imageio-ffmpeg)==' examples/film/requirements.txt > target/film/requirements.txt
	@target/film/bin/python -m pip install --quiet --disable-pip-version-check -r target/film/requirements.txt
	cd examples/film && "$$OLDPWD/target/film/bin/python" -m unittest

.PHONY: check
check: ## Check format, lints and documents
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet

.PHONY: bench
bench: build ## Measure speed and memory against named peers, in this run
	bash tests/bench/run.sh

# Scores need frames close together, held drawings among them.
.PHONY: score
score: $(if $(BIN),,build) ## Score the tools on the sample film against its truth
	@$(MAKE) --no-print-directory style lighting FILM=examples/film/film.mp4 OUT=target/score TRIGGER=lantern \
	    EXTRACT_FLAGS='--fps 6'
	@python3 tests/score/score.py examples/film/truth.jsonl target/score

.PHONY: man
man: build ## Write man pages and shell completions to target/papers/
	@mkdir -p target/papers
	@for tool in $(TOOLS); do \
	    "target/release/$$tool" --generate man > "target/papers/$$tool.1"; \
	    "target/release/$$tool" --generate bash > "target/papers/$$tool.bash"; \
	    "target/release/$$tool" --generate zsh > "target/papers/_$$tool"; \
	    "target/release/$$tool" --generate fish > "target/papers/$$tool.fish"; \
	done
	@echo 'target/papers/: $(words $(TOOLS)) man pages, and completions for bash, zsh and fish'

.PHONY: install
install: man ## Install tools, man pages and completions under PREFIX
	@share="$$DESTDIR$$PREFIX/share"; \
	install -d "$$DESTDIR$$PREFIX/bin" "$$share/man/man1" "$$share/bash-completion/completions" \
	    "$$share/zsh/site-functions" "$$share/fish/vendor_completions.d" "$$share/film2lora/models/runtime" \
	    "$$share/film2lora/labels"; \
	install -m 644 models/registry.toml "$$share/film2lora/models/"; \
	install -m 644 examples/labels/*.* "$$share/film2lora/labels/"; \
	find models/runtime -maxdepth 1 -name 'libonnxruntime*' -exec install -m 644 {} "$$share/film2lora/models/runtime/" ';'; \
	for tool in $(TOOLS); do \
	    install -m 755 "target/release/$$tool" "$$DESTDIR$$PREFIX/bin/"; \
	    install -m 644 "target/papers/$$tool.1" "$$share/man/man1/"; \
	    install -m 644 "target/papers/$$tool.bash" "$$share/bash-completion/completions/$$tool"; \
	    install -m 644 "target/papers/_$$tool" "$$share/zsh/site-functions/"; \
	    install -m 644 "target/papers/$$tool.fish" "$$share/fish/vendor_completions.d/"; \
	done
DESTDIR ?=
export DESTDIR

else

# The tools say errors with the name of a manifest; here all names are short.
phase = @"$$BIN/phase" --run-dir . --nice $(NICE) --name $(1) --output $@
rejects = --rejects $(basename $@).rejects.jsonl

# Make sees files, not settings: the settings of a stage are written to
# .settings/STAGE, which is touched only when they change.
$(shell mkdir -p .settings style lighting)
.PHONY: always
.settings/%: always
	@$(file >$@.new,$(settings.$*)) \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# A film is another film when its name, size or time of change is another.
film := $(FILM) $(shell stat -Lc '%s %Y' "$$FILM" 2> /dev/null || stat -Lf '%z %m' "$$FILM")

# Where the frames that went no further are told of.
frame_rejects := $(foreach stage,frames unique sharp,--rejects $(stage).rejects.jsonl)

settings.frames = $(film) $(EXTRACT_FLAGS)
frames.jsonl: .settings/frames
	$(call phase,frames) --needs-disk $(NEEDS_DISK) -- "$$BIN/frame-extract" --out-dir frames $(rejects) $(EXTRACT_FLAGS) -- "$$FILM"

settings.unique = $(DEDUP_FLAGS)
unique.jsonl: frames.jsonl .settings/unique
	$(call phase,unique) -- "$$BIN/frame-dedup" $(rejects) $(DEDUP_FLAGS) $<

settings.sharp = $(BLUR_FLAGS)
sharp.jsonl: unique.jsonl .settings/sharp
	$(call phase,sharp) -- "$$BIN/blur-filter" $(rejects) $(BLUR_FLAGS) $<

settings.lit = $(LIGHT_FLAGS)
lit.jsonl: sharp.jsonl .settings/lit
	$(call phase,lit) -- "$$BIN/light-classify" $(rejects) $(LIGHT_FLAGS) $<

settings.style-selected = $(STYLE_TARGET) $(STYLE_BALANCE_FLAGS)
style/selected.jsonl: lit.jsonl .settings/style-selected
	$(call phase,style-selected) -- "$$BIN/balance" --target $(STYLE_TARGET) $(rejects) $(STYLE_BALANCE_FLAGS) $<

# A style needs no trigger; what is not said binds to the LoRA as a whole.
trigger = $(if $(TRIGGER),--trigger "$$TRIGGER")

settings.style-captioned = $(TRIGGER) $(STYLE_CAPTION_FLAGS)
style/captioned.jsonl: style/selected.jsonl .settings/style-captioned
	$(call phase,style-captioned) -- "$$BIN/caption-compose" --type style $(trigger) --audit style/audit.json $(rejects) $(STYLE_CAPTION_FLAGS) $<

settings.style-dataset = $(TRIGGER) $(STYLE_DATASET_FLAGS)
style/dataset.jsonl: style/captioned.jsonl .settings/style-dataset
	$(call phase,style-dataset) --needs-disk $(NEEDS_DISK) -- "$$BIN/dataset-write" --type style $(trigger) --out-dir style $(rejects) $(STYLE_DATASET_FLAGS) $<

settings.lighting-selected = $(LIGHTING_TARGET) $(LIGHTING_BALANCE_FLAGS)
lighting/selected.jsonl: lit.jsonl .settings/lighting-selected
	$(call phase,lighting-selected) -- "$$BIN/balance" --target $(LIGHTING_TARGET) $(rejects) $(LIGHTING_BALANCE_FLAGS) $<

# What there is to lint of the trainers that were written for.
views = $$(ls -d $(1)/kohya/dataset*.toml $(1)/onetrainer/concepts.json $(1)/ai-toolkit/train $(1)/diffusers/train 2> /dev/null)

settings.style-linted = $(TRIGGER) $(LINT_FLAGS)
style/lint.jsonl: style/dataset.jsonl .settings/style-linted
	$(call phase,style-linted) -- "$$BIN/lora-lint" --table $(trigger) $(rejects) $(LINT_FLAGS) $(call views,style/dataset)

style/report.html: style/lint.jsonl
	@"$$BIN/report" --title 'Style data set' --out-dir style --kept style/dataset.jsonl $(frame_rejects) \
	    --rejects style/selected.rejects.jsonl --rejects style/captioned.rejects.jsonl --rejects style/dataset.rejects.jsonl

# One word for each condition of light: the trigger and the condition.
lighting_trigger = --trigger "$${TRIGGER:-lt}_{}"

settings.lighting-captioned = $(TRIGGER) $(LIGHTING_CAPTION_FLAGS)
lighting/captioned.jsonl: lighting/selected.jsonl .settings/lighting-captioned
	$(call phase,lighting-captioned) -- "$$BIN/caption-compose" --type lighting $(lighting_trigger) --audit lighting/audit.json $(rejects) $(LIGHTING_CAPTION_FLAGS) $<

settings.lighting-dataset = $(TRIGGER) $(LIGHTING_DATASET_FLAGS)
lighting/dataset.jsonl: lighting/captioned.jsonl .settings/lighting-dataset
	$(call phase,lighting-dataset) --needs-disk $(NEEDS_DISK) -- "$$BIN/dataset-write" --type lighting --out-dir lighting $(rejects) $(LIGHTING_DATASET_FLAGS) $<

settings.lighting-linted = $(LINT_FLAGS)
lighting/lint.jsonl: lighting/dataset.jsonl .settings/lighting-linted
	$(call phase,lighting-linted) -- "$$BIN/lora-lint" --table $(rejects) $(LINT_FLAGS) $(call views,lighting/dataset)

lighting/report.html: lighting/lint.jsonl
	@"$$BIN/report" --title 'Lighting data set' --out-dir lighting --kept lighting/dataset.jsonl $(frame_rejects) \
	    --rejects lighting/selected.rejects.jsonl --rejects lighting/captioned.rejects.jsonl --rejects lighting/dataset.rejects.jsonl

frames/report.html: sharp.jsonl
	@"$$BIN/report" --title 'Frames' --out-dir frames --kept sharp.jsonl $(frame_rejects)

.PHONY: $(PIPELINES)
frames: frames/report.html ## [pipeline] Extract, deduplicate and filter the frames
style: style/report.html ## [pipeline] A style data set
lighting: lighting/report.html ## [pipeline] A lighting data set

endif
