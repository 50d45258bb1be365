"""Works: what takes long and has a folder of its own, as trainings and videos: on the disk, on a list, in a line."""
