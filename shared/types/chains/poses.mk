# Poses: the key points of instances, and what the body does.

## Instances, poses and faces
# rtmpose.
KEYPOINT_FLAGS ?=
# pose-classify.
POSE_FLAGS ?= --smooth 1

poses.chain := $(instances.chain) keypoints:KEYPOINT_FLAGS,POSE_MODEL:quiet posed:POSE_FLAGS
poses.reports := $(instances.reports) poses/report.html

ifdef INSIDE_OUT

settings.keypoints = $(call stamp,POSE,pose) $(KEYPOINT_FLAGS)$(addprefix $(empty) by ,$(filter known,$(known)))
keypoints.jsonl: $(known).jsonl .settings/keypoints
	$(call small_network,keypoints) -- $(each)"$$BIN/rtmpose" $(call use,POSE) $(rejects) $(KEYPOINT_FLAGS) $<

settings.posed = $(POSE_FLAGS)
posed.jsonl: keypoints.jsonl .settings/posed
	$(call phase,posed) -- "$$BIN/pose-classify" $(rejects) $(POSE_FLAGS) $<

poses/report.html: posed.jsonl
	@"$$BIN/report" --title 'Poses' --phase posed --draw pose --out-dir poses --kept $< --dropped keypoints.rejects.jsonl --dropped posed.rejects.jsonl

endif
