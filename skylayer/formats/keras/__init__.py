"""Networks written by Keras, read without it: what a file says, what it computes, and how far float32 is from that."""
