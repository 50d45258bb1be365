"""Fine-tuning in the GPU process: step by step, whenever no picture waits."""
