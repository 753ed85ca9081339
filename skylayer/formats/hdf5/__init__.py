"""HDF5: what may be opened, and a model of the native engine as typed datasets that other languages read."""
