"""What can be asked of a picture beside its words: the parts of a Request, each with its bounds."""
