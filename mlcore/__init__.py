"""The science of SigWeb and the thin Django layer that stores its results."""
