# Settings of the second film, for `make creature-film`: a character that is not a person, and a network of our own that knows its joints.
FILM = examples/creature/film.mp4
OUT = out/creature
TRIGGER = bruma
NETWORKS = small
DEVICE = cpu
CAST = examples/creature/cast
LABELS = examples/film/labels
FIGURE_LABELS =
FACE_LABELS =
# The small detector takes a beast for a person it is unsure of; kind.txt in the cast says who has four legs.
DETECT_FLAGS = --threshold 0.12
POSE_ANIMAL_MODEL = small-creature-pose
# Held drawings last a third of a second.
EXTRACT_FLAGS = --fps 4
# The image has 320 lines; a feature film has about 1080.
INSTANCE_FLAGS = --min-area 1500 --min-laplacian-variance 4 --min-edges 0.85
POSE_FLAGS = --smooth 1
DATASET_FLAGS = --resolution 512 --views kohya,diffusers --validation 10%
FIGURE_BLUR_FLAGS = --sharpness 10% --min-side 1 --letters 0 --drawn-title 0 --flat 1
# The vectors of the small network lie close together.
FIGURE_CLUSTER_FLAGS = --near-duplicates 0.999
# This few images cannot fill the quotas of a feature film.
CHARACTER_TARGET = 20
POSE_TARGET = 40
