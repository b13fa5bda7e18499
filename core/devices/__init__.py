"""The devices of this machine: the processor and its GPUs, their names and loads, and which one computes."""
