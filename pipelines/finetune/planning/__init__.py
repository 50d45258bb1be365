"""A plan with gaps becomes a settled one, with what it will take and what stands against it."""
