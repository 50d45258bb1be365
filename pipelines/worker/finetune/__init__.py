"""Fine-tuning in the GPU process: step by step, whenever no picture waits.

Messages reach `trainings.py`, which holds the one training that is under way. It is a generator (`teaching.py`) that
calls, in this order:

- `priors.priors(shop, train) -> Course[tuple[Lesson, ...]]`: class pictures, drawn as far as `prior/` lacks them;
- `examples.examples(reader, train, priors) -> Course[Examples]`: all pictures as latents, all captions;
- `samples.samples(shop, train, step, file) -> Course[tuple[Tensor, ...]]`: at step 0 (`file` is None) and at each mark
  drawn with the exported file and sent as TrainingSample; returns the pixels, (height, width, 3) uint8;
- `trainer.Trainer.learn() -> Course[float]`, on what a `Method` teaches (`lora_layers.py`, `inversion.py`) by
  `objective.py`, through a second `skeleton.py` of the loaded networks;
- at each mark `export.py`, then
  `measures.held_out_loss(method, skeleton, examples, schedule) -> Course[float | None]` and
  `likeness.Likeness.of(pictures) -> Course[float | None]`.

`state.py` is what a training goes on from after any kind of stop.
"""
