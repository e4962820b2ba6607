"""What a simulated cluster is made of: plain values, no HTTP.

`cluster.Cluster` holds everything; the other files are its parts. All of it can be written to JSON and read back.
"""
