# Faces: crops of instances, and what they show.

## Instances, poses and faces
# face-crop.
FACE_FLAGS ?=
# emotion-classify.
EMOTION_FLAGS ?=
# face-landmarks, where LANDMARK_MODEL is set.
LANDMARK_FLAGS ?=

faces.chain := $(poses.chain) faces:FACE_FLAGS,FACE_MODEL emotions:EMOTION_FLAGS,EMOTION_MODEL$(if $(LANDMARK_MODEL),$(comma)LANDMARK_FLAGS$(comma)LANDMARK_MODEL)
faces.reports := $(poses.reports) faces/report.html
WRITTEN += faces.jsonl=faces

ifdef INSIDE_OUT

face_flags = $(call cut,faces,$(FACE_FLAGS))$(FACE_FLAGS)
settings.faces = $(call stamp,FACE,face) $(face_flags)
faces.jsonl: posed.jsonl .settings/faces
	$(call small_network,faces) $(room) -- $(each)"$$BIN/face-crop" $(call use,FACE) --out-dir faces $(rejects) $(face_flags) $<

# Eyes, mouth and eyebrows, by landmarks: of a network, or the five of the face detector. Each is then compared with the
# character's other faces.
landmarks = $(if $(LANDMARK_MODEL),| "$$BIN/face-landmarks" $(if $(filter five,$(LANDMARK_MODEL)),--five,$(call use,LANDMARK)) $(LANDMARK_FLAGS) \
	    | "$$BIN/face-landmarks" --calibrate-within /identity/name $(LANDMARK_FLAGS))

settings.emotions = $(call stamp,EMOTION,emotion) $(EMOTION_FLAGS)$(if $(LANDMARK_MODEL), $(call stamp,LANDMARK,landmark) $(LANDMARK_FLAGS))
emotions.jsonl: faces.jsonl .settings/emotions
	$(call small_network,emotions) -- $(call pipe,$(each)"$$BIN/emotion-classify" $(call use,EMOTION) $(rejects) $(EMOTION_FLAGS) $< \
	    | "$$BIN/emotion-classify" --rank-within /identity/name $(landmarks))

faces.taught = $(call cut_file,faces,$(FACE_FLAGS))
faces/report.html: emotions.jsonl $(faces.taught)
	@"$$BIN/report" --title 'Faces' $(call taught_by,$(faces.taught)) --phase faces --out-dir faces --kept $< --dropped faces.rejects.jsonl --dropped emotions.rejects.jsonl

endif
