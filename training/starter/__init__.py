"""The starter model: drawings that we generate, nets trained on them from nothing, and their evaluation."""
