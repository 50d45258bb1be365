"""The pictures that are taught: looked at, cut, captioned, checked, and put into the folder of their training."""
