"""Teaching a checkpoint something new with a few pictures: what is asked, kept, shown and made of it. No torch here.

`plan.py` and `training.py` are what all others, also the worker, speak of. Each folder knows only those before it:
`pictures/` takes in what is taught, `planning/` settles a plan and says what it will take, `results/` makes a model of
the weights, and `desk/` has them all done: `desk/trainings.py` is what the manager sees of all this.
"""
