"""The version of Darkroom, as the page, the API and the metadata of every picture say it."""

VERSION = "0.1.0"
