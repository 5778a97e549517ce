"""Letters and digits: outlines of fonts as smooth fields, warped by known parameters."""
