"""Checkpoints in memory: what the families are (families), reading and building one (loading), who stays (cache)."""
