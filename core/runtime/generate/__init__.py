"""Documents made from the catalog: pure functions, nothing is read and nothing written."""
