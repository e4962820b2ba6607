"""/cluster: the views and settings of the whole cluster."""
