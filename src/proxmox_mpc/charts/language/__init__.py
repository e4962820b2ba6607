"""Go's text/template: text is lexed, parsed to nodes and compiled to Python closures.

What belongs here is the language only. The functions that templates call stand in `charts/functions/`.
"""
