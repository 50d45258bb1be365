"""Projects: the edits of a picture as a list of steps that can be undone, switched off, changed and made again."""
