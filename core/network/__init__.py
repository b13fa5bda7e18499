"""Networks without Keras: shapes, answers and gradients in NumPy, files and scripts of others' tools, forecasts."""
