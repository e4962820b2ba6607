"""What a QEMU guest's configuration holds, for the kinds that are made of it."""
