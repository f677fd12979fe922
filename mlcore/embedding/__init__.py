"""The network, its loss and its training. TensorFlow is imported inside the modules that need it, never here."""
