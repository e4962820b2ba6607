"""What verbs on guests share: which ones are meant, what is asked before, how many at a time, and how it is told."""
