"""Offline tools that made the built-in avatar: character, renders, speech, networks."""
