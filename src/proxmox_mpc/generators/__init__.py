"""What is made out of a cluster for use elsewhere: today a twin's seed file.

What belongs here: reading a live cluster and writing it down in another form. What never does: changing a cluster.
"""
