# Pose: poses that differ, of all characters.

## Instances, poses and faces
# cluster, for near-duplicates among poses.
POSE_CLUSTER_FLAGS ?= --on /pose/vector --near-duplicates 0.995 --prefer /instance/laplacian_variance

pose.chain = $(poses.chain) pose/unique:POSE_CLUSTER_FLAGS
pose.reports = $(poses.reports)
pose.records = pose/unique.jsonl
pose.begin = --trigger="$${TRIGGER:-pose}_{}" $(call rest,pose)
pose.word =

ifdef INSIDE_OUT

settings.pose-unique = $(POSE_CLUSTER_FLAGS)
pose/unique.jsonl: posed.jsonl .settings/pose-unique
	$(call phase,pose-unique) -- "$$BIN/cluster" --drop-without $(rejects) $(POSE_CLUSTER_FLAGS) $<

.PHONY: pose
pose: pose/report.html ## [pipeline] A data set of actions

endif
