"""Collections that PVE keeps as sections of one file: the same five calls, other words.

`_section.Collection` says what is particular to one (paths, needed options, texts); `_section.register` answers its
calls. A collection that needs more gets a hook, or answers that call itself.
"""
