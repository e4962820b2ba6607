"""Charts beside the real Helm engine, which a wheel brings for tests: byte for byte, errors included."""
