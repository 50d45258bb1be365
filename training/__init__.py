"""How models that ship with the project are made."""
