# The LoRA types, each a folder here. Make makes data sets of those that have a chain.mk, in the order of their type.toml.

ifndef INSIDE_OUT
TYPES := $(shell grep -H '^order = ' $(patsubst %/chain.mk,%/type.toml,$(wildcard shared/types/*/chain.mk)) | sort -t = -k 2n | cut -d / -f 3)
endif

# A type.toml has one value a line and no tables, and so is a makefile too. TYPE.KEY is what it says of these keys.
type_keys := of target balance fewest settings per_character networks optional_networks teach measured
comma := ,
empty :=
unlisted = $(subst [,,$(subst ],,$(subst ",,$(if $(filter [%,$(1)),$(subst $(comma),,$(1)),$(1)))))
$(foreach type,$(TYPES),\
    $(foreach key,$(type_keys),$(eval $(key) :=))\
    $(eval include shared/types/$(type)/type.toml)\
    $(foreach key,$(type_keys),$(eval $(type).$(key) := $(call unlisted,$($(key))))))

# Settings that there are of each type. Each text is one of the Makefile, for make to take and `make help` to print.
define target_setting
# Number of images to select for $($(type).of).
$($(type).settings)_TARGET ?= $($(type).target)

endef
define balance_setting
# For $($(type).of).
$($(type).settings)_BALANCE_FLAGS ?= $($(type).balance)

endef
define caption_setting
# caption-compose, for $($(type).of).
$($(type).settings)_CAPTION_FLAGS ?=

endef
define dataset_setting
# The same, for $($(type).of) only.
$($(type).settings)_DATASET_FLAGS ?= $$(DATASET_FLAGS)

endef
targets := $(foreach type,$(TYPES),$(target_setting))
balances := $(foreach type,$(TYPES),$(balance_setting))
captions := $(foreach type,$(TYPES),$(caption_setting))
datasets := $(foreach type,$(TYPES),$(dataset_setting))
type_settings := $(foreach type,$(TYPES),$(addprefix $($(type).settings)_,TARGET BALANCE_FLAGS CAPTION_FLAGS DATASET_FLAGS))
