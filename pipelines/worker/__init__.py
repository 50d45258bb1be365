"""The GPU process and its supervisor. Only modules below this one import torch; this file imports nothing."""
