"""What the cases of `make bench` share."""
