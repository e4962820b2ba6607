"""Helm's charts: the template language, values, and chart files. Text and values in, documents out.

Nothing here opens a network connection, reads the environment or knows a cluster: what `lookup` finds, the cluster's
capabilities and the time are handed in. What is done with a rendered chart stands in `applications/`.
"""
