# How a stage runs inside OUT. The tools report errors with the name of a manifest; here all names are short.

# What follows adds to these: the pipelines, and the manifests of stages that write files, with where these are.
PIPELINES :=
WRITTEN :=

ifdef INSIDE_OUT
# What launch.py found out.
OWN_FOLDERS :=
SEVERAL :=
TRAINER_ROOT :=
CUTS :=

# Stages of the CPU run at a low priority, networks on the CPU too. Networks on the GPU wait for others that use it: a
# large one uses it alone, small ones share it.
within_memory = $(if $(MEMORY),--memory "$$MEMORY")
on_cpu = mkdir -p $(@D); "$$BIN/phase" --run-dir . --nice "$$NICE" $(within_memory) --name $(1) --output $@
on_gpu = mkdir -p $(@D); "$$BIN/phase" --run-dir . --gpu=$(2) $(if $(GPU_WAIT),--gpu-wait "$$GPU_WAIT") $(within_memory) --name $(1) --output $@
phase = @$(on_cpu)
large_network = @$(if $(filter cpu,$(DEVICE)),$(on_cpu),$(call on_gpu,$(1),alone))
small_network = @$(if $(filter cpu,$(DEVICE)),$(on_cpu),$(call on_gpu,$(1),shared))
# Tools that are one phase; flags may have quotes of their own.
pipe = bash -euo pipefail -c '$(subst ','\'',$(1))'
rejects = --rejects $(basename $@).rejects.jsonl
room = --needs-disk "$$NEEDS_DISK"

# Begins a tool that works on one record at a time: RUNNER may run it on other machines.
each = $(if $(RUNNER),"$${PYTHON:-python3}" -B "$$FILM2LORA_RUN_BY" )

# The flags that choose the network of a role.
use = --device "$$DEVICE" $(if $($(1)_MODEL),--model "$$$(1)_MODEL")
# Of a network, the film, the cast or labels: by which a stage knows that it is another, though its name is the same.
stamp = $($(1)_MODEL) $(filter $(2)=%,$(STAMPS))
within = $($(1)) $(filter $(1)=%,$(STAMPS))

# Thresholds that labels have set are in CUTS, as NAME:FILE:FLAG=VALUE,FLAG=VALUE. Of the threshold $(1), and the user's flags of
# its tool, $(2): it counts where these do not say the same; what it is as flags, with a space behind; the file that says how good it is.
cut_part = $(word $(2),$(subst :, ,$(filter $(1):%,$(CUTS))))
cut_flags = $(subst $(comma), ,$(call cut_part,$(1),3))
cut_names = $(foreach flag,$(call cut_flags,$(1)),$(firstword $(subst =, ,$(flag))))
cut_counts = $(if $(filter $(call cut_names,$(1)) $(addsuffix =%,$(call cut_names,$(1))),$(2)),,$(call cut_part,$(1),1))
cut = $(if $(cut_counts),$(call cut_flags,$(1))$(empty) )
cut_file = $(if $(cut_counts),$(call cut_part,$(1),2))
# For reports, of files of thresholds.
taught_by = $(addprefix --taught ,$(strip $(1)))

# Make sees files, not settings: the settings of a stage, and the version of the tools, are
# written to .settings/STAGE, which is touched only when they change.
$(shell mkdir -p .settings)
.PHONY: always
note = @$(file >$@.new,$(1) $(filter version=%,$(STAMPS))) \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.settings/%: always
	$(call note,$(settings.$*))

endif

# A pipeline names in PIPELINE.chain the stages that its records go through, as STAGE:SETTINGS: the settings, with
# commas between, that say what the stage drops. The drops of one that ends in `:quiet` are in no report.
dropped = $(foreach one,$(filter-out %:quiet,$(1)),--dropped $(firstword $(subst :, ,$(one))).rejects.jsonl)
