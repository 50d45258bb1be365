"""From a Request to pictures. Each recipe is a plain function that asks the networks at the gate."""
