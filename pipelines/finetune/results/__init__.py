"""What comes of a training: a file of weights that says what it is, a model among the others, a grid of its steps."""
