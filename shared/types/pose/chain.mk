# Pose: poses that differ, of all characters.

## Instances, poses and faces
# cluster, for near-duplicates among poses.
POSE_CLUSTER_FLAGS ?= --on /pose/vector --near-duplicates 0.995 --prefer /instance/laplacian_variance
# pose-draw: the skeleton of each image of the set, as a control image in pose/control, and over its image in pose/looks.
SKELETON_FLAGS ?=
# What the pose set teaches: action (each has a trigger, and any character does it), or control (the poses of each
# character, called by ordinary words behind the character's trigger).
POSE_TYPE ?= action
# Largest share of a body, 0 to 1, that may be hidden, cut off or not found in an image of the pose set.
POSE_OCCLUDED ?= 0.25

pose.chain = $(poses.chain) pose/unique:POSE_CLUSTER_FLAGS
pose.reports = $(poses.reports)
pose.records = pose/unique.jsonl
pose.kind = $(if $(filter control,$(POSE_TYPE)),pose-control,pose)
pose.begin = --trigger="$(if $(filter control,$(POSE_TYPE)),$${TRIGGER:+$${TRIGGER}_},$${TRIGGER:-pose}_){}" $(call rest,pose)
pose.word =
WRITTEN += pose/skeletons.jsonl=pose/control
pose.limits = --at-most /pose/occluded="$$POSE_OCCLUDED"
pose.limited_by = $(POSE_OCCLUDED)

ifdef INSIDE_OUT

settings.pose-unique = $(POSE_CLUSTER_FLAGS)
pose/unique.jsonl: posed.jsonl .settings/pose-unique
	$(call phase,pose-unique) -- "$$BIN/cluster" --drop-without $(rejects) $(POSE_CLUSTER_FLAGS) $<

settings.pose-skeletons = $(SKELETON_FLAGS)
pose/skeletons.jsonl: pose/dataset.jsonl .settings/pose-skeletons
	$(call phase,pose-skeletons) $(room) -- "$$BIN/pose-draw" --exported --out-dir pose/control --over pose/looks $(rejects) $(SKELETON_FLAGS) $<

pose/report.html: pose/skeletons.jsonl

.PHONY: pose
pose: pose/report.html ## [pipeline] A data set of actions

endif
