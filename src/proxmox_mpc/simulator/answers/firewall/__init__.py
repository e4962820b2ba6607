"""Firewalls of the cluster, of nodes and of guests: the same few collections at every scope."""
