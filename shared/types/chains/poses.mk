# Poses: the key points of instances, and what the body does.

## Instances, poses and faces
# rtmpose.
KEYPOINT_FLAGS ?=
# Network that estimates the key points of characters with four legs, by AP-10K: a name in the registry, an absolute path,
# or default, for rtmpose-m-ap10k. Which characters have four legs is in kind.txt (person or animal) in the character's folder
# in CAST, or else told by the detector's label. Without this network, all are taken for persons.
POSE_ANIMAL_MODEL ?=
# pose-classify.
POSE_FLAGS ?= --smooth 1

poses.chain := $(instances.chain) keypoints:KEYPOINT_FLAGS,POSE_MODEL,POSE_ANIMAL_MODEL:quiet posed:POSE_FLAGS
poses.reports := $(instances.reports) poses/report.html

ifdef INSIDE_OUT

# The network for animals, and which characters are.
animals = $(if $(POSE_ANIMAL_MODEL),--animal-model "$$POSE_ANIMAL_MODEL" $(if $(CAST),--cast "$$CAST"))
of_animals = $(if $(POSE_ANIMAL_MODEL), animals $(call within,CAST))
settings.keypoints = $(call stamp,POSE,pose)$(of_animals) $(KEYPOINT_FLAGS)$(addprefix $(empty) by ,$(filter known,$(known)))
keypoints.jsonl: $(known).jsonl .settings/keypoints
	$(call small_network,keypoints) -- $(each)"$$BIN/rtmpose" $(call use,POSE) $(animals) $(rejects) $(KEYPOINT_FLAGS) $<

settings.posed = $(POSE_FLAGS)
posed.jsonl: keypoints.jsonl .settings/posed
	$(call phase,posed) -- "$$BIN/pose-classify" $(rejects) $(POSE_FLAGS) $<

poses/report.html: posed.jsonl
	@"$$BIN/report" --title 'Poses' --phase posed --draw pose --out-dir poses --kept $< --dropped keypoints.rejects.jsonl --dropped posed.rejects.jsonl

endif
