"""Look-ups beside those of other programs: what the case `lookups` is made of."""
