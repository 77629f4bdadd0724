# Faces: cut out of the figures, and what they show.

## Figures
# face-crop.
FACE_FLAGS ?=
# emotion-classify.
EMOTION_FLAGS ?=

faces.chain := $(poses.chain) faces:FACE_FLAGS,FACE_MODEL felt:EMOTION_FLAGS,EMOTION_MODEL
WRITTEN += faces.jsonl=faces

ifdef INSIDE_OUT

settings.faces = $(call stamp,FACE,face) $(FACE_FLAGS)
faces.jsonl: posed.jsonl .settings/faces
	$(call network,faces) $(room) -- "$$BIN/face-crop" $(call use,FACE) --out-dir faces $(rejects) $(FACE_FLAGS) $<

settings.felt = $(call stamp,EMOTION,emotion) $(EMOTION_FLAGS)
felt.jsonl: faces.jsonl .settings/felt
	$(call network,felt) -- "$$BIN/emotion-classify" $(call use,EMOTION) $(rejects) $(EMOTION_FLAGS) $<

endif
