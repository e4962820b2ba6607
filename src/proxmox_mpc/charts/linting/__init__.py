"""What `lint` finds in a chart: Helm 4.2.3's own rules in its words, and what a chart of this product should have."""
