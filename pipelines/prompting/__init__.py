"""The language of prompts, in pure Python: what is written is taken apart here, before any network sees it."""
