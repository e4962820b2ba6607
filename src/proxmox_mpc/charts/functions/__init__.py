"""The functions that templates may call: Sprig's that Helm exposes, and Helm's own. One file a topic."""
