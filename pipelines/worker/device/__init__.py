"""What the networks run on: which device and number format (choice), its memory (memory), its errors (faults)."""
