"""Work in other processes: the queue and its workers, sweeps and searches, and teaching a copy of a network."""
